"""The queue of jobs: whether somebody does them, and what has failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from packets.model.jobs import JobState
from web.carriers import ENGINE, load_engine, open_direct_database
from web.hints import program
from web.monitoring.findings import Finding, State, broken, count, good, watch
from web.monitoring.installation import Installation

LATE, SILENCE = timedelta(minutes=5), timedelta(seconds=60)
UNSERVED = timedelta(minutes=2)
"""Every service has something to do each quarter of a minute; one that was not heard of for so long does not run."""


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What the rows of jobs say.

    Attributes:
        stalled: jobs that are held by workers which are not heard of.
        failed: jobs that have failed for good.
        waiting: how long the oldest due job has been waiting.
        silent: how long no worker was heard of; None when none ever was.
        embedded: whether the service itself does the jobs.
    """

    stalled: int
    failed: int
    waiting: timedelta
    silent: timedelta | None
    embedded: bool

    @property
    def is_served(self) -> bool:
        """Whether somebody does jobs now."""
        return self.silent is not None and self.silent <= UNSERVED


def examine_queue(installation: Installation) -> Iterator[Finding]:
    """Find whether jobs are done."""
    installation.require_records()
    now = installation.clock()
    with installation.database.read() as records:
        stalled, due, counts = records.jobs.stalled(now), records.jobs.oldest_due(now), records.jobs.counts()
        heard = records.jobs.last_heard()
    failed = sum(number for (_, state), number in counts.items() if state is JobState.FAILED)
    waiting = now - due if due else timedelta(0)
    silent = now - heard if heard else None
    yield from judge_queue(
        QueueFacts(stalled, failed, waiting, silent, installation.settings.queue == "embedded"),
        f"`{program()} serve`" if installation.settings.queue == "embedded" else f"`{program()} worker`",
    )
    if installation.settings.queue == ENGINE:
        yield from _engine(installation)


def judge_queue(facts: QueueFacts, starter: str) -> Iterator[Finding]:
    """Judge the rows of jobs; `starter` starts whatever does them. Without IO."""
    late = facts.waiting > LATE
    if facts.embedded and not facts.is_served and (late or facts.stalled):
        sentence = "No service runs on this folder, so nobody does its jobs."
        yield watch(sentence, f"Start {starter}; what is due is done then.")
    elif late:
        minutes = int(facts.waiting.total_seconds() // 60)
        remedy = f"Start {starter}, or more of them, and look at what runs: GET /api/v1/jobs?state=running."
        yield broken(f"The oldest due job has been waiting for {count(minutes, 'minute')}.", remedy)
    elif facts.stalled:
        held = "is held by a worker that is" if facts.stalled == 1 else "are held by workers that are"
        yield watch(f"{count(facts.stalled, 'job')} {held} not heard of.", f"Start {starter}; it takes over.")
    else:
        yield good("No due job waits for long.")
    if facts.failed:
        have = "has" if facts.failed == 1 else "have"
        remedy = "Read the errors: GET /api/v1/jobs?state=failed."
        yield watch(f"{count(facts.failed, 'job')} {have} failed for good.", remedy)


def _engine(installation: Installation) -> Iterator[Finding]:
    """Whether procrastinate can listen, has its schema in our database, and workers of it are alive."""
    open_direct_database(installation.settings, installation.database)
    version, workers = installation.database.engine(SILENCE.total_seconds())
    needed = load_engine().engine_schema().version
    if version < needed:
        remedy = f"Run `{program()} db upgrade`, and the SQL of `{program()} db grants` after it."
        yield broken(f"The schema of procrastinate is {version or 'none'}, and {needed} is needed.", remedy)
    elif not workers:
        remedy = f"Start `{program()} worker`."
        yield Finding(State.WATCH, "No worker of procrastinate has been heard of lately.", remedy)
    else:
        yield good(f"procrastinate has {count(workers, 'worker')}.")
