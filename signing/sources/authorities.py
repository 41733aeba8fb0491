"""Authorities whose people hold their keys themselves and bring their signatures along (ADR 9, 37)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from signing.errors import PkiError
from signing.identity import SignerIdentity
from signing.pki import issued_by
from signing.sources.source import Credential, SignerSource, chain_problems, merge_trust
from signing.trust import Trust


@dataclass(frozen=True, slots=True)
class KeyAuthority:
    """One such authority.

    Attributes:
        issuers: from the one that certifies people up to the root.
        revocation_lists: the present lists of these issuers, DER.
        policies: the certificate policies under which its people count.

    Raises:
        PkiError: the issuers are no chain.
    """

    issuers: tuple[x509.Certificate, ...]
    revocation_lists: Callable[[], Sequence[bytes]]
    policies: frozenset[str]

    def __post_init__(self) -> None:
        if problems := chain_problems(self.issuers):
            raise PkiError(problems)

    @property
    def trust(self) -> Trust:
        """Its root and its policies, for signers."""
        root = self.issuers[-1].public_bytes(serialization.Encoding.DER)
        return Trust(roots=(root,), signer_policies=self.policies, seal_policies=frozenset())

    def has_issued(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate is one of its people's."""
        return issued_by(certificate, self.issuers[0])


class AlsoAccepting:
    """Keys come from another source; people of some authorities may bring their signatures along.

    Args:
        others: gives keys.
        authorities: whose people are believed.
    """

    def __init__(self, others: SignerSource, authorities: Sequence[KeyAuthority]) -> None:
        self._others, self._authorities = others, tuple(authorities)

    @property
    def trust(self) -> Trust:
        """The trust of the other source and of the authorities."""
        return merge_trust(self._others.trust, signers=self._authorities)

    def credential(self, identity: SignerIdentity, now: datetime) -> Credential:
        """What the other source gives."""
        return self._others.credential(identity, now)
