"""The n-th statement, commit, store call or fsync of a signature fails, for n = 1, 2, … until there is no n-th any more."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import sqlalchemy as sa

from faults.stage import Stage, Tally, Theatre, ask, unsigned
from packets.errors import PacketsError, Problem, StoreError
from packets.store.objects import ObjectStore


@dataclass(slots=True)
class Countdown:
    """Counts calls of one kind, and says when it is the turn of the n-th."""

    left: int
    fired: bool = False

    def is_turn(self) -> bool:
        """Whether this call is the one that fails."""
        self.left -= 1
        self.fired = self.fired or self.left == 0
        return self.left == 0


Fault = Callable[[Stage, Countdown], AbstractContextManager[None]]


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
    """A store whose n-th call fails: before it did anything, after it did everything, or with other bytes."""

    store: ObjectStore
    countdown: Countdown
    how: str

    def put(self, content: bytes) -> str:
        """Store the bytes, or not."""
        turn = self.countdown.is_turn()
        if turn and self.how == "refuses":
            raise _down()
        digest = self.store.put(content)
        if turn:
            raise _down()
        return digest

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file, or not."""
        return self.put(path.read_bytes())

    def get(self, digest: str) -> bytes:
        """The bytes, or others."""
        turn = self.countdown.is_turn()
        if turn and self.how != "lies":
            raise _down()
        content = self.store.get(digest)
        return content[:-1] + b"\x00" if turn else content


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


FAULTS: dict[str, Fault] = {
    "the n-th SQL statement fails": failing_statements,
    "the n-th commit fails": failing_commits,
    "the n-th call of the store fails": failing_store("refuses"),
    "the n-th call of the store fails after it was done": failing_store("fails late"),
    "the n-th answer of the store is other bytes": failing_store("lies"),
    "the n-th fsync fails": failing_syncs,
    "the n-th object cannot be named": failing_links,
}
TAKEN = (PacketsError, sa.exc.SQLAlchemyError)
"""What a door turns into a page; anything else would be a fault of ours."""


def fail_in_turn(folder: Path, most: int) -> Iterator[Tally]:
    """Every fault for n = 1, 2, … on a signature after which the file is closed; afterwards it is signed again."""
    theatre = Theatre.open(folder, acos=2)
    for name, fault in FAULTS.items():
        tally, n = Tally(name), 1
        while n <= most and _fail_once(theatre.stage(), fault, n, tally):
            n += 1
        yield tally


def _fail_once(stage: Stage, fault: Fault, n: int, tally: Tally) -> bool:
    """One attempt with the n-th call failing, and one without; False when there was no n-th call."""
    countdown = Countdown(n)
    work = next(unsigned(stage))
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
        if request.idempotency_key not in stage.acknowledged:
            tally.problems.append(f"n = {n}: it could not be signed afterwards: {error}")
    stage.close(tally)
    return countdown.fired
