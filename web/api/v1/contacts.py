"""Contact Data of Step 1: the slots with what was entered and is not submitted yet, and submitting them together (R25-R28)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from packets.model.contact_rules import fields_of
from packets.model.people import Role
from packets.model.tokens import Scope
from packets.people.contacts import ContactSheet, SlotLine, require_slot
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Fault, Shape, Time, fault_of
from web.api.v1.packets import PACKET
from web.auth.roles import Audience
from web.pages.contacts import ATTESTATION
from web.visit import services

noun = Noun("contacts")
CONTACTS = f"{PACKET}/contacts"
SLOT = f"{CONTACTS}/<slug:role>"
Text = Annotated[str, Field(max_length=1000)]


class ContactData(Shape):
    """What is stated of a contact; the user ID is required of ESM designees."""

    given_name: Text
    family_name: Text
    title: Text
    organization: Text
    line_1: Text
    line_2: Text = ""
    city: Text
    state: Text
    zip_code: Text
    phone: Text
    email: Text
    user_id: Text = ""


class ContactSlotState(Shape):
    """One slot as it will be once the draft is submitted: who holds it, and what is wrong or odd about that.

    `ready` says whether the designee on record could sign today; it is null for others, and for an empty slot.
    """

    role: Role
    label: str
    required: bool
    designee: bool
    contact: ContactData | None
    draft: bool = Field(description="Whether something was entered that is not submitted yet.")
    edited_by: str
    edited_at: Time | None
    changed_fields: list[str]
    problems: list[Fault]
    warnings: list[Fault]
    ready: bool | None


class Contacts(Shape):
    """Every slot, and everything that keeps them from being submitted."""

    aco_id: str
    performance_year: int
    submitted: bool = Field(description="Whether the contacts are confirmed for the year.")
    slots: list[ContactSlotState]
    problems: list[Fault]
    attestation: str = Field(description="What whoever submits states with `attested`.")


class ContactsSubmission(Shape):
    """What is said when contacts are submitted."""

    attested: bool


@noun.operation("GET", CONTACTS, Audience.PACKET_READERS, Scope.READ, answer=Contacts)
def show(_asked: Asked, aco_id: str, year: int) -> Reply:
    """The seventeen slots of an ACO."""
    return Reply(_sheet(services().contacts.look_up(aco_id, year)))


@noun.operation("GET", SLOT, Audience.STEP_ONE_EDITORS, Scope.READ, answer=ContactSlotState)
def slot(_asked: Asked, aco_id: str, year: int, role: str) -> Reply:
    """One slot; its `ETag` is wanted by whoever changes it."""
    return Reply(_slot(_line(aco_id, year, role)))


@noun.operation(
    "PUT", SLOT, Audience.STEP_ONE_EDITORS, Scope.EDIT, answer=ContactSlotState, body=ContactData, changes=True
)
def save(asked: Asked, aco_id: str, year: int, role: str) -> Reply:
    """Keep a contact as a draft.

    Nothing on record changes, and nobody's rights, before the contacts are submitted.
    """
    data: ContactData = asked.body
    seen = _seen(asked, aco_id, year, role)
    services().contacts.save(aco_id, year, role, data.model_dump(), seen, asked.person.user_id)
    return Reply(_slot(_line(aco_id, year, role)))


@noun.operation("DELETE", SLOT, Audience.STEP_ONE_EDITORS, Scope.EDIT, answer=ContactSlotState, changes=True)
def empty(asked: Asked, aco_id: str, year: int, role: str) -> Reply:
    """Keep as a draft that nobody shall hold a slot that need not be filled."""
    services().contacts.empty(aco_id, year, role, _seen(asked, aco_id, year, role), asked.person.user_id)
    return Reply(_slot(_line(aco_id, year, role)))


@noun.operation("DELETE", f"{SLOT}/draft", Audience.STEP_ONE_EDITORS, Scope.EDIT, answer=ContactSlotState, changes=True)
def discard(asked: Asked, aco_id: str, year: int, role: str) -> Reply:
    """Forget the draft of a slot; it stays as it is on record."""
    services().contacts.discard(aco_id, year, role, _seen(asked, aco_id, year, role), asked.person.user_id)
    return Reply(_slot(_line(aco_id, year, role)))


@noun.operation(
    "POST",
    f"{CONTACTS}/submission",
    Audience.STEP_ONE_EDITORS,
    Scope.EDIT,
    answer=Contacts,
    status=201,
    body=ContactsSubmission,
    creates=True,
    changes=True,
)
def submit(asked: Asked, aco_id: str, year: int) -> Reply:
    """Put the contacts on record and confirm them for the year.

    `If-Match` is the `ETag` of all slots. Everything that is missing or wrong is told at once; then nothing is on record.
    """
    sheet, submission = services().contacts.look_up(aco_id, year), asked.body
    asked.match(_sheet(sheet))
    desk, user_id = services().contacts, asked.person.user_id
    desk.submit(aco_id, year, attested=submission.attested, seen=sheet.version, user_id=user_id)
    return Reply(_sheet(desk.look_up(aco_id, year)), 201)


def _line(aco_id: str, year: int, role: str) -> SlotLine:
    return services().contacts.look_up(aco_id, year).line(require_slot(role).role)


def _seen(asked: Asked, aco_id: str, year: int, role: str) -> str:
    """The version that the caller has seen, which the desk compares once more when it keeps what was entered."""
    line = _line(aco_id, year, role)
    asked.match(_slot(line))
    return line.version


def _sheet(sheet: ContactSheet) -> Contacts:
    return Contacts(
        aco_id=sheet.aco.aco_id,
        performance_year=sheet.aco.performance_year,
        submitted=sheet.step_one.contacts_submitted,
        slots=[_slot(one) for one in sheet.lines],
        problems=[fault_of(one) for one in sheet.problems],
        attestation=ATTESTATION,
    )


def _slot(line: SlotLine) -> ContactSlotState:
    stated: Any = fields_of(line.person) if line.person else None
    return ContactSlotState(
        role=line.slot.role,
        label=line.slot.label,
        required=line.slot.required,
        designee=line.slot.designee,
        contact=ContactData(**stated) if stated else None,
        draft=line.draft is not None,
        edited_by=line.draft.edited_by if line.draft else "",
        edited_at=line.draft.edited_at_utc if line.draft else None,
        changed_fields=sorted(line.changed_fields),
        problems=[fault_of(one) for one in line.problems],
        warnings=[fault_of(one) for one in line.warnings],
        ready=line.readiness.ready if line.readiness else None,
    )
