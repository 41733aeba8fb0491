"""What people are told about, and who is told of it: a closed list, and one table. Pure.

Everybody who is told is told the same words. Addresses are those of the roles, never names typed by somebody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from packets.model.calendar import Activity
from packets.model.notices import Recipient
from packets.model.people import CONTACT_SLOTS, Contact, Person, Role


class Topic(StrEnum):
    """What a notice is about; the outbox and the folders of `templates/mail` use the same names."""

    WINDOW_EXTENDED = "window-extended"
    DOCUMENT_SIGNED = "document-signed"
    DOCUMENT_DECLINED = "document-declined"
    DOCUMENT_VOIDED = "document-voided"
    CHANGE_REQUEST_FILED = "change-request-filed"
    CHANGE_REQUEST_ANSWERED = "change-request-answered"
    DEADLINE_NEAR = "deadline-near"
    DUA_EXPIRING = "dua-expiring"
    DUA_EXPIRED = "dua-expired"
    DUA_CLOSED = "dua-closed"
    CONTACTS_CHANGED = "contacts-changed"
    CONTACT_PLACED = "contact-placed"
    BATCH_FINISHED = "batch-finished"
    PASSWORD_RESET = "password-reset"  # noqa: S105  the name of a topic
    ACCOUNT_CHANGED = "account-changed"


class Circle(StrEnum):
    """Who is told. The value is how the documentation names them."""

    ACTORS = "whoever does the activity"
    STILL_TO_ACT = "whoever still has to act"
    SIGNERS = "whoever may sign the document for the ACO"
    HOLDERS = "the holders of the roles that changed"
    EDITORS = "the six roles that edit Step 1"
    EXECUTIVE = "the ACO Executive"
    LIAISON = "the CMS Liaison"
    DUA_PEOPLE = "the DUA Requestor and the DUA Custodian"
    STAFF = "CMS staff"
    STARTER = "whoever started it"
    OWNER = "the person whose account it is"


TOLD: dict[Topic, tuple[Circle, ...]] = {
    Topic.WINDOW_EXTENDED: (Circle.ACTORS, Circle.LIAISON),
    Topic.DOCUMENT_SIGNED: (Circle.SIGNERS,),
    Topic.DOCUMENT_DECLINED: (Circle.SIGNERS, Circle.LIAISON, Circle.STAFF),
    Topic.DOCUMENT_VOIDED: (Circle.SIGNERS, Circle.LIAISON),
    Topic.CHANGE_REQUEST_FILED: (Circle.STAFF,),
    Topic.CHANGE_REQUEST_ANSWERED: (Circle.EDITORS,),
    Topic.DEADLINE_NEAR: (Circle.STILL_TO_ACT,),
    Topic.DUA_EXPIRING: (Circle.DUA_PEOPLE, Circle.LIAISON),
    Topic.DUA_EXPIRED: (Circle.DUA_PEOPLE, Circle.EXECUTIVE, Circle.LIAISON),
    Topic.DUA_CLOSED: (Circle.DUA_PEOPLE, Circle.EXECUTIVE, Circle.LIAISON),
    Topic.CONTACTS_CHANGED: (Circle.HOLDERS, Circle.EDITORS),
    Topic.CONTACT_PLACED: (Circle.EDITORS, Circle.DUA_PEOPLE),
    Topic.BATCH_FINISHED: (Circle.STARTER,),
    Topic.PASSWORD_RESET: (Circle.OWNER,),
    Topic.ACCOUNT_CHANGED: (Circle.OWNER,),
}
"""Who is told of what. One batch for CMS, not one notice for each of its documents: the countersign page lists those."""

EDITORS = frozenset(slot.role for slot in CONTACT_SLOTS if slot.edits_step_one)
UPLOADERS = frozenset(slot.role for slot in CONTACT_SLOTS if slot.uploads_corrections)
DESIGNEES = frozenset(slot.role for slot in CONTACT_SLOTS if slot.designee)
DUA_PEOPLE = frozenset({Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN})

ACTORS: dict[Activity, frozenset[Role]] = {
    Activity.DESIGNATE: EDITORS,
    Activity.CONTACTS: EDITORS,
    Activity.ORGANIZATION: EDITORS,
    Activity.CORRECTIONS: UPLOADERS,
    Activity.SIGN: DESIGNEES,
    Activity.COUNTERSIGN: frozenset({Role.CMS_SIGNATORY}),
}
"""Whose activity it is (R11, R13, R46, permission matrix 1.7)."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message, looked up: what its words need, and whom it concerns.

    Attributes:
        aco_id, year: what it is about; empty and 0 when it is about no one ACO.
        facts: what the words may use; nothing in it identifies a person.
        roles: the roles of the circles that depend on the case (actors, signers, holders).
        person: who alone is told: whoever started it, or whose account it is; None where roles say who is told.
    """

    aco_id: str
    year: int
    sample: bool
    facts: dict[str, Any]
    roles: frozenset[Role] = frozenset()
    person: Person | None = None


def roles_told(topic: Topic, case: Case) -> frozenset[Role]:
    """The roles, of the ACO and of CMS, that are told."""
    fixed = {
        Circle.EDITORS: EDITORS,
        Circle.EXECUTIVE: frozenset({Role.ACO_EXECUTIVE}),
        Circle.LIAISON: frozenset({Role.CMS_LIAISON}),
        Circle.DUA_PEOPLE: DUA_PEOPLE,
        Circle.STAFF: frozenset({Role.CMS_STAFF}),
    }
    return frozenset().union(*(fixed.get(circle, case.roles) for circle in TOLD[topic]))


def recipients(
    topic: Topic, case: Case, contacts: Iterable[Contact], agency: Iterable[Person]
) -> tuple[Recipient, ...]:
    """Who is told, each once, contacts in the order of their slots and CMS after them.

    Args:
        topic: of what.
        case: whom it concerns.
        contacts: of the ACO, as it states them; their e-mail is the one that it gave for the slot.
        agency: people with a role on the CMS side.
    """
    if case.person is not None:
        return (Recipient(case.person.user_id, case.person.email),)
    roles = roles_told(topic, case)
    found = [Recipient(one.person.user_id, one.person.email) for one in contacts if one.role in roles]
    found += [Recipient(one.user_id, one.email) for one in agency if one.cms_roles & roles]
    return tuple({one.key: one for one in reversed(found) if one.key}.values())[::-1]
