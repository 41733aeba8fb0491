"""The signing ceremony: intent first, record last, so that a crash at any instant loses nothing and invents nothing.

The order of writes (DESIGN 4):

1. TX1: the policy permits; the intent is recorded with its proof of fresh re-authentication, and the audit entry; commit.
2. Exactly the viewed bytes are signed with a one-time key, time-stamped, and judged by our own verifier.
3. The new revision is put into the object store and read back.
4. TX2: the policy is asked again; the head digest is compared and swapped; signature, audit entry and outbox in one commit.
5. The answer; notices go out from the outbox afterwards.

A crash after 1 leaves an open intent, which the reconciler closes as abandoned; bytes that no record names are never served.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.documents.catalog import Catalog
from packets.errors import ConflictError, ForbiddenError, NotFoundError, OutcomeUnknownError, PacketsError, Problem
from packets.faultpoints import FaultPoint, passing
from packets.jobs.queue import enqueue
from packets.model.documents import Document, DocumentType, Event, Party, Revision, Signature, Slot
from packets.model.people import Person, Role
from packets.store.database import Database
from packets.store.objects import ObjectStore, digest_bytes
from packets.store.records import Records
from packets.store.records.ceremonies import Intent, IntentState, StepUp
from signing.checkpoints import CHECKPOINT
from signing.errors import SigningError
from signing.facts import actor_of, expected_signers, gather_facts
from signing.identity import SignerIdentity
from signing.pades import SignedRevision, SigningService
from signing.policy import Permit, Refusal, Request, may_sign
from signing.proofs import step_up_problems, was_shown
from signing.trust import ExpectedSigner

AGENCY = "Centers for Medicare & Medicaid Services"


@dataclass(frozen=True, slots=True)
class SignRequest:
    """What a person asks for when they press *Sign*.

    Attributes:
        idempotency_key: the same key means the same act: it is done once, and answered the same every time.
        viewed_digest: digest of the revision that was shown to the person.
        step_up_id: proof of re-authentication for exactly that digest.
    """

    idempotency_key: str
    document_id: str
    slot: str
    user_id: str
    role: Role
    viewed_digest: str
    step_up_id: str


Given = Callable[[bytes], SignedRevision]
"""From the viewed bytes, the revision with a signature that somebody else has made."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made before it is recorded: the signed revision, who it names, and the closed file after the last signature."""

    signed: SignedRevision
    identity: SignerIdentity
    closed: bytes | None


