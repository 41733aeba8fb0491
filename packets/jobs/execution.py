"""Doing one job: claim it, keep the lease alive, do the work, record how it ended. Every write names the claim.

A worker that was thought dead and comes back finds that its claim is no longer the newest: it can tell no progress and no
result, and its work is interrupted at the next step.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from packets.clock import Clock
from packets.errors import InternalError, PacketsError
from packets.jobs.registry import Handler, Periodic, Reason, Registry, WorkInterruptedError
from packets.measures import JOBS
from packets.model.jobs import Claim, Job, JobState
from packets.store.database import Database
from packets.store.records import Records
from packets.tracing import tracing

LEASE = timedelta(seconds=30)
"""A worker that has not been heard of for so long is taken for dead."""
BEATS_IN_A_LEASE = 3
SHORTEST_WAIT = timedelta(seconds=2)

Report = Callable[["Job | None", Exception], None]
"""Is told of every attempt that failed, or of what kept a worker from looking for jobs; the log of the process, as a rule."""


def say_nothing(_job: Job | None, _error: Exception) -> None:
    """A report for those who look at the row."""


@dataclass
class Attempt:
    """One attempt at a job (`packets.jobs.registry.Run`)."""

    job: Job
    database: Database
    clock: Clock
    lease: timedelta
    closing: threading.Event
    lost: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int) -> None:
        """Tell how far the work is.

        Raises:
            WorkInterruptedError: a person stopped the job, another worker has it, or the process is closing.
        """
        state = self.beat(done=done, total=total)
        if state is None or self.lost.is_set():
            raise WorkInterruptedError(Reason.LOST)
        if state is JobState.STOPPING:
            raise WorkInterruptedError(Reason.STOPPED)
        if self.closing.is_set():
            raise WorkInterruptedError(Reason.CLOSING)

    def hold(self, records: Records) -> None:
        """Make sure, in a transaction of the work's own, that the job is still held.

        Raises:
            WorkInterruptedError: another worker has the job.
        """
        now = self.clock()
        if records.jobs.beat(self.job.claim, now, now + self.lease) is None:
            raise WorkInterruptedError(Reason.LOST)

    def beat(self, **progress: int) -> JobState | None:
        """Prolong the lease; the state of the job, or None when another worker has it."""
        now = self.clock()
        with self.database.queue() as jobs:
            state = jobs.beat(self.job.claim, now, now + self.lease, **progress)
        if state is None:
            self.lost.set()
        return state


@dataclass(frozen=True)
class Executor:
    """Does jobs, one at a time for each caller.

    Attributes:
        closing: set when the process is about to end; work is interrupted at its next step and queued again.
        report: is told of what fails.
        owner: in whose name jobs are claimed; tells people the machine and the process.
    """

    database: Database
    registry: Registry
    clock: Clock
    lease: timedelta = LEASE
    report: Report = say_nothing
    closing: threading.Event = field(default_factory=threading.Event)
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4()}")

    def plan(self) -> None:
        """Make a row for each periodic task that has none yet; it is due at once."""
        now = self.clock()
        with self.database.write() as records:
            for one in self.registry.periodic:
                if records.jobs.by_key(one.key) is None:
                    records.jobs.add(Job(str(uuid.uuid4()), one.name, {}, one.key, JobState.QUEUED, now))

    def work_off(self) -> int:
        """Do every job that is due now, one after the other; answer how many there were."""
        count = 0
        while not self.closing.is_set() and self.do_one() is not None:
            count += 1
        return count

    def do_one(self, job_id: str | None = None) -> Job | None:
        """Do the job that has been due for longest, or a given one; answer it as it was claimed, or None when there is none."""
        job = self._claim(job_id)
        if job is None:
            return None
        handler = self.registry.handler(job.kind)
        if job.state is JobState.STOPPING:
            self._finish(job.claim, JobState.STOPPED)
        elif isinstance(handler, Handler) and job.attempts > handler.attempts:
            self._finish(
                job.claim, JobState.FAILED, error=job.error or "The worker ended in the middle of it each time."
            )
        else:
            self._attempt(job, handler)
        return job

    def _claim(self, job_id: str | None) -> Job | None:
        now = self.clock()
        with self.database.read() as records:
            if not records.jobs.is_due(self.registry.kinds, now):
                return None
        with self.database.queue() as jobs:
            return jobs.claim(self.owner, self.registry.kinds, now, now + self.lease, job_id)

    def _attempt(self, job: Job, handler: Handler | Periodic) -> None:
        attempt = Attempt(job, self.database, self.clock, self.lease, self.closing)
        begun, outcome = time.monotonic(), "done"
        try:
            with _heart(attempt), tracing(job.request_id):
                result = handler.work(attempt)
        except WorkInterruptedError as interruption:
            outcome = "interrupted"
            self._interrupted(job, interruption.reason)
        except Exception as error:  # noqa: BLE001  the edge of a process: whatever work raises, the row tells of it
            outcome = "failed"
            self.report(job, error)
            self._failed(job, handler, error)
        else:
            if isinstance(handler, Periodic):
                self._again(job, handler)
            else:
                self._finish(job.claim, JobState.DONE, result=dict(result or {}))
        finally:
            JOBS.observe(time.monotonic() - begun, job.kind, outcome)

    def _interrupted(self, job: Job, reason: Reason) -> None:
        if reason is Reason.STOPPED:
            self._finish(job.claim, JobState.STOPPED)
        elif reason is Reason.CLOSING:
            with self.database.queue() as jobs:
                jobs.requeue(job.claim, self.clock(), attempts=job.attempts - 1)

    def _failed(self, job: Job, handler: Handler | Periodic, error: Exception) -> None:
        told = (
            str(error) if isinstance(error, PacketsError | InternalError) else f"It broke off: {type(error).__name__}."
        )
        if isinstance(handler, Periodic):
            self._again(job, handler, told)
        elif job.attempts >= handler.attempts:
            self._finish(job.claim, JobState.FAILED, error=told)
        else:
            wait = min(SHORTEST_WAIT * 2 ** (job.attempts - 1), handler.longest_wait)
            with self.database.queue() as jobs:
                jobs.requeue(job.claim, self.clock() + wait, attempts=job.attempts, error=told)

    def _again(self, job: Job, handler: Periodic, error: str = "") -> None:
        """The row of a periodic task is queued again for the next interval, counted from when this one began."""
        now = self.clock()
        began = job.heartbeat_at or now
        with self.database.queue() as jobs:
            jobs.requeue(job.claim, max(now, began + handler.every), attempts=0, error=error)

    def _finish(
        self, claim: Claim, state: JobState, *, result: dict[str, object] | None = None, error: str = ""
    ) -> None:
        with self.database.queue() as jobs:
            jobs.finish(claim, state, result=result, error=error)


@contextmanager
def _heart(attempt: Attempt) -> Iterator[None]:
    """Keep the lease alive while the work runs, also while it tells no progress for a long time."""
    ended = threading.Event()
    pause = attempt.lease.total_seconds() / BEATS_IN_A_LEASE

    def keep_beating() -> None:
        while not ended.wait(pause):
            try:
                if attempt.beat() is None:
                    return
            except Exception:  # noqa: BLE001, S112  a beat that the database refuses is tried again before the lease ends
                continue

    heart = threading.Thread(target=keep_beating, name=f"heart of {attempt.job.kind}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
