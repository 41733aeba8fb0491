"""CMS containers, time-stamp tokens and certificates, judged with asn1crypto and cryptography only: no pyHanko."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from asn1crypto import cms, core, parser, tsp, x509
from cryptography import x509 as pyca_x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

CONSTRUCTED, SET, LONG_FORM = 0x20, 0x31, 0x80
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
DIGESTS = tuple(HASHES)


@dataclass(frozen=True)
class Container:
    """A CMS SignedData (RFC 5652, 5) with one signer, as a signature or as a time-stamp token."""

    der: bytes

    @cached_property
    def data(self) -> Any:
        """The SignedData."""
        return cms.ContentInfo.load(self.der, strict=True)["content"]

    @cached_property
    def signer(self) -> Any:
        """The first signer."""
        return self.data["signer_infos"][0]

    @cached_property
    def certificates(self) -> list[Any]:
        """Every certificate in it."""
        return [one.chosen for one in self.data["certificates"] if isinstance(one.chosen, x509.Certificate)]

    @cached_property
    def certificate(self) -> Any:
        """The signer's certificate, by issuer and serial number; None when it is not there."""
        named = self.signer["sid"].chosen
        return next(
            (
                one
                for one in self.certificates
                if one.serial_number == named["serial_number"].native and one.issuer.dump() == named["issuer"].dump()
            ),
            None,
        )

    def signed_values(self, kind: str) -> list[Any]:
        """The values of a signed attribute; empty without it."""
        return [value for one in self.signer["signed_attrs"] if one["type"].dotted == kind for value in one["values"]]

    def unsigned_values(self, kind: str) -> list[Any]:
        """The values of an unsigned attribute; empty without it."""
        return [value for one in self.signer["unsigned_attrs"] if one["type"].dotted == kind for value in one["values"]]

    def digest(self, content: bytes) -> bytes:
        """The digest of some bytes by the signer's algorithm."""
        return hashlib.new(self.signer["digest_algorithm"]["algorithm"].native, content).digest()

    @property
    def statement(self) -> Any:
        """The TSTInfo of a time-stamp token (RFC 3161, 2.4.2)."""
        return self.data["encap_content_info"]["content"].parsed


def is_distinguished(encoded: bytes) -> bool:
    """Whether one value is in DER as far as its frame goes (X.690, 10): lengths definite and shortest, sets in order."""
    values = list(_frames(encoded))
    return bool(values) and all(shortest and _is_distinguished_inside(tag, body) for tag, body, shortest in values)


def _is_distinguished_inside(tag: int, body: bytes) -> bool:
    if not tag & CONSTRUCTED:
        return True
    parts = list(_split(body)) if tag == SET else []
    return parts == sorted(parts) and (not body or is_distinguished(body))


def _frames(encoded: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Tag, body, and whether the length is as short as it can be, of each value in a row."""
    for part in _split(encoded):
        (_, _, _, header, body, _) = parser.parse(part, strict=True)
        length = len(header) - 1
        wanted = 1 if len(body) < LONG_FORM else 1 + (len(body).bit_length() + 7) // 8
        yield part[0], body, length == wanted


def _split(encoded: bytes) -> Iterator[bytes]:
    while encoded:
        length = parser.peek(encoded)
        yield encoded[:length]
        encoded = encoded[length:]


def is_token_over(token: Container, content: bytes) -> bool:
    """A time-stamp token over these bytes, signed by the certificate that it binds (RFC 3161, 2.4.2; RFC 5816)."""
    imprint = token.statement["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    statement = token.data["encap_content_info"]["content"].contents
    usage = token.certificate.extended_key_usage_value.native
    return bool(
        algorithm in DIGESTS
        and imprint["hashed_message"].native == hashlib.new(algorithm, content).digest()
        and [one.native for one in token.signed_values(CONTENT_TYPE)] == ["tst_info"]
        and [one.native for one in token.signed_values(MESSAGE_DIGEST)] == [token.digest(statement)]
        and usage == ["time_stamping"]
        and binds_its_signer(token)
        and verifies(token)
    )


def binds_its_signer(container: Container) -> bool:
    """Whether its signing-certificate-v2 attribute names the signer's certificate first (RFC 5035, 3)."""
    (value,) = container.signed_values(CERTIFICATE_V2)
    value = tsp.SigningCertificateV2.load(value.dump())
    first = value["certs"][0]
    digest = hashlib.new(first["hash_algorithm"]["algorithm"].native, container.certificate.dump()).digest()
    return bool(first["cert_hash"].native == digest)


def verifies(container: Container) -> bool:
    """Whether the signature value verifies over the signed attributes with the signer's key (RFC 5652, 5.6)."""
    attributes = container.signer["signed_attrs"].untag().dump()
    algorithm = HASHES[container.signer["digest_algorithm"]["algorithm"].native]
    key = pyca_x509.load_der_x509_certificate(container.certificate.dump()).public_key()
    value = container.signer["signature"].native
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, attributes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, attributes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def issues(issuer: Any, certificate: Any) -> bool:
    """Whether one certificate is the issuer of another, by name and by signature."""
    if issuer.subject.dump() != certificate.issuer.dump():
        return False
    try:
        pyca_x509.load_der_x509_certificate(certificate.dump()).verify_directly_issued_by(
            pyca_x509.load_der_x509_certificate(issuer.dump())
        )
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def clears(revocation_list: Any, certificate: Any, issuer: Any, moment: datetime) -> bool:
    """Whether a list of the issuer, fresh at a moment and not older than the certificate, is without the certificate."""
    listed = revocation_list["tbs_cert_list"]
    key = pyca_x509.load_der_x509_certificate(issuer.dump()).public_key()
    loaded = pyca_x509.load_der_x509_crl(revocation_list.dump())
    revoked = [] if isinstance(listed["revoked_certificates"], core.Void) else listed["revoked_certificates"]
    return bool(
        revocation_list.issuer.dump() == issuer.subject.dump()
        and loaded.is_signature_valid(key)  # type: ignore[arg-type]  # the issuer's key, of whatever kind
        and listed["this_update"].native <= moment <= listed["next_update"].native
        and certificate["tbs_certificate"]["validity"]["not_before"].native <= listed["this_update"].native
        and all(one["user_certificate"].native != certificate.serial_number for one in revoked)
    )
