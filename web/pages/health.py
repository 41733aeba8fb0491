"""For whatever watches the service: whether the process answers, whether it can work, what it has measured."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from packets.errors import ForbiddenError, Problem
from web.auth.roles import Audience, open_to
from web.examination import NEEDED, State, examine
from web.metrics import CONTENT_TYPE, opens, write_metrics
from web.visit import services

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@open_to(Audience.ANYONE)
def live() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
@open_to(Audience.ANYONE)
def ready() -> ResponseReturnValue:
    """Database, objects and keys can be used; which of them cannot is told, and why only to the log and `esm doctor`."""
    findings = examine(services(), NEEDED)
    broken = {one.part for one in findings if one.state is State.BROKEN}
    checks = {name: name not in broken for name in NEEDED}
    return jsonify(status="unavailable" if broken else "ok", checks=checks), 503 if broken else 200


@pages.get("/metrics")
@open_to(Audience.ANYONE)
def metrics() -> ResponseReturnValue:
    """What the service has measured, for whoever has the token of the settings.

    Raises:
        ForbiddenError: they have not, or there is none.
    """
    if not opens(services(), request.headers.get("Authorization", "")):
        sentence = "What the service has measured is not for everybody."
        raise ForbiddenError(Problem("metrics-closed", sentence, "Send the token of ESM_METRICS_TOKEN."))
    return Response(write_metrics(services()), content_type=CONTENT_TYPE)
