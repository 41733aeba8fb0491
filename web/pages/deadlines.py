"""The due dates of one ACO, for everybody who may look at its packet; CMS staff move them (R7, R8)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from web.auth.roles import Audience, belongs, open_to
from web.pages.packets import PACKET
from web.visit import roles, services, visitor

pages = Blueprint("deadlines", __name__)


@pages.get(f"{PACKET}/deadlines")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """Every window, and every extension with its reason."""
    return _page(aco_id, year, (), 200)


@pages.post(f"{PACKET}/deadlines")
@open_to(Audience.YEAR_MANAGERS)
def extend(aco_id: str, year: int) -> ResponseReturnValue:
    """Grant more time, or say everything that is wrong; what was typed stays in the form."""
    given = {name: request.form.get(name, "") for name in ("activity", "due_on", "reason")}
    try:
        services().deadlines.extend(aco_id, year, **given, user_id=visitor().user_id)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("deadlines.show", aco_id=aco_id, year=year, granted=""), 303)


def _page(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    found = services().deadlines.look_up(aco_id, year)
    page = render_template(
        "deadlines.html",
        aco=found.aco,
        windows=found.windows,
        extensions=found.extensions,
        now=services().clock(),
        problems=problems,
        given=request.form,
        may_extend=belongs(Audience.YEAR_MANAGERS, roles()),
        granted="granted" in request.args and not problems,
    )
    return page, status
