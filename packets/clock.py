"""The only room that reads the wall clock. Everybody else is given a `Clock`, so that tests can move time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, as an aware UTC datetime with microseconds."""
    return datetime.now(UTC)  # noqa: TID251  the one place
