"""Programs that are not ours and know nothing of this service, asked about our files where the machine has them.

`pdfsig` (poppler) checks the mathematics of every signature, `qpdf` the syntax of the whole chain of revisions. The tests ask
more of them, and `openssl` too; here they are a second opinion that anybody can watch.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one program says: on how many files it agrees, of how many; None of both when the machine lacks it."""

    program: str
    agrees: int | None
    asked: int


def ask_judges(files: Iterable[Path]) -> list[Opinion]:
    """Each program's opinion on the files."""
    paths = list(files)
    return [Opinion(name, _count(judge, name, paths), len(paths)) for name, judge in JUDGES.items()]


def _count(judge: Callable[[str, Path], bool], name: str, paths: list[Path]) -> int | None:
    program = shutil.which(name)
    return sum(judge(program, path) for path in paths) if program else None


def _pdfsig_agrees(program: str, path: Path) -> bool:
    """Every signature of a person or of the service is valid; time-stamps are not in its trade."""
    said = _run(program, "-nocert", str(path)).stdout
    return said.count("Signature is Valid.") >= 1 and "Invalid" not in said and "Digest Mismatch" not in said


def _qpdf_agrees(program: str, path: Path) -> bool:
    return _run(program, "--check", str(path)).returncode == 0


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  the program's own path, and files that this process wrote
        command, capture_output=True, text=True, check=False, timeout=SECONDS
    )


JUDGES: dict[str, Callable[[str, Path], bool]] = {"pdfsig": _pdfsig_agrees, "qpdf": _qpdf_agrees}
DEBIAN_PACKAGES = {"pdfsig": "poppler-utils", "qpdf": "qpdf"}
"""Where Debian has the programs."""
