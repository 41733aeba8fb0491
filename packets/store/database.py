"""The database: one engine, one writer at a time, migrations are a command. SQLite or PostgreSQL (`engines`)."""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar, cast

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
from packets.store.engines import IN_MEMORY, SQLITE, be_the_writer, begin_look, begin_writing, make_engine
from packets.store.migrator import known_schemas, upgrade_schema
from packets.store.poolers import identify, is_pooled
from packets.store.records import Records
from packets.store.records.jobs import JobRecords
from packets.store.records.tokens import TokenRecords
from packets.store.refusals import commits, explain_upgrade, refusals
from packets.store.schema_reading import file_problem, holds_nothing, read_schema, read_sqlite_file
from packets.store.schema_state import (
    OLDEST_PROGRAM,
    FoundSchema,
    SchemaReport,
    SchemaState,
    report_schema,
    report_unreadable,
)
from packets.store.tables import schema_upgrades
from packets.store.wakes import EngineSchema, engine_version, install, living_workers

__all__ = ["IN_MEMORY", "Database"]

PAUSES = (0.0, 0.2, 1.0, 3.0)
"""Seconds before each further try of an act that may be repeated."""
Answer = TypeVar("Answer")


class Database:
    """The door to all records: `with database.write() as records:` commits at the end, or not at all."""

    def __init__(self, url: str, *, wakes: bool = False) -> None:
        """With `wakes`, jobs that are queued wake workers of the engine, in the same transaction."""
        self._engine = make_engine(url, wakes=wakes)
        # Who forgets `close` leaves no connection behind: Python 3.13 warns of each that is collected while it is open.
        weakref.finalize(self, self._engine.dispose).atexit = False

    @contextmanager
    def write(self) -> Iterator[Records]:
        """One transaction that may write. It commits when the block ends and rolls back when it raises.

        Raises:
            OutcomeUnknownError: the connection was lost at COMMIT. Whoever looks inside a `write` of their own sees what
                became of it, because the lost transaction is over before that one begins.
            StoreError: the database is busy, full, or away; nothing was recorded.
            OvertakenError: another act stood in the way; nothing was recorded.
        """
        with self._transaction() as connection:
            be_the_writer(connection)
            yield Records(connection)

    @contextmanager
    def queue(self) -> Iterator[JobRecords]:
        """A transaction on jobs alone. On PostgreSQL it waits for no writer, so that leases outlast a long transaction.

        It cannot tell the log anything; rows that others hold are passed over or waited for one by one. Raises as `write`.
        """
        with self._transaction() as connection:
            yield JobRecords(connection)

    @contextmanager
    def counting(self) -> Iterator[TokenRecords]:
        """A transaction on API tokens alone, as `queue` is on jobs: to count a call, nobody waits for a long transaction."""
        with self._transaction() as connection:
            yield TokenRecords(connection)

    @contextmanager
    def read(self) -> Iterator[Records]:
        """One consistent look at the records; whatever the block writes is rolled back.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._refusals(), self._engine.connect() as connection, begin_look(connection) as transaction:
            yield Records(connection)
            transaction.rollback()

    def surely(self, act: Callable[[Records], Answer]) -> Answer:
        """Write, and find out when nobody can say whether it was recorded: the act is tried again, at most four times.

        Args:
            act: asks the records first whether it was done already, and then only answers.

        Raises:
            OutcomeUnknownError: the database stays away.
            PacketsError: what the act raises, and what `write` does at the first try.
        """
        missed: PacketsError = StoreError(())
        for pause in PAUSES:
            time.sleep(pause)
            try:
                with self.write() as records:
                    return act(records)
            except OutcomeUnknownError as error:
                missed = error
            except OvertakenError as error:
                missed = missed if missed.problems else error
            except StoreError:
                if not missed.problems:
                    raise
        raise missed

    def inspect_schema(self) -> SchemaReport:
        """Look what the database is to this program; nothing in it is changed, whoever it belongs to.

        Raises:
            StoreError: it cannot be reached.
        """
        path = self._file
        if path and (problem := file_problem(path)):
            return report_unreadable(problem, known_schemas())
        with refusals():
            return report_schema(self._read_schema(path), known_schemas())

    def upgrade(self) -> SchemaReport:
        """Bring the schema to the newest migration, whole or not at all, and answer what it was before.

        Of several at once, one does it.

        Raises:
            SchemaError: it is not a schema that this program can upgrade; nothing was changed.
        """
        self.inspect_schema().require(upgradable=True)
        with self._transaction() as connection:
            be_the_writer(connection)
            before = report_schema(read_schema(connection), known_schemas())
            before.require(upgradable=True)
            if before.state is not SchemaState.READY:
                with explain_upgrade():
                    upgrade_schema(connection)
                    _record_upgrade(connection)
                report_schema(read_schema(connection), known_schemas()).require()
        return before

    def install_engine(self, schema: EngineSchema) -> None:
        """Bring the schema of the engine that carries jobs to its newest version; of several at once, one does it.

        Raises:
            InputError: the place of that schema is taken.
        """
        with self._transaction() as connection:
            be_the_writer(connection)
            install(connection, schema)

    def engine(self, seconds: float) -> tuple[str, int]:
        """The version of the engine's schema, empty when there is none, and how many workers were heard of in so many seconds."""
        with refusals(), self._engine.connect() as connection:
            found = engine_version(connection)
            return found, living_workers(connection, seconds) if found else 0

    def is_pooled(self) -> bool:
        """Whether a connection pooler stands before PostgreSQL."""
        with refusals(), self._engine.connect() as connection:
            return self._engine.dialect.name != SQLITE and is_pooled(connection.connection.driver_connection)

    def is_same_as(self, other: Database) -> bool:
        """Whether two addresses of PostgreSQL lead to one database."""
        with refusals(), self._engine.connect() as here, other._engine.connect() as there:
            return identify(here) == identify(there)

    @property
    def reached_by(self) -> dict[str, Any]:
        """How the driver connects, for whoever keeps connections of his own."""
        return dict(self._engine.dialect.create_connect_args(self._engine.url)[1])

    def inspect(self, question: Callable[[sa.Connection], Answer]) -> Answer:
        """Ask about the database itself, not about records; whatever the question changes is taken back.

        Raises:
            StoreError: the database cannot be reached, or is damaged.
        """
        with refusals(), self._engine.connect() as connection, begin_look(connection) as transaction:
            answer = question(connection)
            transaction.rollback()
        return answer

    def snapshot(self, to: Path) -> None:
        """Copy an SQLite database into a new file, as it is at one moment, while others go on writing.

        Raises:
            InputError: it is not SQLite.
        """
        if self._engine.dialect.name != SQLITE:
            remedy = "Use pg_dump, as docs/operations.md says."
            raise InputError(Problem("not-embedded", "Only SQLite is copied by the service itself.", remedy))
        target = sqlite3.connect(to)
        source = self._engine.raw_connection()
        try:
            cast("sqlite3.Connection", source.driver_connection).backup(target)
        finally:
            source.close()
            target.close()

    def close(self) -> None:
        """Give back every connection; those in use, when their block ends."""
        pool = self._engine.pool
        self._engine.dispose()
        sa.event.listen(pool, "checkin", _close_returned)

    @property
    def _file(self) -> Path | None:
        """The file of an SQLite database; None for one in memory, or on a server."""
        name = self._engine.url.database
        return Path(name) if self._engine.dialect.name == SQLITE and name and name != ":memory:" else None

    def _read_schema(self, path: Path | None) -> FoundSchema:
        if path is not None:
            return FoundSchema() if holds_nothing(path) else read_sqlite_file(path)
        with self._engine.connect() as connection:
            return read_schema(connection)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """As `refusals`; what would be a fault of ours is the schema's where that is not what this program needs."""
        try:
            with refusals():
                yield
        except sa.exc.DBAPIError as error:
            if problem := self._schema_problem():
                raise SchemaError(problem) from error
            raise

    def _schema_problem(self) -> Problem | None:
        """What keeps this program from working on the database, as far as it can be found out after an error."""
        try:
            report = self.inspect_schema()
        except (PacketsError, sa.exc.SQLAlchemyError):
            return None
        return None if report.state.is_usable else report.problem

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._refusals(), self._engine.connect() as connection:
            transaction = begin_writing(connection)
            with transaction:
                yield connection
                with commits(), _given_up_on_failure(connection):
                    transaction.commit()


def _close_returned(connection: Any, _record: object) -> None:
    """Close a connection that comes back after its pool was given up; SQLAlchemy leaves it to the collector."""
    if connection is not None:
        connection.close()


def _record_upgrade(connection: sa.Connection) -> None:
    """Write down for older programs whether they may go on, and for people which version did it."""
    try:
        program = version("esm-packets")
    except PackageNotFoundError:
        program = ""
    values = {"revision": known_schemas().newest, "oldest_program": OLDEST_PROGRAM, "version": program}
    connection.execute(schema_upgrades.delete().where(schema_upgrades.c.revision == values["revision"]))
    connection.execute(schema_upgrades.insert().values(values))


@contextmanager
def _given_up_on_failure(connection: sa.Connection) -> Iterator[None]:
    """A COMMIT that the database refuses (a full disk) leaves its transaction open; the next one could not begin."""
    try:
        yield
    except BaseException:
        with suppress(Exception):  # each driver has errors of its own, and a lost connection has nothing to give up
            connection.connection.rollback()
        raise
