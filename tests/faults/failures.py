"""The n-th statement, commit, store call or fsync of a signature fails, for n = 1, 2, … until there is no n-th any more."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self, cast
from unittest.mock import patch

import sqlalchemy as sa

from faults import network
from faults.columns import Scaled
from faults.countdowns import Countdown, Fault
from faults.stage import Stage, Theatre, Work, ask, first_documents
from faults.tallies import Tally
from packets.errors import PacketsError, Problem, StoreError
from packets.store.objects import ObjectStore
from packets.store.records.ceremonies import IntentState
from signing.ceremony import SignRequest

SLOW = 0.2
"""Seconds that a slow store takes longer."""


@contextmanager
def failing_statements(stage: Stage, countdown: Countdown) -> Iterator[None]:
    """The n-th SQL statement is not executed: the disk says no."""

    def refuse(*_: object) -> None:
        if countdown.is_turn():
            raise sa.exc.OperationalError("statement", {}, OSError(errno.EIO, "injected"))

    engine = stage.services.database._engine
    sa.event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", refuse)


@contextmanager
def failing_commits(stage: Stage, countdown: Countdown) -> Iterator[None]:
    """The n-th commit fails, nothing of its transaction having been kept."""

    def refuse(_connection: sa.Connection) -> None:
        if countdown.is_turn():
            raise sa.exc.OperationalError("COMMIT", {}, OSError(errno.EIO, "injected"))

    engine = stage.services.database._engine
    sa.event.listen(engine, "commit", refuse)
    try:
        yield
    finally:
        sa.event.remove(engine, "commit", refuse)


@dataclass(frozen=True)
class Unreliable:
    """A store whose n-th call fails: before it did anything, after it did everything, with other bytes, or late."""

    store: ObjectStore
    countdown: Countdown
    how: str

    def put(self, content: bytes) -> str:
        """Store the bytes, or not."""
        turn = self.countdown.is_turn()
        if turn and self.how == "refuses":
            raise _down()
        digest = self.store.put(content)
        if turn and self.how == "is slow":
            time.sleep(SLOW)
        elif turn:
            raise _down()
        return digest

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file, or not."""
        return self.put(path.read_bytes())

    def get(self, digest: str) -> bytes:
        """The bytes, or others."""
        turn = self.countdown.is_turn()
        if turn and self.how in {"refuses", "fails late"}:
            raise _down()
        content = self.store.get(digest)
        return content[:-1] + b"\x00" if turn and self.how == "lies" else content


def _down() -> StoreError:
    return StoreError(Problem("store-down", "The store does not answer.", "Try again."))


def failing_store(how: str) -> Fault:
    """The n-th call of the object store goes wrong in this way."""

    @contextmanager
    def fault(stage: Stage, countdown: Countdown) -> Iterator[None]:
        services = stage.services
        ceremony = replace(services.ceremony, objects=Unreliable(services.objects, countdown, how))
        stage.services = replace(services, ceremony=ceremony)
        try:
            yield
        finally:
            stage.services = services

    return fault


@contextmanager
def failing_syncs(_stage: Stage, countdown: Countdown) -> Iterator[None]:
    """The n-th fsync of the object store fails."""
    real = os.fsync

    def refuse(handle: int) -> None:
        if countdown.is_turn():
            raise OSError(errno.EIO, "injected")
        real(handle)

    with patch("packets.store.objects_files.os.fsync", refuse):
        yield


@contextmanager
def failing_links(_stage: Stage, countdown: Countdown) -> Iterator[None]:
    """The n-th object cannot be given its name: the disk is full."""
    real = Path.hardlink_to

    def refuse(path: Path, target: Path) -> None:
        if countdown.is_turn():
            raise OSError(errno.ENOSPC, "injected")
        real(path, target)

    with patch.object(Path, "hardlink_to", refuse):
        yield


