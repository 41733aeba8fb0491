"""Read what stands in a database, whoever made it, without changing a byte of it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from packets.errors import Problem
from packets.store.engines import SQLITE
from packets.store.schema_state import VERSIONS_TABLE, Columns, FoundSchema, SchemaUpgrade
from packets.store.tables import schema_upgrades

SQLITE_HEADER = b"SQLite format 3\0"
_SQLITE_COLUMNS = sa.text(
    "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns "
    "WHERE tables.type = 'table' AND substr(tables.name, 1, 7) <> 'sqlite_'"
)
_POSTGRESQL_TABLES = sa.text("""
    SELECT namespaces.nspname, tables.relname, pg_table_is_visible(tables.oid) AS visible,
        has_table_privilege(tables.oid, 'SELECT') AS readable,
        namespaces.nspname = ANY(string_to_array(replace(current_setting('search_path'), '"', ''), ', ')) AS in_path,
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = tables.oid AND attnum > 0 AND NOT attisdropped)
            AS columns
    FROM pg_class AS tables JOIN pg_namespace AS namespaces ON namespaces.oid = tables.relnamespace
    WHERE tables.relkind IN ('r', 'p') AND namespaces.nspname !~ '^pg_' AND namespaces.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = tables.oid AND deptype = 'e')
""")
"""Tables of extensions are nobody's. A schema that is in the path, and whose tables are not seen, may not be used by the role."""


def read_schema(connection: sa.Connection) -> FoundSchema:
    """Read tables, columns, revisions and the record of the newest upgrade."""
    found = _read_sqlite(connection) if connection.dialect.name == SQLITE else _read_postgresql(connection)
    revisions = _read_revisions(connection, found.columns)
    upgrade = _read_upgrade(connection, found.columns, revisions)
    return FoundSchema(revisions, found.columns, found.unreadable, found.hidden, upgrade)


def read_sqlite_file(path: Path) -> FoundSchema:
    """Read a file that may be somebody else's: it is opened for reading only, so that its journal mode stays."""
    engine = sa.create_engine("sqlite://", creator=lambda: _connect_to_read(path), poolclass=NullPool)
    with engine.connect() as connection:
        return read_schema(connection)


def holds_nothing(path: Path) -> bool:
    """Tell whether there is no file yet, or one without a byte.

    Raises:
        OSError: nobody may look.
    """
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True


def file_problem(path: Path) -> Problem | None:
    """Say why a file cannot be an SQLite database; None where it looks like one."""
    try:
        if holds_nothing(path):
            return None
        with path.open("rb") as file:
            header = file.read(len(SQLITE_HEADER))
    except OSError as error:
        remedy = "Run the command as the user who owns the folder, and look whether the file is there."
        sentence = f"The database file cannot be opened: {error.strerror or error}."
        return Problem("database-unopened", sentence, remedy)
    return None if header == SQLITE_HEADER else _not_a_database()


def _not_a_database() -> Problem:
    return Problem(
        "database-not-sqlite",
        "The database file is not one of SQLite: it is damaged, encrypted, or something else.",
        "Put it aside, and restore the last backup; look at --dir and ESM_DATABASE_URL.",
    )


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Connect without leaving a trace: where nobody has left or keeps a write-ahead log, none is begun by looking."""
    how = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True)


def _read_sqlite(connection: sa.Connection) -> FoundSchema:
    columns: dict[str, set[str]] = defaultdict(set)
    for table, column in connection.execute(_SQLITE_COLUMNS):
        columns[table].add(column)
    return FoundSchema(columns={table: frozenset(names) for table, names in columns.items()})


def _read_postgresql(connection: sa.Connection) -> FoundSchema:
    rows = connection.execute(_POSTGRESQL_TABLES).all()
    seen = [row for row in rows if row.visible]
    return FoundSchema(
        columns={row.relname: frozenset(row.columns) for row in seen if row.readable},
        unreadable=frozenset(row.relname for row in seen if not row.readable),
        hidden=frozenset(f"{row.nspname}.{row.relname}" for row in rows if row.in_path and not row.visible),
    )


def _read_revisions(connection: sa.Connection, columns: Columns) -> tuple[str, ...]:
    if "version_num" not in columns.get(VERSIONS_TABLE, ()):
        return ()
    revisions = sa.table(VERSIONS_TABLE, sa.column("version_num"))
    rows = connection.execute(sa.select(revisions.c.version_num).order_by(revisions.c.version_num))
    return tuple(str(revision) for revision in rows.scalars())


def _read_upgrade(connection: sa.Connection, columns: Columns, revisions: tuple[str, ...]) -> SchemaUpgrade | None:
    expected = set(schema_upgrades.columns.keys())
    if len(revisions) != 1 or not expected <= columns.get(schema_upgrades.name, frozenset()):
        return None
    row = connection.execute(schema_upgrades.select().where(schema_upgrades.c.revision == revisions[0])).one_or_none()
    return SchemaUpgrade(row.revision, row.oldest_program, row.version) if row else None
