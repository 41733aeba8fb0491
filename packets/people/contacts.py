"""Contact Data of an ACO: seventeen slots, entered one by one, confirmed and submitted together (R9, R12, R22, R25-R28).

What is entered is a draft: it changes nothing on record and nobody's rights. *Submit* puts all of it on record at once and is
the ACO's confirmation for the year. Changes are allowed at any time (REQ 1.6.14): they alter no recorded signature, and whether
somebody may sign is asked again when they do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.canonical import digest_of
from packets.clock import Clock
from packets.documents.assemble import Assembler
from packets.documents.frozen_facts import require_aco
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, Problem
from packets.model.aco import Aco, StepOne, contact_problems
from packets.model.calendar import agency_day
from packets.model.contact_rules import (
    account_problems,
    contact_warnings,
    fields_of,
    read_contact,
    statement_problems,
)
from packets.model.people import CONTACT_SLOTS, SLOTS_BY_ROLE, Contact, ContactSlot, Person, Role
from packets.model.readiness import Readiness, readiness_of
from packets.people.access import Action, may
from packets.render.characters import character_problems
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.drafts import ContactDraft


@dataclass(frozen=True, slots=True)
class SlotLine:
    """One slot as it will be once the draft is submitted.

    Attributes:
        person: who holds it, or None for nobody.
        recorded: who holds it on record.
        draft: what was entered and not submitted yet, or None.
        problems: what keeps it from being submitted.
        warnings: what may be right all the same.
        readiness: how the holder on record stands, for designees.
    """

    slot: ContactSlot
    person: Person | None
    recorded: Person | None
    draft: ContactDraft | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    readiness: Readiness | None

    @property
    def version(self) -> str:
        """Digest of what the slot holds: whoever saves says which version they had before them."""
        return digest_of(fields_of(self.person) if self.person else None)

    @property
    def contact(self) -> Contact | None:
        """The contact, when the slot is filled."""
        return Contact(self.slot.role, self.person) if self.person else None

    @property
    def changed_fields(self) -> frozenset[str]:
        """The fields in which the draft differs from the record."""
        if self.draft is None:
            return frozenset()
        now, before = (fields_of(one) if one else {} for one in (self.person, self.recorded))
        return frozenset(name for name in {**now, **before} if now.get(name, "") != before.get(name, ""))


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """Every slot of an ACO in a year, and the state of their submission.

    Attributes:
        problems: everything that keeps the contacts from being submitted.
    """

    step_one: StepOne
    lines: tuple[SlotLine, ...]
    problems: tuple[Problem, ...]

    @property
    def aco(self) -> Aco:
        """The ACO in that year."""
        return self.step_one.aco

    @property
    def version(self) -> str:
        """Digest of all that is submitted: whoever submits says which version they had before them."""
        return digest_of([[str(line.slot.role), line.version] for line in self.lines])

    @property
    def changed(self) -> tuple[SlotLine, ...]:
        """The slots that have a draft."""
        return tuple(line for line in self.lines if line.draft is not None)

    def line(self, role: Role) -> SlotLine:
        """The line of a slot."""
        return next(line for line in self.lines if line.slot.role is role)


class SlotChangedError(ConflictError):
    """Somebody else saved the slot meanwhile. `line` is the slot as it is now."""

    def __init__(self, line: SlotLine) -> None:
        by = f" by {line.draft.edited_by}" if line.draft else ""
        sentence = f"The {line.slot.label} was changed{by} while you had it open."
        super().__init__(
            Problem("contact-changed", sentence, "Compare, then save again or leave it as it is.", line.slot.role)
        )
        self.line = line


@dataclass(frozen=True, slots=True)
class ContactDesk:
    """Where contacts are looked at, entered and submitted; built once with the services that it needs."""

    database: Database
    assembler: Assembler
    clock: Clock

    def look_up(self, aco_id: str, year: int) -> ContactSheet:
        """Every slot. Whoever asks was let in by the packet's rules.

        Raises:
            NotFoundError: the ACO is not in that year.
        """
        with self.database.read() as records:
            return self._sheet(records, aco_id, year)

    def save(
        self, aco_id: str, year: int, role: str, given: Mapping[str, str], seen: str, user_id: str
    ) -> tuple[Problem, ...]:
        """Keep what was entered for a slot as a draft; answer what may have to be looked at once more.

        Args:
            aco_id: whose slot.
            year: the performance year.
            role: name of the slot, e.g. `dua-requestor`.
            given: the form, by the names of `CONTACT_FIELDS`.
            seen: version of the slot that the editor had before them.
            user_id: who edits.

        Raises:
            NotFoundError: the ACO is not in that year, or there is no such slot.
            ForbiddenError: the person may not edit Step 1 (R11).
            SlotChangedError: somebody else saved the slot meanwhile.
            InputError: with everything that is wrong with the contact; nothing was kept.
        """
        tale = Tale(Act.CONTACT_EDIT, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> ContactDraft:
            line = self._require_slot(records, aco_id, year, role, seen, user_id)
            person, problems = read_contact(line.slot.role, given)
            problems += self._unprintable(line.slot, person)
            problems += self._account_problems(records, line, Contact(line.slot.role, person), agency_day(tale.now))
            if problems:
                raise InputError(problems)
            return ContactDraft(line.slot.role, person, user_id, tale.now)

        def record(records: Records, draft: ContactDraft) -> tuple[Problem, ...]:
            self._keep(records, tale, aco_id, year, draft)
            return self._sheet(records, aco_id, year).line(draft.role).warnings

        return carry_out(self.database, tale, check, record)

    def empty(self, aco_id: str, year: int, role: str, seen: str, user_id: str) -> None:
        """Keep as a draft that nobody shall hold a slot that need not be filled.

        Raises:
            NotFoundError: the ACO is not in that year, or there is no such slot.
            ForbiddenError: the person may not edit Step 1.
            SlotChangedError: somebody else saved the slot meanwhile.
            InputError: the slot must be filled (R22).
        """
        tale = Tale(Act.CONTACT_EDIT, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> ContactDraft:
            line = self._require_slot(records, aco_id, year, role, seen, user_id)
            if line.slot.required:
                sentence = f"The {line.slot.label} contact is required."
                raise InputError(
                    Problem("contact-required", sentence, "Enter somebody else instead.", str(line.slot.role))
                )
            return ContactDraft(line.slot.role, None, user_id, tale.now)

        carry_out(self.database, tale, check, lambda records, draft: self._keep(records, tale, aco_id, year, draft))

    def discard(self, aco_id: str, year: int, role: str, seen: str, user_id: str) -> None:
        """Forget the draft of a slot; it stays as it is on record.

        Raises:
            NotFoundError: the ACO is not in that year, or there is no such slot.
            ForbiddenError: the person may not edit Step 1.
            SlotChangedError: somebody else saved the slot meanwhile.
        """
        tale = Tale(Act.CONTACT_EDIT, user_id, f"{aco_id}/{year}", self.clock())

        def record(records: Records, line: SlotLine) -> None:
            records.drafts.drop_contact(aco_id, year, line.slot.role)
            tale.tell(records, role=str(line.slot.role), change="discarded")

        carry_out(
            self.database, tale, lambda records: self._require_slot(records, aco_id, year, role, seen, user_id), record
        )

    def submit(self, aco_id: str, year: int, *, attested: bool, seen: str, user_id: str) -> ContactSheet:
        """Put the draft on record and confirm the contacts for the year (R28, R35); unsigned documents are prepared anew.

        Args:
            aco_id: whose contacts.
            year: the performance year.
            attested: the person states that each CMS user ID is that of the contact beside it.
            seen: version of the sheet that they had before them.
            user_id: who submits.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not edit Step 1 (R11).
            ConflictError: somebody else changed a slot meanwhile.
            InputError: with everything that is missing or wrong; nothing was put on record.
        """
        tale = Tale(Act.CONTACTS_SUBMIT, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> ContactSheet:
            require_step_one_editor(records, aco_id, year, user_id)
            sheet = self._sheet(records, aco_id, year)
            if sheet.version != seen:
                sentence = "A contact was changed while you had this page open."
                raise ConflictError(Problem("contacts-changed", sentence, "Read the contacts again, then submit."))
            problems = [*sheet.problems]
            if not attested:
                sentence = "The statement about the CMS user IDs is not checked."
                problems.insert(
                    0, Problem("attestation-missing", sentence, "Read it, check it, then submit.", "attested")
                )
            if problems:
                raise InputError(problems)
            return sheet

        sheet = carry_out(
            self.database, tale, check, lambda records, found: put_contacts_on_record(records, tale, found)
        )
        self.assembler.refresh(aco_id, year, user_id)
        return sheet

    def _sheet(self, records: Records, aco_id: str, year: int) -> ContactSheet:
        step_one = require_step_one(records, require_aco(records, aco_id, year))
        return make_sheet(records, step_one, agency_day(self.clock()))

    def _require_slot(self, records: Records, aco_id: str, year: int, role: str, seen: str, user_id: str) -> SlotLine:
        require_step_one_editor(records, aco_id, year, user_id)
        line = self._sheet(records, aco_id, year).line(require_slot(role).role)
        if line.version != seen:
            raise SlotChangedError(line)
        return line

    @staticmethod
    def _account_problems(records: Records, line: SlotLine, contact: Contact, today: date) -> list[Problem]:
        """Whoever is new in the slot must be fit for it; whoever holds it may be unfit for a while and is kept (REQ 1.6.14)."""
        problems = account_problems(contact, records.people.known([contact.person.user_id]), today)
        is_new = line.recorded is None or line.recorded.user_id != contact.person.user_id
        return [one for one in problems if is_new or one.code == "user-id-unknown"]

    def _unprintable(self, slot: ContactSlot, person: Person) -> list[Problem]:
        """Characters that no document could print: found here, not when the document is prepared."""
        coverage: Collection[int] = self.assembler.fonts.coverage if self.assembler.fonts else ()
        return list(character_problems(fields_of(person), coverage, str(slot.role))) if coverage else []

    @staticmethod
    def _keep(records: Records, tale: Tale, aco_id: str, year: int, draft: ContactDraft) -> None:
        records.drafts.put_contact(aco_id, year, draft)
        change = "entered" if draft.person else "emptied"
        tale.tell(records, role=str(draft.role), change=change, holder=draft.person.user_id if draft.person else "")


def make_sheet(records: Records, step_one: StepOne, today: date) -> ContactSheet:
    """The sheet of an ACO: the record, and the draft over it."""
    aco = step_one.aco
    drafts = records.drafts.contacts(aco.aco_id, aco.performance_year)
    recorded = {contact.role: contact.person for contact in step_one.contacts}
    people = {one.role: one.person for one in drafts.values()}
    known = records.people.known(one.user_id for one in (*recorded.values(), *people.values()) if one and one.user_id)
    strict = not step_one.contacts_submitted
    lines = tuple(
        _line(slot, recorded.get(slot.role), drafts.get(slot.role), aco, known, today, strict=strict)
        for slot in CONTACT_SLOTS
    )
    filled = tuple(line.contact for line in lines if line.contact)
    problems = (*contact_problems(filled), *(one for line in lines for one in line.problems))
    return ContactSheet(step_one, lines, problems)


def _line(
    slot: ContactSlot,
    recorded: Person | None,
    draft: ContactDraft | None,
    aco: Aco,
    known: Mapping[str, Person],
    today: date,
    *,
    strict: bool,
) -> SlotLine:
    person = draft.person if draft else recorded
    ready = readiness_of(recorded, today) if recorded and slot.designee else None
    if person is None:
        return SlotLine(slot, None, recorded, draft, (), (), ready)
    contact = Contact(slot.role, person)
    stated, account = statement_problems(contact), account_problems(contact, known, today)
    held_before = recorded is not None and recorded.user_id == person.user_id and not strict
    problems, odd = (stated, account) if held_before else ([*stated, *account], [])
    warnings = (*odd, *contact_warnings(contact, aco, known))
    return SlotLine(slot, person, recorded, draft, tuple(problems), warnings, ready)


def require_step_one(records: Records, aco: Aco) -> StepOne:
    """Step 1 of an ACO as it stands.

    Raises:
        NotFoundError: the ACO is not in that year any more.
    """
    step_one = records.acos.step_one(aco.aco_id, aco.performance_year)
    if step_one is None:
        raise NotFoundError(Problem("aco-unknown", f"There is no ACO {aco.aco_id}.", "Check the year.", aco.aco_id))
    return step_one


def require_slot(role: str) -> ContactSlot:
    """The slot of that name.

    Raises:
        NotFoundError: there is none.
    """
    if role not in {str(one) for one in SLOTS_BY_ROLE}:
        raise NotFoundError(Problem("slot-unknown", f"There is no contact “{role}”.", "Go back to Contact Data.", role))
    return SLOTS_BY_ROLE[Role(role)]


def require_step_one_editor(records: Records, aco_id: str, year: int, user_id: str) -> Aco:
    """The ACO, for somebody who may edit its Step 1 (R11).

    Raises:
        NotFoundError: the ACO is not in that year.
        ForbiddenError: they may not.
    """
    aco = require_aco(records, aco_id, year)
    if not may(Action.EDIT_STEP_ONE, records.acos.roles_of(user_id, aco_id, year)):
        labels = [slot.label for slot in CONTACT_SLOTS if slot.edits_step_one]
        sentence = f"Step 1 is edited by these contacts of the ACO: {', '.join(labels)}."
        raise ForbiddenError(Problem("edit-not-permitted", sentence, "Ask one of them to make the change."))
    return aco


def put_contacts_on_record(records: Records, tale: Tale, sheet: ContactSheet) -> ContactSheet:
    """What a sheet without problems becomes: the record, confirmed for the year; the log and the outbox tell of it."""
    place = (sheet.aco.aco_id, sheet.aco.performance_year)
    roles = [str(line.slot.role) for line in sheet.changed if line.changed_fields]
    records.acos.put_contacts(*place, (line.contact for line in sheet.lines if line.contact))
    records.acos.submit_contacts(*place, tale.now)
    records.drafts.drop_contacts(*place)
    tale.tell(records, changed=roles)
    if roles:
        records.journal.queue("contacts-changed", {"aco_id": place[0], "year": place[1], "roles": roles}, tale.now)
    return sheet
