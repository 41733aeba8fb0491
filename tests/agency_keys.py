"""Keys that somebody else holds: certificates of another authority, under a policy of its own, and services that accept them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from packets.clock import Clock
from packets.model.documents import Slot
from signed_files import NOW, document_type, identity, keys
from signing.identity import subject_name
from signing.pades import SigningService
from signing.profiles import signing_profile
from signing.sources.remote import Ask, RemoteSigner
from signing.sources.source import HeldKey, HeldKeys, OneTimeKeys

AGENCY = "agency"
POLICY = "1.3.6.1.4.1.32473.7"
"""A certificate policy under the arc that is kept for documentation (RFC 5612)."""

YEAR = timedelta(days=365)
SLOT: Slot = document_type().slots[0]
SEAL_SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Seal in a hardware module")])
Chain = tuple[x509.Certificate, ...]


def person(slot: Slot = SLOT) -> x509.Name:
    """The subject of a person who may sign a slot."""
    return subject_name(identity(slot))


def certify(
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, subject: x509.Name, *, lifetime: timedelta = YEAR
) -> Chain:
    """A certificate of the agency's authority, with its chain."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + lifetime)
    )
    profiled = signing_profile(builder, cast("ec.EllipticCurvePublicKey", public_key), POLICY)
    return (keys(AGENCY).authority.complete(profiled), *issuers())


def issuers() -> Chain:
    """The agency's authorities, up to its root."""
    return (keys(AGENCY).authority.certificate, keys(AGENCY).root)


def present_lists() -> Sequence[bytes]:
    """Their revocation lists at `NOW`."""
    return (keys(AGENCY).root_list, keys(AGENCY).authority.issue_revocation_list(NOW))


def held_key(chain: Chain, ask: Ask) -> HeldKey:
    """A key that is asked for signatures."""
    return HeldKey(RemoteSigner(chain, ask), chain, present_lists, frozenset({POLICY}))


def service_with(clock: Clock, *, people: Sequence[HeldKey] = (), seal: HeldKey | None = None) -> SigningService:
    """Our service with held keys for some people, and perhaps for its seal."""
    others = OneTimeKeys(keys().authority, keys().trust)
    return SigningService(keys(), clock, signers=HeldKeys(people, others), seal=seal)
