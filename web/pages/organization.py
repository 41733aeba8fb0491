"""Basic Agreement Data: four fields to edit, the rest to read, and the page on which it is confirmed and submitted (R29-R35)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.model.change_requests import LOCKED
from packets.model.organization_rules import EDITABLE, LABELS, PUBLISHED, TAX_STATUSES
from web.auth.roles import Audience, belongs, open_to
from web.pages.packets import PACKET
from web.visit import roles, services, visitor

pages = Blueprint("organization", __name__)


@pages.get(f"{PACKET}/organization")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """The data: a form for those who may edit it, to read for the others."""
    return _page(aco_id, year, (), 200)


@pages.post(f"{PACKET}/organization")
@open_to(Audience.STEP_ONE_EDITORS)
def save(aco_id: str, year: int) -> ResponseReturnValue:
    """Keep what was entered and go on to confirm it, or give up what was kept before."""
    desk, seen = services().organization, request.form.get("seen", "")
    try:
        if request.form.get("act") == "discard":
            desk.discard(aco_id, year, seen, visitor().user_id)
            return redirect(url_for("organization.show", aco_id=aco_id, year=year), 303)
        desk.save(aco_id, year, _given(), seen, visitor().user_id)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("organization.confirm", aco_id=aco_id, year=year), 303)


@pages.get(f"{PACKET}/organization/confirm")
@open_to(Audience.STEP_ONE_EDITORS)
def confirm(aco_id: str, year: int) -> ResponseReturnValue:
    """Everything as it will be on record, and what of it CMS publishes (R33)."""
    return _confirmation(aco_id, year, (), 200)


@pages.post(f"{PACKET}/organization/confirm")
@open_to(Audience.STEP_ONE_EDITORS)
def submit(aco_id: str, year: int) -> ResponseReturnValue:
    """Put the data on record, or say everything that is missing."""
    try:
        services().organization.submit(aco_id, year, seen=request.form.get("seen", ""), user_id=visitor().user_id)
    except PacketsError as error:
        return _confirmation(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("organization.show", aco_id=aco_id, year=year, submitted=""), 303)


def _given() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in LABELS}


def _page(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    sheet = services().organization.look_up(aco_id, year)
    page = render_template(
        "organization.html",
        sheet=sheet,
        given=_given() if problems else {name: getattr(sheet.data, name) for name in LABELS},
        problems=problems,
        labels=LABELS,
        editable=EDITABLE,
        locked=LOCKED,
        published=PUBLISHED,
        statuses=[(one, one) for one in TAX_STATUSES],
        may_edit=belongs(Audience.STEP_ONE_EDITORS, roles()),
        submitted="submitted" in request.args and not problems,
    )
    return page, status


def _confirmation(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    page = render_template(
        "organization_confirm.html",
        sheet=services().organization.look_up(aco_id, year),
        problems=problems,
        editable=EDITABLE,
        locked=LOCKED,
        published=PUBLISHED,
    )
    return page, status
