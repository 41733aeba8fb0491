"""What the service needs for one signature, whoever holds the key (ADR 9).

The default is a key of one use, certified by our own authority (ADR 5). Other sources hold keys that last: then the chain of the
key, and what shows that none of it is revoked, come from the source too, so that the signature is B-LT like any other
(ETSI EN 319 142-1, 5.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.signers import Signer

from packets.errors import Problem
from signing.errors import PkiError, SigningError
from signing.identity import CertificateAuthority, SignerIdentity, identity_in
from signing.pki import Pki, issued_by
from signing.revisions import OneKeySigner, ValidationData
from signing.trust import Trust

NOTHING_MORE = ValidationData((), ())
"""Validation data of a key under the service's own root, whose chain and lists every signature embeds anyway."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What makes one signature.

    Attributes:
        signer: signs for pyHanko; knows its certificate.
        certificate: the certificate of the key.
        validation: what the signature embeds beyond the service's own chain and lists.
    """

    signer: Signer
    certificate: x509.Certificate
    validation: ValidationData


class SignerSource(Protocol):
    """Gives the keys with which people sign."""

    @property
    def trust(self) -> Trust:
        """What a verifier must trust beyond the service's own roots; the seal's policies are not looked at."""

    def credential(self, identity: SignerIdentity, now: datetime) -> Credential:
        """The key and the certificate with which this person signs now.

        Raises:
            SigningError: there is none for this person.
        """


class SealSource(Protocol):
    """Gives the key of the service's seal."""

    @property
    def trust(self) -> Trust:
        """What a verifier must trust beyond the service's own roots; the signers' policies are not looked at."""

    def credential(self, now: datetime) -> Credential:
        """The key and the certificate of the seal.

        Raises:
            SigningError: they are not valid now.
        """


@dataclass(frozen=True, slots=True)
class OneTimeKeys:
    """The default: a fresh P-256 key in memory for every signature, certified for minutes by our own authority.

    Attributes:
        authority: certifies the keys.
        trust: the trust of the service.
    """

    authority: CertificateAuthority
    trust: Trust

    def credential(self, identity: SignerIdentity, now: datetime) -> Credential:
        """A new key and its certificate.

        Raises:
            SigningError: the identity cannot stand in a certificate.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.authority.issue_signer(identity, key.public_key(), now)
        return Credential(OneKeySigner(key, certificate, self.authority.certificate), certificate, NOTHING_MORE)


@dataclass(frozen=True, slots=True)
class OwnSeal:
    """The default seal: the key in the service's own folder."""

    pki: Pki

    @property
    def trust(self) -> Trust:
        """The trust of the service."""
        return self.pki.trust

    def credential(self, now: datetime) -> Credential:  # noqa: ARG002  `verify_own` finds an expired one at once
        """The seal's key and certificate."""
        seal = self.pki.seal
        signer = OneKeySigner(seal.key, seal.certificate, self.pki.authority.certificate)
        return Credential(signer, seal.certificate, NOTHING_MORE)


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that lasts and that somebody else holds: a hardware module, a remote service. It can be the seal.

    Attributes:
        signer: asks the holder for signatures.
        chain: certificates from the key's own to its root; each must have issued the one before it.
        revocation_lists: the present lists of the chain's authorities, DER; asked for at every signature.
        policies: certificate policies under which the key counts; its certificate must be under one of them.

    Raises:
        PkiError: the chain does not hold together, or the certificate is not under one of the policies.
    """

    signer: Signer
    chain: tuple[x509.Certificate, ...]
    revocation_lists: Callable[[], Sequence[bytes]]
    policies: frozenset[str]

    def __post_init__(self) -> None:
        if problems := [*chain_problems(self.chain), *_policy_problems(self.chain[0], self.policies)]:
            raise PkiError(problems)

    @property
    def certificate(self) -> x509.Certificate:
        """The key's own certificate."""
        return self.chain[0]

    @property
    def trust(self) -> Trust:
        """Its root and its policies, for a seal and for a signer."""
        root = self.chain[-1].public_bytes(serialization.Encoding.DER)
        return Trust(roots=(root,), signer_policies=self.policies, seal_policies=self.policies)

    def credential(self, now: datetime) -> Credential:
        """The key, with its chain and present revocation lists.

        Raises:
            SigningError: its certificate is not valid now.
        """
        if not self.certificate.not_valid_before_utc <= now <= self.certificate.not_valid_after_utc:
            raise SigningError(
                Problem(
                    "certificate-not-valid",
                    "The certificate of the key is not valid now.",
                    "Ask the key's holder for a new certificate.",
                    self.certificate.subject.rfc4514_string(),
                )
            )
        return Credential(self.signer, self.certificate, ValidationData(self.chain[1:], self.revocation_lists()))


