"""Structured logs: one line a request, on stderr; JSON for machines, plain lines for a terminal.

A line names the user ID and the path, never a query, a form, a name or a number of a taxpayer.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from packets.measures import REQUESTS
from packets.tracing import trace
from web.proxies import BY_PROXY
from web.visit import guest, request_id

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
MILLISECONDS = 1000
PLACES = ExceptionDictTransformer(show_locals=False)
"""Of an error the log has its places in the code; what stood in variables there may be anybody's data."""
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def configure_logs(level: str) -> None:
    """Set up the log of a process.

    Args:
        level: `debug`, `info`, `warning` or `error`; what is less is not written.
    """
    terminal = sys.stderr.isatty()
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [structlog.processors.ExceptionRenderer(PLACES), structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def log_requests(app: Flask) -> None:
    """Give every request a number, tell it in `X-Request-ID`, and write one line when it is answered."""
    app.logger.disabled = True  # Flask's own lines would tell an error twice, the second time without the number
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    g.request_id = _given_id() or str(uuid.uuid4())
    g.began = time.perf_counter()
    trace(g.request_id)


def _forget(_error: BaseException | None) -> None:
    """What this thread does next is for somebody else."""
    trace("")


def _method() -> str:
    """A method that HTTP knows; others would fill the measures with whatever somebody sends."""
    return request.method if request.method in METHODS else "other"


def _given_id() -> str:
    """The number that a proxy in front gave, where it is believed."""
    given = request.headers.get("X-Request-ID", "")
    return given if request.environ.get(BY_PROXY) and REQUEST_ID.fullmatch(given) else ""


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    seconds = time.perf_counter() - g.began
    REQUESTS.observe(seconds, _method(), str(request.url_rule or "none"), f"{response.status_code // 100}xx")
    person = guest()
    structlog.get_logger().info(
        "request",
        request_id=request_id(),
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round(seconds * MILLISECONDS, 1),
        user=person.user_id if person else None,
    )
    return response
