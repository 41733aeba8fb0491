"""An editor put in place by CMS, for an ACO of which nobody may edit Step 1 any more (R11, R22; docs/adr/0062).

The contacts of an ACO are its own statement, so CMS does the least that ends the standstill: it names one person in one slot that
edits Step 1 and signs nothing, and only while everybody who could do it is gone. That person enters all the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from packets.acts import Tale, carry_out
from packets.audit.log import Act, Outcome
from packets.canonical import digest_of
from packets.clock import Clock
from packets.documents.assemble import Assembler
from packets.documents.frozen_facts import require_aco
from packets.documents.voiding import reason_problems
from packets.errors import ConflictError, ForbiddenError, InputError, Problem
from packets.model.aco import Aco
from packets.model.calendar import agency_day
from packets.model.contact_rules import account_problems, fields_of, read_contact
from packets.model.people import CONTACT_SLOTS, Contact, ContactSlot, Person, Role, role_label
from packets.people.access import manages_years
from packets.render.characters import character_problems
from packets.store.database import Database
from packets.store.records import Records

EDITORS: tuple[Role, ...] = tuple(slot.role for slot in CONTACT_SLOTS if slot.edits_step_one)
PLACED: tuple[ContactSlot, ...] = tuple(slot for slot in CONTACT_SLOTS if slot.edits_step_one and not slot.designee)
"""The slots that CMS may fill: they edit Step 1 and sign nothing. Who signs for the ACO, the ACO alone says (R13)."""


@dataclass(frozen=True, slots=True)
class Placement:
    """That CMS put somebody in place: in which slot, whom (user ID), by whom, why and when (UTC)."""

    role: Role
    holder: str
    reason: str
    placed_by: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Editors:
    """Who of an ACO may edit Step 1, and who still can.

    Attributes:
        holders: the contacts in the six slots, in the order of the slots.
        active: those of them whose user ID is active.
        newest: what CMS did last, as long as the ACO has not confirmed its contacts since; None otherwise.
    """

    aco: Aco
    holders: tuple[Contact, ...]
    active: tuple[Contact, ...]
    newest: Placement | None

    @property
    def unattended(self) -> bool:
        """Whether nobody of the ACO can edit Step 1."""
        return not self.active

    @property
    def version(self) -> str:
        """Digest of the six slots: whoever places somebody says which version they had before them."""
        return digest_of([[str(one.role), fields_of(one.person)] for one in self.holders])


@dataclass(frozen=True, slots=True)
class PlacementDesk:
    """Where CMS puts an editor in place; built once with the services that it needs."""

    database: Database
    assembler: Assembler
    clock: Clock

    def look_up(self, aco_id: str, year: int) -> Editors:
        """Who may edit Step 1 of an ACO. Whoever asks was let in by the packet's rules.

        Raises:
            NotFoundError: the ACO is not in that year.
        """
        with self.database.read() as records:
            return self._editors(records, require_aco(records, aco_id, year))

    def unattended(self, year: int) -> list[Aco]:
        """The ACOs of a year of which nobody can edit Step 1, by ID; for CMS staff."""
        with self.database.read() as records:
            return records.acos.without_active(year, EDITORS, agency_day(self.clock()))

    def place(
        self, aco_id: str, year: int, role: str, given: Mapping[str, str], reason: str, seen: str, user_id: str
    ) -> Placement:
        """Put somebody in place who can edit Step 1; the contacts have to be confirmed by the ACO afterwards.

        Args:
            aco_id: for whom.
            year: the performance year.
            role: name of the slot, one of `PLACED`.
            given: the contact, by the names of `CONTACT_FIELDS`; the user ID is required here.
            reason: why, for the record and for the ACO.
            seen: version of the six slots that the person had before them.
            user_id: CMS staff.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person is no CMS staff.
            ConflictError: somebody of the ACO can edit Step 1, or a slot was changed meanwhile.
            InputError: with everything that is wrong with the slot, the contact and the reason.
        """
        tale = Tale(Act.CONTACT_PLACE, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> Contact:
            if not manages_years(records.people.get(user_id)):
                sentence = "Only CMS staff put an editor of Step 1 in place."
                raise ForbiddenError(
                    Problem("placement-not-permitted", sentence, "Ask a member of CMS staff.", user_id)
                )
            _require_unattended(self._editors(records, require_aco(records, aco_id, year)), seen)
            slot = next((one for one in PLACED if one.role == role), PLACED[0])
            person, problems = read_contact(slot.role, given)
            problems += self._unprintable(slot.role, person)
            problems += _account_problems(records, Contact(slot.role, person), agency_day(tale.now))
            problems += [*_slot_problems(role), *reason_problems(reason, "CMS puts somebody in place")]
            if problems:
                raise InputError(problems)
            return Contact(slot.role, person)

        def record(records: Records, contact: Contact) -> Placement:
            placement = Placement(contact.role, contact.person.user_id, reason.strip(), user_id, tale.now)
            _put_on_record(records, tale, (aco_id, year), contact, placement)
            return placement

        placement = carry_out(self.database, tale, check, record)
        self.assembler.refresh(aco_id, year, user_id)
        return placement

    def _editors(self, records: Records, aco: Aco) -> Editors:
        place, today = (aco.aco_id, aco.performance_year), agency_day(self.clock())
        holders = tuple(one for one in records.acos.contacts(*place) if one.role in EDITORS)
        active = tuple(one for one in holders if one.person.is_active(today))
        return Editors(aco, holders, active, _newest(records, place))

    def _unprintable(self, role: Role, person: Person) -> list[Problem]:
        coverage: Collection[int] = self.assembler.fonts.coverage if self.assembler.fonts else ()
        return list(character_problems(fields_of(person), coverage, str(role))) if coverage else []


def _require_unattended(editors: Editors, seen: str) -> None:
    """Refuse while somebody of the ACO can do it themselves, or when the slots are others than those that were seen.

    Raises:
        ConflictError: so it is.
    """
    problems = [
        Problem(
            "editor-there",
            f"{one.person.user_id} is the {role_label(one.role)} and can edit Step 1.",
            "Ask them; if they have left, make their user ID inactive first.",
            str(one.role),
        )
        for one in editors.active
    ]
    if editors.version != seen:
        sentence = "A contact was changed while you had this page open."
        problems.append(Problem("contacts-changed", sentence, "Read the contacts again, then decide again."))
    if problems:
        raise ConflictError(problems)


def _slot_problems(role: str) -> list[Problem]:
    if role in {str(one.role) for one in PLACED}:
        return []
    labels = ", ".join(one.label for one in PLACED)
    sentence = "This is no slot that CMS fills." if role else "No slot was chosen."
    return [Problem("slot-not-placed", sentence, f"Choose one that edits Step 1 and signs nothing: {labels}.", "role")]


def _account_problems(records: Records, contact: Contact, today: date) -> list[Problem]:
    """Whoever is put in place has to be able to sign in, and stands on the side of the ACO."""
    user_id, where = contact.person.user_id, f"{contact.role}.user_id"
    if not user_id:
        sentence = "There is no CMS user ID; without one nobody can edit Step 1."
        return [Problem("contact-field-missing", sentence, "Add the person to the directory first.", where)]
    known = records.people.known([user_id])
    problems, person = account_problems(contact, known, today), known.get(user_id)
    if person is not None and not person.is_active(today):
        sentence = f"The CMS user ID {user_id} is not active."
        problems.append(Problem("user-id-inactive", sentence, "Have it recertified, or name somebody else.", where))
    if person is not None and person.cms_roles:
        sentence = f"{user_id} has a role on the side of CMS."
        problems.append(Problem("user-id-of-cms", sentence, "Name somebody of the ACO.", where))
    return problems


def _put_on_record(
    records: Records, tale: Tale, place: tuple[str, int], contact: Contact, placement: Placement
) -> None:
    """The slot is filled, what was entered for it is dropped, and the ACO has to confirm its contacts again (docs/adr/0023)."""
    others = [one for one in records.acos.contacts(*place) if one.role is not contact.role]
    records.acos.put_contacts(*place, [*others, contact])
    records.acos.reopen_contacts(*place)
    records.drafts.drop_contact(*place, contact.role)
    tale.tell(records, role=str(placement.role), holder=placement.holder, reason=placement.reason)
    records.journal.queue(
        "contact-placed", {"aco_id": place[0], "year": place[1], "roles": [str(placement.role)]}, tale.now
    )


def _newest(records: Records, place: tuple[str, int]) -> Placement | None:
    """What the log tells last of a placement; nothing once the ACO has submitted its contacts."""
    told = [
        one
        for one in records.journal.entries(f"{place[0]}/{place[1]}")
        if one.act in {Act.CONTACT_PLACE, Act.CONTACTS_SUBMIT} and one.outcome is Outcome.DONE
    ]
    if not told or told[-1].act is not Act.CONTACT_PLACE:
        return None
    last, details = told[-1], told[-1].details
    return Placement(Role(details["role"]), details["holder"], details["reason"], last.actor, last.at_utc)
