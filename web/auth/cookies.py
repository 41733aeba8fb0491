"""The cookie that carries a session's secret, and the rule for when cookies may travel without TLS.

Over plain HTTP a cookie is given only by a demonstration, or to the same machine; never in production.
"""

from __future__ import annotations

from flask import Flask, Response, make_response, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.wrappers import Response as BaseResponse

from web.auth.sessions import KNOWN_FOR
from web.visit import services

SECURE_NAME = "__Host-esm-session"
LOCAL_NAME = "esm-session"
SECURE_BROWSER, LOCAL_BROWSER = "__Host-esm-browser", "esm-browser"
SECURE_FORM, LOCAL_FORM = "__Host-esm-form", "esm-form"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def must_be_secure() -> bool:
    """Whether cookies of this request are for TLS only."""
    mode = services().settings.mode
    if mode == "production" or request.is_secure:
        return True
    return mode != "demo" and request.host.rsplit(":", 1)[0] not in LOOPBACK


def session_token() -> str:
    """The secret that the visitor's browser sent, or nothing."""
    return request.cookies.get(_name(), "")


def give_session(response: Response, token: str) -> None:
    """Let the browser keep the secret until it is closed; scripts cannot read it and other sites cannot send it."""
    response.set_cookie(_name(), token, path="/", httponly=True, samesite="Lax", secure=must_be_secure())


def renew_session(answer: BaseResponse) -> Response:
    """After a step-up the browser gets a new secret for its session (ASVS 7.2.4)."""
    response = make_response(answer)
    if fresh := services().accounts.sessions.rotate(session_token()):
        give_session(response, fresh)
    return response


def browser_token() -> str:
    """The secret of a browser in which somebody has signed in before, or nothing."""
    return request.cookies.get(_browser_name(), "")


def give_browser(response: Response, token: str) -> None:
    """Let the browser be known next time, so that nobody elsewhere can make its owner wait."""
    age = int(KNOWN_FOR.total_seconds())
    response.set_cookie(
        _browser_name(), token, path="/", max_age=age, httponly=True, samesite="Lax", secure=must_be_secure()
    )


def take_session(response: Response) -> None:
    """Make the browser forget the secret."""
    response.delete_cookie(_name(), path="/", httponly=True, samesite="Lax", secure=must_be_secure())


class FormCookie(SecureCookieSessionInterface):
    """Flask's signed cookie: the secret of the forms, and what single sign-on waits for, under the same rule."""

    def get_cookie_name(self, app: Flask) -> str:
        """With the prefix over TLS, so that a sister host cannot plant one for the parent domain (ASVS 3.3.1, 3.3.3)."""
        del app
        return SECURE_FORM if must_be_secure() else LOCAL_FORM

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether it is for TLS only."""
        del app
        return must_be_secure()


def _browser_name() -> str:
    return SECURE_BROWSER if must_be_secure() else LOCAL_BROWSER


def _name() -> str:
    # Browsers accept the __Host- prefix from TLS only; it keeps sister hosts from planting a session.
    return SECURE_NAME if must_be_secure() else LOCAL_NAME
