"""A verdict as a validation report by ETSI TS 119 102-2, for tools that read those.

It says what our verifier says: an indication is never better here than in the verdict. The report itself is not signed.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from signing.verdict import Indication, SignatureVerdict, Verdict

REPORT = "http://uri.etsi.org/19102/v1.2.1#"
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
URN = "urn:etsi:019102"
SENTENCE_TYPE = "urn:esm-packets:report:sentence"
TIME_TYPE = "urn:esm-packets:report:time-trust"
"""`local` when only the service's own authority vouches for the time, else `public`."""

FILE_OBJECT = "file"

MAIN = {
    Indication.PASSED: "total-passed",
    Indication.INDETERMINATE: "indeterminate",
    Indication.FAILED: "total-failed",
}
"""The main indications of EN 319 102-1, 5.1.3, as TS 119 102-2 spells them."""

register_namespace("vr", REPORT)
register_namespace("ds", XMLDSIG)


def write_report(verdict: Verdict, judged_at: datetime) -> bytes:
    """The report on one file, XML in UTF-8.

    Args:
        verdict: what was found.
        judged_at: when it was examined, aware; for each signature the time in its time-stamp stands beside it.

    Returns:
        A `ValidationReport` with one `SignatureValidationReport` a signature, the seal and archival time-stamps among them;
        a file that could not be read at all has one, without an identifier.
    """
    root = Element(_vr("ValidationReport"))
    for number, one in enumerate(verdict.signatures):
        _signature(root, one, _certificate_id(number), judged_at)
    if not verdict.signatures:
        lone = SubElement(root, _vr("SignatureValidationReport"))
        _status(lone, verdict.overall, verdict.sub_indication, {SENTENCE_TYPE: verdict.sentence})
    _objects(root, verdict)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _signature(root: Element, one: SignatureVerdict, certificate: str, judged_at: datetime) -> None:
    report = SubElement(root, _vr("SignatureValidationReport"))
    identifier = SubElement(report, _vr("SignatureIdentifier"), {"id": f"signature-{one.field}"})
    _digest(identifier, one.proof.attributes_digest)
    SubElement(identifier, _ds("SignatureValue")).text = one.proof.signature_value
    SubElement(identifier, _vr("HashOnly")).text = "false"
    SubElement(identifier, _vr("DocHashOnly")).text = "false"
    times = SubElement(report, _vr("ValidationTimeInfo"))
    SubElement(times, _vr("ValidationTime")).text = _instant(judged_at)
    best = SubElement(times, _vr("BestSignatureTime"))
    SubElement(best, _vr("POETime")).text = _instant(one.signed_at or judged_at)
    SubElement(best, _vr("TypeOfProof")).text = f"{URN}:poetype:validation"
    document = SubElement(report, _vr("SignersDocument"))
    _digest(document, one.proof.document_digest)
    SubElement(document, _vr("SignersDocumentRepresentation"), {"VOReference": f"#{FILE_OBJECT}"})
    signer = SubElement(report, _vr("SignerInformation"))
    SubElement(signer, _vr("SignerCertificate"), {"VOReference": f"#{certificate}"})
    SubElement(signer, _vr("Signer")).text = one.name
    process = SubElement(report, _vr("SignatureValidationProcess"))
    SubElement(process, _vr("SignatureValidationProcessID")).text = f"{URN}:validationprocess:LTA"
    _status(report, one.indication, one.sub_indication, {SENTENCE_TYPE: one.sentence, TIME_TYPE: one.trust})


def _status(report: Element, indication: Indication, sub_indication: str, told: Mapping[str, str]) -> None:
    status = SubElement(report, _vr("SignatureValidationStatus"))
    SubElement(status, _vr("MainIndication")).text = f"{URN}:mainindication:{MAIN[indication]}"
    if sub_indication:
        SubElement(status, _vr("SubIndication")).text = f"{URN}:subindication:{sub_indication}"
    associated = SubElement(status, _vr("AssociatedValidationReportData"))
    further = SubElement(associated, _vr("AdditionalValidationReportData"))
    for kind, value in told.items():
        said = SubElement(further, _vr("ReportData"))
        SubElement(said, _vr("Type")).text = kind
        SubElement(said, _vr("Value")).text = value


def _objects(root: Element, verdict: Verdict) -> None:
    """What the reports refer to: the file by its digest, and each signer's certificate whole."""
    objects = SubElement(root, _vr("SignatureValidationObjects"))
    _digest(_object(objects, FILE_OBJECT, "signedData"), verdict.digest)
    for number, one in enumerate(verdict.signatures):
        representation = _object(objects, _certificate_id(number), "certificate")
        SubElement(representation, _vr("base64")).text = one.proof.certificate


def _object(objects: Element, name: str, kind: str) -> Element:
    made = SubElement(objects, _vr("ValidationObject"), {"id": name})
    SubElement(made, _vr("ObjectType")).text = f"{URN}:validationObject:{kind}"
    return SubElement(made, _vr("ValidationObjectRepresentation"))


def _digest(parent: Element, value: str) -> None:
    digest = SubElement(parent, _vr("DigestAlgAndValue"))
    SubElement(digest, _ds("DigestMethod"), {"Algorithm": SHA256})
    SubElement(digest, _ds("DigestValue")).text = b64encode(bytes.fromhex(value)).decode()


def _certificate_id(number: int) -> str:
    return f"certificate-{number + 1}"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _vr(name: str) -> str:
    return f"{{{REPORT}}}{name}"


def _ds(name: str) -> str:
    return f"{{{XMLDSIG}}}{name}"
