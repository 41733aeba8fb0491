"""What a database refuses, in our words: by class and code of the error, never by its message, which others may reword.

What is left as it is: a broken constraint or a wrong statement is a fault of ours, and belongs into the log as such.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from packets.errors import (
    InputError,
    OutcomeUnknownError,
    OvertakenError,
    PacketsError,
    Problem,
    SchemaError,
    StoreError,
)

OVERTAKEN = {"40001", "40P01"}
"""SQLSTATE of a serialization failure and of a deadlock: the transaction was undone, and may be done again."""
BUSY = {"55P03", "53300"}
GONE = {"08", "57", "58", "XX", "53"}
"""Classes of SQLSTATE in which the server or the connection went, not the act."""
FULL = "53100"
BUSY_FILE, FAILED_FILE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}, {sqlite3.SQLITE_IOERR}
CLOSED_FILE, DAMAGED_FILE = {sqlite3.SQLITE_CANTOPEN}, {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
READ_ONLY_FILE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
NOT_GRANTED = "42501"
DAMAGED, READ_ONLY = {"XX001", "XX002"}, {"25006"}
"""SQLSTATE of a page, or of an index, that no longer is what was written; and of a server that takes nothing."""
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
            "The database or its disk failed while the act was being recorded; it is recorded whole or not at all.",
            "Look whether it was done before you do it again.",
        )
        raise OutcomeUnknownError(problem) from error


@contextmanager
def explain_upgrade() -> Iterator[None]:
    """Around migrations: say why one was refused; the transaction takes everything back.

    Raises:
        SchemaError: the role may not change tables, or they are not what the schema's revision says.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        if translate(error) is not None:
            raise
        raise SchemaError(_refused_upgrade(error)) from error


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
    if isinstance(error, sa.exc.DataError):  # such as a text with a null character in it
        return InputError(
            Problem("text-not-storable", "A text has characters that cannot be kept.", "Write it without them.")
        )
    if _is_full(error):
        sentence = "The disk of the database is full, and nothing of this act was recorded."
        return StoreError(Problem("database-full", sentence, "Free space on that disk, then try again."))
    problem = _file_problem(_file_code(error)) or _server_problem(error)
    return StoreError(problem) if problem else None


def _server_problem(error: sa.exc.DBAPIError) -> Problem | None:
    """What is wrong where the server or the connection went, and not the act."""
    if _state(error) in DAMAGED:
        remedy = "Stop the service, keep the server's files as they are, and restore the last dump."
        return Problem("database-damaged", "The database is damaged.", remedy)
    if _state(error) in READ_ONLY:
        remedy = "Name the server that takes writes with ESM_DATABASE_URL; this one may be a standby."
        return Problem("database-read-only", "The database can be read only.", remedy)
    if not (error.connection_invalidated or _state(error)[:2] in GONE or _has_no_answer(error)):
        return None
    return Problem(
        "database-away",
        "The database cannot be reached.",
        "Try again in a minute; if it stays so, look whether the database runs and ESM_DATABASE_URL names it.",
    )


def _file_problem(code: int | None) -> Problem | None:
    """What is wrong where the file of a database cannot be used as it lies there."""
    if code in FAILED_FILE:
        sentence = "The disk of the database failed, or is full."
        return Problem("database-not-written", sentence, "Free space on that disk or mend it, then try again.")
    if code in CLOSED_FILE:
        remedy = "Run the command as the user who owns the folder, and look whether the file is there."
        return Problem("database-unopened", "The database file cannot be opened.", remedy)
    if code in READ_ONLY_FILE:
        remedy = "Let the service's user write the file and its folder."
        return Problem("database-read-only", "The database file can be read only.", remedy)
    if code in DAMAGED_FILE:
        remedy = "Stop the service, put the file aside, and restore the last backup."
        return Problem("database-damaged", "The database file is damaged.", remedy)
    return None


def _refused_upgrade(error: sa.exc.DBAPIError) -> Problem:
    if _state(error) == NOT_GRANTED:
        remedy = "Run `esm db upgrade` as the owner of the tables, who may also create some."
        return Problem("database-forbidden", "The role of the database may not change its tables.", remedy)
    reason = str(error.orig).partition("\n")[0].rstrip(".")
    return Problem(
        "schema-not-upgraded",
        f"The database refused a migration, and nothing was changed: {reason}.",
        "The database is not what its revision says: restore the backup of a released version.",
    )


def _busy() -> StoreError:
    return StoreError(Problem("database-busy", "Others have been writing for too long.", "Try again in a minute."))


def _answered(error: sa.exc.DBAPIError) -> bool:
    """Whether the server itself said no, so that nothing was recorded."""
    state = _state(error)
    return _is_full(error) or (bool(state) and state[:2] not in GONE and not error.connection_invalidated)


def _is_full(error: sa.exc.DBAPIError) -> bool:
    """Whether there was no space; SQLite and PostgreSQL both undo the transaction then, at COMMIT too."""
    return _state(error) == FULL or _file_code(error) == sqlite3.SQLITE_FULL


def _has_no_answer(error: sa.exc.DBAPIError) -> bool:
    """Whether a client library that knows SQLSTATE has none to tell: it never got an answer."""
    network = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return network and hasattr(error.orig, "sqlstate") and not _state(error)


def _state(error: sa.exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _file_code(error: sa.exc.DBAPIError) -> int | None:
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & BASE_CODE
