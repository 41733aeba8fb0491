"""Carriers of jobs, to be run through one and the same contract (`integration/test_job_carriers.py`).

A further carrier joins by one more entry in `CARRIERS`: its database, and a function from a `Stage` to something with `start`
and `stop`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import databases
from packets.clock import system_clock
from packets.jobs.distribution import EVERY_SECOND, Distributed, engine_schema
from packets.jobs.execution import Executor, Report
from packets.jobs.queue import enqueue
from packets.jobs.registry import Registry
from packets.jobs.worker import Carrier, Worker
from packets.model.jobs import Job, JobState
from packets.store.database import Database

PATIENCE_SECONDS = 10.0
KIND = "count"
START = system_clock().replace(microsecond=0)
"""The server of the engine has a clock of its own, to which nothing of ours may lie in the future when it is due."""


@dataclass
class Stage:
    """A database, a registry and a clock for one test, and the carriers that were started on them."""

    database: Database
    make_carrier: Callable[[Stage, Registry], Carrier]
    now: datetime = START
    lease: timedelta = timedelta(seconds=30)
    told: list[str] = field(default_factory=list)
    carriers: list[Carrier] = field(default_factory=list)

    def clock(self) -> datetime:
        """The time that everybody on this stage believes in."""
        return self.now

    def advance(self, delta: timedelta) -> None:
        """Let time pass."""
        self.now += delta

    def start(self, registry: Registry) -> Carrier:
        """Start one more carrier: a process of its own, as far as the others can see."""
        carrier = self.make_carrier(self, registry)
        carrier.start()
        self.carriers.append(carrier)
        return carrier

    def queue(self, key: str = "a key", **arguments: object) -> str:
        """Queue a job; its id."""
        with self.database.write() as records:
            return enqueue(records, KIND, arguments, key, self.now).job_id

    def job(self, job_id: str) -> Job:
        """The job's row."""
        with self.database.read() as records:
            found = records.jobs.get(job_id)
        assert found is not None
        return found

    def wait_for(self, job_id: str, *states: JobState) -> Job:
        """Wait until a job is in one of these states."""
        return wait_until(lambda: self.job(job_id), lambda job: job.state in states)

    def report(self, job: Job | None, error: Exception) -> None:
        """What a process would write into its log."""
        self.told.append(f"{job.kind if job else 'worker'}: {type(error).__name__}")


def wait_until(look: Callable[[], Job], holds: Callable[[Job], bool]) -> Job:
    """Look again and again until it holds; fail when it does not come to that."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not holds(found := look()):
        assert time.monotonic() < ends, found
        time.sleep(0.01)
    return found


def executor_on(stage: Stage, registry: Registry) -> Executor:
    """Does the jobs of a registry on a stage."""
    report: Report = stage.report
    return Executor(stage.database, registry, stage.clock, stage.lease, report)


def embedded(stage: Stage, registry: Registry) -> Worker:
    """Threads of this process."""
    return Worker(executor_on(stage, registry), threads=2, poll_seconds=0.01, patience_seconds=PATIENCE_SECONDS)


def distributed(stage: Stage, registry: Registry) -> Distributed:
    """Threads of this process that procrastinate wakes."""
    return Distributed(executor_on(stage, registry), patrol=EVERY_SECOND, patience_seconds=PATIENCE_SECONDS)


def with_engine(_folder: Path) -> Database:
    """A database on PostgreSQL with the schema of the engine, whose jobs wake workers."""
    database = Database(databases.postgresql_url(databases.create_database()), wakes=True)
    database.install_engine(engine_schema())
    return database


MakeDatabase = Callable[[Path], Database]
CARRIERS: dict[str, tuple[MakeDatabase, Callable[[Stage, Registry], Carrier]]] = {
    **{f"embedded, {kind}": (make, embedded) for kind, make in databases.KINDS.items()},
    "procrastinate": (with_engine, distributed),
}
