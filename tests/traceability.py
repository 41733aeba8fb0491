"""Which tests hold which requirement, read from the tests' own marks: `python -m traceability` writes docs/requirements.md."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PAGE = ROOT / "docs" / "requirements.md"
LIST = tomllib.loads((TESTS / "requirements.toml").read_text("utf-8"))
TEXTS: dict[str, str] = LIST["texts"]
OPEN: frozenset[str] = frozenset(LIST["open"])
HEAD = """# Requirements and the tests that hold them

Made from the tests by `make requirements`. R are rules of the certification programme, E the errors that people are told of. Of
{total}, {held} are held by tests; the others are named as open.

"""


def marked_tests() -> dict[str, list[tuple[str, str]]]:
    """For each requirement the file and the name of each test that is marked with it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for requirement, test in _marks(ast.parse(path.read_text("utf-8"))):
            found.setdefault(requirement, []).append((str(path.relative_to(ROOT)), test))
    return found


def _marks(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                yield from ((one, node.name) for one in _requirements(mark))


def _requirements(mark: ast.expr) -> list[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.requirement":
        return [str(one.value) for one in mark.args if isinstance(one, ast.Constant)]
    return []


def write_page() -> str:
    """The page, Markdown."""
    tests = marked_tests()
    lines = [HEAD.format(total=len(TEXTS), held=sum(1 for one in TEXTS if one in tests))]
    for requirement, text in TEXTS.items():
        lines.append(f"**{requirement}** {text}\n")
        names = tests.get(requirement, [])
        lines += [f"- [{_sentence(test)}](../{path})\n" for path, test in names] or ["- *open: no test yet*\n"]
        lines.append("\n")
    return "".join(lines).rstrip() + "\n"


def _sentence(test: str) -> str:
    return test.removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(write_page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
