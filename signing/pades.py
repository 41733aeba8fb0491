"""The signatures of a document: seal, one signature a slot, and the archival time-stamp that closes the file (PAdES).

Levels are those of ETSI EN 319 142-1: every seal and every signature is B-LT in one revision, the closed file is B-LTA. Each
revision is a byte prefix of the next. A signer's key exists in memory for one signature and is written nowhere.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata
from pyhanko.sign.validation import read_certification_data
from pyhanko.stamp import StaticStampStyle

from packets.clock import Clock
from packets.errors import Problem
from packets.model.documents import Slot
from packets.render.stamp import render_stamp
from signing.appearance import StampRenderer, default_lines, stamp_style
from signing.errors import ContainerTooSmallError, SigningError
from signing.fields import ARCHIVE_FIELD, SEAL_FIELD
from signing.identity import SignerIdentity
from signing.pki import Pki
from signing.revisions import (
    BLANK,
    DIGEST,
    INVISIBLE,
    Appended,
    ArchivalWriter,
    FieldState,
    ValidationData,
    append_signature,
    append_timestamp,
    embed_validation_data,
    open_writer,
    signature_fields,
)
from signing.sources.source import NOTHING_MORE, Credential, OneTimeKeys, OwnSeal, SealSource, SignerSource, merge_trust
from signing.timestamps import TimeStampSource, local_source
from signing.trust import Expected, Trust
from signing.verdict import Verdict
from signing.verify import verify_pdf
from signing.waiting import wait_for

SEAL_REASON = "Sealed by the service: these are the bytes that were offered for signature. No signature of a person."
CLOSED_LEVEL, SIGNED_LEVEL = "B-LTA", "B-LT"
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class SignedRevision:
    """A revision that a signature made.

    Attributes:
        pdf: the whole file.
        signed_at: the time in the signature's time-stamp, UTC.
        level: `B-LT`, or `B-LTA` when the file was closed in the same act.
        certificate_serial: serial number of the signer's certificate, hex.
    """

    pdf: bytes
    signed_at: datetime
    level: str
    certificate_serial: str


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot about to be signed.

    Attributes:
        writer: the file, validation data embedded.
        metadata: field, reason and name.
        credential: what signs.
        stamp: what the field shows.
        now: the time that the signature dictionary claims.
    """

    writer: ArchivalWriter
    metadata: PdfSignatureMetadata
    credential: Credential
    stamp: StaticStampStyle
    now: datetime


