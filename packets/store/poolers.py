"""Connection poolers between the service and PostgreSQL, such as PgBouncer in transaction mode.

A pooler hands each transaction to whichever server process is free, so that nothing of a session outlives a transaction: no
setting, no prepared statement, no LISTEN. The service needs none of these; the engine that wakes workers listens, and is given
PostgreSQL itself.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_IDENTITY = sa.text("""
    SELECT oid, pg_postmaster_start_time() FROM pg_database WHERE datname = current_database()""")


def is_pooled(driver: Any) -> bool:
    """Whether somebody else than PostgreSQL answered a connection of the driver.

    Poolers give each client a process id of their own invention, with which it may cancel; the server names its own.
    """
    return bool(driver.info.backend_pid != driver.execute("SELECT pg_backend_pid()").fetchone()[0])


def identify(connection: sa.Connection) -> tuple[Any, ...]:
    """Tell one database from every other, whatever its address: its number, and since when its server runs."""
    return tuple(connection.execute(_IDENTITY).one())
