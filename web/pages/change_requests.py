"""An ACO's requests to correct what only CMS may change: the form, and every request with its answer (R31)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.model.change_requests import LOCKED
from web.auth.roles import Audience, belongs, open_to
from web.pages.packets import PACKET
from web.visit import asked, roles, services, visitor

pages = Blueprint("change_requests", __name__)
FORM = ("field", "corrected_value", "explanation")


@pages.get(f"{PACKET}/change-requests")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """Every request with its answer; the form for those who may edit Step 1."""
    return _page(aco_id, year, (), 200)


@pages.post(f"{PACKET}/change-requests")
@open_to(Audience.STEP_ONE_EDITORS)
def file(aco_id: str, year: int) -> ResponseReturnValue:
    """File a request, or say everything that is wrong with it; what was typed stays in the form."""
    given = {name: request.form.get(name, "") for name in FORM}
    try:
        services().change_requests.file(aco_id, year, **given, user_id=visitor().user_id)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("change_requests.show", aco_id=aco_id, year=year, filed=""), 303)


def _page(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    aco = services().organization.look_up(aco_id, year).aco
    given = {name: request.form.get(name, "") for name in FORM}
    given["field"] = given["field"] or asked("field")
    page = render_template(
        "change_requests.html",
        aco=aco,
        requests=services().change_requests.of_aco(aco_id, year),
        problems=problems,
        given=given,
        fields=[(name, f"{one.label}: {one.show(aco)}") for name, one in LOCKED.items()],
        form_hint=f"Enter {LOCKED[given['field']].form}." if given["field"] in LOCKED else "What it should say.",
        may_edit=belongs(Audience.STEP_ONE_EDITORS, roles()),
        filed="filed" in request.args and not problems,
    )
    return page, status
