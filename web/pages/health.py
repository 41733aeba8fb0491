"""For whatever watches the service: whether the process answers, whether it can work, what it has measured."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from packets.errors import ForbiddenError, Problem, StoreError
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
    """Database, objects and keys can be used; which of them cannot is told, and why only to the log and `esm doctor`.

    What is wrong with the schema is told here too: it is mended from outside, by whoever installs a version.
    """
    findings = examine(services(), NEEDED)
    broken = {finding.part for finding in findings if finding.state is State.BROKEN}
    checks = {name: name not in broken for name in NEEDED}
    answer: dict[str, object] = {"status": "unavailable" if broken else "ok", "checks": checks}
    return jsonify(**answer, **_schema()), 503 if broken else 200


def _schema() -> dict[str, object]:
    """The schema's state, where it is another one than this program's."""
    with suppress(StoreError):  # a database that does not answer stands among the checks
        report = services().database.inspect_schema()
        if problem := report.problem:
            revisions = {"found": report.found, "needed": report.needed}
            return {
                "schema": {"state": report.state, **revisions, "sentence": problem.sentence, "remedy": problem.remedy}
            }
    return {}


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
