"""Opening a performance year and enrolling ACOs in it, and the submission of Step 1 (R7, R12, R28, R34, R35)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.errors import ConflictError, InputError, Problem
from packets.lists.columns import LAYOUTS
from packets.model.aco import Aco, StepOne, shared_pair_problems
from packets.model.calendar import PerformanceYear, agency_day
from packets.model.people import Contact, Person
from packets.people.contacts import (
    ContactSheet,
    make_sheet,
    put_contacts_on_record,
    require_step_one,
    require_step_one_editor,
)
from packets.people.organization import OrganizationSheet, make_organization_sheet, put_organization_on_record
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.lists import Row
from packets.years.carry_over import fill_slots
from packets.years.standings import continue_agreement


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One ACO's start in a year: who it is, its contacts, and the lists that CMS made for it (R45).

    Without contacts those of the year before carry over (R20).
    """

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
        now = self.clock()
        aco = enrollment.aco
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
                if contact.person.user_id:
                    records.people.put(contact.person)
            records.acos.add(continue_agreement(records, self.catalog, aco))
            carried = fill_slots(records, aco, enrollment.contacts)
            for name, rows in enrollment.lists.items():
                records.lists.replace(aco.aco_id, aco.performance_year, name, rows, tin_place(name))
            counts = {name: len(rows) for name, rows in enrollment.lists.items()}
            records.journal.log(
                Act.ACO_ENROLL,
                actor,
                f"{aco.aco_id}/{aco.performance_year}",
                now,
                cohort=str(aco.cohort),
                rows=counts,
                carried=carried,
            )

    def submit_contacts(self, aco_id: str, year: int, actor: str) -> StepOne:
        """Confirm that the contacts are right, as the page does (R28), for whoever has no page before them.

        Raises:
            ForbiddenError: the person may not edit Step 1 (R11).
            InputError: with everything that is missing or wrong (E1, E4-E6).
        """
        tale = Tale(Act.CONTACTS_SUBMIT, actor, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> ContactSheet:
            aco = require_step_one_editor(records, aco_id, year, actor)
            sheet = make_sheet(records, require_step_one(records, aco), agency_day(tale.now))
            if sheet.problems:
                raise InputError(sheet.problems)
            return sheet

        def record(records: Records, sheet: ContactSheet) -> StepOne:
            put_contacts_on_record(records, tale, sheet)
            return require_step_one(records, sheet.aco)

        return carry_out(self.database, tale, check, record)

    def submit_organization(self, aco_id: str, year: int, actor: str) -> StepOne:
        """Confirm that the organization data is right, as the page does (R34), for whoever has no page before them.

        Raises:
            ForbiddenError: the person may not edit Step 1 (R11).
            InputError: with everything that is missing or wrong (E2, E3).
        """
        tale = Tale(Act.ORGANIZATION_SUBMIT, actor, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> OrganizationSheet:
            sheet = make_organization_sheet(records, require_step_one_editor(records, aco_id, year, actor))
            if sheet.problems:
                raise InputError(sheet.problems)
            return sheet

        def record(records: Records, sheet: OrganizationSheet) -> StepOne:
            put_organization_on_record(records, tale, sheet)
            return require_step_one(records, sheet.aco)

        return carry_out(self.database, tale, check, record)


def tin_place(list_name: str) -> int | None:
    """The place of the TIN among the columns of a list; None for a list that only a document type knows, or without TINs."""
    keys = LAYOUTS[list_name].keys if list_name in LAYOUTS else ()
    return keys.index("tin") if "tin" in keys else None
