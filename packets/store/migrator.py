"""Migrations: which there are, what each makes, and running them on a connection."""

from __future__ import annotations

import threading
from functools import cache
from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from packets.store.schema_state import VERSIONS_TABLE, Columns, KnownSchemas
from packets.store.tables import metadata

_ALONE = threading.Lock()  # Alembic keeps what it is doing in its module


def upgrade_schema(connection: sa.Connection, revision: str = "head") -> None:
    """Run the migrations that lead to a revision, inside the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    with _ALONE:
        command.upgrade(config, revision)


@cache
def known_schemas() -> KnownSchemas:
    """Answer the schemas that this program knows."""
    scripts = ScriptDirectory.from_config(_config())
    revisions = tuple(reversed([script.revision for script in scripts.walk_revisions()]))

    def columns(revision: str) -> Columns:
        return _newest_columns() if revision == revisions[-1] else _columns_at(revision)

    return KnownSchemas(revisions, columns)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("packets.store") / "migrations"))
    return config


@cache
def _newest_columns() -> Columns:
    return {table.name: frozenset(table.columns.keys()) for table in metadata.tables.values()}


@cache
def _columns_at(revision: str) -> Columns:
    """Make the schema of a revision in memory, and look at it: what each migration made stands nowhere else."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade_schema(connection, revision)
        look = sa.inspect(connection)
        tables = set(look.get_table_names()) - {VERSIONS_TABLE}
        columns = {table: frozenset(column["name"] for column in look.get_columns(table)) for table in tables}
    engine.dispose()
    return columns
