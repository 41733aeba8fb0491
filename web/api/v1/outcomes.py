"""What else becomes of a document than its signatures: declined, taken back, voided (R3, R18; permission matrix 1.7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.documents.voiding import Replacement, VoidRequest
from packets.errors import ConflictError, NotFoundError, Problem
from packets.model.people import Role
from packets.model.tokens import Scope
from signing.declining import DeclineRequest
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Digest, Fault, Shape, fault_of
from web.api.v1.documents import DOCUMENT, WholeDocument, shape_of
from web.auth.roles import Audience
from web.visit import services

noun = Noun("outcomes")
Reason = Annotated[str, Field(max_length=4000)]


class Declining(Shape):
    """In which slot and role somebody declines, and why; `viewed_digest` is the document's `digest` when they decided."""

    slot: Annotated[str, Field(min_length=1, max_length=60)]
    role: Role
    reason: Reason
    viewed_digest: Digest


class Withdrawal(Shape):
    """In which role somebody takes a decline back, and why."""

    role: Role
    reason: Reason


class Voiding(Shape):
    """Why a document is voided; one with every signature wants `executed_too`."""

    reason: Reason
    viewed_digest: Digest
    executed_too: bool = False


class Outcome(Shape):
    """The document, and what took its place; `problems` say why nothing did, when it no longer counts."""

    document: WholeDocument
    replaced_by: str | None
    problems: list[Fault]


@noun.operation(
    "POST",
    f"{DOCUMENT}/decline",
    Audience.SIGNERS,
    Scope.SIGN,
    answer=Outcome,
    status=201,
    body=Declining,
    creates=True,
)
def decline(asked: Asked, document_id: str) -> Reply:
    """Decline to sign a document in a slot that the person could sign now.

    Declined by the ACO it waits for CMS; declined by CMS it is void and replaced.
    """
    wanted: Declining = asked.body
    _require_slot(asked, document_id, wanted.slot)
    told = (document_id, wanted.slot, asked.person.user_id, wanted.role, wanted.reason, wanted.viewed_digest)
    return _outcome(asked, document_id, services().declining.decline(DeclineRequest(*told)))


@noun.operation(
    "POST",
    f"{DOCUMENT}/withdrawal",
    Audience.SIGNERS,
    Scope.SIGN,
    answer=Outcome,
    status=201,
    body=Withdrawal,
    creates=True,
    changes=True,
)
def withdraw(asked: Asked, document_id: str) -> Reply:
    """Take a decline back; for those who may sign the declined slot, in or out of the window.

    `If-Match` is the `ETag` of the document.
    """
    wanted, user_id = asked.body, asked.person.user_id
    document = services().reading.document(user_id, document_id)
    asked.match(shape_of(document))
    if document.decline is None:
        raise ConflictError(Problem("not-declined", "Nobody declines this document.", "Look at the document again."))
    slot = document.decline.slot
    services().declining.withdraw(DeclineRequest(document_id, slot, user_id, wanted.role, wanted.reason))
    return _outcome(asked, document_id, None)


@noun.operation(
    "POST",
    f"{DOCUMENT}/voiding",
    Audience.VOIDERS,
    Scope.MANAGE,
    answer=Outcome,
    status=201,
    body=Voiding,
    creates=True,
)
def void(asked: Asked, document_id: str) -> Reply:
    """Void a document and put a new one from the facts of today in its place."""
    wanted: Voiding = asked.body
    request = VoidRequest(
        document_id, wanted.reason, asked.person.user_id, wanted.viewed_digest, executed_too=wanted.executed_too
    )
    return _outcome(asked, document_id, services().voiding.void(request))


def _require_slot(asked: Asked, document_id: str, slot: str) -> None:
    document = services().reading.document(asked.person.user_id, document_id)
    if not services().catalog[document.kind].has_slot(slot):
        raise NotFoundError(Problem("not-found", "There is no such signature.", "Look at the document again.", "slot"))


def _outcome(asked: Asked, document_id: str, replacement: Replacement | None) -> Reply:
    new = replacement.document if replacement else None
    return Reply(
        Outcome(
            document=shape_of(services().reading.document(asked.person.user_id, document_id)),
            replaced_by=new.document_id if new else None,
            problems=[fault_of(one) for one in replacement.problems] if replacement else [],
        ),
        201,
    )
