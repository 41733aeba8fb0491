"""Signed checkpoints of the log: made every minute and at each execution, time-stamped, and kept with the objects.

A bundle is a JSON file: the statement, the seal's signature over it (ECDSA with SHA-256), the certificates below the root, and a
time-stamp (RFC 3161) over the signature. It is checked with the root alone, off line.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from packets.audit.checkpoint import Checkpoint, Stated, read_statement
from packets.audit.log import GENESIS, Act, Entry, Outcome, link_problems
from packets.audit.merkle import Frontier, prove_consistency, prove_inclusion
from packets.audit.transcript import write_entries
from packets.canonical import canonical_json
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.errors import NotFoundError, Problem
from packets.model.documents import Document
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records.journal import KeptCheckpoint
from signing.pki import Pki, issued_by
from signing.timestamps import TimeStampSource
from signing.tokens import authority_faults, generation_time
from signing.trust import Trust
from signing.waiting import wait_for

CHECKPOINT = "checkpoint"
"""The kind of the job that makes one."""

SIGNED = (Act.DOCUMENT_SIGN, Act.DOCUMENT_COUNTERSIGN)
REMEDY = "Keep everything as it is, and compare with a copy of the log."


@dataclass(frozen=True, slots=True)
class Checkpointer:
    """Makes checkpoints and proofs; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    pki: Pki
    timestamps: TimeStampSource
    clock: Clock

    def make(self) -> KeptCheckpoint | None:
        """A checkpoint over every entry that there is, or the last one when it covers them all; None for an empty log.

        Raises:
            TimeStampError: no authority gave a time-stamp; nothing was kept.
            StoreError: the store refused; nothing was recorded.
        """
        with self.database.read() as records:
            before = records.journal.last_checkpoint()
            entries = [(one, digest) for one, digest in records.journal.digests(before.size if before else 0)]
        if not entries:
            return before
        frontier = (before.frontier if before else Frontier()).grown(bytes.fromhex(one) for _, one in entries)
        made = Checkpoint(frontier, entries[-1][1], before.digest if before else "", self.clock())
        place = self.objects.put(self._sign(made))
        kept = KeptCheckpoint(frontier.size, frontier, made.digest, place, made.at_utc)
        with self.database.write() as records:
            if records.journal.last_checkpoint() != before:
                return records.journal.last_checkpoint()
            records.journal.keep_checkpoint(kept)
        return kept

    def _sign(self, checkpoint: Checkpoint) -> bytes:
        statement = checkpoint.statement
        signature = self.pki.seal.key.sign(statement, ec.ECDSA(hashes.SHA256()))
        token = wait_for(self.timestamps.async_timestamp(hashlib.sha256(signature).digest(), "sha256"))
        chain = (self.pki.seal.certificate, self.pki.authority.certificate)
        return canonical_json(
            {
                "statement": statement.decode(),
                "signature": b64encode(signature).decode(),
                "certificates": [one.public_bytes(Encoding.PEM).decode() for one in chain],
                "time_stamp": b64encode(token.dump()).decode(),
            }
        )

    def bundles(self) -> Iterator[bytes]:
        """Every checkpoint that was kept, the first one first."""
        with self.database.read() as records:
            kept = records.journal.checkpoints()
        return (self.objects.get(one.object_digest) for one in kept)

    def prove(self, sequence: int) -> dict[str, Any]:
        """The proof that an entry is in the log, under the first checkpoint that covers it.

        Raises:
            NotFoundError: no checkpoint covers it yet.
        """
        with self.database.read() as records:
            over = next((one for one in records.journal.checkpoints() if one.size >= sequence), None)
            if over is None or sequence < 1:
                problem = Problem("checkpoint-missing", "No checkpoint covers this entry yet.", "Try in a minute.")
                raise NotFoundError(problem)
            digests = [bytes.fromhex(one) for number, one in records.journal.digests(0) if number <= over.size]
        return self._proof(digests, sequence, over)

    def prove_signatures(self, document: Document) -> list[dict[str, Any]]:
        """Everything that shows, to somebody without the log, that the signatures of a document stand in it.

        Returns:
            For each entry that tells of a signature its number, its line in a transcript, and the proof as `prove` gives it.

        Raises:
            NotFoundError: no checkpoint covers the newest of them yet.
        """
        with self.database.read() as records:
            told = [
                one
                for one in records.journal.entries(document_subject(document))
                if one.act in SIGNED and one.outcome is Outcome.DONE and one.details["document"] == document.document_id
            ]
        lines = [line.decode().rstrip("\n") for line in write_entries(told)]
        return [{"entry": line, **self.prove(one.sequence)} for one, line in zip(told, lines, strict=True)]

    def prove_growth(self, size: int, later: int) -> dict[str, Any]:
        """The proof that the log of one checkpoint is the beginning of the log of a later one (RFC 9162, 2.1.4).

        Raises:
            NotFoundError: there are no checkpoints of these sizes.
        """
        with self.database.read() as records:
            known = {one.size: one for one in records.journal.checkpoints()}
            digests = [bytes.fromhex(one) for number, one in records.journal.digests(0) if number <= later]
        if size not in known or later not in known or size > later:
            problem = Problem("checkpoint-missing", "There are no such checkpoints.", "Name the sizes of two of them.")
            raise NotFoundError(problem)
        return {
            "size": size,
            "later_size": later,
            "steps": [one.hex() for one in prove_consistency(digests, size)],
            "checkpoints": [known[size].object_digest, known[later].object_digest],
        }

    @staticmethod
    def _proof(digests: list[bytes], sequence: int, over: KeptCheckpoint) -> dict[str, Any]:
        steps = prove_inclusion(digests, sequence - 1)
        return {
            "sequence": sequence,
            "size": over.size,
            "steps": [one.hex() for one in steps],
            "checkpoint": over.object_digest,
        }


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """What a log is worth: how far checkpoints cover it, and everything that does not hold."""

    entries: int
    checkpoints: int
    covered: int
    problems: tuple[Problem, ...]


