"""Facts about a PostgreSQL database: its version, our role and its rights, triggers, settings, indexes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from packets.store.engines import BUSY_MILLISECONDS
from packets.store.grants import APPEND_ONLY, READ_ONLY
from packets.store.refusals import DAMAGED
from packets.store.tables import metadata

ALWAYS = {"O", "A"}
"""Values of `tgenabled` with which a trigger fires in an ordinary session."""


@dataclass(frozen=True, slots=True)
class PostgresqlFacts:
    """What a PostgreSQL database is like, seen by the role with which the service connects.

    Attributes:
        version: of the server, e.g. 150010.
        role: with which we connect.
        is_superuser: whether no right is ever refused to it.
        owned: tables that the role owns, or may act as the owner of.
        changeable: tables that only grow, and that the role may change nevertheless.
        lacking: rights that the service needs and the role has not, such as `INSERT on audit`.
        silent_triggers: triggers that keep records from being changed, and are missing or switched off.
        settings: of this session, by name; `lock_timeout` in milliseconds.
        encoding: of the database.
        sorts_by_bytes: whether texts are sorted as the service expects.
        is_standby: whether the server follows another one.
        damaged_index: the first index that is damaged; empty when none was found.
        at: the server's time.
    """

    version: int
    role: str
    is_superuser: bool
    owned: tuple[str, ...]
    changeable: tuple[str, ...]
    lacking: tuple[str, ...]
    silent_triggers: tuple[str, ...]
    settings: dict[str, str]
    encoding: str
    sorts_by_bytes: bool
    is_standby: bool
    damaged_index: str
    at: datetime

    @property
    def has_limits(self) -> bool:
        """Whether the limit on waiting for a lock, which every connection asks for, has arrived at the server."""
        return self.settings.get("lock_timeout") == str(BUSY_MILLISECONDS)


def postgresql_facts(connection: sa.Connection, seconds: float) -> PostgresqlFacts:
    """Read the catalog; where amcheck is installed, look at indexes for so many seconds at most."""
    server = connection.execute(_SERVER).one()
    held = connection.execute(_HELD, {"tables": sorted({*metadata.tables, *READ_ONLY})}).all()
    triggers = {row.name: row.fires for row in connection.execute(_TRIGGERS)}
    wanted = [f"{table}_append_only" for table in APPEND_ONLY]
    settings = {row.name: row.setting for row in connection.execute(_SETTINGS)}
    replica = settings.get("session_replication_role") == "replica"
    return PostgresqlFacts(
        version=server.version,
        role=server.role,
        is_superuser=server.is_superuser,
        owned=tuple(row.name for row in held if row.owned),
        changeable=tuple(row.name for row in held if row.name in APPEND_ONLY and row.may_change),
        lacking=tuple(_lacking(held)),
        silent_triggers=tuple(name for name in wanted if replica or triggers.get(name) not in ALWAYS),
        settings=settings,
        encoding=server.encoding,
        sorts_by_bytes=server.collation in {"C", "POSIX", "C.UTF-8", "C.utf8", "ucs_basic"},
        is_standby=server.is_standby,
        damaged_index=_damaged_index(connection, seconds),
        at=server.at.astimezone(UTC),
    )


def server_time(connection: sa.Connection) -> datetime:
    """Ask the server for its time."""
    at: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return at.astimezone(UTC)


def _lacking(held: Sequence[sa.Row[Any]]) -> Iterator[str]:
    """Rights of `esm db grants` that the role has not."""
    for row in held:
        wanted = {"SELECT": row.may_select}
        if row.name not in READ_ONLY:
            wanted["INSERT"] = row.may_insert
        if row.name not in (*READ_ONLY, *APPEND_ONLY):
            wanted |= {"UPDATE": row.may_update, "DELETE": row.may_delete}
        yield from (f"{right} on {row.name}" for right, granted in wanted.items() if not granted)


def _damaged_index(connection: sa.Connection, seconds: float) -> str:
    """The first index of ours that amcheck finds damaged; empty where it finds none, is not installed, or may not be called."""
    if not connection.scalar(_MAY_CHECK):
        return ""
    ends = time.monotonic() + seconds
    for name in connection.scalars(_INDEXES, {"tables": sorted(metadata.tables)}).all():
        if time.monotonic() > ends:
            break
        try:
            with connection.begin_nested():
                connection.execute(sa.text("SELECT bt_index_check(CAST(:name AS regclass))"), {"name": name})
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") in DAMAGED:
                return str(name)
            raise
    return ""


_SERVER = sa.text("""
    SELECT current_setting('server_version_num')::int AS version, current_user::text AS role,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
        pg_encoding_to_char(encoding)::text AS encoding, datcollate::text AS collation,
        pg_is_in_recovery() AS is_standby, clock_timestamp() AS at
    FROM pg_database WHERE datname = current_database()""")
_HELD = sa.text("""
    SELECT relname::text AS name, pg_has_role(relowner, 'USAGE') AS owned,
        has_table_privilege(oid, 'SELECT') AS may_select, has_table_privilege(oid, 'INSERT') AS may_insert,
        has_table_privilege(oid, 'UPDATE') AS may_update, has_table_privilege(oid, 'DELETE') AS may_delete,
        has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') AS may_change
    FROM pg_class WHERE relkind = 'r' AND relname = ANY(:tables) AND pg_table_is_visible(oid) ORDER BY relname""")
_TRIGGERS = sa.text("""
    SELECT tgname::text AS name, tgenabled::text AS fires FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND pg_table_is_visible(pg_class.oid)""")
_SETTINGS = sa.text("""
    SELECT name, setting FROM pg_settings WHERE name IN
        ('lock_timeout', 'fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'session_replication_role')""")
_MAY_CHECK = sa.text("""
    SELECT bool_or(has_function_privilege(pg_proc.oid, 'EXECUTE') AND pg_function_is_visible(pg_proc.oid))
    FROM pg_proc WHERE proname = 'bt_index_check' AND pronargs = 1""")
_INDEXES = sa.text("""
    SELECT indexrelid::regclass::text FROM pg_index
    JOIN pg_class AS i ON i.oid = indexrelid JOIN pg_am ON pg_am.oid = i.relam AND amname = 'btree'
    JOIN pg_class AS t ON t.oid = indrelid
    WHERE t.relname = ANY(:tables) AND pg_table_is_visible(t.oid) AND indisvalid ORDER BY i.relpages""")
