"""Choosing a new password by a link that came by mail. Nobody learns here which user IDs exist."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from web.auth.passwords import LEAST_ALONE
from web.auth.roles import Audience, open_to
from web.pages.account import require_same
from web.pages.session import origin_of_browser
from web.visit import services

pages = Blueprint("new_password", __name__)


@pages.get("/password/reset")
@open_to(Audience.ANYONE)
def ask() -> ResponseReturnValue:
    """The form that asks for a link."""
    return _page((), 200)


@pages.post("/password/reset")
@open_to(Audience.ANYONE)
def send() -> ResponseReturnValue:
    """The same answer for every user ID, whether there is a person behind it or not."""
    user_id = request.form.get("user_id", "")[:8].strip().upper()
    try:
        services().resets.ask(user_id, origin_of_browser())
    except PacketsError as error:
        return _page(error.problems, error.status_hint)
    return _page((), 200, asked=True)


@pages.get("/password/new")
@open_to(Audience.ANYONE)
def choose() -> ResponseReturnValue:
    """The form for the new password, for whoever has the link."""
    token = request.args.get("token", "")
    try:
        services().resets.owner(token)
    except PacketsError as error:
        return _choice("", error.problems, error.status_hint)
    return _choice(token, (), 200)


@pages.post("/password/new")
@open_to(Audience.ANYONE)
def keep() -> ResponseReturnValue:
    """Take the new password; the link works no more, and nobody is signed in by it."""
    token, form = request.form.get("token", ""), request.form
    try:
        services().resets.owner(token)
        require_same(form.get("new_password", ""), form.get("again", ""))
        services().resets.choose(token, form.get("new_password", ""))
    except PacketsError as error:
        spent = any(one.code == "link-spent" for one in error.problems)
        return _choice("" if spent else token, error.problems, error.status_hint)
    return render_template("password_chosen.html")


def _page(problems: Sequence[Problem], status: int, *, asked: bool = False) -> ResponseReturnValue:
    resets = services().resets
    minutes = int(resets.lifetime.total_seconds() // 60)
    page = render_template("password_reset.html", problems=problems, asked=asked, mailed=resets.mailed, minutes=minutes)
    return page, status


def _choice(token: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    return render_template("password_new.html", token=token, problems=problems, least=LEAST_ALONE), status