def verify_log(entries: Iterable[Entry], bundles: Iterable[bytes], trust: Trust, now: datetime) -> LogVerdict:
    """Check a log against itself and against its checkpoints; entries after the last one hang on the chain alone.

    Args:
        entries: the log from its first entry on.
        bundles: checkpoints, the first one first; those of another copy may be among them.
        trust: the roots to believe.
        now: the time of the verification.
    """
    problems: list[Problem] = []
    stated = [
        one for one in (_open(number, bundle, trust, now, problems) for number, bundle in enumerate(bundles, 1)) if one
    ]
    problems += _order_problems(stated)
    wanted = {one.size: one for one in stated}
    frontier, previous, last = Frontier(), GENESIS, 0
    for last, entry in enumerate(entries, start=1):
        problems += link_problems(entry, previous, last)
        previous = entry.digest
        frontier = frontier.grown([bytes.fromhex(entry.digest) if _is_digest(entry.digest) else b""])
        one = wanted.pop(last, None)
        if one and (one.root, one.last) != (frontier.root.hex(), entry.digest):
            problems.append(
                _problem("checkpoint-differs", "The log is not what it was at this checkpoint.", f"entry {last}")
            )
    problems += [
        _problem("log-shortened", f"A checkpoint covers {size} entries, and there are {last}.", f"entry {size}")
        for size in sorted(wanted)
    ]
    return LogVerdict(last, len(stated), max((one.size for one in stated), default=0), tuple(problems))


def _order_problems(stated: list[Stated]) -> list[Problem]:
    return [
        _problem("checkpoints-disordered", "Checkpoints do not follow from each other.", f"entry {later.size}")
        for earlier, later in pairwise(stated)
        if later.size <= earlier.size or later.at < earlier.at
    ]


def _open(number: int, bundle: bytes, trust: Trust, now: datetime, problems: list[Problem]) -> Stated | None:
    """What a bundle states, if everything about it holds; else None, and the problem is noted."""
    try:
        data = json.loads(bundle)
        statement, signature = data["statement"].encode(), b64decode(data["signature"], validate=True)
        chain = [x509.load_pem_x509_certificate(one.encode()) for one in data["certificates"]]
        token = cms.ContentInfo.load(b64decode(data["time_stamp"], validate=True), strict=True)
        stated, stamped_at = read_statement(statement), generation_time(token)
        _check_signature(chain, statement, signature, stamped_at, trust)
        faults = wait_for(authority_faults(token, hashlib.sha256(signature).digest(), trust, now))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as error:
        problems.append(_problem("checkpoint-invalid", f"A checkpoint does not hold: {error}.", f"checkpoint {number}"))
        return None
    if faults:
        problems.append(_problem("checkpoint-invalid", f"Its time-stamp: {faults[0]}.", f"checkpoint {number}"))
        return None
    return stated


def _check_signature(
    chain: list[x509.Certificate], statement: bytes, signature: bytes, at: datetime, trust: Trust
) -> None:
    """Raise ValueError or InvalidSignature unless a seal under one of the roots signed the statement while it was valid."""
    roots = [x509.load_der_x509_certificate(one) for one in trust.roots]
    seal, issuing = chain
    if not any(issued_by(issuing, root) for root in roots) or not issued_by(seal, issuing):
        raise ValueError("its certificate does not lead to a trusted root")
    policies = seal.extensions.get_extension_for_class(x509.CertificatePolicies).value
    if not {one.policy_identifier.dotted_string for one in policies} & trust.seal_policies:
        raise ValueError("it was not signed by a seal")
    if not seal.not_valid_before_utc <= at <= seal.not_valid_after_utc:
        raise ValueError("the seal was not valid at its time")
    key = seal.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("the seal is no elliptic-curve key")  # noqa: TRY004  a fault of the bundle, not of the caller
    try:
        key.verify(signature, statement, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise ValueError("its signature is wrong") from error


def _is_digest(text: str) -> bool:
    return len(text) == len(GENESIS) and set(text) <= set("0123456789abcdef")


def _problem(code: str, sentence: str, where: str) -> Problem:
    return Problem(code, sentence, REMEDY, where)
