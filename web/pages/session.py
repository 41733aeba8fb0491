"""Signing in and out: the password, the second step, a passkey alone; how long the session lasts, and making it last."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask import session as form_cookie
from flask.typing import ResponseReturnValue

from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError, Problem
from packets.model.calendar import agency_day
from packets.model.people import Person
from packets.store.records.factors import Purpose
from web.auth.cookies import browser_token, give_browser, give_session, session_token, take_session
from web.auth.limits import CHALLENGES, CHALLENGES_OF_BROWSER, Try
from web.auth.origin import TOGETHER, Method, Origin
from web.auth.redirects import safe_target
from web.auth.roles import Audience, open_to
from web.pages.samples import sample_accounts
from web.visit import guest, origin, relying_party, services, session, typed

pages = Blueprint("session", __name__)
SECOND_STEP = "second-step"
LONGEST_USER_ID = 8


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
    """Check the password; then open a session, or ask for the second factor where there is one."""
    target = safe_target(request.form.get("next", ""), url_for("packets.home"))
    user_id = request.form.get("user_id", "")[:LONGEST_USER_ID].strip().upper()
    try:
        services().accounts.check_password(user_id, request.form.get("password", ""), origin_of_browser())
        require_active(user_id)
    except PacketsError as error:
        return _form(target, error.problems, error.status_hint)
    if services().accounts.standing(user_id).has_second_factor:
        form_cookie.clear()
        form_cookie[SECOND_STEP] = services().accounts.begin_second_step(user_id)
        return redirect(url_for("session.ask_second", next=target), 303)
    return admit_person(user_id, Method.PASSWORD, target)


@pages.get("/sign-in/second")
@open_to(Audience.ANYONE)
def ask_second() -> ResponseReturnValue:
    """The second step: a code, or a passkey."""
    user_id = services().accounts.in_second_step(form_cookie.get(SECOND_STEP, ""))
    target = safe_target(request.args.get("next", ""), url_for("packets.home"))
    if user_id is None:
        raise ConflictError(_too_late())
    return _second_form(user_id, target, (), 200)


@pages.post("/sign-in/second")
@open_to(Audience.ANYONE)
def enter_second() -> ResponseReturnValue:
    """Check the second factor and open a session."""
    token = form_cookie.get(SECOND_STEP, "")
    user_id = services().accounts.in_second_step(token)
    target = safe_target(request.form.get("next", ""), url_for("packets.home"))
    if user_id is None:
        raise ConflictError(_too_late())
    try:
        method = _second_factor(user_id)
        require_active(user_id)
    except PacketsError as error:
        return _second_form(user_id, target, error.problems, error.status_hint)
    if not services().accounts.end_second_step(token):
        raise ConflictError(_too_late())
    return admit_person(user_id, TOGETHER[method], target)


@pages.get("/sign-in/passkey")
@open_to(Audience.ANYONE)
def ask_passkey() -> ResponseReturnValue:
    """Signing in with a passkey and nothing else."""
    target = safe_target(request.args.get("next", ""), url_for("packets.home"))
    return _passkey_form(target, (), 200)


@pages.post("/sign-in/passkey")
@open_to(Audience.ANYONE)
def enter_passkey() -> ResponseReturnValue:
    """Find out whose passkey it is, and open a session."""
    target = safe_target(request.form.get("next", ""), url_for("packets.home"))
    try:
        answer = request.form.get("passkey", "")
        user_id = services().accounts.passkeys.prove(answer, relying_party(), Purpose.SIGN_IN)
        require_active(user_id)
    except PacketsError as error:
        return _passkey_form(target, error.problems, error.status_hint)
    return admit_person(user_id, Method.PASSKEY, target)


@pages.post("/sign-out")
@open_to(Audience.SIGNED_IN)
def leave() -> ResponseReturnValue:
    """End the session, here and in the browser."""
    services().accounts.sessions.close(session_token())
    return farewell()


@pages.get("/session")
@open_to(Audience.SIGNED_IN)
def ending() -> ResponseReturnValue:
    """How long the session lasts; looking at it does not prolong it."""
    target = safe_target(request.args.get("next", ""), url_for("packets.home"))
    return render_template("session_ending.html", next=target)


@pages.post("/session")
@open_to(Audience.SIGNED_IN)
def stay() -> ResponseReturnValue:
    """Stay signed in. Sending the form is enough: any request prolongs the session."""
    now = session()
    if now is not None and request.accept_mimetypes.best == "application/json":
        return jsonify(ends=now.ends_at.isoformat(), last=now.ends_at == now.ends_at_last)
    return redirect(safe_target(request.form.get("next", ""), url_for("packets.home")), 303)


def admit_person(user_id: str, method: Method, target: str) -> ResponseReturnValue:
    """Open a new session for somebody who has proved who they are; whatever session there was ends (ASVS 7.2.4)."""
    accounts = services().accounts
    if earlier := session_token():
        accounts.sessions.close(earlier)
    token = accounts.sessions.open(user_id, method, origin())
    form_cookie.clear()
    response = make_response(redirect(target, 303))
    give_session(response, token)
    give_browser(response, accounts.sessions.remember_browser(user_id, browser_token()))
    return response


def farewell() -> ResponseReturnValue:
    """The way out: the browser forgets the session, and whatever it kept of pages (ASVS 14.3.1)."""
    form_cookie.clear()
    response = make_response(redirect(url_for("session.ask", ended=""), 303))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    take_session(response)
    return response


def require_active(user_id: str) -> Person:
    """The person, if their user ID is active.

    Raises:
        ForbiddenError: it is not; said only to somebody who has proved who they are.
    """
    person = services().reading.person(user_id)
    if person is None or not person.is_active(agency_day(services().clock())):
        sentence = "This user ID is not active."
        raise ForbiddenError(Problem("account-inactive", sentence, "Have the user ID reactivated."))
    return person


def _second_factor(user_id: str) -> Method:
    """Check what was sent; a CMS signatory who has a passkey uses it."""
    accounts, form = services().accounts, request.form
    if form.get("passkey"):
        accounts.passkeys.prove(form["passkey"], relying_party(), Purpose.SECOND_FACTOR, user_id=user_id)
        return Method.PASSKEY
    if not form.get("code"):
        raise InputError(Problem("code-missing", "The code is missing.", "Enter the code of your app.", "code"))
    if _only_passkey(user_id):
        raise ForbiddenError(Problem("passkey-needed", "CMS signatories use their passkey.", "Use your passkey."))
    return accounts.factors.check_code(user_id, form["code"])


def _too_late() -> Problem:
    sentence = "The first step of signing in was too long ago, or its second step was done already."
    return Problem("second-step-over", sentence, "Sign in again.")


def _only_passkey(user_id: str) -> bool:
    person, accounts = services().reading.person(user_id), services().accounts
    return person is not None and accounts.rules.passkey_only(person) and bool(accounts.standing(user_id).passkeys)


def origin_of_browser() -> Origin:
    """From where the request comes, with the secret of a browser in which somebody has signed in before."""
    come = origin()
    return Origin(come.address, come.agent, browser_token())


def _challenge() -> Try:
    """By what a challenge is counted; nobody else makes a browser wait in which somebody has signed in before."""
    browser = browser_token()
    if services().accounts.sessions.is_known_to_anybody(browser):
        return CHALLENGES_OF_BROWSER, browser
    return CHALLENGES, origin().network


def _form(target: str, problems: Sequence[Problem], status: int, *, ended: bool = False) -> ResponseReturnValue:
    settings = services().settings
    page = render_template(
        "sign_in.html",
        next=target,
        problems=problems,
        ended=ended,
        user_id=typed("user_id")[:LONGEST_USER_ID],
        samples=sample_accounts(services()),
        passkeys=relying_party().has_name,
        provider=settings.oidc_name if settings.oidc_issuer else "",
    )
    return page, status


def _second_form(user_id: str, target: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    party, standing = relying_party(), services().accounts.standing(user_id)
    asks = bool(standing.passkeys) and party.has_name
    options = services().accounts.passkeys.ask_to_sign_in(party, user_id) if asks else ""
    code = (standing.app or standing.recovery_codes > 0) and not _only_passkey(user_id)
    page = render_template(
        "second_factor.html", next=target, problems=problems, code=code, app=standing.app, options=options
    )
    return page, status


def _passkey_form(target: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    party, options = relying_party(), ""
    try:
        if party.has_name:
            services().accounts.guard.admit(_challenge())
            options = services().accounts.passkeys.ask_to_sign_in(party)
    except PacketsError as error:
        problems, status = error.problems, error.status_hint
    return render_template("passkey.html", next=target, problems=problems, options=options), status
