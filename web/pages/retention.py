"""Until when records are kept: what is due, what is held, and what makes an ACO's records be kept longer (42 CFR 425.314(b))."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.keeping.dispositions import MOST_DOCUMENTS
from packets.keeping.retention import ExtensionRequest, by_date
from packets.model.retention import CLASSES, GROUNDS, day_of
from packets.people.access import Action, may
from web.auth.roles import Audience, open_to
from web.visit import asked, roles, services, typed, visitor

pages = Blueprint("retention", __name__)
MOST_SHOWN = 200
VIEWS = {"due": "May be disposed of", "soon": "Due within a year", "held": "Held", "all": "Everything"}


@pages.get("/archive/retention")
@open_to(Audience.ARCHIVE_READERS)
def show() -> ResponseReturnValue:
    """What is kept until when, soonest first: what is due, what will be within a year, what is held, or everything."""
    return _page((), 200)


@pages.get("/archive/retention/extend")
@open_to(Audience.RECORD_KEEPERS)
def ask() -> ResponseReturnValue:
    """The form to keep records longer."""
    return _form((), 200)


@pages.post("/archive/retention/extend")
@open_to(Audience.RECORD_KEEPERS)
def extend() -> ResponseReturnValue:
    """Keep records of an ACO, or one document, longer; or say everything that is in the way."""
    asked_for = ExtensionRequest(
        typed("aco_id").upper(), typed("document").strip(), typed("ground"), typed("day"), typed("authority")
    )
    try:
        services().retention.extend(visitor().user_id, asked_for)
    except PacketsError as error:
        return _form(error.problems, error.status_hint)
    return redirect(url_for("retention.ask", done="yes"), 303)


@pages.post("/archive/retention/propose")
@open_to(Audience.RECORD_KEEPERS)
def propose() -> ResponseReturnValue:
    """Propose to dispose of the chosen documents."""
    desk = services().dispositions
    try:
        disposition_id = desk.propose(visitor().user_id, request.form.getlist("document"), typed("reason"))
    except PacketsError as error:
        return _page(error.problems, error.status_hint)
    return redirect(url_for("dispositions.show", disposition_id=disposition_id), 303)


def _page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    view = asked("view") if asked("view") in VIEWS else "due"
    today = day_of(services().clock())
    outlook = services().retention.outlook(today)
    groups = {"due": outlook.due, "soon": outlook.soon, "held": outlook.held}
    counts = {"all": outlook.count, **{name: len(found) for name, found in groups.items()}}
    shown = by_date(services().retention.kept()) if view == "all" else groups[view]
    page = render_template(
        "retention.html",
        view=view,
        views={name: (label, counts[name]) for name, label in VIEWS.items()},
        shown=shown[:MOST_SHOWN],
        count=counts[view],
        most=MOST_DOCUMENTS,
        today=today,
        types=services().catalog,
        classes=CLASSES.values(),
        grounds=GROUNDS,
        keeps=may(Action.KEEP_RECORDS, roles()),
        chosen=set(request.form.getlist("document")),
        given=request.form,
        problems=problems,
    )
    return page, status


def _form(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    page = render_template(
        "retention_extend.html",
        document_id=asked("document") or typed("document"),
        grounds=GROUNDS,
        extensions=services().retention.extensions(),
        given=request.form,
        done=asked("done") == "yes" and not problems,
        problems=problems,
    )
    return page, status
