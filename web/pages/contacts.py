"""Contact Data: the seventeen slots, one slot's form, and the page on which they are confirmed and submitted (R25-R28)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.model.contact_rules import FIELD_LABELS, fields_of
from packets.model.mailing import STATES
from packets.model.people import SLOTS_BY_ROLE
from packets.people.contacts import SlotChangedError, SlotLine, require_slot
from web.auth.roles import Audience, belongs, open_to
from web.pages.packets import PACKET
from web.visit import asked, roles, services, visitor

pages = Blueprint("contacts", __name__)
ATTESTATION = (
    "Each CMS user ID on this page belongs to the contact beside it and to nobody else, "
    "and the contacts are right and complete."
)


@pages.get(f"{PACKET}/contacts")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """Every slot with its holder, what is missing, and how the designees stand."""
    saved = next((slot.label for slot in SLOTS_BY_ROLE.values() if slot.role == asked("saved")), "")
    return render_template(
        "contacts.html",
        sheet=services().contacts.look_up(aco_id, year),
        editors=services().placements.look_up(aco_id, year),
        may_edit=belongs(Audience.STEP_ONE_EDITORS, roles()),
        may_place=belongs(Audience.YEAR_MANAGERS, roles()),
        saved=saved,
        submitted="submitted" in request.args,
    )


@pages.get(f"{PACKET}/contacts/<role>")
@open_to(Audience.STEP_ONE_EDITORS)
def edit(aco_id: str, year: int, role: str) -> ResponseReturnValue:
    """The form of one slot."""
    line = services().contacts.look_up(aco_id, year).line(require_slot(role).role)
    return _form(aco_id, year, line, _stated(line), line.problems, 200)


@pages.post(f"{PACKET}/contacts/<role>")
@open_to(Audience.STEP_ONE_EDITORS)
def save(aco_id: str, year: int, role: str) -> ResponseReturnValue:
    """Keep, empty or give up; when somebody was faster, what is there now stands beside what was typed."""
    desk, seen, given = services().contacts, request.form.get("seen", ""), _given()
    place = (aco_id, year, role)
    try:
        match request.form.get("act"):
            case "empty":
                desk.empty(*place, seen, visitor().user_id)
            case "discard":
                desk.discard(*place, seen, visitor().user_id)
            case _:
                desk.save(*place, given, seen, visitor().user_id)
    except SlotChangedError as error:
        return _form(aco_id, year, error.line, given, error.problems, error.status_hint, overtaken=True)
    except PacketsError as error:
        line = desk.look_up(aco_id, year).line(require_slot(role).role)
        return _form(aco_id, year, line, given, error.problems, error.status_hint)
    back = url_for("contacts.show", aco_id=aco_id, year=year, saved=role, _anchor=f"slot-{role}")
    return redirect(back, 303)


@pages.get(f"{PACKET}/contacts/confirm")
@open_to(Audience.STEP_ONE_EDITORS)
def confirm(aco_id: str, year: int) -> ResponseReturnValue:
    """Everything as it will be on record, and the statement about the user IDs, which nobody has checked beforehand (R28)."""
    return _confirmation(aco_id, year, (), 200)


@pages.post(f"{PACKET}/contacts/confirm")
@open_to(Audience.STEP_ONE_EDITORS)
def submit(aco_id: str, year: int) -> ResponseReturnValue:
    """Put the contacts on record, or say everything that is missing."""
    attested, seen = request.form.get("attested") == "yes", request.form.get("seen", "")
    try:
        services().contacts.submit(aco_id, year, attested=attested, seen=seen, user_id=visitor().user_id)
    except PacketsError as error:
        return _confirmation(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("contacts.show", aco_id=aco_id, year=year, submitted=""), 303)


def _given() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELD_LABELS}


def _stated(line: SlotLine) -> dict[str, str]:
    return fields_of(line.person) if line.person else dict.fromkeys(FIELD_LABELS, "")


def _form(
    aco_id: str,
    year: int,
    line: SlotLine,
    given: Mapping[str, str],
    problems: Sequence[Problem],
    status: int,
    *,
    overtaken: bool = False,
) -> ResponseReturnValue:
    page = render_template(
        "contact.html",
        aco=services().contacts.look_up(aco_id, year).aco,
        line=line,
        given=given,
        now=_stated(line),
        problems=problems,
        labels=FIELD_LABELS,
        states=[(code, f"{code} – {name}") for code, name in STATES.items()],
        overtaken=overtaken,
        refused=status != 200,  # noqa: PLR2004  the page as it is asked for
    )
    return page, status


def _confirmation(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    sheet = services().contacts.look_up(aco_id, year)
    return render_template("contacts_confirm.html", sheet=sheet, problems=problems, attestation=ATTESTATION), status
