"""What the operating system refuses about files and folders, in our words: by its number, never by its message."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from packets.errors import Problem, StoreError

_FULL = ("disk-full", "The disk is full.", "Free space, or name a folder on another disk, then try again.")
_CLOSED = (
    "folder-closed",
    "The file or folder is closed to this user.",
    "Run the command as the user who owns it, or name another folder.",
)
_BLOCKED = (
    "folder-blocked",
    "There is a file where a folder is needed, or a folder where a file is needed.",
    "Move it away, or name another folder.",
)
_DAMAGED = (
    "disk-failed",
    "The disk failed.",
    "Mend or replace the disk; restore the last backup where files were lost.",
)
_REFUSALS: Mapping[int, tuple[str, str, str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: ("disk-read-only", "The disk can be read only.", "Name a folder on a disk that can be written."),
    errno.ENOTDIR: _BLOCKED,
    errno.EISDIR: _BLOCKED,
    errno.EEXIST: _BLOCKED,
    errno.ENOENT: ("file-missing", "There is no such file or folder.", "Bring it back, or correct its name."),
    errno.ENAMETOOLONG: ("name-too-long", "The name of the file is too long.", "Name a folder with a shorter path."),
    errno.EMFILE: ("too-many-files", "Too many files are open.", "Raise the limit of open files (`ulimit -n`)."),
    errno.ENFILE: ("too-many-files", "Too many files are open.", "Raise the limit of open files of the machine."),
    errno.EIO: _DAMAGED,
    errno.ENOLCK: ("locks-missing", "The disk knows no locks.", "Name a folder on a disk of this machine."),
}


def describe_disk_error(error: OSError, place: Path | str = "") -> Problem | None:
    """Describe a refusal of the disk; None for any other error of the system.

    Args:
        error: as the system raised it.
        place: what was worked on, where the error itself names no file.
    """
    refusal = _REFUSALS.get(error.errno or 0)
    where = "" if isinstance(error.filename, int) else str(error.filename or "")
    return Problem(*refusal, where or str(place)) if refusal else None


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Raise what the disk refuses as an error of ours.

    Raises:
        StoreError: the disk is full, closed to this user, or broken.
    """
    try:
        yield
    except OSError as error:
        problem = describe_disk_error(error, place)
        if problem is None:
            raise
        raise StoreError(problem) from error
