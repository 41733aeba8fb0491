"""Whether the service is up and reaches its records; for whatever watches it."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from web.auth.roles import Audience, open_to
from web.visit import services

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@open_to(Audience.ANYONE)
def check() -> ResponseReturnValue:
    """The database answers."""
    with services().database.read() as records:
        records.years.numbers()
    return jsonify(status="ok")
