"""Basic Agreement Data of Step 1: four fields that are the ACO's own, and submitting them (R29, R30, R32-R35)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.model.change_requests import LOCKED
from packets.model.organization_rules import LABELS, OrganizationData
from packets.model.tokens import Scope
from packets.people.organization import OrganizationSheet
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Fault, Shape, Time, fault_of
from web.api.v1.packets import PACKET
from web.auth.roles import Audience
from web.visit import services

noun = Noun("organization")
ORGANIZATION = f"{PACKET}/organization"
Text = Annotated[str, Field(max_length=2000)]


class OwnFields(Shape):
    """What the ACO itself enters."""

    trade_name: Text
    web_page: Text
    line_2: Text
    tax_status: Text


class LockedValue(Shape):
    """What only CMS changes; an ACO files a change request for it."""

    field: str
    label: str
    value: str


class Organization(Shape):
    """Basic Agreement Data as it will be once the draft is submitted."""

    aco_id: str
    performance_year: int
    submitted: bool = Field(description="Whether the data is confirmed for the year.")
    data: OwnFields
    recorded: OwnFields
    locked: list[LockedValue]
    draft: bool = Field(description="Whether something was entered that is not submitted yet.")
    edited_by: str
    edited_at: Time | None
    changed_fields: list[str]
    problems: list[Fault]
    warnings: list[Fault]


@noun.operation("GET", ORGANIZATION, Audience.PACKET_READERS, Scope.READ, answer=Organization)
def show(_asked: Asked, aco_id: str, year: int) -> Reply:
    """The data: what the ACO edits, and what only CMS changes."""
    return Reply(_look_up(aco_id, year))


@noun.operation(
    "PUT", ORGANIZATION, Audience.STEP_ONE_EDITORS, Scope.EDIT, answer=Organization, body=OwnFields, changes=True
)
def save(asked: Asked, aco_id: str, year: int) -> Reply:
    """Keep the four fields as a draft; nothing on record changes before they are submitted."""
    data: OwnFields = asked.body
    seen, user_id = _seen(asked, aco_id, year), asked.person.user_id
    services().organization.save(aco_id, year, data.model_dump(), seen, user_id)
    return Reply(_look_up(aco_id, year))


@noun.operation(
    "DELETE", f"{ORGANIZATION}/draft", Audience.STEP_ONE_EDITORS, Scope.EDIT, answer=Organization, changes=True
)
def discard(asked: Asked, aco_id: str, year: int) -> Reply:
    """Forget the draft; the data stays as it is on record."""
    services().organization.discard(aco_id, year, _seen(asked, aco_id, year), asked.person.user_id)
    return Reply(_look_up(aco_id, year))


@noun.operation(
    "POST",
    f"{ORGANIZATION}/submission",
    Audience.STEP_ONE_EDITORS,
    Scope.EDIT,
    answer=Organization,
    status=201,
    creates=True,
    changes=True,
)
def submit(asked: Asked, aco_id: str, year: int) -> Reply:
    """Put the data on record and confirm it for the year.

    Everything that is missing or wrong is told at once; then nothing is on record.
    """
    seen, user_id = _seen(asked, aco_id, year), asked.person.user_id
    services().organization.submit(aco_id, year, seen=seen, user_id=user_id)
    return Reply(_look_up(aco_id, year), 201)


def _look_up(aco_id: str, year: int) -> Organization:
    return _shape(services().organization.look_up(aco_id, year))


def _seen(asked: Asked, aco_id: str, year: int) -> str:
    """The version that the caller has seen, which the desk compares once more when it keeps what was entered."""
    sheet = services().organization.look_up(aco_id, year)
    asked.match(_shape(sheet))
    return sheet.version


def _shape(sheet: OrganizationSheet) -> Organization:
    return Organization(
        aco_id=sheet.aco.aco_id,
        performance_year=sheet.aco.performance_year,
        submitted=sheet.step_one.organization_submitted,
        data=_own(sheet.data),
        recorded=_own(sheet.recorded),
        locked=[LockedValue(field=name, label=one.label, value=one.show(sheet.aco)) for name, one in LOCKED.items()],
        draft=sheet.draft is not None,
        edited_by=sheet.draft.edited_by if sheet.draft else "",
        edited_at=sheet.draft.edited_at_utc if sheet.draft else None,
        changed_fields=sorted(sheet.changed_fields),
        problems=[fault_of(one) for one in sheet.problems],
        warnings=[fault_of(one) for one in sheet.warnings],
    )


def _own(data: OrganizationData) -> OwnFields:
    return OwnFields(**{name: getattr(data, name) for name in LABELS})
