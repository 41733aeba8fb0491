"""Doing one job in this process, for a command whose person waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable

from packets.clock import Clock
from packets.jobs.execution import Executor
from packets.jobs.registry import Handler, Registry
from packets.model.jobs import Job
from packets.store.database import Database

LOOK_SECONDS = 0.2
Watch = Callable[[int, int, str], None]
"""Is told how much of how much was done, and of what the next piece is."""


def see_through(database: Database, clock: Clock, handler: Handler, job_id: str, watch: Watch) -> Job:
    """Do a job here, or wait for the worker that was faster. Whoever takes over when this process dies ends it all the same.

    Returns:
        The job as it ended.

    Raises:
        Exception: what an attempt here has raised; the job is stopped then.
    """
    failures: list[Exception] = []
    executor = Executor(database, Registry((handler,)), clock, report=lambda _job, error: failures.append(error))
    while not (job := _look_up(database, job_id)).state.is_over:
        if executor.do_one(job_id) is None:
            watch(job.done, job.total, "")
            time.sleep(LOOK_SECONDS)
        if failures:
            with database.queue() as jobs:
                jobs.stop(job_id)
            raise failures[0]
    return job


def _look_up(database: Database, job_id: str) -> Job:
    with database.read() as records:
        job = records.jobs.get(job_id)
    if job is None:
        raise RuntimeError("a job that was queued is gone")
    return job
