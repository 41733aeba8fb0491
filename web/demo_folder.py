"""The folder of a demonstration: what lies in it, who is at work there, and what of an interrupted one may be removed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from packets.errors import ConflictError, InputError, Problem
from web.demo import MARKER
from web.hints import name_command

UNFINISHED = "demo-unfinished"
"""A file that is there, and locked by the process at work, from before the first other file until after the last one."""

IDENTITY = (
    "A demonstration of esm-packets is being made in this folder, or was interrupted; `esm demo` begins it anew.\n"
)
DATABASE = ("esm.db", "esm.db-wal", "esm.db-shm", "esm.db-journal")
FOLDERS = ("objects", "pki", "secrets", "exports")
"""Folders of the service, in which it alone makes files. In `packets` people may have put files of theirs."""


class FolderState(StrEnum):
    """What a folder holds, as far as a demonstration is concerned."""

    EMPTY = "empty"
    FINISHED = "finished"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"


def inspect_folder(folder: Path) -> FolderState:
    """Tell what a folder holds; one that is not there is empty.

    Raises:
        OSError: this user may not look into it, or it is a file.
    """
    names = {path.name for path in folder.iterdir()} if os.path.lexists(folder) else set()
    if UNFINISHED in names:
        identity = (folder / UNFINISHED).read_text("utf-8", errors="replace")
        is_ours = identity == IDENTITY or (names == {UNFINISHED} and IDENTITY.startswith(identity))
        return FolderState.UNFINISHED if is_ours else FolderState.FOREIGN
    if MARKER in names:
        return FolderState.FINISHED
    return FolderState.FOREIGN if names else FolderState.EMPTY


def is_unfinished(folder: Path) -> bool:
    """Whether a demonstration is at work in a folder, or was interrupted in it."""
    return inspect_folder(folder) is FolderState.UNFINISHED


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Hold the folder for a demonstration, and mark it; the mark goes when the block ends well, and stays otherwise.

    Yields:
        whether an earlier demonstration was interrupted in it.

    Raises:
        InputError: it holds something else.
        ConflictError: another process is at work in it.
        OSError: the disk refuses.
    """
    state = inspect_folder(folder)
    if state not in {FolderState.EMPTY, FolderState.UNFINISHED}:
        remedy = f"Name another folder: {name_command('demo DIR=…', 'demo --dir …')}."
        sentence = "The folder holds something else than a demonstration."
        raise InputError(Problem("folder-not-empty", sentence, remedy, str(folder)))
    interrupted = state is FolderState.UNFINISHED
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        file = (folder / UNFINISHED).open("r+" if interrupted else "x+", encoding="utf-8")
    except (FileExistsError, FileNotFoundError):
        raise _busy(folder) from None
    with file:
        _lock(file, folder)
        if not interrupted and [*folder.iterdir()] != [folder / UNFINISHED]:
            (folder / UNFINISHED).unlink()
            raise _busy(folder)
        if file.read() != IDENTITY:
            file.seek(0)
            file.truncate()
            file.write(IDENTITY)
            file.flush()
            os.fsync(file.fileno())
        yield interrupted
        (folder / UNFINISHED).unlink()


def _lock(file: TextIO, folder: Path) -> None:
    """Lock the mark for this process; children do not inherit the lock, and it ends with the process."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_current = os.path.samestat(os.fstat(file.fileno()), (folder / UNFINISHED).stat())
    except (BlockingIOError, PermissionError, FileNotFoundError):
        raise _busy(folder) from None
    if not is_current:
        raise _busy(folder)


def _busy(folder: Path) -> ConflictError:
    sentence = "Another process is making a demonstration in this folder."
    return ConflictError(Problem("demo-running", sentence, "Wait until it has ended, then try again.", str(folder)))


def clear_unfinished(folder: Path, kinds: Collection[str]) -> None:
    """Remove what an interrupted demonstration made, and nothing else; its mark stays.

    Args:
        folder: the folder, claimed.
        kinds: of the documents that a demonstration hands out.

    Raises:
        OSError: the disk refuses, or somebody put a link in the place of a folder.
    """
    for name in (*DATABASE, MARKER):
        (folder / name).unlink(missing_ok=True)
    for name in FOLDERS:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder / name)
    names = {f"{kind}.pdf" for kind in kinds}
    for parent, _folders, files in os.walk(folder / "packets", topdown=False):
        for name in names.intersection(files):
            Path(parent, name).unlink()
        with suppress(OSError):  # somebody has files in it
            Path(parent).rmdir()
