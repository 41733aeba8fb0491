"""Preparing the documents of a year: every packet assembled, those that are there and right are left alone (R5, R36, R42)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packets.acts import Tale, carry_out
from packets.audit.log import SERVICE, Act
from packets.clock import Clock
from packets.documents.assemble import Assembler
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import require_aco
from packets.errors import ConflictError, ForbiddenError, NotFoundError, PacketsError, Problem
from packets.jobs.queue import enqueue
from packets.jobs.registry import Run
from packets.model.aco import Aco
from packets.model.jobs import Job
from packets.people.access import manages_years
from packets.store.database import Database
from packets.store.records import Records

Progress = Callable[[int, int, str], None]
"""Is told how many of how many documents were prepared, and of which ACO the next one is."""
Wanted = tuple[str, str]
"""ACO ID and kind of a document."""


MOST_PROBLEMS = 20
"""So many problems are kept with a job; whoever mends them asks again."""
PREPARE = "prepare-documents"
"""The kind of the job that prepares documents."""
DOCUMENTS_IN_A_PART = 25
"""So many documents are one job, so that many workers share a year, and a worker that dies loses little."""


def job_key(year: int) -> str:
    """What the keys of a year's jobs begin with."""
    return f"{PREPARE}/{year}/"


@dataclass(frozen=True, slots=True)
class Preparing:
    """Documents that are prepared outside of a request: the jobs that share them, at least one."""

    jobs: tuple[Job, ...]

    @property
    def is_over(self) -> bool:
        """Whether nobody works on any of them, and nobody will."""
        return all(one.state.is_over for one in self.jobs)

    @property
    def done(self) -> int:
        """How many documents were looked at."""
        return sum(one.done for one in self.jobs)

    @property
    def total(self) -> int:
        """How many documents there are."""
        return sum(len(one.arguments["documents"]) for one in self.jobs)

    @property
    def problems(self) -> list[str]:
        """What stood in the way of documents; each was left as it is."""
        return [told for one in self.jobs for told in one.result.get("problems", ())][:MOST_PROBLEMS]

    @property
    def errors(self) -> list[str]:
        """Why jobs came to nothing."""
        return sorted({one.error for one in self.jobs if one.error})


def enqueue_documents(records: Records, year: int, wanted: Iterable[Wanted], actor: str, now: datetime) -> Preparing:
    """Queue the preparation of these documents in the transaction that makes them necessary, shared out in parts."""
    everything, jobs = [list(one) for one in wanted], []
    for number, begin in enumerate(range(0, max(len(everything), 1), DOCUMENTS_IN_A_PART)):
        documents = everything[begin : begin + DOCUMENTS_IN_A_PART]
        arguments = {"year": year, "actor": actor, "documents": documents}
        jobs.append(enqueue(records, PREPARE, arguments, f"{job_key(year)}{now.isoformat()}/{actor}/{number}", now))
    return Preparing(tuple(jobs))


def newest_preparing(records: Records, year: int) -> Preparing | None:
    """What was asked for last in a year; None when nothing was."""
    newest = records.jobs.newest(job_key(year))
    if newest is None:
        return None
    return Preparing(tuple(records.jobs.beginning(f"{newest.key.rpartition('/')[0]}/")))


@dataclass(frozen=True, slots=True)
class Preparation:
    """What came of it: how many documents are prepared, and what stood in the way of others."""

    prepared: int
    problems: tuple[Problem, ...]


