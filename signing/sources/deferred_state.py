"""The text between the two acts of a deferred signature, and what it must prove when it comes back.

It need be kept neither secret nor safe, for it binds itself: the signature is over attributes that carry the digest of the
prepared file and the hash of the certificate, and both are computed again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any, Self

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest

from packets.canonical import canonical_json
from packets.errors import Problem
from signing.errors import SigningError
from signing.pki import issued_by

VERSION = 1


@dataclass(frozen=True, slots=True)
class DeferredState:
    """A prepared revision without its signature.

    Attributes:
        base: SHA-256 of the file as it was viewed, hex.
        appended: what the prepared revision appends to it.
        start, end: where in the whole file the container goes, angle brackets included.
        attributes: the signed attributes, DER (RFC 5652, 5.3).
        chain: certificates from the signer's own upwards, DER.
    """

    base: str
    appended: bytes
    start: int
    end: int
    attributes: bytes
    chain: tuple[bytes, ...]

    def dump(self) -> str:
        """As JSON."""
        return canonical_json(
            {
                "appended": _text(self.appended),
                "attributes": _text(self.attributes),
                "base": self.base,
                "chain": [_text(one) for one in self.chain],
                "end": self.end,
                "start": self.start,
                "version": VERSION,
            }
        ).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From JSON.

        Raises:
            SigningError: it is no state of this version.
        """
        try:
            values: Any = json.loads(text)
            if values["version"] != VERSION:
                raise _unusable("it is of another version")
            return cls(
                base=str(values["base"]),
                appended=_bytes(values["appended"]),
                start=int(values["start"]),
                end=int(values["end"]),
                attributes=_bytes(values["attributes"]),
                chain=tuple(_bytes(one) for one in values["chain"]),
            )
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise _unusable("it cannot be read") from error

    def prepared(self, pdf: bytes) -> tuple[bytes, PreparedByteRangeDigest]:
        """The prepared file, and where its container goes, on top of the file as it stands now.

        Raises:
            SigningError: the file is another one by now, or the state was changed.
        """
        if hashlib.sha256(pdf).hexdigest() != self.base:
            raise SigningError(
                Problem("document-changed", "The document has moved on since.", "View it again, then sign again.")
            )
        content = pdf + self.appended
        gap = content[self.start : self.end] if len(pdf) < self.start < self.end else b""
        digest = hashlib.sha256(content[: self.start] + content[self.end :]).digest()
        if gap != b"<" + b"0" * (len(gap) - 2) + b">" or digest != self._bound("message_digest"):
            raise _unusable("it does not fit the document")
        return content, PreparedByteRangeDigest(digest, self.start, self.end)

    def signed_attributes(self) -> cms.CMSAttributes:
        """The signed attributes, parsed."""
        return cms.CMSAttributes.load(self.attributes)

    def certificates(self) -> tuple[x509.Certificate, ...]:
        """The chain, parsed.

        Raises:
            SigningError: the certificate is not the one that the attributes name (ESSCertIDv2, RFC 5035, 4), there is none, or
                it and those above it are no chain up to a root.
        """
        try:
            found = tuple(x509.load_der_x509_certificate(one) for one in self.chain)
            named = self._bound("signing_certificate_v2")["certs"][0]["cert_hash"].native
        except (ValueError, TypeError, LookupError) as error:
            raise _unusable("its certificates cannot be read") from error
        if not found or named != hashlib.sha256(self.chain[0]).digest():
            raise _unusable("its certificate is another one")
        if not _is_chain(found):
            raise _unusable("its certificates are no chain")
        return found

    def _bound(self, kind: str) -> Any:
        """The one value of an attribute."""
        try:
            (value,) = (one["values"][0] for one in self.signed_attributes() if one["type"].native == kind)
        except (ValueError, TypeError, LookupError) as error:
            raise _unusable("its attributes cannot be read") from error
        return value.native if kind == "message_digest" else value


def encoded(certificate: x509.Certificate) -> bytes:
    """A certificate as DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def _text(content: bytes) -> str:
    return b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)


def _is_chain(certificates: tuple[x509.Certificate, ...]) -> bool:
    """Whether each was issued by the next, and the root by itself: the signed attributes bind the first one only."""
    return all(issued_by(one, issuer) for one, issuer in itertools.pairwise((*certificates, certificates[-1])))


def _unusable(what: str) -> SigningError:
    sentence = f"The state of the deferred signature is not usable: {what}."
    return SigningError(Problem("state-unusable", sentence, "Begin the signature again."))
