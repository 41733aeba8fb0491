"""What each signature in a file proves: cryptography, certificates, times and permitted changes, by pyHanko.

The process is that of ETSI EN 319 102-1 with times (5.5) and archival time-stamps as proofs of existence (5.6.3), walked
backwards: the newest archival time-stamp is validated now, each older one at the time of the one that protects it, a
signature's time-stamp at the time of the first archival time-stamp after it, and the signature at the time of its own
time-stamp. A certificate of ten minutes thus holds for decades, and nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, crl, x509
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.ades import AdESBasicValidationResult, ades_basic_validation, ades_timestamp_validation
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, report_seed_value_validation
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec
from pyhanko.sign.validation.status import PdfSignatureStatus, StandardCMSSignatureStatus, TimestampSignatureStatus

from signing.changes import AppendedOnly
from signing.containers import is_plain
from signing.identity import CLOCK_SKEW
from signing.paths import instant, validation_policy
from signing.trust import Trust
from signing.verdict import Fault, Indication

TIMESTAMP_TYPE = "/DocTimeStamp"
CHANGES = AppendedOnly()
ORDER_TOLERANCE = 2 * CLOCK_SKEW
"""How far the clocks of two honest authorities may lie apart: each was within `CLOCK_SKEW` of ours."""

INDICATIONS = {
    AdESStatus.PASSED: Indication.PASSED,
    AdESStatus.INDETERMINATE: Indication.INDETERMINATE,
    AdESStatus.FAILED: Indication.FAILED,
}
SENTENCES = {
    "HASH_FAILURE": "The bytes that it signed were changed afterwards.",
    "SIG_CRYPTO_FAILURE": "Its cryptographic signature is wrong.",
    "NO_CERTIFICATE_CHAIN_FOUND": "Its certificate does not lead to a root that is trusted here.",
    "REVOKED": "Its certificate was revoked before it was made.",
    "REVOKED_NO_POE": "Its certificate was revoked, and nothing proves that it was made before.",
    "REVOKED_CA_NO_POE": "The authority of its certificate was revoked, and nothing proves that it was made before.",
    "OUT_OF_BOUNDS_NO_POE": "It was not made within the validity of its certificate, or nothing proves that it was.",
    "TRY_LATER": "The file has no data that shows that its certificate was not revoked.",
}


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a time-stamp token proves.

    Attributes:
        at: the time, UTC; None when the token does not hold.
        public: whether a public authority vouches for it.
        fault: why it does not hold.
    """

    at: datetime | None
    public: bool
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signature or archival time-stamp, examined.

    Attributes:
        signature: the embedded signature.
        stamped: its time.
        level: `B-B`, `B-T`, `B-LT` or `B-LTA`; empty for an archival time-stamp.
        faults: everything that pyHanko's analysis holds against it.
    """

    signature: EmbeddedPdfSignature
    stamped: Stamped
    level: str
    faults: tuple[Fault, ...]

    @property
    def field(self) -> str:
        """Name of its field."""
        return str(self.signature.field_name)

    @property
    def is_archival(self) -> bool:
        """Whether it is a document time-stamp."""
        return is_archival(self.signature)

    @property
    def revision(self) -> int:
        """Number of the revision that it signs, from 0."""
        return int(self.signature.signed_revision)


def is_archival(signature: EmbeddedPdfSignature) -> bool:
    """Whether a signature is a document time-stamp (ISO 32000-2, 12.8.5)."""
    return bool(signature.sig_object_type == TIMESTAMP_TYPE)


async def examine(reader: PdfFileReader, trust: Trust, now: datetime) -> list[Evidence]:
    """Examine every signature of a file, in the order of their revisions."""
    ordered = sorted(reader.embedded_signatures, key=lambda one: one.signed_revision)
    examiner = _Examiner(reader, trust)
    found: list[Evidence] = []
    horizon, protected = now, False
    for signature in reversed(ordered):
        signature.compute_integrity_info(diff_policy=CHANGES)
        if is_archival(signature):
            evidence = await examiner.archival(signature, horizon)
            if evidence.stamped.at is not None and not evidence.faults:
                horizon, protected = evidence.stamped.at, True
        else:
            evidence = await examiner.signature(signature, horizon, protected=protected)
        found.append(evidence)
    return found[::-1]


class _Examiner:
    """Holds the policies of one examination."""

    def __init__(self, reader: PdfFileReader, trust: Trust) -> None:
        lists, certificates = _security_store(reader)
        self._listed = {crl.CertificateList.load(one).issuer.dump() for one in lists}
        self._local_roots = {x509.Certificate.load(root).subject.dump() for root in trust.roots}
        strict = validation_policy(trust, revocation=True, revocation_lists=lists, certificates=certificates)
        lenient = validation_policy(trust, revocation=False, revocation_lists=lists, certificates=certificates)
        self._strict: SignatureValidationSpec = strict.signature_validation_spec
        self._lenient: SignatureValidationSpec = lenient.signature_validation_spec

    async def archival(self, signature: EmbeddedPdfSignature, horizon: datetime) -> Evidence:
        """An archival time-stamp, validated at the time of the one after it."""
        stamped = await self._token(signature, signature.signed_data, signature.compute_digest, horizon)
        faults = [stamped.fault] if stamped.fault else []
        return Evidence(signature, stamped, "", tuple(faults + _change_faults(signature)))

    async def signature(self, signature: EmbeddedPdfSignature, horizon: datetime, *, protected: bool) -> Evidence:
        """A seal or a person's signature, validated at the time of its time-stamp."""
        stamped = await self._signature_time(signature, horizon)
        result: AdESBasicValidationResult[StandardCMSSignatureStatus] = await ades_basic_validation(
            signature.signed_data,
            self._strict,
            timing_info=instant(stamped.at or horizon),
            raw_digest=signature.compute_digest(),
        )
        faults = [stamped.fault] if stamped.fault else []
        faults += _result_faults(signature.field_name, result)
        faults += _container_faults(signature.field_name, signature.signed_data, result)
        faults += _change_faults(signature)
        faults += _bottom_line_faults(signature, result.api_status, known=bool(faults))
        return Evidence(signature, stamped, self._level(signature, stamped, protected=protected), tuple(faults))

    async def _signature_time(self, signature: EmbeddedPdfSignature, horizon: datetime) -> Stamped:
        tokens = list(extract_tst_data_iter(signature.signer_info, signed=False))
        if len(tokens) != 1:
            sentence = "It carries no time-stamp." if not tokens else "It carries several time-stamps."
            fault = Fault(Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE", sentence, signature.field_name)
            return Stamped(None, public=False, fault=fault)
        return await self._token(signature, tokens[0], message_imprint_checker(signature.signer_info), horizon)

    async def _token(
        self, signature: EmbeddedPdfSignature, token: cms.SignedData, imprint: Callable[[str], bytes], horizon: datetime
    ) -> Stamped:
        """The time of a token, when it holds as of `horizon`."""
        local = self._is_local(token)
        result = await ades_timestamp_validation(
            token,
            self._strict if local else self._lenient,
            imprint,
            timing_info=instant(horizon),
            status_cls=TimestampSignatureStatus,
        )
        faults = _result_faults(signature.field_name, result)
        if local:  # public authorities put other certificates beside their chain
            faults += _container_faults(signature.field_name, token, result)
        at = token["encap_content_info"]["content"].parsed["gen_time"].native.astimezone(UTC)
        if not faults and at > horizon + ORDER_TOLERANCE:
            sentence = "Its time-stamp is later than the time-stamp that protects it, or than now."
            faults = [Fault(Indication.INDETERMINATE, "TIMESTAMP_ORDER_FAILURE", sentence, signature.field_name)]
        if faults:
            fault = replace(faults[0], sentence=f"Its time-stamp does not hold: {faults[0].sentence}")
            return Stamped(None, public=not local, fault=fault)
        return Stamped(at, public=not local)

    def _is_local(self, token: cms.SignedData) -> bool:
        """Whether a token was issued under one of the service's own roots."""
        issuer = token["signer_infos"][0]["sid"].chosen["issuer"]
        return issuer.dump() in self._local_roots

    def _level(self, signature: EmbeddedPdfSignature, stamped: Stamped, *, protected: bool) -> str:
        if stamped.at is None:
            return "B-B"
        if signature.signer_cert.issuer.dump() not in self._listed:
            return "B-T"
        return "B-LTA" if protected else "B-LT"


def _security_store(reader: PdfFileReader) -> tuple[list[bytes], list[x509.Certificate]]:
    """Revocation lists and certificates in the document security store; empty without one."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return [], []
    lists = [one.get_object().read_data(DecodePurpose.CRL) for one in store.crls]
    return lists, list(store.load_certs())


def _result_faults(field: str, result: AdESBasicValidationResult[Any]) -> list[Fault]:
    indication = INDICATIONS[result.ades_subindic.status]
    if indication is Indication.PASSED:
        return []
    name = str(result.ades_subindic.standard_name)
    sentence = SENTENCES.get(name, f"Validation ended with {name}.")
    return [Fault(indication, name, sentence, field)]


def _container_faults(field: str, data: cms.SignedData, result: AdESBasicValidationResult[Any]) -> list[Fault]:
    path = result.api_status.validation_path if result.api_status is not None else None
    if path is None or is_plain(data, path):
        return []
    sentence = "Its container was changed, or is not of the form that PAdES has."
    return [Fault(Indication.FAILED, "FORMAT_FAILURE", sentence, field)]


def _change_faults(signature: EmbeddedPdfSignature) -> list[Fault]:
    """What was appended after a signature must be what it permits (DocMDP, FieldMDP; ISO 32000-1, 12.8.2)."""
    if signature.summarise_integrity_info()["docmdp_ok"] is True:
        return []
    sentence = "The document was changed after it in a way that it does not permit."
    return [Fault(Indication.FAILED, "FORMAT_FAILURE", sentence, signature.field_name)]


def _bottom_line_faults(
    signature: EmbeddedPdfSignature, status: StandardCMSSignatureStatus | None, *, known: bool
) -> list[Fault]:
    """PyHanko's own bottom line must agree, seed values included; said only when nothing graver was."""
    if known or (status is not None and _pdf_status(signature, status).bottom_line):
        return []
    sentence = "It does not meet what its field demands of it."
    return [Fault(Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE", sentence, signature.field_name)]


def _pdf_status(signature: EmbeddedPdfSignature, status: StandardCMSSignatureStatus) -> PdfSignatureStatus:
    """The status of the signature as one of a PDF: with what was changed after it, and with its field's seed values."""
    known = {one.name: getattr(status, one.name) for one in fields(status)}
    demands: dict[str, Any] = {}
    if status.validation_path is not None:
        demands = report_seed_value_validation(signature, status.validation_path, timestamp_found=True)
    return PdfSignatureStatus(**{**known, **signature.summarise_integrity_info(), **demands})
