"""Opening a performance year and enrolling ACOs in it, and the submission of Step 1 (R7, R12, R28, R34, R35)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packets.agreements import continue_agreement
from packets.assemble import require_aco
from packets.audit.log import Act
from packets.catalog import Catalog
from packets.clock import Clock
from packets.errors import ConflictError, InputError, Problem
from packets.lists.columns import LAYOUTS
from packets.model.aco import Aco, StepOne, contact_problems, organization_problems, shared_pair_problems
from packets.model.calendar import PerformanceYear
from packets.model.people import Contact, Person
from packets.store.database import Database
from packets.store.records.lists import Row


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One ACO's start in a year: who it is, its contacts, and the lists that CMS made for it (R45)."""

    aco: Aco
    contacts: tuple[Contact, ...]
    lists: Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class EnrollmentDesk:
    """Where CMS opens years and enrols ACOs, and where Step 1 is submitted."""

    database: Database
    clock: Clock
    catalog: Catalog

    def open_year(self, year: PerformanceYear, actor: str) -> None:
        """Open a year with its windows.

        Raises:
            ConflictError: the year is open already.
        """
        now = self.clock()
        with self.database.write() as records:
            if records.years.get(year.year) is not None:
                raise ConflictError(
                    Problem(
                        "year-open",
                        f"Performance year {year.year} is open already.",
                        "Use the open year.",
                        str(year.year),
                    )
                )
            records.years.add(year, now)
            records.journal.log(Act.YEAR_OPEN, actor, str(year.year), now, sample=year.sample)

    def register(self, people: Sequence[Person]) -> None:
        """Add people to the directory, or replace what is known of them."""
        with self.database.write() as records:
            for person in people:
                records.people.put(person)

    def enroll(self, enrollment: Enrollment, actor: str) -> None:
        """Enrol an ACO with its contacts and lists, all or nothing.

        Raises:
            ConflictError: the ACO is enrolled in that year already.
            InputError: one person holds two slots that must be held by two (R17).
        """
        aco, now = enrollment.aco, self.clock()
        shared = shared_pair_problems(enrollment.contacts)
        if shared:
            raise InputError(shared)
        with self.database.write() as records:
            if records.acos.get(aco.aco_id, aco.performance_year) is not None:
                raise ConflictError(
                    Problem(
                        "aco-enrolled", f"ACO {aco.aco_id} is enrolled already.", "Change its data instead.", aco.aco_id
                    )
                )
            for contact in enrollment.contacts:
                records.people.put(contact.person)
            records.acos.add(continue_agreement(records, self.catalog, aco))
            records.acos.put_contacts(aco.aco_id, aco.performance_year, enrollment.contacts)
            for name, rows in enrollment.lists.items():
                records.lists.replace(aco.aco_id, aco.performance_year, name, rows, tin_place(name))
            counts = {name: len(rows) for name, rows in enrollment.lists.items()}
            records.journal.log(
                Act.ACO_ENROLL, actor, f"{aco.aco_id}/{aco.performance_year}", now, cohort=str(aco.cohort), rows=counts
            )

    def submit_contacts(self, aco_id: str, year: int, actor: str) -> StepOne:
        """Confirm that the contacts are right (R28); refused with everything that is missing (E1, E5).

        Raises:
            InputError: required slots are empty, or paired slots are shared.
        """
        now = self.clock()
        with self.database.write() as records:
            require_aco(records, aco_id, year)
            problems = contact_problems(records.acos.contacts(aco_id, year))
            if problems:
                raise InputError(problems)
            records.acos.submit_contacts(aco_id, year, now)
            records.journal.log(Act.CONTACTS_SUBMIT, actor, f"{aco_id}/{year}", now)
        return self._step_one(aco_id, year)

    def submit_organization(self, aco_id: str, year: int, actor: str) -> StepOne:
        """Confirm that the organization data is right (R34); refused with everything that is missing (E2, E3).

        Raises:
            InputError: required fields are empty.
        """
        now = self.clock()
        with self.database.write() as records:
            problems = organization_problems(require_aco(records, aco_id, year))
            if problems:
                raise InputError(problems)
            records.acos.submit_organization(aco_id, year, now)
            records.journal.log(Act.ORGANIZATION_SUBMIT, actor, f"{aco_id}/{year}", now)
        return self._step_one(aco_id, year)

    def _step_one(self, aco_id: str, year: int) -> StepOne:
        with self.database.read() as records:
            aco = require_aco(records, aco_id, year)
            return records.acos.step_one(aco_id, year) or StepOne(
                aco, (), contacts_submitted=False, organization_submitted=False
            )


def tin_place(list_name: str) -> int | None:
    """The place of the TIN among the columns of a list; None for a list that only a document type knows, or without TINs."""
    keys = LAYOUTS[list_name].keys if list_name in LAYOUTS else ()
    return keys.index("tin") if "tin" in keys else None