class HeldKeys:
    """People whose keys somebody else holds; everybody else signs with what another source gives.

    A held key signs for exactly the person, role, organization, ACO and year that its certificate names (R19, R21).

    Args:
        held: the keys.
        others: gives keys to everybody else.

    Raises:
        PkiError: a certificate does not name a person as ours do, or two name the same.
    """

    def __init__(self, held: Sequence[HeldKey], others: SignerSource) -> None:
        named = [(identity_in(one.certificate.subject), one) for one in held]
        self._held = {identity: one for identity, one in named if identity is not None}
        if len(self._held) != len(named):
            remedy = "Ask for one certificate a person, role, ACO and year, its subject like those of this service."
            raise PkiError(Problem("certificate-unnamed", "A held key's certificate is not of one person.", remedy))
        self._others = others

    @property
    def trust(self) -> Trust:
        """The trust of the held keys and of the other source."""
        return merge_trust(self._others.trust, signers=self._held.values())

    def credential(self, identity: SignerIdentity, now: datetime) -> Credential:
        """The held key of this person, or what the other source gives.

        Raises:
            SigningError: there is none for this person, or its certificate is not valid now.
        """
        held = self._held.get(identity)
        return self._others.credential(identity, now) if held is None else held.credential(now)


class Trusted(Protocol):
    """Has a trust of its own."""

    @property
    def trust(self) -> Trust:
        """Its trust."""


def merge_trust(own: Trust, *, signers: Iterable[Trusted] = (), seals: Iterable[Trusted] = ()) -> Trust:
    """One's own trust and that of other sources: all roots, and each source's policies for what it makes."""
    of_signers, of_seals = [one.trust for one in signers], [one.trust for one in seals]
    roots = [root for one in (own, *of_signers, *of_seals) for root in one.roots]
    return replace(
        own,
        roots=tuple(dict.fromkeys(roots)),
        signer_policies=own.signer_policies.union(*(one.signer_policies for one in of_signers)),
        seal_policies=own.seal_policies.union(*(one.seal_policies for one in of_seals)),
    )


def chain_problems(chain: Sequence[x509.Certificate]) -> list[Problem]:
    """Where certificates, from the first to the root, do not issue one another."""
    remedy = "Give the certificates from the key's own to the root, in this order."
    return [
        Problem("chain-broken", "A certificate was not issued by the next one.", remedy, one.subject.rfc4514_string())
        for one, issuer in zip(chain, (*chain[1:], chain[-1]), strict=True)
        if not issued_by(one, issuer)
    ]


def _policy_problems(certificate: x509.Certificate, accepted: frozenset[str]) -> list[Problem]:
    try:
        stated = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        stated = x509.CertificatePolicies([])
    if accepted & {one.policy_identifier.dotted_string for one in stated}:
        return []
    remedy = "Accept the policy that the certificate names, or ask for another certificate."
    sentence = "The certificate is under none of the accepted policies."
    return [Problem("policy-not-accepted", sentence, remedy, certificate.subject.rfc4514_string())]
