"""Signing with a key that the person holds: prepared here, signed elsewhere, completed here (ADR 37).

The person asks for the digest of a prepared signature, has their own token or module sign it, and brings the value back within
five minutes. That value is the fresh proof of who they are: only the key that an accepted authority has certified for exactly
this person, role, ACO and year can have made it, and it was made over this revision and this moment. So nothing is recorded as a
re-authentication before it was verified, and everything else is the ceremony of every signature: the policy before and after,
the viewed bytes, our own verifier, one commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from packets.acts import Tale, carry_out
from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.documents.catalog import Catalog
from packets.documents.reading import not_yours
from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError, Problem
from packets.model.documents import Document
from packets.model.people import Role
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.ceremonies import IntentState
from packets.store.records.prepared import PreparedSignature
from signing.ceremony import Ceremony, SignRequest, identity_for
from signing.facts import gather_actor, gather_facts
from signing.identity import identity_in
from signing.pades import SignedRevision, SigningService
from signing.policy import Refusal, Request, may_sign
from signing.proofs import STEP_UP_LIFETIME
from signing.sources.authorities import KeyAuthority
from signing.sources.deferred import DeferredSigning
from signing.sources.deferred_state import DeferredState
from signing.sources.remote import check_signature

KEPT = timedelta(days=1)
"""How long a prepared signature is kept, so that a value that comes late is told so."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to sign which slot of which revision, in which role."""

    document_id: str
    slot: str
    user_id: str
    role: Role
    viewed_digest: str


