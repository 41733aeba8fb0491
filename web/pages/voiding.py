"""Voiding a document: CMS staff say why, and a new one from the facts of today takes its place (permission matrix 1.7)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.documents.voiding import VoidRequest
from packets.errors import PacketsError, Problem
from web.auth.roles import Audience, open_to
from web.pages.lines import status_of
from web.visit import services, visitor

pages = Blueprint("voiding", __name__)


@pages.get("/documents/<document_id>/void")
@open_to(Audience.VOIDERS)
def ask(document_id: str) -> ResponseReturnValue:
    """What voiding this document means, and the form for it."""
    return _page(document_id, (), 200)


@pages.post("/documents/<document_id>/void")
@open_to(Audience.VOIDERS)
def void(document_id: str) -> ResponseReturnValue:
    """Void and replace, or say everything that is in the way; the voided document then says what replaced it."""
    form = request.form
    asked = VoidRequest(
        document_id=document_id,
        reason=form.get("reason", ""),
        user_id=visitor().user_id,
        viewed_digest=form.get("viewed_digest", ""),
        executed_too="executed_too" in form,
    )
    try:
        services().voiding.void(asked)
    except PacketsError as error:
        return _page(document_id, error.problems, error.status_hint)
    return redirect(url_for("documents.show", document_id=document_id), 303)


def _page(document_id: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    document = services().reading.document(visitor().user_id, document_id)
    document_type = services().catalog[document.kind]
    with services().database.read() as records:
        packet = records.documents.packet(document.aco_id, document.performance_year)
    types = services().catalog
    later = [types[one.kind] for one in packet if document.kind in types[one.kind].prerequisites and one.signatures]
    page = render_template(
        "void.html",
        document=document,
        type=document_type,
        status=status_of(services(), document),
        later=later,
        problems=problems,
        given=request.form,
    )
    return page, status
