"""Basic Agreement Data: four fields are the ACO's own; they are entered, confirmed and submitted (R29, R30, R32-R35).

As with contacts, what is entered is a draft that changes nothing on record, and *Submit* is the confirmation for the year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.canonical import digest_of
from packets.clock import Clock
from packets.documents.assemble import Assembler
from packets.documents.frozen_facts import require_aco
from packets.errors import ConflictError, InputError, Problem
from packets.model.aco import Aco, StepOne
from packets.model.change_requests import LOCKED
from packets.model.organization_rules import (
    LABELS,
    OrganizationData,
    data_problems,
    data_warnings,
    organization_of,
    read_organization,
)
from packets.people.contacts import require_step_one, require_step_one_editor
from packets.render.characters import character_problems
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.drafts import OrganizationDraft


@dataclass(frozen=True, slots=True)
class OrganizationSheet:
    """Basic Agreement Data as it will be once the draft is submitted.

    Attributes:
        data: what the four fields say.
        recorded: what they say on record.
        draft: what was entered and not submitted yet, or None.
        problems: everything that keeps the data from being submitted.
        warnings: what holds nothing up and should be mended all the same.
    """

    step_one: StepOne
    data: OrganizationData
    recorded: OrganizationData
    draft: OrganizationDraft | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def aco(self) -> Aco:
        """The ACO in that year, as it is on record."""
        return self.step_one.aco

    @property
    def version(self) -> str:
        """Digest of all that the page shows: whoever saves or submits says which version they had before them."""
        locked = {name: field.show(self.aco) for name, field in LOCKED.items()}
        return digest_of([{name: getattr(self.data, name) for name in LABELS}, locked])

    @property
    def changed_fields(self) -> frozenset[str]:
        """The fields in which the draft differs from the record."""
        return frozenset(name for name in LABELS if getattr(self.data, name) != getattr(self.recorded, name))


@dataclass(frozen=True, slots=True)
class OrganizationDesk:
    """Where Basic Agreement Data is looked at, entered and submitted; built once with the services that it needs."""

    database: Database
    assembler: Assembler
    clock: Clock

    def look_up(self, aco_id: str, year: int) -> OrganizationSheet:
        """The data. Whoever asks was let in by the packet's rules.

        Raises:
            NotFoundError: the ACO is not in that year.
        """
        with self.database.read() as records:
            return make_organization_sheet(records, require_aco(records, aco_id, year))

    def save(self, aco_id: str, year: int, given: Mapping[str, str], seen: str, user_id: str) -> None:
        """Keep what was entered as a draft.

        Args:
            aco_id: whose data.
            year: the performance year.
            given: the form, by the names of `EDITABLE`.
            seen: version of the data that the editor had before them.
            user_id: who edits.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not edit Step 1 (R11).
            ConflictError: the data was changed meanwhile.
            InputError: with everything that is wrong with the fields; nothing was kept.
        """
        tale = Tale(Act.ORGANIZATION_EDIT, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> OrganizationDraft:
            sheet = self._require_seen(records, aco_id, year, seen, user_id)
            data, problems = read_organization(given)
            problems += self._unprintable(data)
            problems += [one for one in data_problems(sheet.aco, data) if one.where in LABELS and one not in problems]
            if problems:
                raise InputError(problems)
            return OrganizationDraft(
                **{name: getattr(data, name) for name in LABELS}, edited_by=user_id, edited_at_utc=tale.now
            )

        def record(records: Records, draft: OrganizationDraft) -> None:
            before = organization_of(require_aco(records, aco_id, year))
            changed = sorted(name for name in LABELS if getattr(draft, name) != getattr(before, name))
            records.drafts.put_organization(aco_id, year, draft)
            tale.tell(records, changed=changed)

        carry_out(self.database, tale, check, record)

    def discard(self, aco_id: str, year: int, seen: str, user_id: str) -> None:
        """Forget the draft; the data stays as it is on record.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not edit Step 1.
            ConflictError: the data was changed meanwhile.
        """
        tale = Tale(Act.ORGANIZATION_EDIT, user_id, f"{aco_id}/{year}", self.clock())

        def record(records: Records, _sheet: OrganizationSheet) -> None:
            records.drafts.drop_organization(aco_id, year)
            tale.tell(records, changed=[], discarded=True)

        carry_out(self.database, tale, lambda records: self._require_seen(records, aco_id, year, seen, user_id), record)

    def submit(self, aco_id: str, year: int, *, seen: str, user_id: str) -> OrganizationSheet:
        """Put the draft on record and confirm the data for the year (R34, R35); unsigned documents are prepared anew.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not edit Step 1 (R11).
            ConflictError: the data was changed meanwhile.
            InputError: with everything that is missing or wrong; nothing was put on record.
        """
        tale = Tale(Act.ORGANIZATION_SUBMIT, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> OrganizationSheet:
            sheet = self._require_seen(records, aco_id, year, seen, user_id)
            if sheet.problems:
                raise InputError(sheet.problems)
            return sheet

        sheet = carry_out(
            self.database, tale, check, lambda records, found: put_organization_on_record(records, tale, found)
        )
        self.assembler.refresh(aco_id, year, user_id)
        return sheet

    @staticmethod
    def _require_seen(records: Records, aco_id: str, year: int, seen: str, user_id: str) -> OrganizationSheet:
        sheet = make_organization_sheet(records, require_step_one_editor(records, aco_id, year, user_id))
        if sheet.version != seen:
            by = f" by {sheet.draft.edited_by}" if sheet.draft else ""
            sentence = f"The data was changed{by} while you had it open."
            raise ConflictError(Problem("organization-changed", sentence, "Read it again, then decide again."))
        return sheet

    def _unprintable(self, data: OrganizationData) -> list[Problem]:
        coverage = self.assembler.fonts.coverage if self.assembler.fonts else frozenset()
        return list(character_problems({name: getattr(data, name) for name in LABELS}, coverage)) if coverage else []


def make_organization_sheet(records: Records, aco: Aco) -> OrganizationSheet:
    """The record, and the draft over it."""
    step_one = require_step_one(records, aco)
    draft = records.drafts.organization(aco.aco_id, aco.performance_year)
    recorded = organization_of(step_one.aco)
    data = OrganizationData(**{name: getattr(draft, name) for name in LABELS}) if draft else recorded
    problems, warnings = data_problems(step_one.aco, data), data_warnings(step_one.aco, data)
    return OrganizationSheet(step_one, data, recorded, draft, tuple(problems), tuple(warnings))


def put_organization_on_record(records: Records, tale: Tale, sheet: OrganizationSheet) -> OrganizationSheet:
    """What a sheet without problems becomes: the record, confirmed for the year; the log tells of it."""
    place = (sheet.aco.aco_id, sheet.aco.performance_year)
    records.acos.change(*place, {name: getattr(sheet.data, name) for name in LABELS})
    records.acos.submit_organization(*place, tale.now)
    records.drafts.drop_organization(*place)
    tale.tell(records, changed=sorted(sheet.changed_fields))
    return sheet