def unwatched(_done: int, _total: int, _aco_id: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class PreparationDesk:
    """Where a year's documents are prepared; built once with the services that it needs."""

    database: Database
    catalog: Catalog
    assembler: Assembler
    clock: Clock

    def documents(self, year: int, aco_id: str = "") -> list[Wanted]:
        """Every document that the ACOs of a year certify, or those of one ACO, by ACO and step.

        Raises:
            NotFoundError: the year was not opened, or the ACO is not in it.
        """
        with self.database.read() as records:
            if year not in records.years.numbers():
                raise NotFoundError(
                    Problem("year-unknown", f"Year {year} was not opened.", "Check the year.", str(year))
                )
            acos = [require_aco(records, aco_id, year)] if aco_id else records.acos.in_year(year)
        return [wanted for aco in acos for wanted in self._of(aco)]

    def missing(self, year: int, aco_id: str = "") -> list[Wanted]:
        """Those that were not prepared yet.

        Raises:
            NotFoundError: as `documents`.
        """
        with self.database.read() as records:
            there = records.documents.kinds_in_year(year)
        return [one for one in self.documents(year, aco_id) if one not in there]

    def prepare(
        self,
        year: int,
        wanted: Iterable[Wanted],
        actor: str = SERVICE,
        *,
        progress: Progress = unwatched,
    ) -> Preparation:
        """Prepare these documents one after the other; each stands as soon as it is prepared.

        What cannot be prepared is told at the end and holds up nothing else.

        Args:
            year: the performance year.
            wanted: which documents.
            actor: who prepares them.
            progress: is told of every document.
        """
        todo, problems = list(wanted), list[Problem]()
        for done, (aco_id, kind) in enumerate(todo):
            progress(done, len(todo), aco_id)
            try:
                self._assemble(aco_id, year, kind, actor)
            except PacketsError as error:
                place = f"{aco_id}/{year}/{kind}"
                problems += [Problem(one.code, one.sentence, one.remedy, place) for one in error.problems[:1]]
        progress(len(todo), len(todo), "")
        return Preparation(len(todo) - len(problems), tuple(problems))

    def ask(self, year: int, actor: str) -> Preparing:
        """Let everything that is missing be prepared outside the request; what is under way for the year is not asked for twice.

        Raises:
            NotFoundError: the year was not opened.
            ForbiddenError: the person may not ask for it.
        """
        wanted, now = self.missing(year), self.clock()
        tale = Tale(Act.YEAR_PREPARE, actor, str(year), now)

        def check(records: Records) -> Preparing | None:
            if not manages_years(records.people.get(actor)):
                sentence = "Only CMS staff let a year’s documents be prepared."
                raise ForbiddenError(Problem("preparing-not-permitted", sentence, "Ask a member of CMS staff.", actor))
            newest = newest_preparing(records, year)
            return newest if newest is not None and not newest.is_over else None

        def record(records: Records, under_way: Preparing | None) -> Preparing:
            if under_way is not None:
                return under_way
            asked = enqueue_documents(records, year, wanted, actor, now)
            tale.tell(records, documents=len(wanted))
            return asked

        return carry_out(self.database, tale, check, record)

    def newest(self, year: int) -> Preparing | None:
        """How far the documents of a year are that were asked for last; None when none were."""
        with self.database.read() as records:
            return newest_preparing(records, year)

    def work(self, run: Run) -> dict[str, Any]:
        """Do such a job (`packets.jobs`): prepare the documents that it names."""
        asked = run.job.arguments
        wanted = [(aco_id, kind) for aco_id, kind in asked["documents"]]
        done = self.prepare(
            asked["year"], wanted, asked["actor"], progress=lambda at, total, _aco_id: run.progress(at, total)
        )
        return {"prepared": done.prepared, "problems": [str(one) for one in done.problems[:MOST_PROBLEMS]]}

    def _assemble(self, aco_id: str, year: int, kind: str, actor: str) -> None:
        """Somebody else may prepare the same document at the same moment; then it is looked at again."""
        try:
            self.assembler.assemble(aco_id, year, kind, actor)
        except ConflictError:
            self.assembler.assemble(aco_id, year, kind, actor)

    def _of(self, aco: Aco) -> list[Wanted]:
        return [(aco.aco_id, one.kind) for one in self.catalog.for_cohort(aco.cohort)]
