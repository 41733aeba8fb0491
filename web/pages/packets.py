"""The visitor's packets: the list of ACOs and years, and one packet step by step (R37, R38, R42)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from packets.documents.reading import PacketView
from packets.errors import Problem
from packets.lists.columns import CORRECTIONS, LAYOUTS
from packets.model.aco import Aco
from packets.model.agreements import CONTACTS_GATE, EXTENSION_GATE
from packets.model.documents import Party, Status
from packets.model.people import Role
from packets.people.access import Action, may
from packets.people.contacts import ContactSheet
from packets.people.organization import OrganizationSheet
from web.auth.roles import Audience, open_to
from web.pages.lines import StepLine, packet_lines
from web.pages.next_acts import NextAct, next_act
from web.visit import asked, roles, services, turn_to, visitor

pages = Blueprint("packets", __name__)
MOST_LOOKED_INTO = 25
"""Of so many ACOs of one person the page says what is next; whoever has more opens them."""
LINES = 50
LONGEST_TERM = 100
PACKET = "/packets/<aco_id>/<int(min=2012, max=2999):year>"


@pages.get("/")
@open_to(Audience.SIGNED_IN)
def home() -> ResponseReturnValue:
    """The ACOs and years that the visitor may see; archivists go on to the archive."""
    if Role.ARCHIVIST in roles() and not may(Action.VIEW_PACKET, roles()):
        return redirect(url_for("archive.search"), 303)
    if may(Action.VIEW_PACKET, visitor().cms_roles):
        return _every_packet()
    acos = services().reading.acos_of(visitor().user_id)
    acts = {(one.aco_id, one.performance_year): _act(one) for one in acos[:MOST_LOOKED_INTO]}
    return render_template("home.html", acos=acos, acts=acts)


@pages.get(PACKET)
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """One packet: Step 1, then every document with its status, and what the visitor may do about it."""
    view = services().reading.packet(visitor().user_id, aco_id, year)
    contacts = services().contacts.look_up(aco_id, year)
    organization = services().organization.look_up(aco_id, year)
    lines, gaps = packet_lines(services(), visitor(), view), _gaps(contacts, organization)
    return render_template(
        "packet.html",
        view=view,
        aco=view.aco,
        lines=lines,
        gaps=gaps,
        act=next_act(view, lines, gaps),
        segments=_segments(view, lines, gaps),
        designees=[line for line in contacts.lines if line.readiness],
        drafted=contacts.changed or organization.draft,
        list_titles={name: layout.title for name, layout in LAYOUTS.items() if name != CORRECTIONS.name},
        agreement=services().agreements.look_up(aco_id, year),
        step_gates=(CONTACTS_GATE, EXTENSION_GATE),
        cms=Party.CMS,
        titles={kind: one.title for kind, one in services().catalog.items()},
    )


def _every_packet() -> str:
    """The ACOs of all years, or those that are looked for, a page at a time; for CMS."""
    text = asked("text")[:LONGEST_TERM]
    number, last, found = turn_to(LINES, lambda skip: services().reading.every_aco(text, most=LINES, skip=skip))
    return render_template(
        "home_cms.html",
        acos=found.lines,
        count=found.count,
        years=found.years,
        text=text,
        number=min(number, last),
        last=last,
    )


def _act(aco: Aco) -> NextAct:
    """What is next for the visitor in the packet of one of their ACOs."""
    place = aco.aco_id, aco.performance_year
    view = services().reading.packet(visitor().user_id, *place)
    lines = packet_lines(services(), visitor(), view)
    if any(line.may_sign for line in lines):  # then nobody asks what is missing of Step 1
        return next_act(view, lines, ())
    return next_act(view, lines, _gaps(services().contacts.look_up(*place), services().organization.look_up(*place)))


def _segments(view: PacketView, lines: Sequence[StepLine], gaps: Sequence[Problem]) -> list[tuple[int, str, bool]]:
    """The steps of the ACO's cohort for the step indicator: number, short title, and whether it is done."""
    submitted = view.step_one.contacts_submitted and view.step_one.organization_submitted and not gaps
    steps = [line.step for line in lines if line.applicable and not line.step.document_type.on_demand]
    done = (Status.EXECUTED, Status.PENDING_CMS)
    rest = [(one.document_type.step, one.document_type.short_title, one.status in done) for one in steps]
    return [(1, "Contacts and organization", submitted), *rest]


def _gaps(contacts: ContactSheet, organization: OrganizationSheet) -> tuple[Problem, ...]:
    """What is missing of Step 1: slots and fields; where nothing is, the confirmations themselves (R24, R34, R35)."""
    step_one = contacts.step_one
    gaps = [*contacts.problems, *organization.problems]
    if not step_one.contacts_submitted and not contacts.problems:
        sentence = "Contact data was not confirmed for this year."
        gaps.append(Problem("contacts-not-submitted", sentence, "Check it, confirm it and submit it."))
    if not step_one.organization_submitted and not organization.problems:
        sentence = "Organization data was not confirmed for this year."
        gaps.append(Problem("organization-not-submitted", sentence, "Check it, confirm it and submit it."))
    return tuple(gaps)
