"""A signature in two acts: first the hash that somebody else signs, later the file with their signature in it.

A person who holds their own token signs this way, and a service that signs hashes at its own pace. The document is not locked in
between: a second signature in the meantime makes `finish` refuse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

from asn1crypto import cms
from cryptography import x509
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

from packets.errors import Problem
from packets.model.documents import Slot
from signing.errors import SigningError
from signing.identity import identity_in
from signing.pades import SIGNED_LEVEL, OpenSlot, SignedRevision, SigningService
from signing.revisions import DIGEST, Prepared, prepare_signature, refusing, signed_time
from signing.sources.deferred_state import DeferredState, encoded
from signing.sources.remote import RemoteSigner
from signing.sources.source import HeldKey
from signing.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Begun:
    """A signature that waits for its value.

    Attributes:
        state: what `finish` needs, JSON; it holds what the revision appends, so it may have some hundred kilobytes.
        digest: SHA-256 to be signed, hex: with ECDSA (DER) or RSA (PKCS #1 v1.5), as the key is.
    """

    state: str
    digest: str


@dataclass(frozen=True, slots=True)
class DeferredSigning:
    """Begins and finishes signatures of keys that are not within reach.

    Attributes:
        service: makes the file, asks for the time-stamp.
        policies: certificate policies under which such a key counts.
        revocation_lists: the present lists of the authorities of such keys, DER.
    """

    service: SigningService
    policies: frozenset[str]
    revocation_lists: Callable[[], Sequence[bytes]]

    def begin(
        self,
        pdf: bytes,
        *,
        slot: Slot,
        chain: Sequence[x509.Certificate],
        viewed_digest: str | None,
        appearance_lines: Sequence[str] | None = None,
    ) -> Begun:
        """Prepare a signature; nothing is signed yet.

        Args:
            pdf: the sealed file, as it was viewed.
            slot: the slot to fill.
            chain: certificates from the signer's own to the root; the first says who signs.
            viewed_digest: SHA-256 of what the person was shown, hex; None when the caller has checked.
            appearance_lines: what the field shows; name, role, user ID and time when absent.

        Raises:
            PkiError: the chain does not hold together, or is under no accepted policy.
            SigningError: the certificate names no person as ours do; or with every reason, as `SigningService.sign`.
        """
        key = HeldKey(RemoteSigner(chain, _not_yet), tuple(chain), self.revocation_lists, self.policies)
        identity = identity_in(key.certificate.subject)
        if identity is None:
            raise SigningError(
                Problem(
                    "certificate-unnamed",
                    "The certificate does not say who signs, in which role and for which ACO.",
                    "Ask for one whose subject is like those of this service.",
                )
            )
        opened = self.service.open_slot(
            pdf,
            slot=slot,
            identity=identity,
            viewed_digest=viewed_digest,
            appearance_lines=appearance_lines,
            credential=key.credential(self.service.clock()),
        )
        return wait_for(self._prepare(pdf, opened, key.chain))

    def finish(self, pdf: bytes, state: str, signature: bytes) -> SignedRevision:
        """Put the signature into the file, with its time-stamp: B-LT, like every other.

        Args:
            pdf: the file as it stands now.
            state: what `begin` gave.
            signature: the signature over its digest.

        Raises:
            SigningError: the document has moved on, the state was changed, the signature is not of that digest and
                certificate, or the certificate has expired.
            TimeStampError: there is no time-stamp, so nothing is signed.
        """
        begun = DeferredState.parse(state)
        content, place = begun.prepared(pdf)
        chain = begun.certificates()
        self._refuse_expired(chain[0])
        container = wait_for(self._container(begun, RemoteSigner(chain, _given(signature))))
        output = BytesIO(content)
        with refusing():
            place.fill_with_cms(output, container)
        signed_at = signed_time(container.dump())
        return SignedRevision(output.getvalue(), signed_at, SIGNED_LEVEL, f"{chain[0].serial_number:x}")

    async def _prepare(self, pdf: bytes, opened: OpenSlot, chain: Sequence[x509.Certificate]) -> Begun:
        signer = opened.credential.signer
        prepared = prepare_signature(
            opened.writer,
            opened.metadata,
            signer,
            timestamper=self.service.timestamps,
            now=opened.now,
            stamp=opened.stamp,
        )
        attributes: cms.CMSAttributes = await signer.signed_attrs(
            prepared.place.document_digest, DIGEST, attr_settings=PdfCMSSignedAttributes(), use_pades=True
        )
        state = _state(pdf, prepared, attributes.dump(), chain)
        return Begun(state.dump(), hashlib.sha256(state.attributes).hexdigest())

    async def _container(self, begun: DeferredState, signer: RemoteSigner) -> cms.ContentInfo:
        return await signer.async_sign_prescribed_attributes(
            DIGEST, signed_attrs=begun.signed_attributes(), timestamper=self.service.timestamps
        )

    def _refuse_expired(self, certificate: x509.Certificate) -> None:
        if self.service.clock() > certificate.not_valid_after_utc:
            raise SigningError(
                Problem("certificate-not-valid", "The certificate has expired since.", "Begin with a new certificate.")
            )


def _state(pdf: bytes, prepared: Prepared, attributes: bytes, chain: Sequence[x509.Certificate]) -> DeferredState:
    place = prepared.place
    return DeferredState(
        base=hashlib.sha256(pdf).hexdigest(),
        appended=prepared.content[len(pdf) :],
        start=place.reserved_region_start,
        end=place.reserved_region_end,
        attributes=attributes,
        chain=tuple(encoded(one) for one in chain),
    )


async def _not_yet(data: bytes) -> bytes:
    raise SigningError(
        Problem("signature-deferred", f"The signature over {len(data)} bytes comes later.", "Report this fault.")
    )


def _given(signature: bytes) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(_: bytes) -> bytes:
        return signature

    return answer
