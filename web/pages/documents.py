"""One document: what is recorded about it, reading it, keeping it, and what our verifier says of it."""

from __future__ import annotations

import base64
from io import BytesIO

from flask import Blueprint, Response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from packets.audit.log import Entry
from packets.documents.assemble import document_subject
from packets.documents.reading import require_bytes
from packets.documents.reading_copies import file_name
from packets.lists.columns import LAYOUTS
from packets.model.documents import Document
from packets.model.retention import GROUNDS
from packets.people.access import Action, may
from packets.store.records import Records
from signing.facts import expected_of
from signing.verify import verify_pdf
from web.auth.roles import Audience, open_to
from web.headers import embed_document, is_document
from web.pages.declining import may_withdraw
from web.pages.lines import distinct_reasons, options_of, status_of
from web.visit import roles, services, visitor

pages = Blueprint("documents", __name__)
PDF = "application/pdf"
MOST_TOLD = 200
"""So many entries of the audit log stand on a page; `esm audit` has all of them."""


@pages.get("/documents/<document_id>")
@open_to(Audience.RECORD_READERS)
def show(document_id: str) -> ResponseReturnValue:
    """What is recorded about a document, and what the visitor may do with it."""
    document = services().reading.document(visitor().user_id, document_id)
    document_type = services().catalog[document.kind]
    options = options_of(services(), visitor(), document)
    with services().database.read() as records:
        aco = records.acos.get(document.aco_id, document.performance_year)
        carries = any(roster.source == "corrections" for roster in document_type.rosters)
        uploads = records.lists.uploads(document.aco_id, document.performance_year) if carries else []
        versions = records.documents.of_kind(document.aco_id, document.performance_year, document.kind)
        disposition = records.dispositions.of_document(document_id) if document.disposed_at else None
        told = _told(records, document) if may(Action.VIEW_ARCHIVE, roles()) else []
    permitted = [option for option in options if option.permitted and document.disposed_at is None]
    return render_template(
        "document.html",
        document=document,
        type=document_type,
        aco=aco,
        status=status_of(services(), document),
        dates=services().reading.dates(document),
        options=permitted,
        reasons=() if permitted else distinct_reasons(options, roles()),
        carries_corrections=carries,
        uploads=uploads,
        others=[one for one in versions if one.document_id != document_id],
        successor=next((one for one in versions if one.voided_at is None), None),
        may_withdraw=may_withdraw(document),
        may_void=may(Action.VOID_DOCUMENT, roles()) and not document.voided_at and not document.disposed_at,
        reads_packets=may(Action.VIEW_PACKET, roles()),
        told=told,
        kept=services().retention.one(document_id) if may(Action.VIEW_ARCHIVE, roles()) else None,
        disposition=disposition,
        grounds=GROUNDS,
        keeps=may(Action.KEEP_RECORDS, roles()),
    )


def _told(records: Records, document: Document) -> list[Entry]:
    """What the audit log tells of the ACO's documents of this kind in this year, oldest first; the newest so many."""
    return list(records.journal.entries(document_subject(document)))[-MOST_TOLD:]


@pages.get("/documents/<document_id>/read")
@open_to(Audience.RECORD_READERS)
def read(document_id: str) -> ResponseReturnValue:
    """The document inside a page; the file itself comes from `pdf`, which records that it was shown."""
    document = require_bytes(services().reading.document(visitor().user_id, document_id))
    embed_document()
    permitted = [option for option in options_of(services(), visitor(), document) if option.permitted]
    document_type = services().catalog[document.kind]
    return render_template(
        "read.html",
        document=document,
        type=document_type,
        options=permitted,
        lists=[
            LAYOUTS[one] for one in dict.fromkeys(roster.source for roster in document_type.rosters) if one in LAYOUTS
        ],
        reads_packets=may(Action.VIEW_PACKET, roles()),
    )


@pages.get("/documents/<document_id>/pdf")
@open_to(Audience.RECORD_READERS)
def pdf(document_id: str) -> ResponseReturnValue:
    """The newest bytes, to read; that the visitor was shown them is recorded, as signing needs it (R40)."""
    if request.method == "HEAD":  # nothing is shown, so nothing is recorded
        document = require_bytes(services().reading.document(visitor().user_id, document_id))
        return _send(document, services().objects.get(document.head_digest), keep=False)
    document, content = services().reading.show(visitor().user_id, document_id)
    return _send(document, content, keep=False)


@pages.get("/documents/<document_id>/download")
@open_to(Audience.RECORD_READERS)
def download(document_id: str) -> ResponseReturnValue:
    """The newest bytes, to keep; every retrieval is logged (R4)."""
    document, content = services().reading.download(visitor().user_id, document_id)
    return _send(document, content, keep=True)


@pages.get("/documents/<document_id>/verification")
@open_to(Audience.RECORD_READERS)
def verify(document_id: str) -> ResponseReturnValue:
    """What our verifier says of the stored bytes, held against what the ledger says that they must be (DESIGN 6)."""
    document = require_bytes(services().reading.document(visitor().user_id, document_id))
    content = services().objects.get(document.head_digest)
    verdict = verify_pdf(content, services().signer.trust, expected=expected_of(document), now=services().clock())
    return render_template(
        "verification.html", document=document, type=services().catalog[document.kind], verdict=verdict
    )


def _send(document: Document, content: bytes, *, keep: bool) -> Response:
    """The whole file (RFC 6266), never a range of it, with the digest by which the ledger knows it (RFC 9530)."""
    name = file_name(document)
    response = send_file(BytesIO(content), PDF, as_attachment=keep, download_name=name, conditional=False, etag=False)
    digest = base64.b64encode(bytes.fromhex(document.head_digest)).decode("ascii")
    if not keep:
        is_document()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return response