class SigningService:
    """Makes signatures. Built once a process, safe to share between threads, cheap to call.

    Args:
        pki: keys and certificates.
        clock: the time.
        timestamps: where time-stamps come from; our own authority when absent.
        render_stamp: draws what a signed field shows; signed fields stay blank when None.
        archival_digest: the digest of archival time-stamps: `sha256`, `sha384` or `sha512`.
        signers: where people's keys come from; a fresh one for each signature when absent.
        seal: where the seal's key comes from; the service's own folder when absent.
    """

    def __init__(
        self,
        pki: Pki,
        clock: Clock,
        timestamps: TimeStampSource | None = None,
        *,
        render_stamp: StampRenderer | None = render_stamp,
        archival_digest: str = DIGEST,
        signers: SignerSource | None = None,
        seal: SealSource | None = None,
    ) -> None:
        self.archival_digest = archival_digest
        self._pki = pki
        self.clock = clock
        self.timestamps = timestamps or local_source(pki, clock)
        self._render_stamp = render_stamp
        self._signers = signers or OneTimeKeys(pki.authority, pki.trust)
        self._seal = seal or OwnSeal(pki)

    @property
    def trust(self) -> Trust:
        """What a verifier of this service's files must trust: its roots, and those of the authorities that it asks."""
        own = replace(self._pki.trust, timestamp_roots=self.timestamps.trust.timestamp_roots)
        return merge_trust(own, signers=[self._signers], seals=[self._seal])

    @property
    def issuers(self) -> tuple[bytes, ...]:
        """The roots, DER, under which signers are certified today: ours, and those of keys that somebody else holds."""
        own = self._pki.trust.roots
        return (own[0], *(one for one in self._signers.trust.roots if one not in own))

    def seal(self, pdf: bytes) -> bytes:
        """Certify a draft: from here on only its signature fields may be filled (DocMDP, P=2; ISO 32000-1, 12.8.2.2).

        Raises:
            SigningError: the file is no PDF, or carries a signature or a field named `Seal` already.
            TimeStampError: there is no time-stamp.
        """
        return self._fitting(lambda: self._seal_once(pdf))

    def _seal_once(self, pdf: bytes) -> bytes:
        writer = open_writer(pdf)
        _refuse_resealing(signature_fields(writer.prev))
        metadata = PdfSignatureMetadata(
            field_name=SEAL_FIELD,
            md_algorithm=DIGEST,
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.FILL_FORMS,
            reason=SEAL_REASON,
        )
        field = SigFieldSpec(SEAL_FIELD, invis_sig_settings=INVISIBLE, readable_field_name="Service seal")
        now = self.clock()
        seal = self._seal.credential(now)
        embed_validation_data(writer, self._validation_data(now, seal))
        sealed = wait_for(
            append_signature(writer, metadata, seal.signer, timestamper=self.timestamps, now=now, new_field=field)
        )
        return sealed.pdf

    def sign(
        self,
        pdf: bytes,
        *,
        slot: Slot,
        identity: SignerIdentity,
        viewed_digest: str | None,
        appearance_lines: Sequence[str] | None = None,
        final: bool = False,
    ) -> SignedRevision:
        """Sign one slot as one person, with a key and a certificate that are used once.

        Args:
            pdf: the sealed file, as it was viewed.
            slot: the slot to fill; its purpose becomes the reason of the signature.
            identity: who signs, as what, for whom.
            viewed_digest: SHA-256 of what the person was shown, hex; None when the caller has checked.
            appearance_lines: what the field shows; name, role, user ID and time when absent.
            final: close the file in the same act.

        Raises:
            SigningError: with every reason: other bytes were viewed, the file is not sealed, closed already, or the slot's
                field is missing or filled.
            TimeStampError: there is no time-stamp, so nothing is signed.
        """

        def attempt() -> tuple[Appended, int]:
            opened = self.open_slot(
                pdf, slot=slot, identity=identity, viewed_digest=viewed_digest, appearance_lines=appearance_lines
            )
            return self._fill(opened), opened.credential.certificate.serial_number

        signed, serial = self._fitting(attempt)
        content, level = (self.close(signed.pdf), CLOSED_LEVEL) if final else (signed.pdf, SIGNED_LEVEL)
        return SignedRevision(content, signed.signed_at, level, f"{serial:x}")

    def _fill(self, opened: OpenSlot) -> Appended:
        return wait_for(
            append_signature(
                opened.writer,
                opened.metadata,
                opened.credential.signer,
                timestamper=self.timestamps,
                now=opened.now,
                stamp=opened.stamp,
            )
        )

    def _fitting(self, make: Callable[[], Made]) -> Made:
        """What `make` makes; once more with all the space that may be needed, when the measured space was too small."""
        try:
            return make()
        except ContainerTooSmallError:
            self.timestamps.widen()
            return make()

    def open_slot(
        self,
        pdf: bytes,
        *,
        slot: Slot,
        identity: SignerIdentity,
        viewed_digest: str | None,
        appearance_lines: Sequence[str] | None = None,
        credential: Credential | None = None,
    ) -> OpenSlot:
        """All that a signature in a slot needs, with its validation data embedded; the arguments are those of `sign`.

        Args:
            pdf: the sealed file, as it was viewed.
            slot: the slot to fill.
            identity: who signs.
            viewed_digest: SHA-256 of what the person was shown, hex; None when the caller has checked.
            appearance_lines: what the field shows.
            credential: what signs; what the service's own source gives when absent.

        Raises:
            SigningError: with every reason, as `sign`.
        """
        writer = open_writer(pdf)
        fields = signature_fields(writer.prev)
        problems = [
            *_digest_problems(pdf, viewed_digest),
            *_state_problems(writer, fields),
            *_slot_problems(fields, slot.name),
        ]
        if problems:
            raise SigningError(problems)
        now = self.clock()
        digest = viewed_digest or hashlib.sha256(pdf).hexdigest()
        stamp = self._style(fields[slot.name], appearance_lines or default_lines(identity, now, digest))
        credential = credential or self._signers.credential(identity, now)
        embed_validation_data(writer, self._validation_data(now, credential))
        return OpenSlot(writer, _slot_metadata(slot, identity), credential, stamp, now)

    def close(self, pdf: bytes) -> bytes:
        """Append an archival time-stamp over everything before it; again later, to renew it (EN 319 142-1, 5.5).

        Raises:
            SigningError: the file is not sealed.
            TimeStampError: there is no time-stamp.
        """
        return self._fitting(lambda: self._close_once(pdf))

    def _close_once(self, pdf: bytes) -> bytes:
        writer = open_writer(pdf)
        fields = signature_fields(writer.prev)
        problems = _seal_problems(writer)
        if problems:
            raise SigningError(problems)
        count = sum(1 for name in fields if ARCHIVE_FIELD.fullmatch(name))
        embed_validation_data(writer, self._validation_data(self.clock()))
        return wait_for(append_timestamp(writer, f"Archive_{count + 1}", self.timestamps, digest=self.archival_digest))

    def seal_statement(self, content: bytes) -> bytes:
        """The service's seal over bytes that are no PDF: a detached CMS container with a time-stamp, DER (CAdES B-T).

        Raises:
            TimeStampError: there is no time-stamp, so nothing is sealed.
        """
        signer = self._seal.credential(self.clock()).signer
        made = signer.async_sign_general_data(content, DIGEST, use_cades=True, timestamper=self.timestamps)
        sealed: bytes = wait_for(made).dump()
        return sealed

    def present_lists(self) -> tuple[bytes, ...]:
        """Revocation lists of the service's own authorities as of now, DER."""
        return self._pki.root_list, self._pki.authority.issue_revocation_list(self.clock())

    def verify_own(self, pdf: bytes, expected: Expected | None = None) -> Verdict:
        """Judge a file that this process has made itself, at this service's time and by its trust alone."""
        return verify_pdf(pdf, self.trust, expected=expected, now=self.clock())

    def _validation_data(self, now: datetime, credential: Credential | None = None) -> ValidationData:
        """The service's chain and that of a credential, and the lists that show that none of it is revoked."""
        pki, more = self._pki, credential.validation if credential else NOTHING_MORE
        return ValidationData(
            certificates=(pki.root, pki.authority.certificate, pki.timestamps.certificate, *more.certificates),
            revocation_lists=(pki.root_list, pki.authority.issue_revocation_list(now), *more.revocation_lists),
        )

    def _style(self, field: FieldState, lines: Sequence[str]) -> StaticStampStyle:
        if self._render_stamp is None or not (field.width and field.height):
            return BLANK
        return stamp_style(self._render_stamp(lines, width=field.width, height=field.height))


