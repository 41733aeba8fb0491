"""Refusals of the API: RFC 9457, with every problem, its code, its remedy and its place; never a page, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from packets.errors import PacketsError, Problem
from web.api.shapes import Refusal, dump, fault_of
from web.pages.refusals import show_failure, show_http_error, show_refusal
from web.visit import request_id

PROBLEM_JSON = "application/problem+json"
TITLES = {
    400: "The request could not be read",
    401: "A token is needed",
    403: "You may not do this",
    404: "There is nothing here for you",
    405: "This address does not work that way",
    409: "Something has changed meanwhile",
    412: "It is no longer what you have seen",
    413: "The request is too large",
    415: "This media type is not taken here",
    422: "This cannot be done",
    428: "Say what you have seen",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "The service is not able to do this now",
}
NOT_HERE = Problem("not-found", "There is nothing here for you.", "Look at /api/openapi.json.")
METHOD = Problem("method-not-allowed", "The address does not take this method.", "Look at the header Allow.")
LARGE = Problem("request-too-large", "What was sent is too large.", "Send less.")
UNREADABLE = Problem("request-unusable", "The request could not be understood.", "Look at /api/openapi.json.")
FAILED = Problem("internal-error", "What you asked for was not done.", "Try again, with the same Idempotency-Key.")


def is_call() -> bool:
    """Whether this request came through the door of the API."""
    return request.path.startswith("/api/")


def register(app: Flask) -> None:
    """Answer refusals of calls as JSON, and those of pages as before."""
    app.register_error_handler(PacketsError, _either(refuse, show_refusal))
    app.register_error_handler(HTTPException, _either(refuse_http, show_http_error))
    app.register_error_handler(InternalServerError, _either(fail, show_failure))


def _either(
    ours: Callable[[Any], ResponseReturnValue], pages: Callable[[Any], ResponseReturnValue]
) -> Callable[[Any], ResponseReturnValue]:
    return lambda error: ours(error) if is_call() else pages(error)


def refuse(error: PacketsError) -> Response:
    """A refusal of the service."""
    response = answer(error.status_hint, error.problems, error.count)
    response.headers.extend(getattr(error, "headers", {}))
    return response


def refuse_http(error: HTTPException) -> ResponseReturnValue:
    """Anything that the web framework refuses."""
    status = error.code or 500
    if error.response is not None or status < 400:  # noqa: PLR2004  a redirection
        return error
    problem = {404: NOT_HERE, 405: METHOD, 413: LARGE}.get(status, UNREADABLE)
    response = answer(status, [problem], 1)
    response.headers.extend((name, value) for name, value in error.get_headers() if name in {"Allow", "Content-Range"})
    return response


def fail(error: InternalServerError) -> Response:
    """Something that should not happen: the log has it under the request's number."""
    structlog.get_logger().error("failure", request_id=request_id(), exc_info=error.original_exception or error)
    return answer(500, [FAILED], 1)


def answer(status: int, problems: Sequence[Problem], count: int) -> Response:
    """A refusal as JSON."""
    codes = {one.code for one in problems}
    kind = codes.pop() if len(codes) == 1 else "several"
    refusal = Refusal(
        type=f"urn:esm-packets:problem:{kind}",
        title=TITLES.get(status, TITLES[500]),
        status=status,
        detail=problems[0].sentence if problems else TITLES.get(status, TITLES[500]),
        instance=f"urn:esm-packets:request:{request_id()}",
        problems=[fault_of(one) for one in problems],
        count=count,
    )
    return Response(json.dumps(dump(refusal), ensure_ascii=False), status, content_type=PROBLEM_JSON)
