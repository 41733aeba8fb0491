"""The verifier: one verdict on any PDF, from anywhere, off line (DESIGN 6).

`verify_pdf` does not raise on a broken file. It still runs in this process, with this process's memory: for files from
outside call `signing.judge.verify_in_child`.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from asn1crypto.x509 import Name
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.errors import ValidationInfoReadingError
from pyhanko_certvalidator.errors import ValidationError

from packets.clock import system_clock
from signing.cross_references import look_up_in_rows
from signing.evidence import Evidence, examine
from signing.hexadecimal import read_at_once
from signing.repeated_reading import read_once
from signing.rules import (
    covers_whole_file,
    expectation_faults,
    file_faults,
    identity_of,
    is_seal,
    signature_faults,
)
from signing.trust import Expected, Trust
from signing.verdict import Fault, Indication, Proof, SignatureVerdict, Verdict, refused, worst
from signing.waiting import wait_for

read_at_once()
look_up_in_rows()
read_once()

MALFORMED = (
    PdfError,
    CMSExtractionError,
    ValidationInfoReadingError,
    ValidationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    OSError,
    RecursionError,
    NotImplementedError,
    StopIteration,
    zlib.error,
    struct.error,
    InvalidSignature,
    UnsupportedAlgorithm,
)
"""What reading a broken file raises, in pyHanko, asn1crypto and cryptography (found with hostile files)."""

LIMITS = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=64 << 20),
    document_budget=DocumentDecodeBudget(base_allowance=64 << 20, max_ratio=20),
)
"""How much a file may unpack to: a compressed bomb is refused, the largest honest roster is far below."""

MOST_SIGNATURES = 64
"""No document has more slots and renewals than this; a hostile file could cost hours."""


def verify_pdf(pdf: bytes, trust: Trust, *, expected: Expected | None = None, now: datetime | None = None) -> Verdict:
    """Judge a file.

    Args:
        pdf: the file.
        trust: the roots to believe.
        expected: what the ledger says of it; nothing is compared when absent.
        now: the time of the verification; the system's clock when absent.

    Returns:
        `PASSED` when every signature passes validation per ETSI EN 319 102-1 and pyHanko's modification analysis, and every
        rule in `signing.rules` holds; else `FAILED` or `INDETERMINATE` with the ETSI sub-indication of the gravest fault.
    """
    digest = hashlib.sha256(pdf).hexdigest()
    try:
        reader = PdfFileReader(BytesIO(pdf), decode_limits=LIMITS)
        if reader.encrypted:
            return refused(
                digest, Fault(Indication.FAILED, "FORMAT_FAILURE", "The file is encrypted; records never are.")
            )
        if len(reader.embedded_signatures) > MOST_SIGNATURES:
            return refused(digest, Fault(Indication.FAILED, "FORMAT_FAILURE", "The file carries too many signatures."))
        found = wait_for(examine(reader, trust, now or system_clock()))
        return _judge(pdf, digest, reader, found, trust, expected)
    except MALFORMED as error:
        reason = f"The file is not a well-formed signed PDF ({type(error).__name__})."
        return refused(digest, Fault(Indication.FAILED, "FORMAT_FAILURE", reason))


def _judge(
    pdf: bytes, digest: str, reader: PdfFileReader, found: Sequence[Evidence], trust: Trust, expected: Expected | None
) -> Verdict:
    whole = file_faults(pdf, reader, found, trust)
    if expected is not None:
        whole += expectation_faults(digest, found, expected)
    each = [
        [*one.faults, *signature_faults(reader, one, trust), *(f for f in whole if f.where == one.field)]
        for one in found
    ]
    signatures = tuple(_signature_verdict(pdf, one, faults) for one, faults in zip(found, each, strict=True))
    fields = {one.field for one in found}
    every = [*(f for f in whole if f.where not in fields), *(fault for faults in each for fault in faults)]
    gravest = worst(every)
    problems = tuple(fault.problem for fault in every)
    if gravest is None:
        return Verdict(Indication.PASSED, _praise(signatures), "", digest, signatures, problems)
    sentence = f"{gravest.where}: {gravest.sentence}" if gravest.where else gravest.sentence
    return Verdict(gravest.indication, sentence, gravest.sub_indication, digest, signatures, problems)


def _signature_verdict(pdf: bytes, evidence: Evidence, faults: Sequence[Fault]) -> SignatureVerdict:
    gravest = worst(faults)
    identity = identity_of(evidence)
    kind = "timestamp" if evidence.is_archival else "seal" if is_seal(evidence) else "signer"
    return SignatureVerdict(
        field=evidence.field,
        kind=kind,
        name=identity.name if identity else _common_name(evidence),
        user_id=identity.user_id if identity else None,
        role=identity.role if identity else None,
        organization=identity.organization if identity else None,
        aco_id=identity.aco_id if identity else None,
        performance_year=identity.performance_year if identity else None,
        signed_at=evidence.stamped.at,
        level=evidence.level,
        indication=gravest.indication if gravest else Indication.PASSED,
        sub_indication=gravest.sub_indication if gravest else "",
        sentence=gravest.sentence if gravest else "It holds.",
        covers_whole_file=covers_whole_file(pdf, evidence.signature),
        trust="public" if evidence.stamped.public else "local",
        proof=_proof(evidence),
    )


def _proof(evidence: Evidence) -> Proof:
    signature = evidence.signature
    info = signature.signer_info
    return Proof(
        signature_value=b64encode(info["signature"].native).decode(),
        attributes_digest=hashlib.sha256(info["signed_attrs"].untag().dump()).hexdigest(),
        document_digest=signature.compute_digest("sha256").hex(),
        certificate=b64encode(signature.signer_cert.dump()).decode(),
    )


def _common_name(evidence: Evidence) -> str:
    subject: Name = evidence.signature.signer_cert.subject
    return str(subject.native.get("common_name", subject.human_friendly))


def _praise(signatures: Sequence[SignatureVerdict]) -> str:
    people = sum(1 for one in signatures if one.kind == "signer")
    closed = ", is closed by an archival time-stamp" if any(one.kind == "timestamp" for one in signatures) else ""
    local = (
        " The times are vouched for by the service's own authority only."
        if any(one.trust == "local" for one in signatures)
        else ""
    )
    return f"The file is sealed, carries {people} valid signature{'' if people == 1 else 's'}{closed} and is unchanged.{local}"
