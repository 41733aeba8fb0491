"""The records of an old folder on either database, at the revision that the old version left."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import databases
from packets.settings import Settings
from packets.store.database import Database
from packets.store.migrator import upgrade_schema

KINDS = ("sqlite", "postgresql")
Rows = dict[str, list[dict[str, Any]]]
"""The rows of each table."""


def settings_on(folder: Path, kind: str) -> Settings:
    """Settings of an old folder, its records brought to a database of that kind as they are."""
    url = "" if kind == "sqlite" else copy_to_postgresql(folder / "esm.db")
    return Settings(dir=folder, database_url=url, mode="demo", confinement="off")


def revision_of(file: Path) -> str:
    """The revision of an SQLite database."""
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def copy_to_postgresql(file: Path) -> str:
    """The address of a new database that has the schema and the rows of an SQLite database."""
    url = databases.postgresql_url(databases.create_empty_database())
    engine, source = sa.create_engine(url), sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade_schema(connection, revision_of(file))
    made = sa.MetaData()
    made.reflect(engine)
    with source.connect() as old:
        rows = rows_of(old)
    with engine.begin() as new:
        new.exec_driver_sql("SET session_replication_role = replica")  # rows come in any order, and past triggers
        for table in made.tables.values():
            if rows.get(table.name):
                new.execute(table.insert(), rows[table.name])
        for table in made.tables.values():
            _set_sequence(new, table)
    engine.dispose()
    source.dispose()
    return url


def rows_of(connection: sa.Connection, like: Rows | None = None) -> Rows:
    """Every row of every table; with `like`, only of the tables and columns that stand there."""
    known = sa.MetaData()
    known.reflect(connection)
    found: Rows = {}
    for table in known.sorted_tables:
        if table.name == "alembic_version" or (like is not None and table.name not in like):
            continue
        names = [
            one.name for one in table.columns if like is None or not like[table.name] or one.name in like[table.name][0]
        ]
        ordered = sa.select(*(table.c[name] for name in names)).order_by(*table.primary_key.columns)
        found[table.name] = [
            {name: _plain(value) for name, value in row._mapping.items()} for row in connection.execute(ordered)
        ]
    return found


@contextmanager
def opened(settings: Settings) -> Iterator[sa.Connection]:
    """A connection of the tests' own."""
    engine = sa.create_engine(settings.database)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def upgrade(settings: Settings) -> None:
    """`esm db upgrade` without its keys."""
    with closing(Database(settings.database)) as database:
        database.upgrade()


def _plain(value: object) -> object:
    """SQLite has no time zones."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _set_sequence(connection: sa.Connection, table: sa.Table) -> None:
    """The next number of a table comes after those that were copied."""
    keys = [one for one in table.primary_key.columns if isinstance(one.type, sa.Integer)]
    if len(table.primary_key.columns) == 1 and keys:
        name = keys[0].name
        statement = (
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{name}'), max({name})) FROM {table.name} "  # noqa: S608  names of ours
            f"WHERE pg_get_serial_sequence('{table.name}', '{name}') IS NOT NULL HAVING max({name}) IS NOT NULL"
        )
        connection.exec_driver_sql(statement)
