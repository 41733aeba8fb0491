"""Who brings jobs to the threads that do them, as `ESM_QUEUE` says: they look for due rows, or procrastinate wakes them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from packets.errors import InputError, Problem
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
        InputError: the engine is not installed.
    """
    if settings.queue != ENGINE:
        return Worker(executor, threads)
    carrier: Carrier = load_engine().Distributed(executor, threads)
    return carrier


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
