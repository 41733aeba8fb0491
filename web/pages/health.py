"""For whatever watches the service: whether the process answers, whether it can work, what it has measured."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from packets.errors import ForbiddenError, Problem
from web.auth.roles import Audience, open_to
from web.metrics import CONTENT_TYPE, opens, write_metrics
from web.monitoring.readiness import Readiness
from web.visit import services

pages = Blueprint("health", __name__)
EXTENSION = "esm-readiness"


@pages.get("/healthz")
@open_to(Audience.ANYONE)
def live() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
@open_to(Audience.ANYONE)
def ready() -> ResponseReturnValue:
    """Database, objects and keys can be used; which of them cannot is told, and why only to `esm doctor`.

    What is wrong with the schema is told here too: it is mended from outside, by whoever installs a version.
    """
    report = current_app.extensions.setdefault(EXTENSION, Readiness()).report(services())
    answer: dict[str, object] = {"status": "ok" if report.is_ready else "unavailable", "checks": report.checks}
    if report.schema is not None and report.schema.problem is not None:
        schema, problem = report.schema, report.schema.problem
        revisions = {"found": schema.found, "needed": schema.needed}
        answer["schema"] = {"state": schema.state, **revisions, "sentence": problem.sentence, "remedy": problem.remedy}
    return jsonify(answer), 200 if report.is_ready else 503


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
