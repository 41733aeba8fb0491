"""Which work there is: handlers of jobs by kind, and what is done again and again.

Work may be begun more than once for one job: when a worker dies, when an attempt fails, when a person resumes. So it must be
idempotent, and it tells its progress through the `Run` that it is given, which interrupts it when it should end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from packets.model.jobs import Job
from packets.store.records import Records

LONGEST_WAIT = timedelta(minutes=5)


class Run(Protocol):
    """One attempt at a job, as its work sees it."""

    @property
    def job(self) -> Job:
        """The job as it was when it was claimed."""

    def progress(self, done: int, total: int) -> None:
        """Tell how far the work is; to be called often enough that stopping feels prompt.

        Raises:
            WorkInterruptedError: the work should end now, where it is.
        """

    def hold(self, records: Records) -> None:
        """Make sure, in a transaction of the work's own, that the job is still held; what the work writes there counts only then.

        Raises:
            WorkInterruptedError: another worker has the job.
        """


Work: TypeAlias = Callable[[Run], "Mapping[str, Any] | None"]
"""Does a job and answers its result, or nothing. An error of any kind means: try again later."""


class Reason(StrEnum):
    """Why work is interrupted: a person stopped it, another worker has it, or this process is closing."""

    STOPPED = "stopped"
    LOST = "lost"
    CLOSING = "closing"


class WorkInterruptedError(Exception):
    """Raised out of `Run.progress`; work lets it pass."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Handler:
    """Who does jobs of a kind.

    Attributes:
        attempts: how often a job is begun before it has failed.
        longest_wait: the pause between two attempts doubles until it is so long.
    """

    kind: str
    work: Work
    attempts: int = 6
    longest_wait: timedelta = LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Periodic:
    """What is done at most once in every interval, by one process among all that share the database.

    An attempt that its worker did not survive is taken over at once; one that fails waits for the next interval.
    """

    name: str
    every: timedelta
    work: Work

    @property
    def key(self) -> str:
        """The key of its one row."""
        return f"periodic/{self.name}"


@dataclass(frozen=True, slots=True)
class Registry:
    """All work of a process, built once in `web.bootstrap`."""

    handlers: tuple[Handler, ...] = ()
    periodic: tuple[Periodic, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of the jobs that can be done here."""
        return frozenset((*(one.kind for one in self.handlers), *(one.name for one in self.periodic)))

    def handler(self, kind: str) -> Handler | Periodic:
        """Who does jobs of that kind.

        Raises:
            KeyError: nobody here.
        """
        found: dict[str, Handler | Periodic] = {one.kind: one for one in self.handlers}
        return (found | {one.name: one for one in self.periodic})[kind]
