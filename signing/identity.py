"""Who signs, and the certificate that says so.

A signer's certificate is issued for one signature, after the person has re-authenticated: a fresh P-256 key, minutes of
validity, and a subject that carries the person, the CMS user ID, the role, the organization, the ACO and the performance year
(DESIGN 5, R15, R19, R21). What the subject says is the authenticated answer to "who, as what, for whom".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from packets.errors import Problem
from packets.model.people import Role, role_label
from signing.errors import SigningError
from signing.oids import ASSURED_SHORT_TERM, NAME_ATTRIBUTE, SIGNER_POLICY
from signing.profiles import authority_key_identifier, signing_profile

CLOCK_SKEW = timedelta(minutes=5)
"""How far a time-stamp authority's clock may be from ours; certificates and revocation lists start so much earlier."""

SIGNER_LIFETIME = timedelta(minutes=10)
"""How long after its issue a signer's certificate is valid: the time that a slow time-stamp authority may take."""

REVOCATION_LIST_LIFETIME = timedelta(days=7)
"""How long an embedded revocation list counts as fresh; it is used at the time of the signature only."""

COMMON_NAME_LIMIT = 64
"""Bytes of UTF-8 in a common name (RFC 5280, appendix A, ub-common-name; `cryptography` counts bytes)."""

UNIT = re.compile(r"ACO (?P<aco_id>[A-Z0-9-]{1,16}) PY(?P<year>[0-9]{4})")
ROLES_BY_LABEL: Mapping[str, Role] = {role_label(role): role for role in Role}


@dataclass(frozen=True, slots=True)
class SignerIdentity:
    """A person in a role, for one ACO and one performance year: what a signature attests besides the bytes.

    Attributes:
        user_id: CMS user ID (R21).
        name: the person's full name.
        role: the role in which the person signs.
        organization: the ACO's legal name, or the Centers for Medicare & Medicaid Services for its own signatories.
        aco_id: the ACO of the document, for CMS signatories too.
        performance_year: the year of the document.
    """

    user_id: str
    name: str
    role: Role
    organization: str
    aco_id: str
    performance_year: int


def subject_name(identity: SignerIdentity) -> x509.Name:
    """The X.509 subject that stands for an identity.

    Raises:
        SigningError: a part is empty, has control characters, or cannot stand in a certificate.
    """
    problems = _identity_problems(identity)
    if problems:
        raise SigningError(problems)
    common_name = identity.name.encode()[:COMMON_NAME_LIMIT].decode(errors="ignore")
    attributes = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, identity.organization),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _unit(identity)),
        x509.NameAttribute(NameOID.TITLE, role_label(identity.role)),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, identity.user_id),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]
    if common_name != identity.name:
        attributes.append(x509.NameAttribute(x509.ObjectIdentifier(NAME_ATTRIBUTE), identity.name))
    return x509.Name(attributes)


def identity_in(subject: x509.Name) -> SignerIdentity | None:
    """The identity that a subject stands for; None when it is not one that this service would have written."""
    values = {attribute.oid.dotted_string: str(attribute.value) for attribute in subject}
    unit = UNIT.fullmatch(values.get(NameOID.ORGANIZATIONAL_UNIT_NAME.dotted_string, ""))
    role = ROLES_BY_LABEL.get(values.get(NameOID.TITLE.dotted_string, ""))
    name = values.get(NAME_ATTRIBUTE, values.get(NameOID.COMMON_NAME.dotted_string, ""))
    user_id = values.get(NameOID.SERIAL_NUMBER.dotted_string, "")
    organization = values.get(NameOID.ORGANIZATION_NAME.dotted_string, "")
    if unit is None or role is None or not (name and user_id and organization):
        return None
    return SignerIdentity(user_id, name, role, organization, unit["aco_id"], int(unit["year"]))


def _unit(identity: SignerIdentity) -> str:
    return f"ACO {identity.aco_id} PY{identity.performance_year}"


def _identity_problems(identity: SignerIdentity) -> list[Problem]:
    texts = {"name": identity.name, "user_id": identity.user_id, "organization": identity.organization}
    faulty = [field for field, text in texts.items() if not text.strip() or not text.isprintable()]
    if not UNIT.fullmatch(_unit(identity)):
        faulty.append("aco_id")
    return [
        Problem(
            "identity-unusable",
            f"The signer's {field} is empty or has characters that a certificate cannot carry.",
            "Correct it in the directory, then sign again.",
            field,
        )
        for field in faulty
    ]


@dataclass(frozen=True, slots=True)
class RevokedCertificate:
    """A certificate that is no longer to be trusted from a point in time on."""

    serial_number: int
    revoked_at: datetime


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """The authority that issues one certificate a signature and says which of its certificates are revoked.

    Attributes:
        certificate: the issuing authority's own certificate.
        key: its private key.
        revoked: what it has revoked so far.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    revoked: tuple[RevokedCertificate, ...] = ()

    def issue_signer(
        self, identity: SignerIdentity, public_key: ec.EllipticCurvePublicKey, now: datetime
    ) -> x509.Certificate:
        """A certificate for one signature by one person.

        It starts `CLOCK_SKEW` before `now` and ends `SIGNER_LIFETIME` after it. It names no revocation service: it ends
        before a revocation could be processed, and says so (ETSI EN 319 412-1, 5.2).

        Raises:
            SigningError: the identity cannot stand in a certificate.
        """
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject_name(identity))
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + SIGNER_LIFETIME)
        )
        short_term = x509.UnrecognizedExtension(x509.ObjectIdentifier(ASSURED_SHORT_TERM), b"\x05\x00")
        return self.complete(
            signing_profile(builder, public_key, SIGNER_POLICY).add_extension(short_term, critical=False)
        )

    def complete(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Put issuer, serial number and key identifier into a certificate, and sign it."""
        return (
            builder.issuer_name(self.certificate.subject)
            .serial_number(x509.random_serial_number())
            .add_extension(authority_key_identifier(self.certificate), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue_revocation_list(self, now: datetime, lifetime: timedelta = REVOCATION_LIST_LIFETIME) -> bytes:
        """The revocation list as of `now`, DER (RFC 5280, 5): what makes a signature verifiable without a network (B-LT)."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - CLOCK_SKEW)
            .next_update(now + lifetime)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(authority_key_identifier(self.certificate), critical=False)
        )
        for one in _revoked_entries(self.revoked):
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _revoked_entries(revoked: Iterable[RevokedCertificate]) -> list[x509.RevokedCertificate]:
    return [
        x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(one.revoked_at).build()
        for one in revoked
    ]
