"""Preparing the documents of a year: every packet assembled, those that are there and right are left alone (R5, R36, R42)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from packets.assemble import Assembler, require_aco
from packets.audit.log import SERVICE
from packets.catalog import Catalog
from packets.clock import Clock
from packets.errors import NotFoundError, PacketsError, Problem
from packets.model.aco import Aco
from packets.store.database import Database

Progress = Callable[[int, int, str], None]
"""Is told how many of how many documents were prepared, and of which ACO the next one is."""
Wanted = tuple[str, str]
"""ACO ID and kind of a document."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What came of it: documents that are prepared, what stood in the way of others, and how many were not tried."""

    prepared: int
    problems: tuple[Problem, ...]
    left: int = 0


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
        until: datetime | None = None,
    ) -> Preparation:
        """Prepare these documents one after the other; each stands as soon as it is prepared.

        What cannot be prepared is told at the end and holds up nothing else.

        Args:
            year: the performance year.
            wanted: which documents.
            actor: who prepares them.
            progress: is told of every document.
            until: stop before the next document when this instant has come; the rest is left for another time.
        """
        todo, problems = list(wanted), list[Problem]()
        for done, (aco_id, kind) in enumerate(todo):
            if until is not None and self.clock() >= until:
                return Preparation(done - len(problems), tuple(problems), len(todo) - done)
            progress(done, len(todo), aco_id)
            try:
                self.assembler.assemble(aco_id, year, kind, actor)
            except PacketsError as error:
                place = f"{aco_id}/{year}/{kind}"
                problems += [Problem(one.code, one.sentence, one.remedy, place) for one in error.problems[:1]]
        progress(len(todo), len(todo), "")
        return Preparation(len(todo) - len(problems), tuple(problems))

    def _of(self, aco: Aco) -> list[Wanted]:
        return [(aco.aco_id, one.kind) for one in self.catalog.for_cohort(aco.cohort)]
