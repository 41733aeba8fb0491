"""Signing one slot of a document, for the ACO or for CMS: what is signed, the password again, the receipt (REQUIREMENTS 2.1)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, NotFoundError, PacketsError, Problem
from packets.model.aco import Aco
from packets.model.documents import Document, DocumentType, Slot
from packets.model.people import Role
from signing.ceremony import SignRequest
from signing.options import Option
from web.auth.cookies import renew_session
from web.auth.passkeys import Bound
from web.auth.roles import Audience, open_to
from web.auth.step_up import Ways, is_given, missing
from web.pages.lines import distinct_reasons, options_of
from web.visit import relying_party, roles, services, visitor

pages = Blueprint("signing", __name__)
CONSENT = "I have read this document and I sign it electronically."


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies before somebody who is about to sign."""

    document: Document
    document_type: DocumentType
    aco: Aco | None
    slot: Slot
    option: Option | None
    viewed: bool


@pages.get("/documents/<document_id>/sign/<slot>")
@open_to(Audience.SIGNERS)
def ask(document_id: str, slot: str) -> ResponseReturnValue:
    """What is signed, in which role, what it means; the form only when nothing stands in the way."""
    return _page(_lay_out(document_id, slot), (), 200)


@pages.post("/documents/<document_id>/sign/<slot>")
@open_to(Audience.SIGNERS)
def sign(document_id: str, slot: str) -> ResponseReturnValue:
    """Re-authenticate and sign. A form that is sent twice is one act and leads to the same receipt."""
    _require_slot(document_id, slot)
    try:
        _sign(document_id, slot)
    except PacketsError as error:
        return _page(_lay_out(document_id, slot), error.problems, error.status_hint)
    return renew_session(redirect(url_for("signing.receipt", document_id=document_id, slot=slot), 303))


@pages.get("/documents/<document_id>/receipt/<slot>")
@open_to(Audience.RECORD_READERS)
def receipt(document_id: str, slot: str) -> ResponseReturnValue:
    """Who signed, when, and what comes next."""
    document = services().reading.document(visitor().user_id, document_id)
    signature = next((one for one in document.signatures if one.slot == slot), None)
    if signature is None:
        raise NotFoundError(Problem("not-found", "There is no such signature.", "Open the document again.", slot))
    document_type = services().catalog[document.kind]
    return render_template(
        "receipt.html",
        document=document,
        type=document_type,
        signature=signature,
        unsigned=document.unsigned(document_type),
        unlocked=_unlocked(document, document_type),
    )


def _unlocked(document: Document, document_type: DocumentType) -> list[DocumentType]:
    """The steps that waited for this document and need not any more."""
    if not document.finished_by_aco(document_type):
        return []
    with services().database.read() as records:
        packet = records.documents.packet(document.aco_id, document.performance_year)
    types = (services().catalog[one.kind] for one in packet if not one.signatures)
    return [one for one in types if document.kind in one.prerequisites]


def _require_slot(document_id: str, slot: str) -> tuple[Document, DocumentType]:
    document = services().reading.document(visitor().user_id, document_id)
    document_type = services().catalog[document.kind]
    if not document_type.has_slot(slot):
        raise NotFoundError(Problem("not-found", "There is no such signature.", "Open the document again.", slot))
    return document, document_type


def _lay_out(document_id: str, slot: str) -> Desk:
    """The document as it is now: after a refusal it may be another one than the visitor had before them."""
    document, document_type = _require_slot(document_id, slot)
    options = options_of(services(), visitor(), document)
    with services().database.read() as records:
        viewed = records.documents.viewed(document_id, visitor().user_id, document.head_digest)
        aco = records.acos.get(document.aco_id, document.performance_year)
    option = next((one for one in options if one.slot.name == slot), None)
    return Desk(document, document_type, aco, document_type.slot(slot), option, viewed)


def _sign(document_id: str, slot: str) -> None:
    form = request.form
    problems = list(_form_problems())
    if problems:
        raise InputError(problems)
    user_id, digest = visitor().user_id, form["viewed_digest"]
    method = services().step_ups.check(visitor(), form, Bound(document_id, digest), relying_party())
    step_up = services().ceremony.step_up(user_id, document_id, digest, method)
    asked = SignRequest(form["idempotency_key"], document_id, slot, user_id, Role(form["role"]), digest, step_up)
    services().ceremony.sign(asked)


def _form_problems() -> Sequence[Problem]:
    form = request.form
    problems = []
    if not form.get("consent"):
        problems.append(
            Problem(
                "consent-missing",
                "The statement of consent is not checked.",
                "Read it, check it, then sign.",
                "consent",
            )
        )
    if not is_given(form):
        problems.append(missing())
    if not _is_whole(form.get("idempotency_key", ""), form.get("role", ""), form.get("viewed_digest", "")):
        problems.append(Problem("form-incomplete", "The form is not whole.", "Open the page again and sign there."))
    return problems


def _is_whole(key: str, role: str, digest: str) -> bool:
    try:
        return str(uuid.UUID(key)) == key and role in set(Role) and bool(digest)
    except ValueError:
        return False


def _ways(desk: Desk) -> Ways:
    bound = Bound(desk.document.document_id, desk.document.head_digest)
    return services().step_ups.ways(visitor(), bound, relying_party())


def _page(desk: Desk, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    """The page of the ceremony. After a refusal it holds a new key, for what was given up is never taken up again."""
    options = (desk.option,) if desk.option else ()
    page = render_template(
        "sign.html",
        desk=desk,
        document=desk.document,
        type=desk.document_type,
        reasons=distinct_reasons(options, roles()),
        problems=problems,
        consent=CONSENT,
        key=str(uuid.uuid4()),
        ways=_ways(desk) if desk.option and desk.option.permitted and desk.viewed else None,
    )
    return page, status
