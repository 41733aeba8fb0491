"""Files and folders that only the service's own user may read, whatever the umask: they hold tax numbers, keys and signatures."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

FOLDER_MODE, FILE_MODE, KEPT_MODE = 0o700, 0o600, 0o400
OTHERS = 0o077
OURS = ("esm.db", "esm.db-wal", "esm.db-shm", "objects", "exports", "pki", "secrets")
"""What the service makes in its data folder; anything else there, such as the files of a demonstration, is people's own."""


@dataclass(slots=True)
class TightenReport:
    """What was done about files and folders that others could read.

    Attributes:
        folder: the data folder.
        changed: how many only their owner can read now.
        refused: those of another user, which stay as they are.
    """

    folder: Path
    changed: int = 0
    refused: list[Path] = field(default_factory=list)

    def sentences(self) -> Iterator[str]:
        """Tell it, where there is something to tell."""
        if self.changed:
            yield f"{self.changed} files and folders in {self.folder} could be read by others; now only their owner can."
        if self.refused:
            remedy = f"Let that user run `chmod -R go= {self.folder}`, or protect what is above."
            example, count = self.refused[0], len(self.refused)
            yield f"Files and folders of another user that others can read: {count}, such as {example}. {remedy}"


def make_private_folder(folder: Path) -> None:
    """Make a folder for its owner only; one that is there and still empty is narrowed where it is ours."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if folder.stat().st_mode & OTHERS and not any(folder.iterdir()):
        with (
            suppress(PermissionError),
            _suppress_read_only(),
        ):  # a mounted folder; what is made in it is private all the same
            folder.chmod(FOLDER_MODE)


def reserve_private_file(path: Path) -> None:
    """Make an empty file for its owner only, for somebody who will open it by its name.

    It is never opened here: closing a database's file would let go of the locks that other connections of this process hold.

    Raises:
        FileExistsError: it is there.
    """
    os.mknod(path, stat.S_IFREG | FILE_MODE)


def open_private(path: str | Path, flags: int) -> int:
    """Open a file so that, when it is new, only its owner may read it; an `opener` of Python's `open`."""
    return os.open(path, flags, FILE_MODE)


def copy_private(source: Path, to: Path) -> None:
    """Copy a folder with its files, for their owner only; nothing where there is none."""
    if not source.is_dir():
        return
    to.mkdir(mode=FOLDER_MODE)
    for path in source.iterdir():
        if path.is_dir():
            copy_private(path, to / path.name)
        elif path.is_file():
            reserve_private_file(to / path.name)
            shutil.copyfile(path, to / path.name)


def tighten(folder: Path) -> TightenReport:
    """Take what others may do from the data folder and everything that the service made in it."""
    report = TightenReport(folder)
    for path in (folder, *(inner for name in OURS for inner in _walk(folder / name))):
        with suppress(FileNotFoundError):  # a file that was removed meanwhile
            _tighten_one(path, report)
    return report


def _tighten_one(path: Path, report: TightenReport) -> None:
    mode = path.lstat().st_mode
    if not mode & OTHERS or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return
    try:
        with _suppress_read_only():
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
            report.changed += 1
    except PermissionError:
        report.refused.append(path)


@contextmanager
def _suppress_read_only() -> Iterator[None]:
    """Leave alone what is mounted read-only: whoever mounts it sets its modes."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EROFS:
            raise


def _walk(path: Path) -> Iterator[Path]:
    """Go through a file, or a folder with all that is in it; links are not followed."""
    if path.is_symlink() or not path.exists():
        return
    yield path
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            yield from (Path(folder, name) for name in (*folders, *names))
