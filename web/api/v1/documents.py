"""Documents: what is recorded about one, its revisions, its bytes, what our verifier says of them."""

from __future__ import annotations

import base64

from flask import request

from packets.documents.reading_copies import file_name
from packets.model.documents import Document, Event, Party, Slot
from packets.model.people import Role
from packets.model.tokens import Scope
from signing.facts import expected_of
from signing.verify import verify_pdf
from web.api.operations import PDF, Asked, Noun, Reply
from web.api.shapes import Digest, Page, Shape, Time
from web.api.v1.packets import DocumentStatus, status_slug
from web.api.v1.verifications import FileVerdict, verdict_of
from web.auth.roles import Audience
from web.pages.lines import status_of
from web.visit import services

noun = Noun("documents")
DOCUMENT = "/documents/<uuid:document_id>"


class RecordedSignature(Shape):
    """A signature as the ledger has it."""

    slot: str
    user_id: str
    name: str
    role: Role
    signed_at: Time
    level: str
    revision_digest: Digest


class OpenSlot(Shape):
    """A slot that still wants its signature, and who may give it."""

    slot: str
    party: Party
    roles: list[Role]


class WholeDocument(Shape):
    """A document. `digest` is that of its newest revision: what is viewed, signed and downloaded."""

    document_id: str
    aco_id: str
    performance_year: int
    kind: str
    title: str
    edition: str
    step: int
    occurrence: int
    status: DocumentStatus | None
    pages: int
    digest: Digest
    data_digest: Digest
    template_digest: Digest
    signatures: list[RecordedSignature]
    unsigned: list[OpenSlot]
    declined: bool
    executed_at: Time | None
    voided_at: Time | None
    sample: bool


class RevisionLine(Shape):
    """One immutable state of the bytes; each is a byte prefix of the next."""

    number: int
    digest: Digest
    size: int
    event: Event
    at: Time


@noun.operation("GET", DOCUMENT, Audience.RECORD_READERS, Scope.READ, answer=WholeDocument)
def show(asked: Asked, document_id: str) -> Reply:
    """A document with everything that is recorded about it."""
    return Reply(shape_of(services().reading.document(asked.person.user_id, document_id)))


@noun.operation("GET", f"{DOCUMENT}/revisions", Audience.RECORD_READERS, Scope.READ, answer=Page[RevisionLine])
def revisions(asked: Asked, document_id: str) -> Reply:
    """Every revision of a document, the first one first."""
    document = services().reading.document(asked.person.user_id, document_id)
    lines = [
        RevisionLine(number=one.number, digest=one.digest, size=one.size, event=one.event, at=one.at_utc)
        for one in document.revisions
    ]
    return Reply(Page[RevisionLine](items=lines, next=None))


@noun.operation("GET", f"{DOCUMENT}/pdf", Audience.RECORD_READERS, Scope.READ, gives=PDF)
def pdf(asked: Asked, document_id: str) -> Reply:
    """The newest bytes of a document.

    That the person was shown them is recorded, as signing needs it, and every retrieval is logged. `Repr-Digest` has their
    SHA-256.
    """
    reading, user_id = services().reading, asked.person.user_id
    if request.method == "HEAD":  # nothing is shown, so nothing is recorded
        document = reading.document(user_id, document_id)
        content = services().objects.get(document.head_digest)
    else:
        reading.show(user_id, document_id)
        document, content = reading.download(user_id, document_id)
    digest = base64.b64encode(bytes.fromhex(document.head_digest)).decode("ascii")
    named = f'attachment; filename="{file_name(document)}"'
    tag = f'"{document.head_digest[:32]}"'
    return Reply(content, headers={"Repr-Digest": f"sha-256=:{digest}:", "Content-Disposition": named, "ETag": tag})


@noun.operation("GET", f"{DOCUMENT}/verification", Audience.RECORD_READERS, Scope.READ, answer=FileVerdict)
def verification(asked: Asked, document_id: str) -> Reply:
    """What our verifier says of the stored bytes, held against what the ledger says that they must be."""
    document = services().reading.document(asked.person.user_id, document_id)
    content = services().objects.get(document.head_digest)
    verdict = verify_pdf(content, services().signer.trust, expected=expected_of(document), now=services().clock())
    return Reply(verdict_of(verdict))


def shape_of(document: Document) -> WholeDocument:
    """A document as the API tells it."""
    document_type, status = services().catalog[document.kind], status_of(services(), document)
    return WholeDocument(
        document_id=document.document_id,
        aco_id=document.aco_id,
        performance_year=document.performance_year,
        kind=document.kind,
        title=document_type.title,
        edition=document.edition,
        step=document.step,
        occurrence=document.occurrence,
        status=status_slug(status) if status else None,
        pages=document.pages,
        digest=document.head_digest,
        data_digest=document.data_digest,
        template_digest=document.template_digest,
        signatures=[
            RecordedSignature(
                slot=one.slot,
                user_id=one.user_id,
                name=one.name,
                role=one.role,
                signed_at=one.signed_at,
                level=one.level,
                revision_digest=one.revision_digest,
            )
            for one in document.signatures
        ],
        unsigned=[_slot(one) for one in document.unsigned(document_type)],
        declined=document.decline is not None,
        executed_at=document.executed_at,
        voided_at=document.voided_at,
        sample=document.sample,
    )


def _slot(slot: Slot) -> OpenSlot:
    return OpenSlot(slot=slot.name, party=slot.party, roles=list(slot.roles))
