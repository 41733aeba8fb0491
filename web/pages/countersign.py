"""What waits for the CMS signatory, across ACOs (R3)."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from packets.model.documents import Status
from web.auth.roles import Audience, open_to
from web.visit import services, visitor

pages = Blueprint("countersign", __name__)


@pages.get("/countersign")
@open_to(Audience.CMS_SIGNATORIES)
def show() -> ResponseReturnValue:
    """Every document that the ACO has signed and CMS has not."""
    lines = services().reading.archive(visitor().user_id)
    waiting = [line for line in lines if line.status is Status.PENDING_CMS]
    return render_template("countersign.html", waiting=waiting)
