"""What differs between the two databases: how a connection is made, and how a transaction that writes begins.

Both have one writer at a time, so that the log is one chain and what a transaction has read holds until it commits.

- SQLite runs in WAL mode with foreign keys on; a writing transaction begins with `BEGIN IMMEDIATE`.
- PostgreSQL: a writing transaction first takes a lock of the service's own, which ends with the transaction. It reads at READ
  COMMITTED: every statement after the lock sees all that was committed before it was taken, and nobody else commits meanwhile.
  REPEATABLE READ would look at a moment before the lock was there. Readers look at one moment (REPEATABLE READ).
- Limits and costs are set once for a connection to PostgreSQL. A pooler may change the session between two transactions: through
  one they go in one message with BEGIN and end with the transaction, and no statement is prepared.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from packets.errors import InputError, Problem
from packets.store.modes import reserve_private_file
from packets.store.poolers import is_pooled
from packets.store.wakes import OPTION

IN_MEMORY = "sqlite://"
BUSY_MILLISECONDS = 15_000
"""So long does a writer wait for the one before it."""
IDLE_MILLISECONDS = 600_000
"""PostgreSQL ends a transaction whose process has been silent for so long; the process has most likely gone with its machine."""
PAGE_COST = 0.2
"""PostgreSQL reckons with pages on a turning disk, and reads a whole table rather than look up a few thousand rows; ours are in
memory or nearly."""
CONNECT_SECONDS = 5
CONNECTIONS, MORE_CONNECTIONS = 5, 15
WRITERS = 0x45534D_0001
"""The key of the lock that writers queue for on PostgreSQL; a lock is known within its own database only."""

WITH_BEGIN = "with_begin"
ONE_LOOK, WITH_LOCK = "REPEATABLE READ", "READ COMMITTED"
LEVELS = {ONE_LOOK: 3, WITH_LOCK: 2}
"""Their numbers in the driver (`psycopg.IsolationLevel`)."""
POSTGRESQL, SQLITE = "postgresql", "sqlite"


def make_engine(url: str, *, wakes: bool = False) -> sa.Engine:
    """The engine of a database; nothing is connected yet. With `wakes`, a job that is queued wakes a worker (`wakes`).

    Raises:
        InputError: the address is none, is of another database, or its driver is not installed.
    """
    address = _read_address(url)
    if address.get_backend_name() == POSTGRESQL:
        return _postgresql(address, wakes=wakes)
    if wakes:
        raise InputError(_without_engine())
    options: dict[str, Any] = {}
    if url == IN_MEMORY:
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    engine = sa.create_engine(address, **options)
    sa.event.listen(engine, "do_connect", _create_sqlite)
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def begin_look(connection: sa.Connection) -> sa.RootTransaction:
    """Begin a transaction that sees one moment of the records."""
    return _begin(connection, ONE_LOOK)


def begin_writing(connection: sa.Connection) -> sa.RootTransaction:
    """Begin a transaction that may write, beside others where the database can do that."""
    return _begin(connection.execution_options(writes=True), WITH_LOCK)


def _begin(connection: sa.Connection, level: str) -> sa.RootTransaction:
    """Begin a transaction; through a pooler it is begun here, and on the server's own connection by the driver."""
    if connection.dialect.name != POSTGRESQL:
        return connection.begin()
    driver: Any = connection.connection.driver_connection
    if not driver.autocommit and driver.isolation_level != LEVELS[level]:
        driver.isolation_level = LEVELS[level]
    transaction = connection.begin()
    if limits := connection.info.get(WITH_BEGIN):
        connection.exec_driver_sql(f"BEGIN ISOLATION LEVEL {level}; {limits}")
    return transaction


def be_the_writer(connection: sa.Connection) -> None:
    """Wait, inside a transaction, until it is the only one that writes records; SQLite has seen to that at its beginning."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITERS)))


def plan_anew(connection: sa.Connection) -> None:
    """Have PostgreSQL plan what the transaction asks from here on for the values that are asked for, and not for any."""
    if connection.dialect.name == POSTGRESQL:
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


def _read_address(url: str) -> sa.URL:
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise InputError(_unusable("It is no database address")) from None
    if address.drivername not in {SQLITE, POSTGRESQL, "postgresql+psycopg"}:
        raise InputError(_unusable(f"{address.drivername} is not supported"))
    return address.set(drivername="postgresql+psycopg") if address.get_backend_name() == POSTGRESQL else address


def _unusable(reason: str) -> Problem:
    remedy = "Use sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE."
    return Problem("database-url-invalid", f"The database cannot be used: {reason}.", remedy, "ESM_DATABASE_URL")


def _without_engine() -> Problem:
    return Problem(
        "queue-needs-postgresql",
        "procrastinate carries jobs on PostgreSQL only.",
        "Set ESM_DATABASE_URL to a PostgreSQL database, or ESM_QUEUE to embedded or worker.",
        "ESM_QUEUE",
    )


def _postgresql(address: sa.URL, *, wakes: bool) -> sa.Engine:
    connect = {"connect_timeout": CONNECT_SECONDS, "application_name": "esm-packets"}
    options: dict[str, Any] = {
        "execution_options": {OPTION: wakes},
        "use_native_hstore": False,  # nothing of ours has that type, and it is looked for in a transaction of its own
        "pool_size": CONNECTIONS,
        "max_overflow": MORE_CONNECTIONS,
        "pool_timeout": CONNECT_SECONDS * 2,
        "pool_pre_ping": True,
    }
    try:
        engine = sa.create_engine(address, connect_args=connect, **options)
    except ImportError:
        problem = Problem(
            "driver-missing",
            "The driver for PostgreSQL is not installed.",
            "Install requirements/scaled.lock, or psycopg.",
            "ESM_DATABASE_URL",
        )
        raise InputError(problem) from None
    sa.event.listen(engine, "connect", partial(_configure_postgresql, _limits()))
    return engine


def _limits() -> dict[str, float]:
    return {
        "lock_timeout": BUSY_MILLISECONDS,
        "idle_in_transaction_session_timeout": IDLE_MILLISECONDS,
        "seq_page_cost": PAGE_COST,
        "random_page_cost": PAGE_COST,
    }


def _configure_postgresql(limits: Mapping[str, float], driver: Any, record: Any) -> None:
    driver.autocommit = True
    if is_pooled(driver):
        driver.prepare_threshold = None
        record.info[WITH_BEGIN] = "; ".join(f"SET LOCAL {name} = {value}" for name, value in limits.items())
    else:
        driver.execute("; ".join(f"SET {name} = {value}" for name, value in limits.items()))
        driver.autocommit = False


def _create_sqlite(_dialect: Any, _record: Any, arguments: list[Any], _options: dict[str, Any]) -> None:
    """Make a new file for its owner only; SQLite gives the files beside it the same mode."""
    if arguments and arguments[0] and not str(arguments[0]).startswith((":", "file:")):
        with suppress(OSError):  # it is there already, or SQLite says why it cannot be
            reserve_private_file(Path(arguments[0]))


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event below says when a transaction starts
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MILLISECONDS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
