"""The database: one engine, transactions that write are immediate, migrations are a command.

SQLite runs in WAL mode with foreign keys on; a writing transaction takes its lock at once (`BEGIN IMMEDIATE`), so that
two writers queue instead of failing in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.pool import StaticPool

from packets.store.records import Records

BUSY_MILLISECONDS = 15_000
IN_MEMORY = "sqlite://"


class Database:
    """The door to all records: `with database.write() as records:` commits at the end, or not at all."""

    def __init__(self, url: str) -> None:
        self._engine = _create_engine(url)

    @contextmanager
    def write(self) -> Iterator[Records]:
        """One transaction that may write. It commits when the block ends and rolls back when it raises."""
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield Records(connection)

    @contextmanager
    def read(self) -> Iterator[Records]:
        """One consistent look at the records; whatever the block writes is rolled back."""
        with self._engine.connect() as connection, connection.begin() as transaction:
            yield Records(connection)
            transaction.rollback()

    def upgrade(self) -> None:
        """Bring the schema to the newest migration (`esm db upgrade`)."""
        config = Config()
        config.set_main_option("script_location", str(files("packets.store") / "migrations"))
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


def _create_engine(url: str) -> sa.Engine:
    options: dict[str, Any] = {}
    if url == IN_MEMORY:
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    engine = sa.create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _configure_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event below says when a transaction starts
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MILLISECONDS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
