"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask import session as form_cookie
from flask.typing import ResponseReturnValue

from packets.errors import ForbiddenError, PacketsError, Problem
from packets.model.calendar import agency_day
from web.auth.cookies import give_session, session_token, take_session
from web.auth.redirects import safe_target
from web.auth.roles import Audience, open_to
from web.pages.samples import sample_accounts
from web.visit import guest, services

pages = Blueprint("session", __name__)


@pages.get("/sign-in")
@open_to(Audience.ANYONE)
def ask() -> ResponseReturnValue:
    """The sign-in form."""
    target = safe_target(request.args.get("next", ""), url_for("packets.home"))
    if guest() is not None:
        return redirect(target, 303)
    return _form(target, (), 200, ended="ended" in request.args)


@pages.post("/sign-in")
@open_to(Audience.ANYONE)
def enter() -> ResponseReturnValue:
    """Check the password and open a new session; whatever session there was ends (ASVS 7.2.4)."""
    target = safe_target(request.form.get("next", ""), url_for("packets.home"))
    try:
        token = _open_session(request.form.get("user_id", "").strip().upper(), request.form.get("password", ""))
    except PacketsError as error:
        return _form(target, error.problems, error.status_hint)
    form_cookie.clear()
    response = make_response(redirect(target, 303))
    give_session(response, token)
    return response


@pages.post("/sign-out")
@open_to(Audience.SIGNED_IN)
def leave() -> ResponseReturnValue:
    """End the session, here and in the browser."""
    services().accounts.close_session(session_token())
    form_cookie.clear()
    response = make_response(redirect(url_for("session.ask", ended=""), 303))
    take_session(response)
    return response


def _open_session(user_id: str, password: str) -> str:
    accounts = services().accounts
    accounts.check_password(user_id, password)
    person = services().reading.person(user_id)
    if person is None or not person.is_active(agency_day(services().clock())):
        raise ForbiddenError(
            Problem("account-inactive", "This user ID is not active.", "Have the user ID reactivated.")
        )
    if earlier := session_token():
        accounts.close_session(earlier)
    return accounts.open_session(user_id)


def _form(target: str, problems: tuple[Problem, ...], status: int, *, ended: bool = False) -> ResponseReturnValue:
    page = render_template(
        "sign_in.html",
        next=target,
        problems=problems,
        ended=ended,
        user_id=request.form.get("user_id", "")[:8],
        samples=sample_accounts(services()),
    )
    return page, status
