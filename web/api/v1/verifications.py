"""Verification of any PDF from anywhere: examined in a process of its own, kept nowhere."""

from __future__ import annotations

from packets.errors import Problem
from packets.model.people import Role
from packets.model.tokens import Scope
from signing.judge import verify_in_child
from signing.verdict import Indication, SignatureVerdict, Verdict
from web.api.bodies import UnusableError
from web.api.operations import PDF, Asked, Noun, Reply
from web.api.shapes import Digest, Fault, Shape, Time, fault_of
from web.auth.roles import Audience
from web.visit import services

noun = Noun("verifications")
BEGINNING, WITHIN = b"%PDF-", 1024


class SignatureFound(Shape):
    """What is said of one seal, signature or archival time-stamp."""

    field: str
    kind: str
    name: str
    user_id: str | None
    role: Role | None
    organization: str | None
    aco_id: str | None
    performance_year: int | None
    signed_at: Time | None
    level: str
    indication: Indication
    sub_indication: str
    sentence: str
    covers_whole_file: bool
    trust: str


class FileVerdict(Shape):
    """What is said of a file, in the words of ETSI EN 319 102-1, with everything that is wrong."""

    overall: Indication
    sub_indication: str
    sentence: str
    digest: Digest
    signatures: list[SignatureFound]
    problems: list[Fault]


@noun.operation("POST", "/verifications", Audience.SIGNED_IN, Scope.VERIFY, answer=FileVerdict, takes=PDF)
def verify(asked: Asked) -> Reply:
    """Who signed a PDF, as what and when, and whether anything changed.

    The verdict is about this service's own trust. The file is examined and not kept.
    """
    if BEGINNING not in asked.content[:WITHIN]:
        raise UnusableError(Problem("file-not-pdf", "What was sent is no PDF.", "Send the file as the body."))
    return Reply(verdict_of(verify_in_child(asked.content, services().signer.trust, now=services().clock())))


def verdict_of(verdict: Verdict) -> FileVerdict:
    """A verdict as the API tells it."""
    return FileVerdict(
        overall=verdict.overall,
        sub_indication=verdict.sub_indication,
        sentence=verdict.sentence,
        digest=verdict.digest,
        signatures=[_signature(one) for one in verdict.signatures],
        problems=[fault_of(one) for one in verdict.problems],
    )


def _signature(verdict: SignatureVerdict) -> SignatureFound:
    return SignatureFound(**{name: getattr(verdict, name) for name in SignatureFound.model_fields})
