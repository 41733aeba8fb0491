"""The service's own rules on a signed file, beyond what cryptography proves (DESIGN 6).

The first signature is the seal and forbids everything but filling its fields; people sign only fields that were there when it
was sealed; each certificate was issued under our policy and names person, role, ACO and year; nothing stands after the last
revision; and, for our records, everything is as the ledger says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from asn1crypto import parser
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation import read_certification_data
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from packets.model.people import role_label
from signing.containers import is_whole
from signing.evidence import ORDER_TOLERANCE, Evidence
from signing.fields import ARCHIVE_FIELD, SEAL_FIELD
from signing.identity import SignerIdentity, identity_in
from signing.standalone.container_forms import check_container_form
from signing.standalone.pdf_values import FormError
from signing.standalone.revision_forms import AppendedRevision, check_revisions
from signing.standalone.validation_forms import check_validation_data
from signing.trust import Expected, ExpectedSigner, Trust
from signing.verdict import Fault, Indication

PADES_FILTER, TIMESTAMP_FILTER = "/ETSI.CAdES.detached", "/ETSI.RFC3161"
FORBIDDEN_ATTRIBUTES = frozenset({"signing_time"})
REQUIRED_ATTRIBUTES = frozenset({"content_type", "message_digest", "signing_certificate_v2"})


def certificate_of(evidence: Evidence) -> x509.Certificate:
    """The certificate that made a signature."""
    return x509.load_der_x509_certificate(evidence.signature.signer_cert.dump())


def is_seal(evidence: Evidence) -> bool:
    """Whether it stands in the field of the service seal."""
    return evidence.field == SEAL_FIELD


def identity_of(evidence: Evidence) -> SignerIdentity | None:
    """Whom a signer's certificate names; None for a seal, a time-stamp, or a certificate that does not say."""
    if evidence.is_archival or is_seal(evidence):
        return None
    return identity_in(certificate_of(evidence).subject)


def file_faults(pdf: bytes, reader: PdfFileReader, found: Sequence[Evidence], trust: Trust) -> list[Fault]:
    """What is wrong with the file as a whole: coverage, the seal, the order of times."""
    if not found:
        return [Fault(Indication.FAILED, "FORMAT_FAILURE", "The file carries no signature.")]
    return [
        *_revision_faults(pdf, found, trust),
        *_coverage_faults(pdf, found),
        *_seal_faults(reader, found),
        *_order_faults(found),
        *_unity_faults(found),
    ]


def signature_faults(reader: PdfFileReader, evidence: Evidence, trust: Trust) -> list[Fault]:
    """What our rules hold against one signature."""
    if evidence.is_archival:
        return _form_faults(evidence, TIMESTAMP_FILTER, named=ARCHIVE_FIELD.fullmatch(evidence.field) is not None)
    policies = trust.seal_policies if is_seal(evidence) else trust.signer_policies
    faults = [
        *_form_faults(evidence, PADES_FILTER),
        *_attribute_faults(evidence),
        *_policy_faults(evidence, policies),
    ]
    if not is_seal(evidence):
        faults += _person_faults(evidence) + _slot_faults(reader, evidence)
    return faults


def expectation_faults(digest: str, found: Sequence[Evidence], expected: Expected) -> list[Fault]:
    """Where the file is not what the ledger says."""
    faults = []
    if expected.digest is not None and digest != expected.digest.lower():
        faults.append(_failed("HASH_FAILURE", "The file is not the revision that the ledger names."))
    if expected.closed is not None and expected.closed != any(one.is_archival for one in found):
        faults.append(
            _failed(
                "SIG_CONSTRAINTS_FAILURE", "The file is not closed, or closed too early, by an archival time-stamp."
            )
        )
    people = {one.field: identity for one in found if (identity := identity_of(one))}
    for field, identity in people.items():
        if expected.aco_id not in {None, identity.aco_id} or expected.performance_year not in {
            None,
            identity.performance_year,
        }:
            faults.append(_failed("SIG_CONSTRAINTS_FAILURE", "It was signed for another ACO or another year.", field))
    if expected.signers is not None:
        faults += _signer_faults(people, expected.signers)
    return faults


