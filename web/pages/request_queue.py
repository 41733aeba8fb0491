"""The change requests of every ACO, for CMS staff: the queue, and one request to grant or to refuse (R31)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from web.auth.roles import Audience, open_to
from web.visit import services, visitor

pages = Blueprint("request_queue", __name__)
REQUEST = "/change-requests/<int(max=9223372036854775807):request_id>"


@pages.get("/change-requests")
@open_to(Audience.YEAR_MANAGERS)
def queue() -> ResponseReturnValue:
    """Those that wait, oldest first, and those that were answered."""
    desk = services().change_requests
    return render_template("request_queue.html", waiting=desk.queue(), answered=desk.queue(answered=True))


@pages.get(REQUEST)
@open_to(Audience.YEAR_MANAGERS)
def show(request_id: int) -> ResponseReturnValue:
    """One request with its five facts."""
    return _page(request_id, (), 200)


@pages.post(REQUEST)
@open_to(Audience.YEAR_MANAGERS)
def answer(request_id: int) -> ResponseReturnValue:
    """Grant or refuse it."""
    desk, text = services().change_requests, request.form.get("answer", "")
    decide = {"grant": desk.grant, "refuse": desk.refuse}.get(request.form.get("act", ""))
    if decide is None:
        unsaid = Problem(
            "answer-missing", "It was not said whether the request is granted.", "Press one of the buttons."
        )
        return _page(request_id, (unsaid,), 422)
    try:
        decide(request_id, text, visitor().user_id)
    except PacketsError as error:
        return _page(request_id, error.problems, error.status_hint)
    return redirect(url_for("request_queue.show", request_id=request_id), 303)


def _page(request_id: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    asked = services().change_requests.get(request_id)
    given = request.form.get("answer", "")
    return render_template("request.html", asked=asked, problems=problems, given=given), status
