"""Voiding and replacing: CMS takes a document out of the packet, and a new one from the facts of today takes its place.

Nothing is lost: the voided document keeps its bytes, its signatures and its place in the packet's history, and whoever could
read it still can. Later steps that are unsigned wait for the new document by the rule of earlier steps; those that are signed
stay as they are, and the packet says on which voided document they stand (docs/adr/0013).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import Assembler, Made, document_subject, record_draft
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.model.documents import Document
from packets.people.access import Action, may
from packets.store.database import Database
from packets.store.records import Records

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Replacement:
    """What takes a voided document's place: a document that is prepared, or why there is none."""

    made: Made | None
    problems: tuple[Problem, ...] = ()

    @property
    def document(self) -> Document | None:
        """The document, or None."""
        return self.made.draft if self.made else None


@dataclass(frozen=True, slots=True)
class VoidRequest:
    """What CMS staff ask for.

    Attributes:
        viewed_digest: the newest revision when they decided; a document that has moved on since is looked at again.
        executed_too: they said expressly that a document with every signature is meant.
    """

    document_id: str
    reason: str
    user_id: str
    viewed_digest: str
    executed_too: bool = False


@dataclass(frozen=True, slots=True)
class VoidDesk:
    """Where CMS staff void documents; built once with the services that it needs."""

    database: Database
    assembler: Assembler
    clock: Clock

    def void(self, request: VoidRequest) -> Replacement:
        """Void a document and put a new one in its place, in one transaction.

        When today's facts do not allow a new document the old one is voided all the same, and the answer says why there is
        none; it is assembled like any other once they do.

        Raises:
            NotFoundError: no such document.
            ForbiddenError: the person is not CMS staff.
            ConflictError: it was voided before, or has changed since it was looked at.
            InputError: no reason, or an executed document without the express confirmation.
        """
        try:
            return self._void(request)
        except PacketsError as error:
            self._tell(request, error)
            raise

    def _void(self, request: VoidRequest) -> Replacement:
        with self.database.read() as records:
            replaced = _admit(records, request)
        replacement = prepare_replacement(self.assembler, replaced)
        with self.database.write() as records:
            document = _admit(records, request)
            void_and_replace(records, document, replacement, request.reason.strip(), request.user_id, self.clock())
        return replacement

    def _tell(self, request: VoidRequest, error: PacketsError) -> None:
        reasons = sorted({one.code for one in error.problems})
        with self.database.write() as records:
            document = records.documents.get(request.document_id)
            if document is not None:
                told = {"reasons": reasons, "document": document.document_id}
                subject = document_subject(document)
                records.journal.log(Act.DOCUMENT_VOID, request.user_id, subject, self.clock(), Outcome.REFUSED, **told)


def prepare_replacement(assembler: Assembler, document: Document) -> Replacement:
    """Render and seal what is to take a document's place, before any transaction; what is in the way is an answer, no error."""
    try:
        return Replacement(
            assembler.prepare(document.aco_id, document.performance_year, document.kind, document.occurrence)
        )
    except PacketsError as error:
        return Replacement(None, error.problems)


def void_and_replace(
    records: Records, document: Document, replacement: Replacement, reason: str, by: str, now: datetime
) -> None:
    """Record that a document no longer counts, and what takes its place; the log and the outbox are told."""
    new = replacement.document.document_id if replacement.document else ""
    records.documents.void(document.document_id, reason, now, by)
    told = {"document": document.document_id, "digest": document.head_digest, "reason": reason, "replaced_by": new}
    subject, executed = document_subject(document), document.executed_at is not None
    records.journal.log(Act.DOCUMENT_VOID, by, subject, now, Outcome.DONE, **told, executed=executed)
    if replacement.made:
        record_draft(records, replacement.made.draft, replacement.made.contents, by, now)
    payload = {"document_id": document.document_id, "reason": reason, "replaced_by": new or None}
    records.journal.queue("document-voided", payload, now)


def reason_problems(reason: str, what: str) -> list[Problem]:
    """What is wrong with a reason; `what` says of what act, for the remedy."""
    if not reason.strip():
        return [Problem("reason-missing", "There is no reason.", f"Say why {what}.", "reason")]
    if len(reason) > LONGEST_REASON:
        sentence = f"The reason has more than {LONGEST_REASON} characters."
        return [Problem("reason-too-long", sentence, "Shorten it.", "reason")]
    if not all(one.isprintable() or one in "\r\n\t" for one in reason):
        return [
            Problem(
                "reason-unreadable", "The reason holds characters that no page can show.", "Type it again.", "reason"
            )
        ]
    return []


def _admit(records: Records, request: VoidRequest) -> Document:
    """The document, when nothing is in the way."""
    document = records.documents.get(request.document_id)
    if document is None:
        raise NotFoundError(
            Problem("document-unknown", "There is no such document.", "Open the packet again.", request.document_id)
        )
    person = records.people.get(request.user_id)
    if person is None or not may(Action.VOID_DOCUMENT, person.cms_roles) or not person.account_active:
        raise ForbiddenError(
            Problem("void-not-permitted", "Only CMS staff void documents.", "Ask CMS to void the document.")
        )
    if document.voided_at is not None:
        raise ConflictError(
            Problem("document-voided", "The document was voided before.", "Look at the one that replaced it.")
        )
    if document.head_digest != request.viewed_digest:
        raise ConflictError(
            Problem("document-changed", "The document has changed since you looked at it.", "Look at it again.")
        )
    problems = reason_problems(request.reason, "the document is voided")
    if document.executed_at is not None and not request.executed_too:
        problems.append(
            Problem(
                "executed-not-confirmed",
                "Everybody has signed this document; it is in force.",
                "Confirm expressly that an executed document is to be voided.",
                "executed_too",
            )
        )
    if problems:
        raise InputError(problems)
    return document
