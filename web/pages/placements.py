"""An editor of Step 1 put in place by CMS staff, for an ACO of which nobody can edit it any more (R11, R22)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.model.contact_rules import FIELD_LABELS
from packets.model.mailing import STATES
from packets.people.placements import PLACED
from web.auth.roles import Audience, open_to
from web.pages.packets import PACKET
from web.pages.years import YEAR
from web.visit import services, visitor

pages = Blueprint("placements", __name__)


@pages.get(f"{PACKET}/editor")
@open_to(Audience.YEAR_MANAGERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """Who may edit Step 1, and the form when none of them can."""
    return _page(aco_id, year, (), 200)


@pages.post(f"{PACKET}/editor")
@open_to(Audience.YEAR_MANAGERS)
def place(aco_id: str, year: int) -> ResponseReturnValue:
    """Put somebody in place, or say everything that is wrong; what was typed stays in the form."""
    given, desk = _given(), services().placements
    told = (given["role"], given, given["reason"], request.form.get("seen", ""), visitor().user_id)
    try:
        desk.place(aco_id, year, *told)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("contacts.show", aco_id=aco_id, year=year), 303)


@pages.get(f"{YEAR}/unattended")
@open_to(Audience.YEAR_MANAGERS)
def unattended(year: int) -> ResponseReturnValue:
    """The ACOs of a year of which nobody can edit Step 1."""
    return render_template("unattended.html", year=year, acos=services().placements.unattended(year))


def _given() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in (*FIELD_LABELS, "role", "reason")}


def _page(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    page = render_template(
        "placement.html",
        found=services().placements.look_up(aco_id, year),
        given=_given(),
        problems=problems,
        labels=FIELD_LABELS,
        slots=[(str(one.role), one.label) for one in PLACED],
        states=[(code, f"{code} – {name}") for code, name in STATES.items()],
    )
    return page, status
