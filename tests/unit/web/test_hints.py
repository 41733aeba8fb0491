"""Hints name what exists where the person is: targets of a Makefile only where there is one."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from web import hints

PRODUCT = ("packets", "signing", "templates", "web")
TEXTS = (".py", ".html", ".j2", ".txt", ".toml", ".json")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Makefile, in which the person is."""
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without one, as that of an installed wheel."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_in_a_checkout_the_targets_of_its_makefile_are_named(checkout: Path) -> None:
    """With the folder where it is not the one that they take by themselves."""
    assert hints.serve_demo(Path("demo-data"), checkout) == "make serve"
    assert hints.serve_demo(Path("my data"), checkout) == "make serve DIR='my data'"
    assert "`make look`" in hints.get_look(checkout)
    assert "`make tools`" in hints.get_validator("qpdf", checkout)


def test_in_another_folder_than_the_checkout_its_makefile_is_not_named(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make serve` would find no Makefile there."""
    (checkout / "other").mkdir()
    monkeypatch.chdir(checkout / "other")
    assert hints.serve_demo(Path("demo-data"), checkout) == "esm serve --demo --dir demo-data"


def test_an_installed_wheel_names_no_makefile(elsewhere: Path) -> None:
    """What it names is the program itself, the released wheel, a package of the system."""
    assert hints.serve_demo(elsewhere / "sample", elsewhere) == "esm serve --demo --dir sample"
    assert "make" not in hints.get_look(elsewhere)
    assert hints.get_validator("qpdf", elsewhere) == "Debian's package qpdf has it"


def test_a_command_stands_beside_the_target_that_does_the_same(checkout: Path, tmp_path: Path) -> None:
    """And alone where there is no Makefile."""
    assert hints.name_command("demo", "demo", checkout) == "`make demo` or `esm demo`"
    assert hints.name_command("demo", "demo", tmp_path / "elsewhere") == "`esm demo`"


def test_nobody_is_sent_to_a_demo_in_production() -> None:
    """There an empty folder is the wrong folder, or a new service."""
    assert "demo" not in hints.fill_folder(Path("/srv/esm"), "production")
    assert "esm db upgrade --dir /srv/esm" in hints.fill_folder(Path("/srv/esm"), "production")
    assert "esm demo --dir 'my data'" in hints.fill_folder(Path("my data"), "development")


def test_a_program_that_the_shell_would_not_find_is_named_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`esm` alone would be another one, or none."""
    program = tmp_path / "bin" / "esm"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert hints.program() == str(program)
    monkeypatch.setenv("PATH", str(program.parent))
    assert hints.program() == "esm"


def test_no_other_text_of_the_product_names_a_makefile() -> None:
    """An installed wheel has none: only the hints, which look whether there is one, may speak of it."""
    root = Path(hints.__file__).parents[1]
    targets = "|".join(re.findall(r"^([a-z0-9-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    said = {
        path.relative_to(root).as_posix()
        for floor in PRODUCT
        for path in (root / floor).rglob("*")
        if path.suffix in TEXTS and re.search(rf"""(?:"|`|>|[.!?] )make (?:{targets})\b""", _words(path))
    }
    assert said == {"web/hints.py", "web/look/packages.py"}


def _words(path: Path) -> str:
    """The text of a file without the docstrings of its modules, which only developers read."""
    return re.sub(r'(?s)\A""".*?"""', "", path.read_text("utf-8"))