def _signer_faults(people: dict[str, SignerIdentity], signers: Iterable[ExpectedSigner]) -> list[Fault]:
    wanted = {one.slot: one for one in signers}
    code = "SIG_CONSTRAINTS_FAILURE"
    faults = [
        _failed(code, "The ledger has a signature here, the file has none.", slot)
        for slot in wanted
        if slot not in people
    ]
    faults += [
        _failed(code, "The file has a signature here, the ledger has none.", slot)
        for slot in people
        if slot not in wanted
    ]
    for slot in wanted.keys() & people.keys():
        one, identity = wanted[slot], people[slot]
        if one.user_id and one.user_id != identity.user_id:
            faults.append(
                _failed(code, f"It was signed by {identity.name} ({identity.user_id}), not by {one.user_id}.", slot)
            )
        if one.roles and identity.role not in one.roles:
            faults.append(_failed(code, f"It was signed as {role_label(identity.role)}, who may not sign here.", slot))
    return faults


def covers_whole_file(pdf: bytes, signature: EmbeddedPdfSignature) -> bool:
    """Whether a signature protects every byte of a file except its own container."""
    return signed_length(pdf, signature) == len(pdf)


def signed_length(pdf: bytes, signature: EmbeddedPdfSignature) -> int:
    """How many bytes from the start a signature protects; 0 when its byte range is not the only honest one.

    The range must start at 0, and leave out exactly the hexadecimal string of the container (EN 319 142-1, 4.1).
    """
    values = [int(one) for one in signature.byte_range]
    if len(values) != 4 or min(values) < 0 or values[0] != 0:  # noqa: PLR2004  ISO 32000-1, 12.8.1: two ranges
        return 0
    _, first, start, second = values
    container = pdf[first:start]
    if start + second > len(pdf) or container != _hexadecimal(signature, container):
        return 0
    content = bytes(signature.pkcs7_content)
    return start + second if is_whole(content[: parser.peek(content)]) else 0


def _hexadecimal(signature: EmbeddedPdfSignature, container: bytes) -> bytes:
    """The container as it must stand in the file: the DER, then nothing but zeros, in the letter case that it has there."""
    content = bytes(signature.pkcs7_content)
    length: int = parser.peek(content)
    encoded = content[:length] + bytes(len(content) - length)
    digits = encoded.hex().encode("ascii")
    return b"<" + (digits.upper() if container == container.upper() else digits) + b">"


def _revision_faults(pdf: bytes, found: Sequence[Evidence], trust: Trust) -> list[Fault]:
    """Each revision holds what the service appends and nothing else, and pyHanko finds the same signatures in them."""
    try:
        revisions = check_revisions(pdf)
        if not any(one.faults for one in found):  # else a root that is lacking says more
            anchors = (*trust.roots, *trust.timestamp_roots)
            check_validation_data(revisions, [x509.load_der_x509_certificate(one) for one in anchors])
    except FormError as error:
        return [_failed("FORMAT_FAILURE", f"The file holds what this service does not append: {error}.")]
    if [(one.field, one.byte_range, one.kind) for one in revisions] != [_outline(one) for one in found]:
        return [_failed("FORMAT_FAILURE", "Its revisions do not each hold one signature of their own.")]
    return _container_faults(revisions, found, trust)


def _outline(evidence: Evidence) -> tuple[str, tuple[int, ...], str]:
    """Field, byte range and kind of a signature, as pyHanko finds them."""
    kind = "timestamp" if evidence.is_archival else "seal" if is_seal(evidence) else "signature"
    return evidence.field, tuple(int(one) for one in evidence.signature.byte_range), kind


def _container_faults(revisions: Sequence[AppendedRevision], found: Sequence[Evidence], trust: Trust) -> list[Fault]:
    """What no signature covers stands in each container in one encoding only."""
    roots = {asn1_x509.Certificate.load(root).subject.dump() for root in trust.roots}
    known: set[bytes] = set()
    faults = []
    for revision, evidence in zip(revisions, found, strict=True):
        known |= set(revision.certificates)
        content = bytes(evidence.signature.pkcs7_content)
        try:
            check_container_form(content[: parser.peek(content)], roots, known or None)
        except (FormError, IndexError, KeyError) as error:
            reason = str(error) if isinstance(error, FormError) else "it cannot be read"
            sentence = f"Its container is not of the one form that signatures have here: {reason}."
            faults.append(_failed("FORMAT_FAILURE", sentence, evidence.field))
    return faults


