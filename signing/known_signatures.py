"""Signatures on certificates and revocation lists, each checked once by a process.

Every file brings the same chain and the same lists, and pyHanko checks them anew for each signature and each time-stamp in it.
Whether a key made a signature over some bytes never changes, so that what held is known from then on. What does not hold is
checked again each time; validity, revocation and trust are no matter of this and are judged as of their moment.
"""

from __future__ import annotations

import hashlib

from asn1crypto.algos import SignedDigestAlgorithm
from asn1crypto.keys import PublicKeyInfo
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_SIGNATURE_VALIDATOR,
    DEFAULT_VALIDATION_CONTEXT,
    SignatureValidationContext,
    SignatureValidator,
)

MOST = 20_000
"""So many digests have some two megabytes. When they are full, all are forgotten, and those of the authorities are soon back."""


class KnownSignatures(SignatureValidator):
    """Asks another one, and remembers what held. Safe to share between threads."""

    def __init__(self, inner: SignatureValidator = DEFAULT_SIGNATURE_VALIDATOR) -> None:
        self._inner = inner
        self._held: set[bytes] = set()

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: PublicKeyInfo,
        signature_algorithm: SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        """See that the key made the signature over the data.

        Raises:
            InvalidSignature: it did not.
        """
        about = f"{context.contextual_md_algorithm} {context.prehashed}".encode()
        asked = _digested(signature, signed_data, public_key_info.dump(), signature_algorithm.dump(), about)
        if asked in self._held:
            return
        self._inner.validate_signature(signature, signed_data, public_key_info, signature_algorithm, context)
        if len(self._held) >= MOST:
            self._held.clear()
        self._held.add(asked)


def _digested(*parts: bytes) -> bytes:
    """SHA-256 over the parts, each with its length, so that no part can stand for the beginning of the next."""
    found = hashlib.sha256()
    for one in parts:
        found.update(len(one).to_bytes(8) + one)
    return found.digest()
