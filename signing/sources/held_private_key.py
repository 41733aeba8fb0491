"""A private key that the signer process holds, in the form in which cryptography uses keys: it signs, and cannot be read.

With it the issuing authority, the seal and the time-stamp authority work as they do with a key in memory: `x509` builders ask a
key object for signatures and never look inside.
"""

from __future__ import annotations

from typing import NoReturn, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from packets.errors import Problem
from signing.errors import SigningError
from signing.sources.socket_client import SocketKey

Buffer: TypeAlias = bytes | bytearray | memoryview
FIELD_BYTES = 32
"""Of P-256. ECDSA uses the leftmost bits of a longer digest (FIPS 186-5, 6.4.1)."""


class HeldPrivateKey(ec.EllipticCurvePrivateKey):
    """A P-256 key of the signer process.

    Args:
        remote: where it is.

    Raises:
        SigningError: the signer process does not have it, cannot be reached, or it is of another curve.
    """

    def __init__(self, remote: SocketKey) -> None:
        self._remote = remote
        public_key = serialization.load_der_public_key(remote.fetch_public_key())
        if not isinstance(public_key, ec.EllipticCurvePublicKey) or not isinstance(public_key.curve, ec.SECP256R1):
            sentence = "The key of the signer process is not of the curve P-256."
            raise SigningError(Problem("key-unfit", sentence, "Make a P-256 key in the module.", remote.label))
        self._public_key = public_key

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """The ECDSA signature over bytes, DER; what comes back is checked.

        Raises:
            SigningError: the signer process refuses, is down, or answers with another signature.
        """
        algorithm = signature_algorithm.algorithm
        if isinstance(algorithm, Prehashed):
            raise TypeError("this key hashes by itself")
        hasher = hashes.Hash(algorithm)
        hasher.update(data)
        signature = self._remote.sign_digest(hasher.finalize()[:FIELD_BYTES])
        try:
            self._public_key.verify(signature, data, ec.ECDSA(algorithm))
        except InvalidSignature as error:
            sentence = "The signer process answered with a signature of something else."
            remedy = "Check which keys its labels name."
            raise SigningError(Problem("signature-wrong", sentence, remedy, self._remote.label)) from error
        return signature

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Its public half."""
        return self._public_key

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public_key.curve

    @property
    def key_size(self) -> int:
        """Bits."""
        return self._public_key.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:  # noqa: ARG002  the interface's
        """Nothing but signatures."""
        self._refuse()

    def private_numbers(self) -> NoReturn:
        """It cannot be read."""
        self._refuse()

    def private_bytes(self, *_arguments: object) -> NoReturn:
        """It cannot be read."""
        self._refuse()

    def __copy__(self) -> HeldPrivateKey:
        """The same key."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> HeldPrivateKey:
        """The same key."""
        return self

    def _refuse(self) -> NoReturn:
        sentence = "The key does not leave the module."
        raise SigningError(Problem("key-unreadable", sentence, "Ask for a signature instead.", self._remote.label))
