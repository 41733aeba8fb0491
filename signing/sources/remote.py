"""A key that signs somewhere else: over a socket, over HTTP, or by hand. What comes back is checked before it is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko_certvalidator.registry import SimpleCertificateStore

from packets.errors import Problem
from signing.attributes import EncodingSigner
from signing.errors import SigningError
from signing.revisions import asn1_certificate, refuse_unusual

Ask = Callable[[bytes], Awaitable[bytes]]
"""Gives the signature over bytes (ECDSA as DER, or RSA with PKCS #1 v1.5; SHA-256), or raises SigningError."""


class RemoteSigner(EncodingSigner):
    """Signs by asking, and believes no answer that does not hold under the certificate.

    Args:
        chain: certificates from the key's own upwards; a root among them is not put into the signature.
        ask: asks the holder of the key.
    """

    def __init__(self, chain: Sequence[x509.Certificate], ask: Ask) -> None:
        super().__init__(signing_cert=asn1_certificate(chain[0]), cert_registry=store_of(chain), embed_roots=False)
        self._certificate = chain[0]
        self._ask = ask

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature over `data`.

        Raises:
            SigningError: the holder did not answer, or its answer does not hold; or another digest than SHA-256 was asked
                for, or a trial run.
        """
        refuse_unusual(digest_algorithm, dry_run=dry_run)
        signature = await self._ask(data)
        check_signature(self._certificate, signature, data)
        return signature


def store_of(chain: Sequence[x509.Certificate]) -> SimpleCertificateStore:
    """The certificates for pyHanko."""
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([asn1_certificate(one) for one in chain])
    return store


def check_signature(certificate: x509.Certificate, signature: bytes, data: bytes) -> None:
    """See that a signature was made over these bytes with the key of this certificate.

    Raises:
        SigningError: it was not, or the key is neither of an elliptic curve nor RSA.
    """
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            raise _wrong("The kind of the key is not supported.")
    except InvalidSignature as error:
        raise _wrong("The signature was not made over this document with the key of the certificate.") from error


def _wrong(sentence: str) -> SigningError:
    return SigningError(Problem("signature-wrong", sentence, "Check which key and certificate belong together."))