@dataclass(frozen=True, slots=True)
class Ceremony:
    """The use case of signing; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    signer: SigningService
    clock: Clock

    def step_up(self, user_id: str, document_id: str, digest: str, method: str = "password") -> str:
        """Record that a person has just re-authenticated to sign these bytes; answer the proof's id.

        The caller has checked the person's authenticator; `method` names it. The proof lasts five minutes and counts once.
        """
        now = self.clock()
        step_up = StepUp(str(uuid.uuid4()), user_id, document_id, digest, now, method=method)
        with self.database.write() as records:
            records.ceremonies.add_step_up(step_up)
            records.journal.log(Act.ACCOUNT_STEP_UP, user_id, document_id, now, digest=digest, method=method)
        return step_up.step_up_id

    def sign(self, request: SignRequest, *, given: Given | None = None) -> Document:
        """Sign, or refuse with every reason.

        Args:
            request: who signs what.
            given: makes the revision of a signature that the person has brought along; with a key of ours when absent.

        Raises:
            NotFoundError: no such document.
            ForbiddenError: the policy or the step-up refuses; nothing was signed.
            ConflictError: the key was used for another act, or somebody was faster; look again.
            OutcomeUnknownError: the database went away while the signature was being recorded; the same key asks again.
            PacketsError: no time-stamp, no storage or a signature that our verifier does not pass; nothing was recorded.
        """
        passing(FaultPoint.BEFORE_INTENT)
        document, intent = self._open_intent(request)
        passing(FaultPoint.AFTER_INTENT)
        if intent.state is IntentState.COMMITTED:
            return document
        try:
            signed = self._record(intent, self._make(document, intent, given))
        except OutcomeUnknownError:
            raise  # it may be recorded: the same key asks again, and the reconciler gives up what was not
        except PacketsError as error:
            self._abandon(intent, error)
            raise
        passing(FaultPoint.AFTER_COMMIT)
        return signed

    def _open_intent(self, request: SignRequest) -> tuple[Document, Intent]:
        """TX1. The intent of an earlier call with the same key is answered as it is."""
        now = self.clock()
        refused: PacketsError
        with self.database.write() as records:
            document = _require(records, request.document_id)
            earlier = records.ceremonies.intent(request.idempotency_key)
            if earlier is not None:
                return document, _replayed(earlier, request)
            try:
                permit = self._decide(records, document, request, now)
                intent = self._admit(records, document, request, permit, now)
            except PacketsError as error:
                refused = error
                codes = [one.code for one in error.problems]
                records.journal.log(
                    _act(request.role), request.user_id, document_subject(document), now, Outcome.REFUSED, reasons=codes
                )
            else:
                return document, intent
        raise refused

    def _decide(self, records: Records, document: Document, request: SignRequest, now: datetime) -> Permit:
        person = _require_person(records, request.user_id)
        facts = gather_facts(records, self.catalog, document)
        asked = Request(request.slot, request.role, request.viewed_digest)
        decision = may_sign(actor_of(person, records, document, now), facts, asked, now)
        problems = list(decision.reasons) if isinstance(decision, Refusal) else []
        bound_to = (request.user_id, document.document_id, request.viewed_digest)
        problems += step_up_problems(records, request.step_up_id, bound_to, now)
        if not problems and not was_shown(records, request.step_up_id, bound_to):
            problems.append(
                Problem("not-viewed", "This revision was never shown to you.", "Open the document and read it first.")
            )
        if problems or isinstance(decision, Refusal):
            stale = {one.code for one in problems} <= {"document-changed", "document-voided", "already-signed"}
            raise (ConflictError if stale else ForbiddenError)(problems)
        return decision

    def _admit(
        self, records: Records, document: Document, request: SignRequest, permit: Permit, now: datetime
    ) -> Intent:
        """Spend the proof, record the intent and tell the log, which from then on knows who was about to sign what."""
        records.ceremonies.use_step_up(request.step_up_id, now)
        intent = Intent(
            intent_id=str(uuid.uuid4()),
            idempotency_key=request.idempotency_key,
            document_id=request.document_id,
            slot=permit.slot.name,
            user_id=request.user_id,
            role=permit.role,
            viewed_digest=permit.digest,
            step_up_id=request.step_up_id,
            opened_at_utc=now,
        )
        records.ceremonies.open_intent(intent)
        told = {"intent": intent.intent_id, "document": document.document_id, "slot": intent.slot}
        told |= {"role": str(intent.role), "viewed": intent.viewed_digest}
        records.journal.log(Act.INTENT_OPEN, request.user_id, document_subject(document), now, Outcome.DONE, **told)
        return intent

    def _make(self, document: Document, intent: Intent, given: Given | None = None) -> Made:
        """Steps 2 and 3: sign what was viewed, judge it, store it. The last signature is followed by the closing time-stamp."""
        document_type = self.catalog[document.kind]
        slot = document_type.slot(intent.slot)
        with self.database.read() as records:
            identity = identity_for(records, document, slot, intent.user_id, intent.role)
        viewed = self.objects.get(intent.viewed_digest)
        passing(FaultPoint.BEFORE_SIGNATURE)
        if given is None:
            signed = self.signer.sign(viewed, slot=slot, identity=identity, viewed_digest=intent.viewed_digest)
        else:
            signed = given(viewed)
        passing(FaultPoint.AFTER_SIGNATURE)
        closed = self.signer.close(signed.pdf) if _is_last(document, document_type, slot) else None
        self._judge(closed or signed.pdf, document, intent, closed=closed is not None)
        passing(FaultPoint.AFTER_VERDICT)
        for content in filter(None, (signed.pdf, closed)):
            self.objects.put(content)
            passing(FaultPoint.BETWEEN_PUTS)
        passing(FaultPoint.AFTER_PUTS)
        return Made(signed, identity, closed)

    def _judge(self, pdf: bytes, document: Document, intent: Intent, *, closed: bool) -> None:
        """Our own verifier must pass the result, with exactly the signers that the record will name, before it counts."""
        signer = ExpectedSigner(intent.slot, intent.user_id, (intent.role,))
        expected = replace(expected_signers(document, signer), closed=closed)
        verdict = self.signer.verify_own(pdf, expected)
        if not verdict.passed:
            raise SigningError(verdict.problems)

    def _record(self, intent: Intent, made: Made) -> Document:
        """TX2: ask the policy again, swap the head, record; once, also where a COMMIT is never heard of again."""

        def record(records: Records) -> Document:
            now = self.clock()
            document = _require(records, intent.document_id)
            known = records.ceremonies.intent(intent.idempotency_key)
            if known is not None and known.state is IntentState.COMMITTED:
                return document
            person = _require_person(records, intent.user_id)
            facts = gather_facts(records, self.catalog, document)
            asked = Request(intent.slot, intent.role, intent.viewed_digest)
            decision = may_sign(actor_of(person, records, document, now), facts, asked, now)
            if isinstance(decision, Refusal):
                raise ConflictError(decision.reasons)
            self._commit(records, document, intent, made, now)
            passing(FaultPoint.BEFORE_COMMIT)
            return _require(records, intent.document_id)

        return self.database.surely(record)

    def _commit(self, records: Records, document: Document, intent: Intent, made: Made, now: datetime) -> None:
        slot = self.catalog[document.kind].slot(intent.slot)
        event = Event.COUNTERSIGNED if slot.party is Party.CMS else Event.SIGNED
        signed = _revision(document, made.signed.pdf, event, now)
        _swap(records, document, signed, intent.user_id)
        if not records.ceremonies.close_intent(intent.intent_id, IntentState.COMMITTED, now):
            raise ConflictError(_overtaken())
        records.documents.add_signature(document.document_id, _signature(intent, made, signed.digest), intent.intent_id)
        subject = document_subject(document)
        told = {
            "document": document.document_id,
            "slot": intent.slot,
            "role": str(intent.role),
            "viewed": intent.viewed_digest,
        }
        records.journal.log(_act(intent.role), intent.user_id, subject, now, Outcome.DONE, **told, digest=signed.digest)
        if made.closed is not None:
            document = _require(records, document.document_id)
            executed = _revision(document, made.closed, Event.EXECUTED, now)
            _swap(records, document, executed, SERVICE)
            records.documents.execute(document.document_id, now)
            records.journal.log(
                Act.DOCUMENT_EXECUTE, SERVICE, subject, now, document=document.document_id, digest=executed.digest
            )
            enqueue(records, CHECKPOINT, {}, f"{CHECKPOINT}/{document.document_id}", now)
        records.journal.queue("document-signed", {"document_id": document.document_id, "slot": intent.slot}, now)

    def _abandon(self, intent: Intent, error: PacketsError) -> None:
        """Close an intent that came to nothing, and tell the log why."""
        now = self.clock()
        with self.database.write() as records:
            document = _require(records, intent.document_id)
            if records.ceremonies.close_intent(intent.intent_id, IntentState.ABANDONED, now):
                codes = [one.code for one in error.problems]
                records.journal.log(
                    _act(intent.role), intent.user_id, document_subject(document), now, Outcome.REFUSED, reasons=codes
                )


def _require(records: Records, document_id: str) -> Document:
    document = records.documents.get(document_id)
    if document is None:
        raise NotFoundError(
            Problem("document-unknown", "There is no such document.", "Open the packet again.", document_id)
        )
    return document


def _require_person(records: Records, user_id: str) -> Person:
    person = records.people.get(user_id)
    if person is None:
        raise ForbiddenError(Problem("person-unknown", f"There is no user {user_id}.", "Sign in again.", user_id))
    return person


def _replayed(earlier: Intent, request: SignRequest) -> Intent:
    """The same key again: the same act is answered, another act is refused, an act under way is waited for."""
    asked = (request.document_id, request.slot, request.user_id, request.role, request.viewed_digest)
    same = asked == (earlier.document_id, earlier.slot, earlier.user_id, earlier.role, earlier.viewed_digest)
    if same and earlier.state is IntentState.COMMITTED:
        return earlier
    if not same:
        raise ConflictError(
            Problem("key-reused", "This idempotency key belongs to another act.", "Send a new key for a new act.")
        )
    raise ConflictError(
        Problem(
            "act-not-open", "This act is under way or was given up.", "Open the document again and sign with a new key."
        )
    )


def identity_for(records: Records, document: Document, slot: Slot, user_id: str, role: Role) -> SignerIdentity:
    """As whom a person signs a slot: what their certificate has to say."""
    person = _require_person(records, user_id)
    aco = records.acos.get(document.aco_id, document.performance_year)
    organization = AGENCY if slot.party is Party.CMS or aco is None else aco.legal_name
    return SignerIdentity(
        user_id=person.user_id,
        name=person.full_name,
        role=role,
        organization=organization,
        aco_id=document.aco_id,
        performance_year=document.performance_year,
    )


def _signature(intent: Intent, made: Made, revision_digest: str) -> Signature:
    return Signature(
        slot=intent.slot,
        user_id=made.identity.user_id,
        name=made.identity.name,
        role=made.identity.role,
        signed_at=made.signed.signed_at,
        level=made.signed.level,
        certificate_serial=made.signed.certificate_serial,
        revision_digest=revision_digest,
    )


def _revision(document: Document, content: bytes, event: Event, now: datetime) -> Revision:
    return Revision(len(document.revisions) + 1, digest_bytes(content), len(content), event, now)


def _swap(records: Records, document: Document, revision: Revision, by: str) -> None:
    if not records.documents.advance(document, revision, by):
        raise ConflictError(_overtaken())


def _overtaken() -> Problem:
    return Problem("document-changed", "Somebody else signed at the same moment.", "Open the document again.")


def _is_last(document: Document, document_type: DocumentType, slot: Slot) -> bool:
    return {one.name for one in document.unsigned(document_type)} == {slot.name}


def _act(role: Role) -> Act:
    return Act.DOCUMENT_COUNTERSIGN if role is Role.CMS_SIGNATORY else Act.DOCUMENT_SIGN
