"""A job: work that runs outside a request. Its row is the truth, whoever carries it (DESIGN 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job is. `stopping` is asked for by a person and ends in `stopped`, from where it can be resumed."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it and nobody will, unless a person resumes it."""
        return self in {JobState.STOPPED, JobState.DONE, JobState.FAILED}


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a job. The fence grows with each claim, so that a worker that lost its hold can write nothing."""

    job_id: str
    owner: str
    fence: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its row tells of it.

    Attributes:
        kind: name of the handler that does it.
        arguments: ids that the handler needs, JSON types only; never the data itself.
        key: one job for one key, whoever asks and however often.
        attempts: how often it was begun since it was queued or resumed.
        fence: number of the newest claim.
        done, total: progress, in the units of the handler; 0 of 0 before it has told any.
        result: what the handler answered.
        error: why the newest attempt came to nothing; empty when it did not.
        request_id: number of the request that asked for it; empty when none did.
    """

    job_id: str
    kind: str
    arguments: Mapping[str, Any]
    key: str
    state: JobState
    due_at: datetime
    attempts: int = 0
    fence: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    heartbeat_at: datetime | None = None
    done: int = 0
    total: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    request_id: str = ""

    @property
    def claim(self) -> Claim:
        """The newest hold on it."""
        return Claim(self.job_id, self.owner, self.fence)
