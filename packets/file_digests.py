"""Lists of files with their digests, in the form that `sha256sum --check` reads, and comparing a folder with one.

Prepared files (document fonts, style sheets) carry such a list, so that a missing or changed file is named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from packets.errors import InputError, Problem

FILE_LIST = "files.sha256"
"""Name of the list inside the folder that it describes."""

READABLE = 0o055
"""What a folder's mode must allow everybody but its owner."""

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


class FileState(StrEnum):
    """What can be wrong with a listed file."""

    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is not what its list says.

    Attributes:
        path: where it should be, relative to the folder.
    """

    path: str
    state: FileState


def write_file_list(folder: Path) -> None:
    """Write the list of every file below a folder."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"{_digest(folder / path)}  {path}\n" for path in paths if path != FILE_LIST]
    (folder / FILE_LIST).write_text("".join(lines), "utf-8")


def read_file_list(folder: Path) -> Mapping[str, str]:
    """Read the list of a folder: SHA-256 in hexadecimal by path.

    Raises:
        OSError: it cannot be read.
        InputError: it is not such a list.
    """
    try:
        lines = (folder / FILE_LIST).read_text("utf-8").splitlines()
        matches = [_LINE.fullmatch(line) for line in lines]
    except UnicodeDecodeError:
        matches = [None]
    if None in matches or not matches:
        raise InputError(
            Problem(
                "file-list-invalid",
                "The list of files is damaged.",
                "Prepare the folder again.",
                f"{folder}/{FILE_LIST}",
            )
        )
    return {match[2]: match[1] for match in matches if match}


def list_digest(folder: Path) -> str:
    """Return the SHA-256 of the list itself, which stands for every file in it.

    Raises:
        OSError: it cannot be read.
    """
    return _digest(folder / FILE_LIST)


def find_changes(folder: Path, digests: Mapping[str, str]) -> Iterator[FileChange]:
    """Compare a folder with the digests of its files, byte by byte."""
    for path, digest in digests.items():
        try:
            if _digest(folder / path) != digest:
                yield FileChange(path, FileState.CHANGED)
        except FileNotFoundError:
            yield FileChange(path, FileState.MISSING)
        except OSError:
            yield FileChange(path, FileState.CHANGED)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_shared_folder(path: Path, top: Path) -> None:
    """Make a folder that every user of the machine can read, whatever the umask.

    Args:
        path: the folder.
        top: a parent that is left as it is; everything below it down to the folder is opened for reading.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(parents=True, exist_ok=True)
    for folder in (path, *path.parents):
        if folder == top:
            return
        if folder.stat().st_mode & READABLE != READABLE:
            folder.chmod(0o755)


def open_for_reading(folder: Path) -> None:
    """Let every user of the machine read a folder and all that is in it."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
