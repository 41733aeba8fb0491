"""Legal holds: what stands, who ordered it, and placing and lifting them (36 CFR 1236.20)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.keeping.holds import HoldRequest
from packets.model.retention import GROUNDS
from packets.people.access import Action, may
from web.auth.roles import Audience, open_to
from web.visit import asked, roles, services, typed, visitor

pages = Blueprint("holds", __name__)
HOLD = "<int(max=2147483647):hold_id>"


@pages.get("/archive/holds")
@open_to(Audience.ARCHIVE_READERS)
def show() -> ResponseReturnValue:
    """Every hold, those that stand first, and the form to place one."""
    return _page((), 200)


@pages.post("/archive/holds")
@open_to(Audience.RECORD_KEEPERS)
def place() -> ResponseReturnValue:
    """Place a hold on an ACO's records, or on the records that are named."""
    named = tuple(request.form.get("documents", "").split())
    asked_for = HoldRequest(typed("aco_id").upper(), named, typed("reason"), typed("authority"))
    try:
        hold_id = services().holds.place(visitor().user_id, asked_for)
    except PacketsError as error:
        return _page(error.problems, error.status_hint)
    return redirect(url_for("holds.show_one", hold_id=hold_id), 303)


@pages.get(f"/archive/holds/{HOLD}")
@open_to(Audience.ARCHIVE_READERS)
def show_one(hold_id: int) -> ResponseReturnValue:
    """One hold, what it covers, and the form to lift it."""
    return _one(hold_id, (), 200)


@pages.post(f"/archive/holds/{HOLD}/lift")
@open_to(Audience.RECORD_KEEPERS)
def lift(hold_id: int) -> ResponseReturnValue:
    """Lift a hold."""
    try:
        services().holds.lift(visitor().user_id, hold_id, typed("reason"))
    except PacketsError as error:
        return _one(hold_id, error.problems, error.status_hint)
    return redirect(url_for("holds.show_one", hold_id=hold_id), 303)


def _page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    page = render_template(
        "holds.html",
        holds=sorted(services().holds.all(), key=lambda one: not one.stands),
        documents=request.form.get("documents", "") or asked("document"),
        given=request.form,
        keeps=may(Action.KEEP_RECORDS, roles()),
        problems=problems,
    )
    return page, status


def _one(hold_id: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    hold = services().holds.get(hold_id)
    kept = services().retention.kept()
    page = render_template(
        "hold.html",
        hold=hold,
        covered=[one for one in kept if hold.covers(one.document.aco_id, one.document.document_id)],
        types=services().catalog,
        grounds=GROUNDS,
        given=request.form,
        keeps=may(Action.KEEP_RECORDS, roles()),
        problems=problems,
    )
    return page, status
