"""Facts about the database itself, for those who examine the service: nothing here judges them."""

from __future__ import annotations

from typing import TypeAlias

import sqlalchemy as sa

from packets.store.engines import POSTGRESQL
from packets.store.health.postgresql import PostgresqlFacts, postgresql_facts
from packets.store.health.sqlite import SqliteFacts, sqlite_facts

__all__ = ["DatabaseFacts", "PostgresqlFacts", "SqliteFacts", "database_facts"]

DatabaseFacts: TypeAlias = SqliteFacts | PostgresqlFacts


def database_facts(connection: sa.Connection, seconds: float) -> DatabaseFacts:
    """Read the facts of whichever database this is; pages and indexes are looked at for so many seconds at most."""
    read = postgresql_facts if connection.dialect.name == POSTGRESQL else sqlite_facts
    return read(connection, seconds)
