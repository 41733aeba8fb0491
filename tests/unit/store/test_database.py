"""The database: all or nothing, and what was recorded stays recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from databases import sqlite_file
from packets.audit.log import Act, chain_problems
from packets.audit.merkle import Frontier
from packets.model.calendar import PerformanceYear
from packets.store.database import Database
from packets.store.records.journal import KeptCheckpoint
from packets.store.tables import metadata

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    """On both databases."""
    database = new_database()
    database.upgrade()
    return database


def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    """No difference between a migrated database and the metadata."""
    with database._engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    """The second upgrade finds the newest schema."""
    database.upgrade()

    with database.read() as records:
        assert records.years.numbers() == []


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    """A year written before an error is not there afterwards."""
    with pytest.raises(RuntimeError), database.write() as records:  # noqa: PT012  the transaction is the point
        records.years.add(PerformanceYear(2027, ()), NOW)
        raise RuntimeError("the act fails")

    with database.read() as records:
        assert records.years.numbers() == []


def test_reading_never_writes(database: Database) -> None:
    """What a reading block writes is rolled back."""
    with database.read() as records:
        records.journal.log(Act.YEAR_OPEN, "TEST", "2027", NOW)

    with database.read() as records:
        assert list(records.journal.entries()) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'XXXX'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_audit_log(database: Database, statement: str) -> None:
    """Not even plain SQL edits or removes an entry."""
    with database.write() as records:
        records.journal.log(Act.YEAR_OPEN, "TEST", "2027", NOW, windows=12)

    with pytest.raises(sa.exc.IntegrityError, match="append-only"), database._engine.begin() as connection:
        connection.exec_driver_sql(statement)

    with database.read() as records:
        assert chain_problems(records.journal.entries()) == []


@pytest.mark.parametrize("statement", ["UPDATE checkpoints SET digest = 'other'", "DELETE FROM checkpoints"])
def test_the_database_itself_refuses_to_change_a_checkpoint(database: Database, statement: str) -> None:
    """What was signed and time-stamped stays beside the log as it was made."""
    with database.write() as records:
        entry = records.journal.log(Act.YEAR_OPEN, "TEST", "2027", NOW)
        frontier = Frontier().grown([bytes.fromhex(entry.digest)])
        records.journal.keep_checkpoint(KeptCheckpoint(1, frontier, "a" * 64, "b" * 64, NOW))

    with pytest.raises(sa.exc.IntegrityError, match="append-only"), database._engine.begin() as connection:
        connection.exec_driver_sql(statement)

    with database.read() as records:
        assert [one.digest for one in records.journal.checkpoints()] == ["a" * 64]


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    """Records hold UTC; a naive time could mean anything."""
    with pytest.raises(sa.exc.StatementError, match="without a zone"), database.write() as records:
        records.years.add(PerformanceYear(2027, ()), datetime(2026, 11, 20))  # noqa: DTZ001  the point of the test


def test_a_connection_in_use_is_closed_when_its_block_ends_after_the_database_was_closed(tmp_path: Path) -> None:
    """Whatever a thread was reading when the service ended; nothing is left to the collector of garbage."""
    database = sqlite_file(tmp_path)
    with database.read() as records:
        driver = records._connection.connection.driver_connection
        database.close()
        assert driver is not None
        assert driver.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError):
        driver.execute("SELECT 1")
