"""Check that version, changelog and tag of a release agree, before it is built and signed (docs/release.md).

Usage: release.py. Exit 0 and one line when this commit is a release; 1 and everything that is wrong otherwise.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def find_faults(version: str, changelog: str, tags: list[str], changed: list[str]) -> Iterator[str]:
    """Tell everything that keeps a commit from being the release of a version.

    Args:
        version: the one in pyproject.toml.
        changelog: the whole text.
        tags: those of this commit.
        changed: files that are not committed.
    """
    headings = re.findall(r"^## (\S+)(?: - | \()?([^\n)]*)", changelog, re.MULTILINE)
    newest, day = headings[0] if headings else ("nothing", "")
    if newest != version:
        yield f"pyproject.toml says {version}, and the newest heading of the changelog is {newest}."
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        yield f"The changelog has no day for {newest}: write `## {version} - YYYY-MM-DD`."
    if f"v{version}" not in tags:
        yield f"This commit has no tag v{version}."
    if changed:
        yield f"{len(changed)} files are not committed."


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True)  # noqa: S603, S607
    return done.stdout.splitlines()


if __name__ == "__main__":
    declared = str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    written = (ROOT / "CHANGELOG.md").read_text("utf-8")
    faults = [*find_faults(declared, written, _git("tag", "--points-at", "HEAD"), _git("status", "--porcelain"))]
    sys.stdout.write("\n".join(faults or [f"This commit is release {declared}."]) + "\n")
    sys.exit(1 if faults else 0)
