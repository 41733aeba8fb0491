"""Calm pages for everything that goes wrong: every problem with its code, its remedy and where it is; never a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import structlog
from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from packets.errors import PacketsError, Problem
from web.visit import request_id

HEADINGS = {
    400: "The form could not be read",
    401: "Sign in first",
    403: "You may not do this",
    404: "Page not found",
    405: "This address does not work that way",
    409: "Something has changed meanwhile",
    413: "The file is too large",
    429: "Too many tries",
    422: "This cannot be done yet",
    503: "The service is not able to do this now",
}
MEGABYTE = 1024 * 1024
SOMETHING_BROKE = "Something went wrong on our side"

PROBLEMS = {
    404: Problem("not-found", "There is nothing here for you.", "Go back to your packets."),
    405: Problem(
        "method-not-allowed",
        "The address is right, but it was used in a way that it does not offer.",
        "Start from your packets.",
    ),
}


def register(app: Flask) -> None:
    """Answer every refusal and every failure with a page."""
    app.register_error_handler(PacketsError, show_refusal)
    app.register_error_handler(CSRFError, show_stale_form)
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(InternalServerError, show_failure)


def show_refusal(error: PacketsError) -> ResponseReturnValue:
    """A refusal of the service, with every problem."""
    return *show_problems(error.status_hint, error.problems), getattr(error, "headers", {})


def show_stale_form(_error: CSRFError) -> ResponseReturnValue:
    """A form without the token that proves that it is ours."""
    problem = Problem(
        "form-expired",
        "This form is no longer valid, or it did not come from this site.",
        "Go back, open the page again and send it once more.",
    )
    return show_problems(400, [problem])


def show_http_error(error: HTTPException) -> ResponseReturnValue:
    """Anything that the web framework refuses. Its own headers are kept, e.g. `Allow`."""
    if error.response is not None or error.code is None:
        return error
    problem = (PROBLEMS | {413: _too_large()}).get(
        error.code, Problem("request-unusable", "The request could not be understood.", "Go back and try again.")
    )
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    return *show_problems(error.code, [problem]), headers


def _too_large() -> Problem:
    """The limit of the page in words; pages that take a year's files have another one."""
    limit = (request.max_content_length or 0) // MEGABYTE
    return Problem("request-too-large", f"What was sent is larger than {limit} MB.", "Send a smaller file.")


def show_failure(error: InternalServerError) -> ResponseReturnValue:
    """Something that should not happen: the log has it all, the page has the number under which the log has it."""
    original = error.original_exception or error
    structlog.get_logger().error("failure", request_id=request_id(), exc_info=original)
    problem = Problem(
        "internal-error",
        "What you asked for was not done.",
        "Try again. If it happens again, tell the help desk the request number below.",
    )
    given = {"heading": SOMETHING_BROKE, "problems": [problem]}
    return render_template("refusal.html", **given, unread_notices=lambda: 0), 500  # it may be the database that broke


def show_problems(status: int, problems: Sequence[Problem]) -> tuple[str, int]:
    """The page of a refusal."""
    heading = HEADINGS.get(status, SOMETHING_BROKE)
    shown: dict[str, object] = {"heading": heading, "problems": problems, "session_refresh": ""}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:  # it may be the database that cannot be asked
        shown["unread_notices"] = lambda: 0
    return render_template("refusal.html", **shown), status
