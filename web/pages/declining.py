"""Declining to sign, and taking that back: each with a reason (R3, R18)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import ConflictError, NotFoundError, PacketsError, Problem
from packets.model.documents import Decline, Document, Party
from packets.model.people import Role
from signing.declining import DeclineRequest, withdrawal_reasons
from signing.facts import gather_actor, gather_facts
from signing.options import Option
from web.auth.roles import Audience, open_to
from web.pages.lines import distinct_reasons, options_of
from web.visit import roles, services, visitor

pages = Blueprint("declining", __name__)


@pages.get("/documents/<document_id>/decline/<slot>")
@open_to(Audience.SIGNERS)
def ask(document_id: str, slot: str) -> ResponseReturnValue:
    """What declining means; the form only when the visitor could sign the slot."""
    return _page(document_id, slot, (), 200)


@pages.post("/documents/<document_id>/decline/<slot>")
@open_to(Audience.SIGNERS)
def decline(document_id: str, slot: str) -> ResponseReturnValue:
    """Decline, or say everything that is in the way. After CMS has declined, the new document is shown."""
    option = _option(document_id, slot)
    try:
        if option is None:
            raise ConflictError(Problem("already-signed", "This place is signed already.", "Open the document again."))
        replacement = services().declining.decline(_asked(document_id, slot, option.role))
    except PacketsError as error:
        return _page(document_id, slot, error.problems, error.status_hint)
    shown = replacement.document.document_id if replacement and replacement.document else document_id
    return redirect(url_for("documents.show", document_id=shown), 303)


@pages.get("/documents/<document_id>/withdraw")
@open_to(Audience.SIGNERS)
def ask_back(document_id: str) -> ResponseReturnValue:
    """What is taken back, and the form for it."""
    return _back_page(document_id, (), 200)


@pages.post("/documents/<document_id>/withdraw")
@open_to(Audience.SIGNERS)
def withdraw(document_id: str) -> ResponseReturnValue:
    """Take a decline back, or say everything that is in the way."""
    document = services().reading.document(visitor().user_id, document_id)
    held = document.decline
    try:
        if held is None:
            raise ConflictError(Problem("not-declined", "Nobody declines this document.", "Open the document again."))
        services().declining.withdraw(_asked(document_id, held.slot, _role_for(document, held)))
    except PacketsError as error:
        return _back_page(document_id, error.problems, error.status_hint)
    return redirect(url_for("documents.show", document_id=document_id), 303)


def may_withdraw(document: Document) -> bool:
    """Whether the visitor may take back the decline that holds on a document."""
    held = document.decline
    return held is not None and document.voided_at is None and not _withdrawal_reasons(document, held)


def _withdrawal_reasons(document: Document, held: Decline) -> tuple[Problem, ...]:
    with services().database.read() as records:
        actor = gather_actor(records, visitor().user_id, document, services().clock())
        facts = gather_facts(records, services().catalog, document)
    return withdrawal_reasons(actor, facts, held, _role_for(document, held))


def _role_for(document: Document, held: Decline) -> Role:
    """The role in which the visitor takes a decline back: one that may sign the declined slot, if they hold any."""
    permitted = services().catalog[document.kind].slot(held.slot).roles
    return next((one for one in permitted if one in roles()), permitted[0])


def _asked(document_id: str, slot: str, role: Role) -> DeclineRequest:
    reason, viewed = request.form.get("reason", ""), request.form.get("viewed_digest", "")
    return DeclineRequest(document_id, slot, visitor().user_id, role, reason, viewed)


def _option(document_id: str, slot: str) -> Option | None:
    """What the gate says about the visitor and this slot; None when it is signed.

    Raises:
        NotFoundError: there is no such slot, or no such document for the visitor.
    """
    document = services().reading.document(visitor().user_id, document_id)
    if not services().catalog[document.kind].has_slot(slot):
        raise NotFoundError(Problem("not-found", "There is no such signature.", "Open the document again.", slot))
    options = options_of(services(), visitor(), document)
    return next((one for one in options if one.slot.name == slot), None)


def _page(document_id: str, slot: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    option = _option(document_id, slot)
    document = services().reading.document(visitor().user_id, document_id)
    document_type = services().catalog[document.kind]
    page = render_template(
        "decline.html",
        document=document,
        type=document_type,
        option=option,
        by_cms=document_type.slot(slot).party is Party.CMS,
        reasons=distinct_reasons((option,), roles()) if option else (),
        problems=problems,
        given=request.form,
    )
    return page, status


def _back_page(document_id: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    document = services().reading.document(visitor().user_id, document_id)
    held = document.decline
    page = render_template(
        "withdraw.html",
        document=document,
        type=services().catalog[document.kind],
        held=held,
        reasons=_withdrawal_reasons(document, held) if held else (),
        problems=problems,
        given=request.form,
    )
    return page, status
