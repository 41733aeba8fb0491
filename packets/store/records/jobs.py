"""Records of jobs. Whatever a worker writes names its claim, and changes nothing when the claim is no longer the newest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.jobs import Claim, Job, JobState
from packets.store.tables import jobs
from packets.store.wakes import wake

PLAIN = (
    "job_id",
    "kind",
    "arguments",
    "key",
    "attempts",
    "fence",
    "owner",
    "done",
    "total",
    "result",
    "error",
    "request_id",
)
TIMES = ("due_at", "lease_until", "heartbeat_at")
HELD = (JobState.RUNNING, JobState.STOPPING)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are asked for; everything that is empty is not asked."""

    state: str = ""
    kind: str = ""


class JobRecords:
    """Jobs by their id or key, and claims on them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, job: Job) -> None:
        """Record a new job; its key must be new too."""
        values = {name: getattr(job, name) for name in PLAIN} | {f"{name}_utc": getattr(job, name) for name in TIMES}
        self._connection.execute(jobs.insert().values(**values, state=job.state))
        wake(self._connection, job.job_id, job.kind, job.due_at)

    def get(self, job_id: str) -> Job | None:
        """The job, or None."""
        return self._one(jobs.c.job_id == job_id)

    def by_key(self, key: str) -> Job | None:
        """The job with that key, or None."""
        return self._one(jobs.c.key == key)

    def newest(self, key: str) -> Job | None:
        """The job that became due last of those whose keys begin so, or None."""
        those = jobs.c.key.startswith(key, autoescape=True)
        row = self._connection.execute(jobs.select().where(those).order_by(jobs.c.due_at_utc.desc()).limit(1)).first()
        return _job(row) if row else None

    def beginning(self, key: str) -> list[Job]:
        """Every job whose key begins so, by key."""
        those = jobs.c.key.startswith(key, autoescape=True)
        return [_job(row) for row in self._connection.execute(jobs.select().where(those).order_by(jobs.c.key))]

    def some(self, which: JobFilter, *, after: str, most: int) -> list[Job]:
        """Jobs in the order of their ids, those after a given one."""
        fits = [jobs.c.job_id > after]
        fits += [jobs.c.state == which.state] if which.state else []
        fits += [jobs.c.kind == which.kind] if which.kind else []
        asked = jobs.select().where(*fits).order_by(jobs.c.job_id).limit(most)
        return [_job(row) for row in self._connection.execute(asked)]

    def counts(self) -> dict[tuple[str, JobState], int]:
        """How many jobs there are, by kind and state."""
        asked = sa.select(jobs.c.kind, jobs.c.state, sa.func.count()).group_by(jobs.c.kind, jobs.c.state)
        return {(kind, JobState(state)): count for kind, state, count in self._connection.execute(asked)}

    def oldest_due(self, now: datetime) -> datetime | None:
        """Since when the job that waits for longest has been due, or None when none is due."""
        waiting = (jobs.c.state == JobState.QUEUED, jobs.c.due_at_utc <= now)
        row = self._connection.execute(jobs.select().where(*waiting).order_by(jobs.c.due_at_utc).limit(1)).one_or_none()
        return _job(row).due_at if row else None

    def stalled(self, now: datetime) -> int:
        """How many jobs are held by a worker that has not been heard of in time."""
        asked = sa.select(sa.func.count()).where(jobs.c.state.in_(HELD), jobs.c.lease_until_utc < now)
        return int(self._connection.scalar(asked) or 0)

    def last_heard(self) -> datetime | None:
        """When a worker was heard of last, or None when none ever was."""
        heard: datetime | None = self._connection.scalar(sa.select(sa.func.max(jobs.c.heartbeat_at_utc)))
        return heard

    def is_due(self, kinds: Collection[str], now: datetime) -> bool:
        """Whether a job of these kinds can be claimed; asked without a lock, so that idle workers disturb nobody."""
        asked = sa.select(jobs.c.job_id).where(_claimable(kinds, now)).limit(1)
        return self._connection.execute(asked).one_or_none() is not None

    def due(self, kinds: Collection[str], now: datetime, *, most: int) -> list[tuple[str, str]]:
        """Id and kind of the jobs that can be claimed, those that have been due for longest first."""
        asked = sa.select(jobs.c.job_id, jobs.c.kind).where(_claimable(kinds, now))
        return [
            (one.job_id, one.kind) for one in self._connection.execute(asked.order_by(jobs.c.due_at_utc).limit(most))
        ]

    def claim(
        self, owner: str, kinds: Collection[str], now: datetime, lease_until: datetime, job_id: str | None = None
    ) -> Job | None:
        """Take the job that has been due for longest, or a given one: queued, or running under a lease that has expired.

        Where the database locks rows, those that another worker is taking are passed over (`FOR UPDATE SKIP LOCKED`);
        SQLite has one writer at a time and leaves the words out.
        """
        which = sa.select(jobs.c.job_id).where(_claimable(kinds, now))
        if job_id is not None:
            which = which.where(jobs.c.job_id == job_id)
        found = self._connection.scalars(which.order_by(jobs.c.due_at_utc).limit(1).with_for_update(skip_locked=True))
        taken = found.one_or_none()
        if taken is None:
            return None
        state = sa.case((jobs.c.state == JobState.STOPPING, JobState.STOPPING), else_=JobState.RUNNING)
        values = {"attempts": jobs.c.attempts + 1, "fence": jobs.c.fence + 1, "owner": owner, "state": state}
        times = {"lease_until_utc": lease_until, "heartbeat_at_utc": now}
        self._connection.execute(jobs.update().where(jobs.c.job_id == taken).values(**values, **times))
        return self.get(taken)

    def beat(self, claim: Claim, now: datetime, lease_until: datetime, **progress: int) -> JobState | None:
        """Prolong a lease, and tell progress (`done`, `total`). The state, or None when the claim is lost."""
        values = {"lease_until_utc": lease_until, "heartbeat_at_utc": now, **progress}
        if self._connection.execute(jobs.update().where(_held(claim)).values(**values)).rowcount == 0:
            return None
        return JobState(self._connection.scalars(sa.select(jobs.c.state).where(jobs.c.job_id == claim.job_id)).one())

    def finish(
        self, claim: Claim, state: JobState, *, result: Mapping[str, Any] | None = None, error: str = ""
    ) -> bool:
        """Let go of a job that is over. False when the claim is lost."""
        values = {"state": state, "lease_until_utc": None, "error": error, "result": dict(result or {})}
        return self._connection.execute(jobs.update().where(_held(claim)).values(**values)).rowcount == 1

    def requeue(self, claim: Claim, due_at: datetime, *, attempts: int, error: str = "") -> bool:
        """Let go of a job that is to be begun again at a later time. False when the claim is lost."""
        values = {"state": JobState.QUEUED, "lease_until_utc": None, "due_at_utc": due_at, "attempts": attempts}
        return self._queued(jobs.update().where(_held(claim)).values(**values, error=error), due_at)

    def stop(self, job_id: str) -> bool:
        """Ask for a job to be stopped. False when it is over already."""
        this, waiting = jobs.c.job_id == job_id, jobs.c.state == JobState.QUEUED
        ended = self._connection.execute(jobs.update().where(this, waiting).values(state=JobState.STOPPED))
        asked = self._connection.execute(
            jobs.update().where(this, jobs.c.state == JobState.RUNNING).values(state=JobState.STOPPING)
        )
        return ended.rowcount + asked.rowcount == 1

    def resume(self, job_id: str, now: datetime) -> bool:
        """Queue a job again that was stopped or has failed. False when it is neither."""
        paused = jobs.c.state.in_((JobState.STOPPED, JobState.FAILED))
        values = {"state": JobState.QUEUED, "due_at_utc": now, "attempts": 0, "error": ""}
        return self._queued(jobs.update().where(jobs.c.job_id == job_id, paused).values(**values), now)

    def _queued(self, change: sa.Update, due_at: datetime) -> bool:
        """Queue a job again by a change of its row, and have it looked at when it is due. False when there is no such row."""
        row = self._connection.execute(change.returning(jobs.c.job_id, jobs.c.kind)).one_or_none()
        if row is not None:
            wake(self._connection, row.job_id, row.kind, due_at)
        return row is not None

    def _one(self, which: sa.ColumnElement[bool]) -> Job | None:
        row = self._connection.execute(jobs.select().where(which)).one_or_none()
        return _job(row) if row else None


def _claimable(kinds: Collection[str], now: datetime) -> sa.ColumnElement[bool]:
    waiting = sa.and_(jobs.c.state == JobState.QUEUED, jobs.c.due_at_utc <= now)
    abandoned = sa.and_(jobs.c.state.in_(HELD), jobs.c.lease_until_utc < now)
    return sa.and_(jobs.c.kind.in_(kinds), sa.or_(waiting, abandoned))


def _held(claim: Claim) -> sa.ColumnElement[bool]:
    newest = (jobs.c.job_id == claim.job_id, jobs.c.owner == claim.owner, jobs.c.fence == claim.fence)
    return sa.and_(*newest, jobs.c.state.in_(HELD))


def _job(row: Any) -> Job:
    values = {name: getattr(row, name) for name in PLAIN} | {name: getattr(row, f"{name}_utc") for name in TIMES}
    return Job(**values, state=JobState(row.state))