@dataclass(frozen=True, slots=True)
class DeferringDesk:
    """Built once with the services that it needs.

    Attributes:
        authorities: whose people may bring their signatures along.
    """

    database: Database
    objects: ObjectStore
    catalog: Catalog
    ceremony: Ceremony
    signer: SigningService
    authorities: Sequence[KeyAuthority]
    clock: Clock

    def prepare(self, wish: Wish, certificate_pem: str) -> PreparedSignature:
        """What the person has to sign.

        Raises:
            NotFoundError: no such document.
            ForbiddenError: the policy refuses; with every reason.
            InputError: the certificate is none, nobody's that is believed, or another person's.
            SigningError: the document cannot be prepared.
        """
        now = self.clock()
        with self.database.read() as records:
            document = records.documents.get(wish.document_id)
        if document is None:
            raise not_yours(wish.document_id)
        tale = Tale(Act.SIGNATURE_PREPARE, wish.user_id, document_subject(document), now)
        certificate, authority = self._permitted(tale, wish, document, certificate_pem)
        return self._record(tale, wish, document, certificate, authority)

    def is_for(self, user_id: str, document_id: str, prepared_id: str) -> bool:
        """Whether a signature was prepared under this id for this person and this document."""
        with self.database.read() as records:
            found = records.prepared.get(prepared_id)
        return found is not None and (found.user_id, found.document_id) == (user_id, document_id)

    def complete(self, user_id: str, prepared_id: str, signature: bytes) -> tuple[Document, str]:
        """Sign with the value that the person has brought: the document as it is then, and the slot.

        Raises:
            NotFoundError: nothing was prepared under this id, or it was for somebody else.
            ForbiddenError: it is too late, or the policy refuses by now.
            SigningError: the value does not fit.
            ConflictError: somebody was faster, or this act was given up.
        """
        with self.database.read() as records:
            prepared = records.prepared.get(prepared_id)
            document = records.documents.get(prepared.document_id) if prepared else None
            known = records.ceremonies.intent(prepared_id)
        if prepared is None or document is None or prepared.user_id != user_id:
            raise not_yours(prepared_id)
        if known is not None and known.state is IntentState.COMMITTED:
            return document, prepared.slot
        if known is not None:
            sentence = "This act is under way or was given up."
            raise ConflictError(Problem("act-not-open", sentence, "Look at the document, then prepare it again."))
        self._prove(prepared, document, signature)
        step_up = self.ceremony.step_up(user_id, prepared.document_id, prepared.viewed_digest, "own-key")
        whose = (prepared.document_id, prepared.slot, user_id, prepared.role, prepared.viewed_digest)
        request = SignRequest(prepared_id, *whose, step_up)
        signed = self.ceremony.sign(request, given=lambda viewed: self._finish(viewed, prepared, signature))
        return signed, prepared.slot

    def _permitted(self, tale: Tale, wish: Wish, document: Document, pem: str) -> tuple[x509.Certificate, KeyAuthority]:
        """The certificate and its authority, where nothing stands in the way; else all that does is told, to the log too."""
        refused: PacketsError
        with self.database.write() as records:
            try:
                reasons = self._reasons(records, wish, document, tale.now)
                if reasons:
                    raise ForbiddenError(reasons)
                return self._certified(records, wish, document, pem)
            except PacketsError as error:
                refused = error
                codes = sorted({one.code for one in error.problems})
                records.journal.log(tale.act, tale.actor, tale.subject, tale.now, Outcome.REFUSED, reasons=codes)
        raise refused

    def _reasons(self, records: Records, wish: Wish, document: Document, now: datetime) -> list[Problem]:
        actor = gather_actor(records, wish.user_id, document, now)
        facts = gather_facts(records, self.catalog, document)
        decision = may_sign(actor, facts, Request(wish.slot, wish.role, wish.viewed_digest), now)
        reasons = list(decision.reasons) if isinstance(decision, Refusal) else []
        if not reasons and not records.documents.viewed(document.document_id, wish.user_id, wish.viewed_digest):
            remedy = "Download the document and read it first."
            reasons.append(Problem("not-viewed", "This revision was never shown to you.", remedy))
        return reasons

    def _certified(
        self, records: Records, wish: Wish, document: Document, pem: str
    ) -> tuple[x509.Certificate, KeyAuthority]:
        certificate = _read_certificate(pem)
        authority = next((one for one in self.authorities if one.has_issued(certificate)), None)
        if authority is None:
            sentence = "The certificate is of no authority whose people may bring their signatures along."
            remedy = "Sign on the page instead, or have the authority added to ESM_SIGNER_KEYS."
            raise InputError(Problem("certificate-not-accepted", sentence, remedy, "certificate"))
        slot = self.catalog[document.kind].slot(wish.slot)
        if identity_in(certificate.subject) != identity_for(records, document, slot, wish.user_id, wish.role):
            sentence = "The certificate does not say that this person signs in this role for this ACO and year."
            remedy = "Ask for one whose subject is like those of this service."
            raise InputError(Problem("certificate-not-yours", sentence, remedy, "certificate"))
        return certificate, authority

    def _record(
        self, tale: Tale, wish: Wish, document: Document, certificate: x509.Certificate, authority: KeyAuthority
    ) -> PreparedSignature:
        slot = self.catalog[document.kind].slot(wish.slot)
        begun = self._deferred(authority).begin(
            self.objects.get(wish.viewed_digest),
            slot=slot,
            chain=(certificate, *authority.issuers),
            viewed_digest=wish.viewed_digest,
        )
        prepared = PreparedSignature(
            prepared_id=str(uuid.uuid4()),
            document_id=wish.document_id,
            slot=wish.slot,
            user_id=wish.user_id,
            role=wish.role,
            viewed_digest=wish.viewed_digest,
            digest=begun.digest,
            state=begun.state,
            prepared_at_utc=tale.now,
        )
        with self.database.write() as records:
            records.prepared.forget(tale.now - KEPT)
            records.prepared.add(prepared)
            tale.tell(records, slot=wish.slot, role=str(wish.role), viewed=wish.viewed_digest, digest=begun.digest)
        return prepared

    def _prove(self, prepared: PreparedSignature, document: Document, signature: bytes) -> None:
        """That the value was made by the certified key over this digest, in time; a refusal is logged."""
        now = self.clock()
        tale = Tale(Act.DOCUMENT_SIGN, prepared.user_id, document_subject(document), now)

        def check(_records: Records) -> None:
            if not self.authorities or now - prepared.prepared_at_utc > STEP_UP_LIFETIME:
                sentence = "The signature was prepared too long ago."
                raise ForbiddenError(Problem("preparation-expired", sentence, "Prepare it again."))
            state = DeferredState.parse(prepared.state)
            check_signature(state.certificates()[0], signature, state.attributes)

        carry_out(self.database, tale, check, lambda _records, _nothing: None)

    def _finish(self, viewed: bytes, prepared: PreparedSignature, signature: bytes) -> SignedRevision:
        """The revision; policies and lists were asked when it was prepared, and the verifier asks once more."""
        return DeferredSigning(self.signer, frozenset(), lambda: ()).finish(viewed, prepared.state, signature)

    def _deferred(self, authority: KeyAuthority) -> DeferredSigning:
        return DeferredSigning(self.signer, authority.policies, authority.revocation_lists)


def _read_certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except (ValueError, UnicodeError):
        sentence = "This is no certificate in PEM form."
        problem = Problem("certificate-unreadable", sentence, "Send the whole text of it.", "certificate")
        raise InputError(problem) from None
