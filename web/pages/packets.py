"""The visitor's packets: the list of ACOs and years, and one packet step by step (R37, R38, R42)."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from packets.access import Action, may
from packets.lists.columns import CORRECTIONS, LAYOUTS
from packets.model.aco import contact_problems, organization_problems
from packets.model.agreements import CONTACTS_GATE, EXTENSION_GATE
from packets.model.documents import Party
from packets.model.people import SLOTS_BY_ROLE, Role
from web.auth.roles import Audience, belongs, open_to
from web.pages.lines import packet_lines
from web.visit import roles, services, visitor

pages = Blueprint("packets", __name__)
PACKET = "/packets/<aco_id>/<int(min=2012, max=2999):year>"


@pages.get("/")
@open_to(Audience.SIGNED_IN)
def home() -> ResponseReturnValue:
    """The ACOs and years that the visitor may see; archivists go on to the archive."""
    if Role.ARCHIVIST in roles() and not may(Action.VIEW_PACKET, roles()):
        return redirect(url_for("archive.search"), 303)
    return render_template("home.html", acos=services().reading.acos_of(visitor().user_id))


@pages.get(PACKET)
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """One packet: Step 1, then every document with its status, and what the visitor may do about it."""
    view = services().reading.packet(visitor().user_id, aco_id, year)
    step_one = view.step_one
    return render_template(
        "packet.html",
        view=view,
        aco=view.aco,
        lines=packet_lines(services(), visitor(), view),
        gaps=(*contact_problems(step_one.contacts), *organization_problems(step_one.aco)),
        designees=[one for one in step_one.contacts if SLOTS_BY_ROLE[one.role].designee],
        sees_corrections=belongs(Audience.UPLOAD_READERS, roles()),
        list_titles={name: layout.title for name, layout in LAYOUTS.items() if name != CORRECTIONS.name},
        agreement=services().agreements.look_up(aco_id, year),
        step_gates=(CONTACTS_GATE, EXTENSION_GATE),
        cms=Party.CMS,
        titles={kind: one.title for kind, one in services().catalog.items()},
    )
