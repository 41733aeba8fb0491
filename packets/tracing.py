"""Which request is being worked for: its number goes with what is done, into log lines, entries of the log of acts and jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_number: ContextVar[str] = ContextVar("request_id", default="")


def traced() -> str:
    """The number of the request; empty when nobody's request is being worked for."""
    return _number.get()


def trace(number: str) -> None:
    """Say whose request is being worked for from here on, in this thread; empty says that none is."""
    _number.set(number)


@contextmanager
def tracing(number: str) -> Iterator[None]:
    """The same for the length of a block."""
    before = _number.set(number)
    try:
        yield
    finally:
        _number.reset(before)