def _slot_metadata(slot: Slot, identity: SignerIdentity) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(
        field_name=slot.name,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        reason=slot.purpose,
        name=identity.name,
    )


def _digest_problems(pdf: bytes, viewed_digest: str | None) -> list[Problem]:
    if viewed_digest is None or hashlib.sha256(pdf).hexdigest() == viewed_digest.lower():
        return []
    return [
        Problem(
            "viewed-other-bytes",
            "These are not the bytes that were shown to the person.",
            "View the document again, then sign.",
        )
    ]


def _state_problems(writer: ArchivalWriter, fields: dict[str, FieldState]) -> list[Problem]:
    problems = _seal_problems(writer)
    if any(state.filled and ARCHIVE_FIELD.fullmatch(name) for name, state in fields.items()):
        problems.append(
            Problem("document-closed", "The file was closed with an archival time-stamp.", "Nothing is left to sign.")
        )
    return problems


def _seal_problems(writer: ArchivalWriter) -> list[Problem]:
    reader: PdfFileReader = writer.prev
    certification = read_certification_data(reader)
    if certification is not None and certification.permission is MDPPerm.FILL_FORMS:
        return []
    return [Problem("not-sealed", "The file does not carry the service seal.", "Seal the draft before it is signed.")]


def _slot_problems(fields: dict[str, FieldState], name: str) -> list[Problem]:
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"The file has: {', '.join(sorted(fields)) or 'none'}."
        return [Problem("slot-missing", f"The file has no signature field {name}.", hint, name)]
    if fields[name].filled:
        return [Problem("slot-filled", f"The field {name} is signed already.", "Open the document again.", name)]
    return []


def _refuse_resealing(fields: dict[str, FieldState]) -> None:
    if SEAL_FIELD in fields or any(state.filled for state in fields.values()):
        raise SigningError(
            Problem(
                "sealed-already", "The file carries a seal or a signature already.", "Seal a fresh draft.", SEAL_FIELD
            )
        )
