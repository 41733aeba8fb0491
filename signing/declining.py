"""Declining: somebody who could sign says no, with a reason (R3, R18; REQUIREMENTS 2.1). It is an act, and no signature.

When a designee of the ACO declines, the document stands still: nobody signs it until the same party takes that back, or CMS
voids and replaces it. When CMS declines what the ACO has signed, the document goes back to the ACO: it is voided with the
reason, its signatures stay on the record, and a new document from the facts of today takes its place, to be signed anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import Assembler, document_subject
from packets.documents.catalog import Catalog
from packets.documents.voiding import Replacement, prepare_replacement, reason_problems, void_and_replace
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.model.documents import Decline, Document, Party
from packets.model.people import Role
from packets.store.database import Database
from packets.store.records import Records
from signing.facts import gather_actor, gather_facts
from signing.policy import Actor, DocumentFacts, Refusal, Request, may_sign

STALE = {"document-changed", "already-signed", "document-declined", "document-voided"}
"""Refusals that say that somebody was faster."""
PERSONAL = {"account-inactive", "entitlement-missing", "role-not-permitted", "role-not-held"}
"""Refusals that are about the person and not about the document."""


@dataclass(frozen=True, slots=True)
class DeclineRequest:
    """What a person asks for when they press *Decline*, or take it back; `viewed_digest` is what they had before them."""

    document_id: str
    slot: str
    user_id: str
    role: Role
    reason: str
    viewed_digest: str = ""


@dataclass(frozen=True, slots=True)
class DeclineDesk:
    """Where documents are declined, and where that is taken back; built once with the services that it needs."""

    database: Database
    catalog: Catalog
    assembler: Assembler
    clock: Clock

    def decline(self, request: DeclineRequest) -> Replacement | None:
        """Decline a document in a slot that the person could sign now; for CMS, what replaces the document is answered.

        Raises:
            NotFoundError: no such document.
            ForbiddenError: the person could not sign this slot, for all of these reasons.
            ConflictError: the document has changed, was declined or was voided meanwhile.
            InputError: there is no reason, or it cannot be used.
        """
        try:
            return self._decline(request)
        except PacketsError as error:
            self._tell(Act.DOCUMENT_DECLINE, request, error)
            raise

    def withdraw(self, request: DeclineRequest) -> None:
        """Take a decline back, with a reason; whoever may sign the declined slot may do it, in or out of the window.

        Raises:
            NotFoundError: no such document.
            ForbiddenError: the person may not sign the declined slot.
            ConflictError: nothing is declined any more.
            InputError: there is no reason, or it cannot be used.
        """
        try:
            with self.database.write() as records:
                self._withdraw(records, request)
        except PacketsError as error:
            self._tell(Act.DOCUMENT_WITHDRAW, request, error)
            raise

    def _decline(self, request: DeclineRequest) -> Replacement | None:
        with self.database.read() as records:
            document = self._admit(records, request)
        by_cms = self.catalog[document.kind].slot(request.slot).party is Party.CMS
        replacement = prepare_replacement(self.assembler, document) if by_cms else None
        with self.database.write() as records:
            self._record(records, self._admit(records, request), request, replacement)
        return replacement

    def _admit(self, records: Records, request: DeclineRequest) -> Document:
        """The document, when the person could sign the slot now."""
        document = _require(records, request.document_id)
        asked = Request(request.slot, request.role, request.viewed_digest)
        facts = gather_facts(records, self.catalog, document)
        now = self.clock()
        decision = may_sign(gather_actor(records, request.user_id, document, now), facts, asked, now)
        if isinstance(decision, Refusal):
            stale = {one.code for one in decision.reasons} <= STALE
            raise (ConflictError if stale else ForbiddenError)(decision.reasons)
        if problems := reason_problems(request.reason, "you decline to sign"):
            raise InputError(problems)
        return document

    def _record(
        self, records: Records, document: Document, request: DeclineRequest, replacement: Replacement | None
    ) -> None:
        now, reason = self.clock(), request.reason.strip()
        records.documents.decline(document.document_id, request.slot, request.user_id, request.role, reason, now)
        told = {"document": document.document_id, "slot": request.slot, "role": str(request.role), "reason": reason}
        subject = document_subject(document)
        records.journal.log(
            Act.DOCUMENT_DECLINE, request.user_id, subject, now, Outcome.DONE, **told, digest=document.head_digest
        )
        payload = {"document_id": document.document_id, "slot": request.slot, "reason": reason}
        records.journal.queue("document-declined", payload, now)
        if replacement is not None:
            void_and_replace(records, document, replacement, reason, request.user_id, now)

    def _withdraw(self, records: Records, request: DeclineRequest) -> None:
        document, now = _require(records, request.document_id), self.clock()
        decline = document.decline
        if decline is None or document.voided_at is not None:
            raise ConflictError(
                Problem("not-declined", "Nobody declines this document any more.", "Open the document again.")
            )
        facts = gather_facts(records, self.catalog, document)
        reasons = withdrawal_reasons(
            gather_actor(records, request.user_id, document, now), facts, decline, request.role
        )
        if reasons:
            raise ForbiddenError(reasons)
        if problems := reason_problems(request.reason, "the document can be signed after all"):
            raise InputError(problems)
        reason = request.reason.strip()
        records.documents.withdraw(decline.decline_id, request.user_id, reason, now)
        told = {"document": document.document_id, "slot": decline.slot, "role": str(request.role), "reason": reason}
        records.journal.log(
            Act.DOCUMENT_WITHDRAW, request.user_id, document_subject(document), now, Outcome.DONE, **told
        )

    def _tell(self, act: Act, request: DeclineRequest, error: PacketsError) -> None:
        """A refusal is an entry of the log."""
        codes = [one.code for one in error.problems]
        with self.database.write() as records:
            document = records.documents.get(request.document_id)
            if document is not None:
                subject, told = document_subject(document), {"document": document.document_id, "reasons": codes}
                records.journal.log(act, request.user_id, subject, self.clock(), Outcome.REFUSED, **told)


def withdrawal_reasons(actor: Actor, facts: DocumentFacts, decline: Decline, role: Role) -> tuple[Problem, ...]:
    """What keeps a person from taking a decline back: only what is about them, for nothing is signed by it."""
    slot = next(one for one in facts.slots if one.name == decline.slot)
    asked = Request(slot.name, role, facts.head_digest)
    decision = may_sign(actor, replace(facts, declined=False), asked, facts.windows[slot.party].opens_at)
    found = decision.reasons if isinstance(decision, Refusal) else ()
    return tuple(one for one in found if one.code in PERSONAL)


def _require(records: Records, document_id: str) -> Document:
    document = records.documents.get(document_id)
    if document is None:
        raise NotFoundError(
            Problem("document-unknown", "There is no such document.", "Open the packet again.", document_id)
        )
    return document
