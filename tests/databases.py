"""Both databases for tests: each test gets one of its own, with the newest schema in it."""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg

from packets.store.database import IN_MEMORY, Database
from servers import shared

TEMPLATE = "esm_template"


def memory() -> Database:
    """SQLite in memory, for one thread at a time."""
    return Database(IN_MEMORY)


def sqlite_file(folder: Path) -> Database:
    """SQLite in a file, for threads and processes."""
    return Database(f"sqlite:///{folder / f'{uuid.uuid4()}.db'}")


def postgresql_url(name: str, user: str = "postgres") -> str:
    """The address of a database on the session's server."""
    server = shared("postgresql")
    return f"postgresql+psycopg://{user}@/{name}?host={server['host']}&port={server['port']}"


def postgresql() -> Database:
    """A new database on the session's server; removed with it."""
    return Database(postgresql_url(create_database()))


def create_database() -> str:
    """Its name. It begins as a copy of one that was migrated once."""
    name = f"esm_{uuid.uuid4().hex}"
    _template()
    _administer(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return name


def create_empty_database() -> str:
    """The name of a database without any table."""
    name = f"esm_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name}")
    return name


@cache
def _template() -> None:
    """Made by the first worker that asks."""
    server = Path(shared("postgresql")["host"])
    with (server.parent / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _administration() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
        if found is None:
            _administer(f"CREATE DATABASE {TEMPLATE}")
            database = Database(postgresql_url(TEMPLATE))
            database.upgrade()
            database.close()


def _administer(statement: str) -> None:
    with _administration() as connection:
        connection.execute(statement.encode())


@contextmanager
def _administration() -> Iterator[psycopg.Connection]:
    server = shared("postgresql")
    with psycopg.connect(
        host=server["host"], port=server["port"], user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        yield connection


KINDS: dict[str, Callable[[Path], Database]] = {
    "sqlite": sqlite_file,
    "postgresql": lambda _folder: postgresql(),
}
"""Databases for several threads; a test says which by the fixture `every_database` in `conftest.py`."""

SINGLE: dict[str, Callable[[], Database]] = {"memory": memory, "postgresql": postgresql}
"""Databases for one thread at a time."""


def copy_of(database: Database) -> Database:
    """Another database with the same content; nobody may be using the first."""
    if database._engine.dialect.name == "postgresql":
        database.close()
        name = f"esm_{uuid.uuid4().hex}"
        _administer(f"CREATE DATABASE {name} TEMPLATE {database._engine.url.database}")
        return Database(postgresql_url(name))
    copy = memory()
    source, target = database._engine.raw_connection(), copy._engine.raw_connection()
    source.driver_connection.backup(target.driver_connection)  # type: ignore[union-attr]
    source.close()
    target.close()
    return copy
