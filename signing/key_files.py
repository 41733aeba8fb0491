"""The files of a folder of keys: readable by their owner only, and replaced all at once or not at all.

A rotation changes several files that must fit each other. They are written into a draft first; one `rename` makes the draft the
folder `next`, and from that instant on the change has happened. Moving its files into place can be cut short by a crash:
whoever holds the folder afterwards finishes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

NEXT, DRAFT = "next", ".draft-"
OWNER_ONLY = 0o600


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep every other process of this machine out of a folder of keys; finish or clear away what a crash cut short.

    Raises:
        OSError: the folder cannot be opened, or an unfinished change cannot be finished.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _finish(folder)
        for draft in folder.glob(f"{DRAFT}*"):
            shutil.rmtree(draft)
        yield
    finally:
        os.close(handle)


def create_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder with these files in one step. An empty folder in its place is replaced.

    Raises:
        OSError: the disk refuses, or something is there; then nothing was made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _write_all(files, draft_prefix=f".{folder.name}-", parent=folder.parent, target=folder)


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put these files in place of those with the same names, all or none; the caller holds the folder.

    Raises:
        OSError: the disk refuses; then nothing was replaced, or the next holder finishes it.
    """
    _write_all(files, draft_prefix=DRAFT, parent=folder, target=folder / NEXT)
    _finish(folder)


@contextmanager
def create_file(path: Path, content: bytes) -> Iterator[None]:
    """Make a file that only its owner can read, and remove it again where the block fails.

    Raises:
        OSError: the disk refuses, or something is there.
    """
    path.touch(mode=OWNER_ONLY, exist_ok=False)
    try:
        with path.open("wb") as file:
            _write_through(file, content)
        _sync(path.parent)
        yield
    except BaseException:
        path.unlink()
        raise


def _write_all(files: Mapping[str, bytes], *, draft_prefix: str, parent: Path, target: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=draft_prefix, dir=parent))
    try:
        for name, content in files.items():
            _write_private(draft / name, content)
        _sync(draft)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _sync(parent)


def _finish(folder: Path) -> None:
    """Move the files of a change that has happened into place."""
    waiting = folder / NEXT
    if not waiting.is_dir():
        return
    for path in sorted(waiting.iterdir()):
        path.replace(folder / path.name)
    _sync(folder)
    waiting.rmdir()
    _sync(folder)


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, and wait until the disk has it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "wb") as file:
        _write_through(file, content)


def _write_through(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
