"""Data use agreements: until when one holds, its contacts confirmed, its extension, addenda to it (R23, R74, REQ 2.4, 3.2)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from packets.model.agreements import Closure, ContactConfirmation, DataOutcome, ExtensionRequest, Standing
from packets.model.people import Role
from packets.model.tokens import Scope
from packets.years.agreements import AgreementView
from packets.years.closing import ClosingRequest
from packets.years.standings import StandingLine
from web.api.cursors import cut
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Digest, Fault, Page, PageQuestion, Shape, Time, fault_of
from web.api.v1.documents import WholeDocument, shape_of
from web.api.v1.packets import PACKET
from web.api.v1.years import YEAR
from web.auth.roles import Audience
from web.pages.agreements import ATTESTATION, require_attestation
from web.visit import services

noun = Noun("agreements")
AGREEMENT = f"{PACKET}/agreement"


class ContactsConfirmed(Shape):
    """Who confirmed the contacts within Step 4, as what, and when."""

    confirmed_by: str
    role: Role
    confirmed_at: Time


class ExtensionAsked(Shape):
    """What was asked for: the last day as it was, the new one, by whom, as what, and when."""

    expires_on: date
    extended_to: date
    asked_by: str
    role: Role
    asked_at: Time


class AgreementDays(Shape):
    """Until when an agreement holds, and how far its extension is."""

    number: str
    expires_on: date = Field(description="The last day in force.")
    days_left: int = Field(description="Until that day; negative when it is over.")
    begins_from: date = Field(description="The last day before this year's extension.")
    extended_to: date = Field(description="The last day once the extension is signed by all.")
    latest: date = Field(description="The last day that can be asked for.")
    asked_for: bool
    fixed: bool = Field(description="A signature is on the extension; another one cannot be asked for.")
    signed_by_aco: bool
    executed: bool
    closure: ClosureTold | None = Field(description="That CMS closed it; then nothing is done under it any more.")


class ClosureTold(Shape):
    """That CMS closed an agreement: what the ACO certified to have become of the data, on which day, why, by whom and when."""

    outcome: DataOutcome
    certified_on: date
    reason: str
    closed_by: str
    closed_at: Time


class ChangedKeeper(Shape):
    """A role that somebody else holds now than the person who signed as such."""

    role: Role
    signed_by: str
    name: str


class Agreement(AgreementDays):
    """An ACO's agreement in Step 4.

    `contacts_digest` stands for the contacts as they are. `changed` and `notice_by` say that CMS is to be told of another
    Requestor or Custodian; `addenda` names the kinds of document that can be raised for it.
    """

    aco_id: str
    performance_year: int
    problem: Fault | None = Field(description="That it does not hold, and what ends that.")
    contacts_digest: Digest
    confirmed: bool = Field(description="Whether the contacts are those that were confirmed.")
    confirmation: ContactsConfirmed | None
    extension: ExtensionAsked | None
    changed: list[ChangedKeeper]
    notice_by: date | None
    addenda: list[str]
    attestation: str = Field(description="What whoever confirms the contacts states with `attested`.")


class AgreementOfAco(AgreementDays):
    """An agreement in the list of a year."""

    aco_id: str
    legal_name: str


class ContactsConfirmation(Shape):
    """What is said when the contacts are confirmed within Step 4."""

    attested: bool


class ExtensionWish(Shape):
    """Until which day the agreement shall hold; one year after its last day at most."""

    extended_to: date


class AddendumWish(Shape):
    """Which kind of addendum is raised: one of `addenda`."""

    kind: Annotated[str, Field(max_length=60)]


class ClosingWanted(Shape):
    """What the ACO has certified about the data, the day of its certificate, and why the agreement is closed."""

    outcome: DataOutcome
    certified_on: date
    reason: Annotated[str, Field(max_length=4000)]


@noun.operation("GET", AGREEMENT, Audience.PACKET_READERS, Scope.READ, answer=Agreement)
def show(_asked: Asked, aco_id: str, year: int) -> Reply:
    """The data use agreement of an ACO; its `ETag` is wanted by whoever changes something."""
    return Reply(_agreement(aco_id, year))


@noun.operation(
    "POST",
    f"{AGREEMENT}/confirmation",
    Audience.AGREEMENT_KEEPERS,
    Scope.EDIT,
    answer=Agreement,
    status=201,
    body=ContactsConfirmation,
    creates=True,
    changes=True,
)
def confirm(asked: Asked, aco_id: str, year: int) -> Reply:
    """Confirm the contacts within Step 4, as the Requestor or the Custodian.

    `If-Match` is the `ETag` of the agreement: the contacts are those that the caller has read.
    """
    seen = _agreement(aco_id, year)
    asked.match(seen)
    require_attestation(given=asked.body.attested)
    services().agreements.confirm_contacts(aco_id, year, seen.contacts_digest, asked.person.user_id)
    return Reply(_agreement(aco_id, year), 201)


@noun.operation(
    "POST",
    f"{AGREEMENT}/extension",
    Audience.AGREEMENT_KEEPERS,
    Scope.EDIT,
    answer=Agreement,
    status=201,
    body=ExtensionWish,
    creates=True,
    changes=True,
)
def extend(asked: Asked, aco_id: str, year: int) -> Reply:
    """Ask for the extension, or for another day while nobody has signed; unsigned documents are prepared anew."""
    asked.match(_agreement(aco_id, year))
    services().agreements.extend(aco_id, year, asked.body.extended_to.isoformat(), asked.person.user_id)
    return Reply(_agreement(aco_id, year), 201)


@noun.operation(
    "POST",
    f"{AGREEMENT}/addenda",
    Audience.AGREEMENT_KEEPERS,
    Scope.EDIT,
    answer=WholeDocument,
    status=201,
    body=AddendumWish,
    creates=True,
)
def raise_addendum(asked: Asked, aco_id: str, year: int) -> Reply:
    """Make the addendum that tells CMS of another Requestor or Custodian; the answer is the document to be signed."""
    document = services().agreements.raise_addendum(aco_id, year, asked.body.kind, asked.person.user_id)
    return Reply(shape_of(document), 201)


@noun.operation(
    "POST",
    f"{AGREEMENT}/closing",
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=Agreement,
    status=201,
    body=ClosingWanted,
    creates=True,
    changes=True,
)
def close(asked: Asked, aco_id: str, year: int) -> Reply:
    """Close the agreement for good, in every year that has its number; the ACO is told."""
    asked.match(_agreement(aco_id, year))
    wanted: ClosingWanted = asked.body
    request = ClosingRequest(wanted.outcome, wanted.certified_on.isoformat(), wanted.reason)
    services().closing.close(aco_id, year, request, asked.person.user_id)
    return Reply(_agreement(aco_id, year), 201)


@noun.operation(
    "GET",
    f"{YEAR}/agreements",
    Audience.YEAR_MANAGERS,
    Scope.READ,
    answer=Page[AgreementOfAco],
    query=PageQuestion,
)
def watch(asked: Asked, year: int) -> Reply:
    """Every agreement of a year, the one that ends first at the head."""
    page, following = cut(services().agreements.list_year(year), asked.query, _key)
    lines = [
        AgreementOfAco(**_days(one.standing, one.days_left), aco_id=one.aco.aco_id, legal_name=one.aco.legal_name)
        for one in page
    ]
    return Reply(Page[AgreementOfAco](items=lines, next=following))


def _key(line: StandingLine) -> list[str]:
    return [line.standing.expires_on.isoformat(), line.aco.aco_id]


def _agreement(aco_id: str, year: int) -> Agreement:
    view = services().agreements.look_up(aco_id, year)
    return Agreement(
        **_days(view.standing, view.standing.days_left(view.today)),
        aco_id=aco_id,
        performance_year=year,
        problem=fault_of(view.problem) if view.problem else None,
        contacts_digest=view.contacts_digest,
        confirmed=view.is_confirmed,
        confirmation=_confirmed(view.confirmation),
        extension=_asked(view.standing.request),
        changed=_changed(view),
        notice_by=view.notice_by,
        addenda=list(view.addenda),
        attestation=ATTESTATION,
    )


def _days(standing: Standing, days_left: int) -> dict[str, Any]:
    same = ("number", "expires_on", "begins_from", "extended_to", "latest", "fixed", "signed_by_aco", "executed")
    told = {name: getattr(standing, name) for name in same}
    closure = _closed(standing.closure) if standing.closure else None
    return {**told, "days_left": days_left, "asked_for": standing.request is not None, "closure": closure}


def _closed(closure: Closure) -> ClosureTold:
    return ClosureTold(**{name: getattr(closure, name) for name in ClosureTold.model_fields})


def _confirmed(confirmation: ContactConfirmation | None) -> ContactsConfirmed | None:
    names = ContactsConfirmed.model_fields
    return ContactsConfirmed(**{name: getattr(confirmation, name) for name in names}) if confirmation else None


def _asked(request: ExtensionRequest | None) -> ExtensionAsked | None:
    names = ExtensionAsked.model_fields
    return ExtensionAsked(**{name: getattr(request, name) for name in names}) if request else None


def _changed(view: AgreementView) -> list[ChangedKeeper]:
    return [ChangedKeeper(role=role, signed_by=one.user_id, name=one.name) for role, one in view.changed.items()]