@contextmanager
def failing_writes(_stage: Stage, countdown: Countdown) -> Iterator[None]:
    """The n-th write into a file of the object store finds the disk full, after a part of it."""
    real = os.fdopen

    def opened(handle: int, *how: Any) -> IO[Any]:
        file: IO[Any] = real(handle, *how)
        return cast("IO[Any]", _Torn(file, countdown)) if "w" in "".join(how) else file

    with patch("packets.store.objects_files.os.fdopen", opened):
        yield


@dataclass(frozen=True, slots=True)
class _Torn:
    """A file that is written as far as the disk goes."""

    file: IO[bytes]
    countdown: Countdown

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, piece: bytes) -> int:
        """The bytes, or half of them and no more."""
        if self.countdown.is_turn():
            self.file.write(piece[: len(piece) // 2])
            raise OSError(errno.ENOSPC, "injected")
        return self.file.write(piece)


ANYWHERE: dict[str, Fault] = {
    "the n-th SQL statement fails": failing_statements,
    "the n-th COMMIT fails": failing_commits,
    "the n-th call of the store fails": failing_store("refuses"),
    "the n-th call of the store fails after it was done": failing_store("fails late"),
    "the n-th answer of the store is other bytes": failing_store("lies"),
    "the n-th call of the store is slow": failing_store("is slow"),
}
ON_FILES: dict[str, Fault] = {
    "the n-th write of a file fails": failing_writes,
    "the n-th fsync fails": failing_syncs,
    "the n-th object cannot be named": failing_links,
}
TAKEN = (PacketsError, sa.exc.SQLAlchemyError)
"""What a door turns into a page; anything else would be a fault of ours."""


def fail_in_turn(theatre: Theatre, most: int) -> Iterator[Tally]:
    """Every fault for n = 1, 2, … on a signature after which the file is closed; afterwards it is signed again."""
    far = isinstance(theatre.column, Scaled)
    for name, fault in (ANYWHERE if far else ANYWHERE | ON_FILES).items():
        yield sweep(theatre, name, fault, most)
    if isinstance(theatre.column, Scaled):
        for name, through in network.FAULTS.items():
            yield sweep(theatre, name, through(theatre.column), most, doors=True)


def sweep(theatre: Theatre, name: str, fault: Fault, most: int, **where: Any) -> Tally:
    """One fault for every n, at most `most` of them; a copy of the year serves as many as it has first documents."""
    tally, n, goes_on = Tally(name), 1, True
    while goes_on and n <= most:
        stage = theatre.stage(**where)
        while goes_on and n <= most and (work := next(first_documents(stage), None)):
            goes_on = _fail_once(stage, work, fault, n, tally)
            n += 1
        stage.close(tally)
    return tally


def _fail_once(stage: Stage, work: Work, fault: Fault, n: int, tally: Tally) -> bool:
    """One attempt with the n-th call failing, and one without; False when there was no n-th call."""
    countdown = Countdown(n)
    request = ask(stage, *work)
    with fault(stage, countdown):
        try:
            stage.services.ceremony.sign(request)
            stage.acknowledged[request.idempotency_key] = (request.document_id, request.slot)
        except TAKEN:
            tally.refused += 1
    tally.faults += countdown.fired
    stage.recover(tally)
    again = ask(stage, *work)
    try:
        stage.services.ceremony.sign(again)
        stage.acknowledged[again.idempotency_key] = (again.document_id, again.slot)
    except PacketsError as error:
        if not _is_signed(stage, request):
            tally.problems.append(f"n = {n}: it could not be signed afterwards: {error}")
    stage.check(tally)
    return countdown.fired


def _is_signed(stage: Stage, request: SignRequest) -> bool:
    """Whether the first attempt was recorded, told or not: the answer may be what was lost."""
    with stage.services.database.read() as records:
        intent = records.ceremonies.intent(request.idempotency_key)
    return intent is not None and intent.state is IntentState.COMMITTED
