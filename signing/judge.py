"""Asking the verifier in a process of its own, for files from outside (DESIGN 6).

A hostile file can at worst cost its own child the time and the memory that it was given. The child gets the question as
JSON and the file as bytes, and answers JSON: nothing that it says is ever executed. What the verifier needs is imported
there and not here, so that a command starts at once; `signing.examination` is that process.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from packets.errors import Problem
from packets.model.people import Role
from signing.trust import Expected, ExpectedSigner, Trust
from signing.verdict import Fault, Indication, Proof, SignatureVerdict, Verdict, refused

MEGABYTE = 1 << 20
GRACE_SECONDS = 20
"""Wall-clock seconds beyond the processor's: a busy machine is not the file's fault."""


def verify_in_child(
    pdf: bytes,
    trust: Trust,
    *,
    expected: Expected | None = None,
    now: datetime | None = None,
    seconds: int = 30,
    memory_mb: int = 1024,
) -> Verdict:
    """Judge a file from outside; never raises on account of the file.

    Args:
        pdf: the file.
        trust: the roots to believe.
        expected: what the ledger says of it; nothing is compared when absent.
        now: the time of the verification; the system's clock when absent.
        seconds: processor time that the file may take.
        memory_mb: address space that it may take, in megabytes.

    Returns:
        The verdict; `INDETERMINATE` when the file exceeds its limits or brings the verifier down.
    """
    question: dict[str, Any] = {
        "trust": _trust_out(trust),
        "expected": None if expected is None else asdict(expected),
        "now": now.isoformat() if now else None,
        "seconds": seconds,
        "memory": memory_mb * MEGABYTE,
    }
    command = [sys.executable, "-m", "signing.examination"]
    try:
        done = subprocess.run(  # noqa: S603  our own module, no shell, the file only on standard input
            command,
            input=json.dumps(question).encode() + b"\n" + pdf,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds + GRACE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _exceeded(pdf, "takes too long to examine")
    if done.returncode != 0:
        return _exceeded(pdf, "takes too much time or memory to examine, or breaks the verifier")
    return _verdict_in(json.loads(done.stdout))


def _exceeded(pdf: bytes, what: str) -> Verdict:
    return refused(hashlib.sha256(pdf).hexdigest(), Fault(Indication.INDETERMINATE, "GENERIC", f"The file {what}."))


def _trust_out(trust: Trust) -> dict[str, list[str]]:
    return {
        "roots": [b64encode(one).decode() for one in trust.roots],
        "timestamp_roots": [b64encode(one).decode() for one in trust.timestamp_roots],
        "revocation_lists": [b64encode(one).decode() for one in trust.revocation_lists],
        "signer_policies": sorted(trust.signer_policies),
        "seal_policies": sorted(trust.seal_policies),
    }


def trust_in(texts: Mapping[str, list[str]]) -> Trust:
    """The trust of a question."""
    return Trust(
        roots=tuple(b64decode(one) for one in texts["roots"]),
        timestamp_roots=tuple(b64decode(one) for one in texts["timestamp_roots"]),
        revocation_lists=tuple(b64decode(one) for one in texts["revocation_lists"]),
        signer_policies=frozenset(texts["signer_policies"]),
        seal_policies=frozenset(texts["seal_policies"]),
    )


def expected_in(values: Mapping[str, Any] | None) -> Expected | None:
    """What a question expects, or None."""
    if values is None:
        return None
    signers = values["signers"]
    people = None if signers is None else tuple(_signer_in(one) for one in signers)
    return Expected(**{**values, "signers": people})


def _signer_in(values: Mapping[str, Any]) -> ExpectedSigner:
    return ExpectedSigner(values["slot"], values["user_id"], tuple(Role(one) for one in values["roles"]))


def _verdict_in(values: Mapping[str, Any]) -> Verdict:
    return Verdict(
        overall=Indication(values["overall"]),
        sentence=values["sentence"],
        sub_indication=values["sub_indication"],
        digest=values["digest"],
        signatures=tuple(_signature_in(one) for one in values["signatures"]),
        problems=tuple(Problem(**one) for one in values["problems"]),
    )


def _signature_in(values: Mapping[str, Any]) -> SignatureVerdict:
    return SignatureVerdict(
        **{
            **values,
            "role": Role(values["role"]) if values["role"] else None,
            "signed_at": datetime.fromisoformat(values["signed_at"]) if values["signed_at"] else None,
            "indication": Indication(values["indication"]),
            "proof": Proof(**values["proof"]),
        }
    )
