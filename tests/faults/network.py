"""The network between the service and its servers: the n-th COMMIT or request is cut off, unanswered, slow, or changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from faults.columns import Scaled
from faults.countdowns import Countdown, Fault
from faults.stage import Stage

METHODS = (b"GET /", b"PUT /", b"HEAD /")
SLOW = 0.3
LARGE = 4096
"""An answer of more bytes is an object."""


def cut_at_commit(fate: str) -> Callable[[Scaled], Fault]:
    """The connection to the database goes at the n-th COMMIT: before it arrives, or before its answer does."""

    def through(column: Scaled) -> Fault:
        @contextmanager
        def fault(_stage: Stage, countdown: Countdown) -> Iterator[None]:
            column.database_door.watch = lambda sent: fate if b"COMMIT\x00" in sent and countdown.is_turn() else "pass"
            try:
                yield
            finally:
                column.database_door.watch = lambda _sent: "pass"

        return fault

    return through


def bad_requests(fate: str, *, from_then_on: bool = False) -> Callable[[Scaled], Fault]:
    """What becomes of the n-th request to the store, or of it and of all that follow."""

    def through(column: Scaled) -> Fault:
        @contextmanager
        def fault(_stage: Stage, countdown: Countdown) -> Iterator[None]:
            def watch(sent: bytes) -> str:
                struck = sent.startswith(METHODS) and countdown.is_turn()
                return fate if struck or (from_then_on and countdown.fired) else "pass"

            column.store_door.watch = watch
            try:
                yield
            finally:
                column.store_door.watch = lambda _sent: "pass"

        return fault

    return through


def bad_answers(change: Callable[[bytes], bytes]) -> Callable[[Scaled], Fault]:
    """The n-th large answer of the store is delayed or changed on its way."""

    def through(column: Scaled) -> Fault:
        @contextmanager
        def fault(_stage: Stage, countdown: Countdown) -> Iterator[None]:
            column.store_door.change = lambda got: change(got) if len(got) > LARGE and countdown.is_turn() else got
            try:
                yield
            finally:
                column.store_door.change = lambda got: got

        return fault

    return through


def _late(got: bytes) -> bytes:
    time.sleep(SLOW)
    return got


FAULTS: dict[str, Callable[[Scaled], Fault]] = {
    "the connection is cut before the n-th COMMIT arrives": cut_at_commit("cut"),
    "the connection is cut before the n-th COMMIT is answered": cut_at_commit("deliver and cut"),
    "the n-th request to the store is cut off": bad_requests("cut"),
    "the n-th request to the store is done, and its answer cut off": bad_requests("deliver and cut"),
    "the n-th request to the store is never answered": bad_requests("stall"),
    "the store is away from the n-th request on": bad_requests("cut", from_then_on=True),
    "the store does what it is asked and never answers, from the n-th request on": bad_requests(
        "deliver and cut", from_then_on=True
    ),
    "the n-th large answer of the store is late": bad_answers(_late),
    "the n-th large answer of the store is other bytes": bad_answers(lambda got: got[:-1] + bytes([got[-1] ^ 1])),
}
