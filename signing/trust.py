"""What a verifier trusts, and what it expects to find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from packets.errors import Problem
from packets.model.people import Role
from signing.errors import PkiError
from signing.oids import SEAL_POLICY, SIGNER_POLICY


@dataclass(frozen=True, slots=True)
class Trust:
    """Trust anchors, as DER, so that a Trust can be handed to another process.

    Attributes:
        roots: roots of services like this one; a time-stamp that ends at one of them is trusted locally only.
        timestamp_roots: roots of public time-stamp authorities.
        revocation_lists: current revocation lists, DER, newer than the ones inside the files.
        signer_policies: certificate policies under which a signer may have been certified.
        seal_policies: likewise for the seal.
    """

    roots: tuple[bytes, ...]
    timestamp_roots: tuple[bytes, ...] = ()
    revocation_lists: tuple[bytes, ...] = ()
    signer_policies: frozenset[str] = field(default=frozenset({SIGNER_POLICY}))
    seal_policies: frozenset[str] = field(default=frozenset({SEAL_POLICY}))

    def accepting(self, signer_policies: Iterable[str]) -> Trust:
        """The same, with further policies under which a signer may have been certified."""
        return replace(self, signer_policies=self.signer_policies.union(signer_policies))


@dataclass(frozen=True, slots=True)
class ExpectedSigner:
    """Who must have signed a slot.

    Attributes:
        slot: name of the signature field.
        user_id: CMS user ID; empty when any person of a permitted role may have signed.
        roles: the roles permitted in the slot; empty when the role is not checked.
    """

    slot: str
    user_id: str = ""
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ledger knows of a file. Everything that is None is not checked.

    Attributes:
        digest: SHA-256 of the file, hex: guards against an earlier, genuine revision (rollback).
        aco_id: the ACO of the document; every signer must have signed for it.
        performance_year: likewise for the year.
        signers: exactly these slots are signed, each by this person or role.
        closed: whether an archival time-stamp must close the file.
    """

    digest: str | None = None
    aco_id: str | None = None
    performance_year: int | None = None
    signers: tuple[ExpectedSigner, ...] | None = None
    closed: bool | None = None


def read_trust(roots: Sequence[Path], timestamp_roots: Sequence[Path] = ()) -> Trust:
    """The trust that PEM files give, each file one or more certificates.

    Raises:
        PkiError: a file cannot be read as certificates; with every such file.
    """
    problems: list[Problem] = []
    found = [_certificates(path, problems) for path in (*roots, *timestamp_roots)]
    if problems:
        raise PkiError(problems)
    flat = [[one for group in groups for one in group] for groups in (found[: len(roots)], found[len(roots) :])]
    return Trust(roots=tuple(flat[0]), timestamp_roots=tuple(flat[1]))


def _certificates(path: Path, problems: list[Problem]) -> list[bytes]:
    try:
        loaded = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        remedy = "Name a PEM file with one or more root certificates."
        problems.append(Problem("trust-unreadable", f"The trust file cannot be read: {error}.", remedy, str(path)))
        return []
    return [one.public_bytes(serialization.Encoding.DER) for one in loaded]
