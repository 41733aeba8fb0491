"""Agreement materials: every document of a packet with its status, read-only, for whoever does not sign (R39, R42)."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from packets.model.calendar import AGENCY_ZONE
from packets.model.steps import StepView
from web.auth.roles import Audience, open_to
from web.pages.lines import packet_lines
from web.pages.packets import PACKET
from web.visit import services, visitor

pages = Blueprint("materials", __name__)


@pages.get(f"{PACKET}/materials")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """One line a document: status, who signed when, since when it has effect, and the file."""
    view = services().reading.packet(visitor().user_id, aco_id, year)
    return render_template(
        "materials.html",
        aco=view.aco,
        lines=packet_lines(services(), visitor(), view),
        effective=effective_on,
    )


def effective_on(step: StepView) -> date | None:
    """The day from which an executed document has effect, by its manifest; None before it is executed (REQ 2.5)."""
    document = step.document
    if document is None or document.executed_at is None:
        return None
    signed = document.executed_at.astimezone(AGENCY_ZONE).date()
    if step.document_type.takes_effect == "on-last-signature":
        return signed
    return max(signed, date(document.performance_year, 1, 1))
