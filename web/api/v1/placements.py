"""An editor of Step 1 put in place by CMS staff, for an ACO of which nobody can edit it any more (R11, R22)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.model.contact_rules import FIELD_LABELS
from packets.model.people import Role, role_label
from packets.model.tokens import Scope
from packets.people.placements import PLACED, Editors, Placement
from web.api.cursors import cut
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Page, PageQuestion, Shape, Time
from web.api.v1.contacts import ContactData
from web.api.v1.packets import PACKET
from web.api.v1.years import YEAR
from web.auth.roles import Audience
from web.visit import services

noun = Noun("placements")
EDITORS = f"{PACKET}/editors"


class EditorLine(Shape):
    """A contact who may edit Step 1, and whether their user ID is active, so that they can."""

    role: Role
    label: str
    name: str
    user_id: str
    active: bool


class PlacementTold(Shape):
    """That CMS put somebody in place: in which slot, whom (user ID), by whom, why and when."""

    role: Role
    holder: str
    reason: str
    placed_by: str
    placed_at: Time


class StepOneEditors(Shape):
    """Who of an ACO may edit Step 1.

    While it is `unattended`, CMS may fill one of the `slots`. `newest` is what CMS did last; null once the ACO has confirmed its
    contacts.
    """

    aco_id: str
    performance_year: int
    unattended: bool
    editors: list[EditorLine]
    slots: list[Role]
    newest: PlacementTold | None


class PlacementWanted(ContactData):
    """Whom CMS puts in place, in which slot, and why; the user ID is required here."""

    role: Role
    reason: Annotated[str, Field(max_length=4000)]


class UnattendedAco(Shape):
    """An ACO of which nobody can edit Step 1."""

    aco_id: str
    legal_name: str


@noun.operation("GET", EDITORS, Audience.YEAR_MANAGERS, Scope.READ, answer=StepOneEditors)
def show(_asked: Asked, aco_id: str, year: int) -> Reply:
    """Who may edit Step 1 of an ACO, and who can."""
    return Reply(_editors(services().placements.look_up(aco_id, year)))


@noun.operation(
    "POST",
    EDITORS,
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=StepOneEditors,
    status=201,
    body=PlacementWanted,
    creates=True,
    changes=True,
)
def place(asked: Asked, aco_id: str, year: int) -> Reply:
    """Put somebody in place who can edit Step 1, while nobody of the ACO can.

    It is on record at once; the ACO is told, and has to confirm its contacts again. `If-Match` is the `ETag` of the editors.
    """
    desk, wanted = services().placements, asked.body
    seen = desk.look_up(aco_id, year)
    asked.match(_editors(seen))
    given = {name: getattr(wanted, name) for name in FIELD_LABELS}
    desk.place(aco_id, year, wanted.role, given, wanted.reason, seen.version, asked.person.user_id)
    return Reply(_editors(desk.look_up(aco_id, year)), 201)


@noun.operation(
    "GET",
    f"{YEAR}/unattended",
    Audience.YEAR_MANAGERS,
    Scope.READ,
    answer=Page[UnattendedAco],
    query=PageQuestion,
)
def unattended(asked: Asked, year: int) -> Reply:
    """The ACOs of a year of which nobody can edit Step 1, by ID."""
    page, following = cut(services().placements.unattended(year), asked.query, lambda one: [one.aco_id])
    lines = [UnattendedAco(aco_id=one.aco_id, legal_name=one.legal_name) for one in page]
    return Reply(Page[UnattendedAco](items=lines, next=following))


def _editors(found: Editors) -> StepOneEditors:
    return StepOneEditors(
        aco_id=found.aco.aco_id,
        performance_year=found.aco.performance_year,
        unattended=found.unattended,
        editors=[
            EditorLine(
                role=one.role,
                label=role_label(one.role),
                name=one.person.full_name,
                user_id=one.person.user_id,
                active=one in found.active,
            )
            for one in found.holders
        ],
        slots=[one.role for one in PLACED],
        newest=_told(found.newest) if found.newest else None,
    )


def _told(placement: Placement) -> PlacementTold:
    return PlacementTold(**{name: getattr(placement, name) for name in PlacementTold.model_fields})
