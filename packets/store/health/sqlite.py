"""Facts about an SQLite database: its pages and its triggers."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa

from packets.store.grants import APPEND_ONLY
from packets.store.refusals import DAMAGED_FILE

STEPS = 200_000
"""Instructions of SQLite's machine between two looks at the clock: some milliseconds."""
SOUND = "ok"


@dataclass(frozen=True, slots=True)
class SqliteFacts:
    """What an SQLite database is like.

    Attributes:
        sound: whether no page that was looked at is damaged.
        complete: whether every page was looked at.
        missing_triggers: names of triggers that keep records from being changed, and are not there.
    """

    sound: bool
    complete: bool
    missing_triggers: tuple[str, ...]


def sqlite_facts(connection: sa.Connection, seconds: float) -> SqliteFacts:
    """Look at every page for so many seconds at most, then at the catalog."""
    sound, complete = _quick_check(connection, seconds)
    if not sound:
        return SqliteFacts(sound, complete, ())
    names = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars())
    wanted = [f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")]
    return SqliteFacts(sound, complete, tuple(name for name in wanted if name not in names))


def _quick_check(connection: sa.Connection, seconds: float) -> tuple[bool, bool]:
    """Whether no damage was found, and whether the end was reached in time."""
    raw: Any = cast("sqlite3.Connection", connection.connection.driver_connection)
    ends = time.monotonic() + seconds
    raw.set_progress_handler(lambda: int(time.monotonic() > ends), STEPS)
    try:
        return raw.execute("PRAGMA quick_check(1)").fetchone()[0] == SOUND, True
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in DAMAGED_FILE:
            return False, True
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return True, False
        raise
    finally:
        raw.set_progress_handler(None, 0)
