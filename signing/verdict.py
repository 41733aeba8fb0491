"""The verdict on a signed file, in the words of ETSI EN 319 102-1, 5.1.3, and one plain sentence each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from packets.errors import Problem
from packets.model.people import Role


class Indication(StrEnum):
    """What is said of a signature or a file."""

    PASSED = "PASSED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "FAILED"


SEVERITY = {Indication.PASSED: 0, Indication.INDETERMINATE: 1, Indication.FAILED: 2}


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a signature or a file does not pass.

    Attributes:
        indication: `FAILED`, or `INDETERMINATE` when what is known neither proves nor disproves.
        sub_indication: the ETSI sub-indication, e.g. `HASH_FAILURE`.
        sentence: what is wrong.
        where: the signature field; empty when the whole file is meant.
    """

    indication: Indication
    sub_indication: str
    sentence: str
    where: str = ""

    @property
    def problem(self) -> Problem:
        """The same as a problem, for people."""
        code = self.sub_indication.lower().replace("_", "-")
        return Problem(code, self.sentence, REMEDIES.get(self.sub_indication, FALLBACK_REMEDY), self.where)


REMEDIES = {
    "HASH_FAILURE": "Get the file again from the archive: this copy was changed.",
    "SIG_CRYPTO_FAILURE": "Get the file again from the archive: this copy was changed.",
    "FORMAT_FAILURE": "Get the file again from the archive: this copy is not what was signed.",
    "NO_CERTIFICATE_CHAIN_FOUND": "Give the root certificate of the service that signed it, if you trust it.",
    "REVOKED": "Ask the service that issued the certificate.",
}
FALLBACK_REMEDY = "Keep the file, and ask whoever gave it to you."


@dataclass(frozen=True, slots=True)
class Proof:
    """By what a signature is known outside the file, for reports.

    Attributes:
        signature_value: the signature, base64.
        attributes_digest: SHA-256 of the signed attributes, hex: what the key signed.
        document_digest: SHA-256 of the bytes that it covers, hex.
        certificate: the signer's certificate, DER in base64.
    """

    signature_value: str
    attributes_digest: str
    document_digest: str
    certificate: str


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """The verdict on one seal, signature or archival time-stamp.

    Attributes:
        field: name of its field.
        kind: `seal`, `signer` or `timestamp`.
        name: the signer's name, or the common name of the seal or the time-stamp authority.
        user_id, role, organization, aco_id, performance_year: from a signer's certificate; None when it does not say.
        signed_at: the time in the time-stamp, UTC; None when no time-stamp holds.
        level: PAdES level: `B-B`, `B-T`, `B-LT`, `B-LTA`; empty for a time-stamp.
        indication, sub_indication, sentence: what is said of it.
        covers_whole_file: whether it protects every byte of the file.
        trust: `local` when the time is vouched for by the service's own authority only, else `public`.
        proof: by what it is known outside the file.
    """

    field: str
    kind: str
    name: str
    user_id: str | None
    role: Role | None
    organization: str | None
    aco_id: str | None
    performance_year: int | None
    signed_at: datetime | None
    level: str
    indication: Indication
    sub_indication: str
    sentence: str
    covers_whole_file: bool
    trust: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a file.

    Attributes:
        overall: `PASSED` only when every rule of DESIGN 6 holds.
        sentence: why, in one sentence.
        sub_indication: of the worst fault; empty when passed.
        digest: SHA-256 of the file, hex.
        signatures: in the order of their revisions.
        problems: everything that is wrong.
    """

    overall: Indication
    sentence: str
    sub_indication: str
    digest: str
    signatures: tuple[SignatureVerdict, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether the file passed."""
        return self.overall is Indication.PASSED

    def as_data(self) -> dict[str, Any]:
        """The verdict as JSON types, under the names that it has here."""
        data: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return data


def worst(faults: Iterable[Fault]) -> Fault | None:
    """The gravest fault, the first of several; None when there is none."""
    return max(faults, key=lambda fault: SEVERITY[fault.indication], default=None)


def refused(digest: str, fault: Fault) -> Verdict:
    """The verdict on a file that could not even be looked into."""
    return Verdict(fault.indication, fault.sentence, fault.sub_indication, digest, (), (fault.problem,))
