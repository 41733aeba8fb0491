"""Who brings jobs to the threads that do them, as `ESM_QUEUE` says: they look for due rows, or procrastinate wakes them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from packets.errors import InputError, Problem, StoreError
from packets.jobs.execution import Executor
from packets.jobs.worker import THREADS, Carrier, Worker
from packets.settings import Settings
from packets.store.database import Database

ENGINE = "procrastinate"
"""The value of `ESM_QUEUE` with which that engine carries jobs."""


def open_database(settings: Settings) -> Database:
    """The database of the settings; where the engine carries jobs, those that are queued wake its workers.

    Raises:
        InputError: its address cannot be used, or the engine needs another one.
    """
    return Database(settings.database, wakes=settings.queue == ENGINE)


def install_engine(settings: Settings, database: Database) -> None:
    """Bring the engine's schema to its newest version, beside ours, where the engine carries jobs.

    Raises:
        InputError: the engine is not installed, or the place of its schema is taken.
    """
    if settings.queue == ENGINE:
        database.install_engine(load_engine().engine_schema())


def make_carrier(settings: Settings, executor: Executor, threads: int = THREADS) -> Carrier:
    """What brings due jobs to so many threads of this process; not started yet.

    Raises:
        InputError: the engine is not installed, or its address is that of a pooler or of another database.
        StoreError: the database cannot be reached.
    """
    if settings.queue != ENGINE:
        return Worker(executor, threads)
    direct = open_direct_database(settings, executor.database)
    carrier: Carrier = load_engine().Distributed(executor, threads, direct=direct)
    return carrier


def open_direct_database(settings: Settings, database: Database) -> Database:
    """The database as the engine reaches it, which listens and therefore needs PostgreSQL itself.

    Raises:
        InputError: a pooler answers, or another database does.
        StoreError: nobody does.
    """
    direct, name = Database(settings.queue_database, wakes=True), _queue_variable(settings)
    try:
        if direct.is_pooled():
            sentence = "A connection pooler answers, and no worker can be woken through one."
            remedy = "Set ESM_QUEUE_DATABASE_URL to the address of PostgreSQL itself."
            raise InputError(Problem("queue-pooled", sentence, remedy, name))
        if settings.queue_database_url and not direct.is_same_as(database):
            sentence, remedy = "This is not the database of ESM_DATABASE_URL.", "Name the same one, without the pooler."
            raise InputError(Problem("queue-elsewhere", sentence, remedy, name))
    except StoreError as error:
        remedy = f"Look whether the database runs and {name} names it."
        raise StoreError(Problem("database-away", "The database cannot be reached.", remedy, name)) from error
    finally:
        direct.close()
    return direct


def _queue_variable(settings: Settings) -> str:
    return "ESM_QUEUE_DATABASE_URL" if settings.queue_database_url else "ESM_DATABASE_URL"


def load_engine() -> ModuleType:
    """The module that knows the engine, which is an extra.

    Raises:
        InputError: the engine is not installed.
    """
    try:
        return import_module("packets.jobs.distribution")
    except ImportError:
        sentence, remedy = "procrastinate is not installed.", "Install requirements/scaled.lock."
        raise InputError(Problem("engine-missing", sentence, remedy, "ESM_QUEUE")) from None
