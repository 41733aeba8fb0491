"""One's own account: the password, second factors, sessions. Changing a factor asks for the password again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import ForbiddenError, InputError, PacketsError, Problem
from web.auth.cookies import give_session, session_token
from web.auth.origin import TOGETHER, Method
from web.auth.passkeys import LONGEST_LABEL
from web.auth.passwords import LEAST_ALONE, LEAST_WITH_SECOND_FACTOR
from web.auth.roles import Audience, open_to
from web.auth.totp import address_for_app, written
from web.pages.session import farewell
from web.visit import relying_party, services, session, typed, visitor

pages = Blueprint("account", __name__)
RECENT = timedelta(minutes=10)
"""Somebody without a password changes factors so soon after signing in, or signs in again."""
DONE = {
    "password": "Your password is changed. All other sessions have ended.",
    "app-removed": "The authenticator app is removed.",
    "passkey-added": "The passkey is added.",
    "passkey-removed": "The passkey is removed.",
    "session-ended": "The session has ended.",
}


@pages.get("/account")
@open_to(Audience.SIGNED_IN)
def show() -> ResponseReturnValue:
    """What there is, and what can be done with it."""
    return _page((), 200)


@pages.get("/account/password")
@open_to(Audience.SIGNED_IN)
def ask_password() -> ResponseReturnValue:
    """The form for another password."""
    return _password_page((), 200)


@pages.post("/account/password")
@open_to(Audience.SIGNED_IN)
def change_password() -> ResponseReturnValue:
    """Change the password; the other sessions end and this one gets a new secret."""
    form = request.form
    try:
        require_same(form.get("new_password", ""), form.get("again", ""))
        accounts, user_id = services().accounts, visitor().user_id
        fresh = accounts.change_password(user_id, form.get("password", ""), form["new_password"], session_token())
    except PacketsError as error:
        return _password_page(error.problems, error.status_hint)
    return _with_session(redirect(url_for("account.show", done="password"), 303), fresh)


@pages.post("/account/app")
@open_to(Audience.SIGNED_IN)
def begin_app() -> ResponseReturnValue:
    """Begin to set up an authenticator app."""
    try:
        _reauthenticate()
        services().accounts.factors.begin_app(visitor().user_id)
    except PacketsError as error:
        return _page(error.problems, error.status_hint)
    return redirect(url_for("account.set_up_app"), 303)


@pages.get("/account/app")
@open_to(Audience.SIGNED_IN)
def set_up_app() -> ResponseReturnValue:
    """The secret for the app, as a picture and in letters, and the form for its first code."""
    return _app_page((), 200)


@pages.post("/account/app/code")
@open_to(Audience.SIGNED_IN)
def confirm_app() -> ResponseReturnValue:
    """Take the app into use with its first code; recovery codes are shown once."""
    try:
        codes = services().accounts.factors.confirm_app(visitor().user_id, request.form.get("code", ""))
    except PacketsError as error:
        return _app_page(error.problems, error.status_hint)
    fresh = services().accounts.sessions.rotate(session_token(), _better(Method.CODE))
    return _with_session(make_response(render_template("recovery_codes.html", codes=codes)), fresh)


@pages.post("/account/app/remove")
@open_to(Audience.SIGNED_IN)
def remove_app() -> ResponseReturnValue:
    """Remove the authenticator app."""
    return _changed(lambda: services().accounts.factors.remove_app(visitor().user_id), "app-removed")


@pages.post("/account/recovery-codes")
@open_to(Audience.SIGNED_IN)
def renew_codes() -> ResponseReturnValue:
    """New recovery codes, shown once."""
    try:
        _reauthenticate()
        codes = services().accounts.factors.renew_recovery_codes(visitor().user_id)
    except PacketsError as error:
        return _page(error.problems, error.status_hint)
    return render_template("recovery_codes.html", codes=codes)


@pages.get("/account/passkeys/new")
@open_to(Audience.SIGNED_IN)
def ask_passkey() -> ResponseReturnValue:
    """The form for a new passkey."""
    return _passkey_page((), 200)


@pages.post("/account/passkeys")
@open_to(Audience.SIGNED_IN)
def add_passkey() -> ResponseReturnValue:
    """Add the passkey that the browser has made."""
    form, desk, user_id = request.form, services().accounts.passkeys, visitor().user_id
    try:
        _reauthenticate()
        desk.enroll(user_id, form.get("passkey", ""), form.get("label", ""), relying_party())
    except PacketsError as error:
        return _passkey_page(error.problems, error.status_hint)
    fresh = services().accounts.sessions.rotate(session_token(), _better(Method.PASSKEY))
    return _with_session(redirect(url_for("account.show", done="passkey-added"), 303), fresh)


@pages.post("/account/passkeys/remove")
@open_to(Audience.SIGNED_IN)
def remove_passkey() -> ResponseReturnValue:
    """Remove a passkey."""
    desk, which = services().accounts.passkeys, request.form.get("credential_id", "")
    return _changed(lambda: desk.remove(visitor().user_id, which), "passkey-removed")


@pages.post("/account/sessions/end")
@open_to(Audience.SIGNED_IN)
def end_session() -> ResponseReturnValue:
    """End one of one's sessions."""
    try:
        services().accounts.sessions.close_one(visitor().user_id, request.form.get("session", ""))
    except PacketsError as error:
        return _page(error.problems, error.status_hint)
    return redirect(url_for("account.show", done="session-ended"), 303)


