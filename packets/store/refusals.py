"""What a database refuses, in our words: by class and code of the error, never by its message, which others may reword.

What is left as it is: a broken constraint or a wrong statement is a fault of ours, and belongs into the log as such.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from packets.errors import InputError, OutcomeUnknownError, OvertakenError, PacketsError, Problem, StoreError

OVERTAKEN = {"40001", "40P01"}
"""SQLSTATE of a serialization failure and of a deadlock: the transaction was undone, and may be done again."""
BUSY = {"55P03", "53300"}
GONE = {"08", "57", "58", "XX", "53"}
"""Classes of SQLSTATE in which the server or the connection went, not the act."""
BUSY_FILE, FULL_FILE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}, {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
AWAY_FILE = {sqlite3.SQLITE_CANTOPEN}
DAMAGED_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
CLOSED_FILE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
DAMAGED = {"XX001", "XX002"}
"""SQLSTATE of a page, or of an index, that no longer is what was written."""
CLOSED, FORBIDDEN = {"25006"}, {"42501"}
"""SQLSTATE of a server or a session that takes nothing, and of a role without the right."""
BASE_CODE = 0xFF


@contextmanager
def refusals() -> Iterator[None]:
    """Raise what the database refuses as our own errors.

    Raises:
        StoreError: it is busy, full, or cannot be reached; the act did not happen.
        OvertakenError: two acts stood in each other's way, and this one was undone.
        InputError: it cannot keep a value.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise _busy() from error
    except sa.exc.DBAPIError as error:
        told = translate(error)
        if told is None:
            raise
        raise told from error


@contextmanager
def commits() -> Iterator[None]:
    """Around a COMMIT: an error after which nobody can say whether it was done is told as such.

    Raises:
        OutcomeUnknownError: the connection was lost, or the disk failed, in the middle of it.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        if _answered(error):
            raise
        problem = Problem(
            "outcome-unknown",
            "The database went away while the act was being recorded; it is recorded whole or not at all.",
            "Look whether it was done before you do it again.",
        )
        raise OutcomeUnknownError(problem) from error


def translate(error: sa.exc.DBAPIError) -> PacketsError | None:
    """Our error for what the driver reports; None where it is a fault of ours."""
    state = _state(error)
    if state in OVERTAKEN:
        return OvertakenError(
            Problem(
                "act-overtaken", "Another act stood in the way, and nothing of this one was recorded.", "Try again."
            )
        )
    if state in BUSY or _file_code(error) in BUSY_FILE:
        return _busy()
    if _file_code(error) in FULL_FILE:
        return StoreError(
            Problem("database-not-written", "The disk of the database refuses to be written.", "Free space or mend it.")
        )
    if (problem := _state_problem(state, _file_code(error))) is not None:
        return StoreError(problem)
    if isinstance(error, sa.exc.DataError):  # such as a text with a null character in it
        return InputError(
            Problem("text-not-storable", "A text has characters that cannot be kept.", "Write it without them.")
        )
    if _file_code(error) in AWAY_FILE or error.connection_invalidated or state[:2] in GONE or _has_no_answer(error):
        return StoreError(
            Problem(
                "database-away",
                "The database cannot be reached.",
                "Try again in a minute; if it stays so, look whether the database runs and ESM_DATABASE_URL names it.",
            )
        )
    return None


def _state_problem(state: str, code: int | None) -> Problem | None:
    """What is wrong with the database itself, whoever asks it for whatever."""
    if state in DAMAGED or code in DAMAGED_FILE:
        return damaged()
    if state in CLOSED or code in CLOSED_FILE:
        sentence = "The database can be read only: nothing can be recorded."
        remedy = "Let the service write: the file and its folder, or the server where it is a standby."
        return Problem("database-read-only", sentence, remedy)
    if state in FORBIDDEN:
        sentence = "The role with which the service connects may not do this in the database."
        return Problem("database-forbidden", sentence, "Run `esm db grants` for it as the owner of the tables.")
    return None


def damaged() -> Problem:
    """The problem of a database whose file or pages no longer are what was written."""
    sentence = "The database is damaged: what is read no longer is what was written."
    remedy = "End the service, keep the file as it is, restore the last backup into a new folder, and run `esm fsck`."
    return Problem("database-damaged", sentence, remedy)


def _busy() -> StoreError:
    return StoreError(Problem("database-busy", "Others have been writing for too long.", "Try again in a minute."))


def _answered(error: sa.exc.DBAPIError) -> bool:
    """Whether the server itself said no, so that nothing was recorded."""
    state = _state(error)
    return bool(state) and state[:2] not in GONE and not error.connection_invalidated


def _has_no_answer(error: sa.exc.DBAPIError) -> bool:
    """Whether a client library that knows SQLSTATE has none to tell: it never got an answer."""
    network = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return network and hasattr(error.orig, "sqlstate") and not _state(error)


def _state(error: sa.exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _file_code(error: sa.exc.DBAPIError) -> int | None:
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & BASE_CODE