def _coverage_faults(pdf: bytes, found: Sequence[Evidence]) -> list[Fault]:
    lengths = [signed_length(pdf, one.signature) for one in found]
    faults = [
        Fault(Indication.FAILED, "FORMAT_FAILURE", "It does not protect one revision as a whole.", one.field)
        for one, length in zip(found, lengths, strict=True)
        if length == 0
    ]
    if lengths[-1] and lengths[-1] < len(pdf):
        sentence = f"There are {len(pdf) - lengths[-1]} bytes after the last signed revision."
        faults.append(_failed("FORMAT_FAILURE", sentence))
    if lengths != sorted(set(lengths)) and not faults:
        faults.append(_failed("FORMAT_FAILURE", "Its signatures do not each protect a revision of their own."))
    return faults


def _seal_faults(reader: PdfFileReader, found: Sequence[Evidence]) -> list[Fault]:
    certification = read_certification_data(reader)
    first = found[0]
    if not is_seal(first) or certification is None:
        return [_failed("FORMAT_FAILURE", "Its first signature is not the service seal.")]
    certifies = certification.author_sig == first.signature.sig_object
    if not certifies or certification.permission is not MDPPerm.FILL_FORMS:
        return [_failed("FORMAT_FAILURE", "Its seal does not forbid changes as ours does.", first.field)]
    return []


def _unity_faults(found: Sequence[Evidence]) -> list[Fault]:
    """A document is of one ACO and one performance year: its signers sign for no other."""
    people = [(one.field, who) for one in found if (who := identity_of(one)) is not None]
    if len({(who.aco_id, who.performance_year) for _, who in people}) <= 1:
        return []
    sentence = "Its signers do not sign for the same ACO and performance year."
    return [_failed("SIG_CONSTRAINTS_FAILURE", sentence, field) for field, _ in people]


def _order_faults(found: Sequence[Evidence]) -> list[Fault]:
    """A signature cannot be older than what it signs."""
    times = [(one.field, one.stamped.at) for one in found if one.stamped.at is not None]
    sentence = "Its time-stamp is earlier than that of the revision before it."
    return [
        Fault(Indication.INDETERMINATE, "TIMESTAMP_ORDER_FAILURE", sentence, field)
        for (_, before), (field, at) in itertools.pairwise(times)
        if at < before - ORDER_TOLERANCE
    ]


def _form_faults(evidence: Evidence, wanted: str, *, named: bool = True) -> list[Fault]:
    if named and evidence.signature.sig_object.get("/SubFilter") == wanted:
        return []
    return [
        Fault(
            Indication.FAILED,
            "FORMAT_FAILURE",
            "It is not a signature of the form that this service makes.",
            evidence.field,
        )
    ]


def _attribute_faults(evidence: Evidence) -> list[Fault]:
    """The signed attributes are those of the PAdES baseline (EN 319 142-1, 6.3)."""
    present = {attribute["type"].native for attribute in evidence.signature.signer_info["signed_attrs"]}
    if present >= REQUIRED_ATTRIBUTES and not present & FORBIDDEN_ATTRIBUTES:
        return []
    sentence = "Its signed attributes are not those of PAdES."
    return [Fault(Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE", sentence, evidence.field)]


def _policy_faults(evidence: Evidence, accepted: frozenset[str]) -> list[Fault]:
    try:
        policies = certificate_of(evidence).extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        policies = x509.CertificatePolicies([])
    if accepted & {one.policy_identifier.dotted_string for one in policies}:
        return []
    sentence = "Its certificate was not issued under this service's policy."
    return [Fault(Indication.INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE", sentence, evidence.field)]


def _person_faults(evidence: Evidence) -> list[Fault]:
    if identity_of(evidence) is not None:
        return []
    sentence = "Its certificate does not say who signed, in which role and for which ACO."
    return [Fault(Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE", sentence, evidence.field)]


def _slot_faults(reader: PdfFileReader, evidence: Evidence) -> list[Fault]:
    """The field was there, empty, when the document was drafted; nobody adds a place to sign afterwards."""
    drafted = HistoricalResolver(reader, 0)
    if any(name == evidence.field and value is None for name, value, _ in enumerate_sig_fields(drafted)):
        return []
    sentence = "It stands in a field that the sealed document did not have."
    return [Fault(Indication.FAILED, "FORMAT_FAILURE", sentence, evidence.field)]


def _failed(sub_indication: str, sentence: str, where: str = "") -> Fault:
    return Fault(Indication.FAILED, sub_indication, sentence, where)