@pages.post("/account/sessions/end-all")
@open_to(Audience.SIGNED_IN)
def end_all() -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    services().accounts.sessions.close_everywhere(visitor().user_id)
    return farewell()


def require_same(new: str, again: str) -> None:
    """Refuse a new password that was typed differently the second time.

    Raises:
        InputError: it was.
    """
    if new != again:
        sentence = "The two new passwords are not the same."
        raise InputError(Problem("passwords-differ", sentence, "Type the new password twice.", "again"))


def picture_of(address: str) -> str:
    """What an app's camera reads: a QR code as SVG, without a style of its own."""
    import segno

    return segno.make(address, error="m", micro=False).svg_inline(scale=5, border=4, light="#fff", dark="#000")


def _reauthenticate() -> None:
    """Ask somebody who is inside for their password; without one, that they have just signed in.

    Raises:
        ForbiddenError: the password is wrong, or they signed in too long ago.
    """
    accounts, user_id = services().accounts, visitor().user_id
    if accounts.standing(user_id).password:
        accounts.check_password(user_id, request.form.get("password", ""))
        return
    here = session()
    if here is None or services().clock() - here.opened_at > RECENT:
        sentence = "You signed in too long ago for this."
        raise ForbiddenError(Problem("sign-in-again", sentence, "Sign out, sign in again, and come back."))


def _better(factor: Method) -> Method | None:
    """What the session is worth after a factor was added by somebody who came with the password alone."""
    here = session()
    return TOGETHER[factor] if here is not None and here.method is Method.PASSWORD else None


def _changed(change: Callable[[], None], done: str) -> ResponseReturnValue:
    try:
        _reauthenticate()
        change()
    except PacketsError as error:
        return _page(error.problems, error.status_hint)
    return redirect(url_for("account.show", done=done), 303)


def _with_session(response: object, token: str | None) -> ResponseReturnValue:
    made: Response = make_response(response)
    if token:
        give_session(made, token)
    return made


def _page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    accounts, user_id, here = services().accounts, visitor().user_id, session()
    page = render_template(
        "account.html",
        standing=accounts.standing(user_id),
        sessions=accounts.sessions.of_person(user_id),
        here=here.handle if here else "",
        lacking=here is not None and accounts.lacks_second_factor(here),
        passkey_only=accounts.rules.passkey_only(visitor()),
        party=relying_party(),
        problems=problems,
        done=DONE.get(request.args.get("done", "")) if request.method == "GET" else None,
    )
    return page, status


def _password_page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    second = services().accounts.standing(visitor().user_id).has_second_factor
    least = LEAST_WITH_SECOND_FACTOR if second else LEAST_ALONE
    return render_template("password.html", problems=problems, least=least), status


def _app_page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    user_id = visitor().user_id
    secret = services().accounts.factors.begun_app(user_id)
    if secret is None:
        return redirect(url_for("account.show"), 303)
    address = address_for_app(secret, user_id)
    page = render_template(
        "app.html", secret=written(secret), address=address, picture=picture_of(address), problems=problems
    )
    return page, status


def _passkey_page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    party, options = relying_party(), ""
    if party.has_name:
        try:
            options = services().accounts.passkeys.ask_to_enroll(visitor(), party)
        except PacketsError as error:
            return _page(error.problems, error.status_hint)
    password = services().accounts.standing(visitor().user_id).password
    label = typed("label")[:LONGEST_LABEL]
    page = render_template("passkey_new.html", problems=problems, options=options, password=password, label=label)
    return page, status
