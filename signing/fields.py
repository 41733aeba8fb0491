"""What a pre-placed signature field demands of its signature: seed values and lock (ISO 32000-1, 12.7.4.5).

The dictionaries go into the unsigned draft as literal PDF. They depend on the document type and on the frozen facts alone,
which name the acceptable issuers: the same draft comes out again on any machine, whatever its keys.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography.x509 import Certificate
from pyhanko.pdf_utils.generic import PdfObject
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    SigCertConstraintFlags,
    SigCertConstraints,
    SigCertKeyUsage,
    SigSeedSubFilter,
    SigSeedValFlags,
    SigSeedValueSpec,
)

from packets.model.documents import ISSUERS, DocumentType, FieldDictionaries, Party, Slot
from signing.pki import issued_by

SEAL_FIELD = "Seal"
"""Name of the field that the service seals, invisible; a document type may not use it for a slot."""

ARCHIVE_FIELD = re.compile(r"Archive_[1-9][0-9]{0,3}")
"""Names of the fields of archival time-stamps, counted from 1."""

DIGEST_METHODS = ("sha256", "sha384", "sha512")
LONGEST_CHAIN = 8


def seeded_fields(document_type: DocumentType, facts: Mapping[str, Any]) -> dict[str, FieldDictionaries]:
    """The dictionaries for a document that is made from frozen facts: those of the issuers that the facts name."""
    return field_dictionaries(document_type, [b64decode(one) for one in facts.get(ISSUERS, ())])


def field_dictionaries(document_type: DocumentType, issuers: Sequence[bytes] = ()) -> dict[str, FieldDictionaries]:
    """The `/SV` and `/Lock` dictionaries of every slot, by the slot's name.

    Every slot takes an ETSI.CAdES.detached signature over SHA-256 or better, made with a certificate for content commitment
    that one of the issuers certified, directly or through others. Signing a slot locks that slot; the slot that is signed
    last locks every field.

    Args:
        document_type: the type with its slots.
        issuers: certificates of authorities, DER; any issuer will do when there are none, as in a specimen.
    """
    seed_value = _literal(_seed_value(issuers))
    last = closing_slot(document_type)
    return {
        slot.name: FieldDictionaries(seed_value, _literal(_lock(slot, closes=slot == last).as_pdf_object()))
        for slot in document_type.slots
    }


def closing_slot(document_type: DocumentType) -> Slot | None:
    """The slot after which no field may change: the last CMS slot, or the only slot.

    Slots of the ACO alone are signed in either order (R19), so none of several may lock the others.
    """
    agency = [slot for slot in document_type.slots if slot.party is Party.CMS]
    if agency:
        return agency[-1]
    return document_type.slots[0] if len(document_type.slots) == 1 else None


def leads_to(certificate: Certificate, issuers: Iterable[Certificate], between: Iterable[Certificate]) -> bool:
    """Whether one of the issuers certified a certificate, directly or through authorities in between.

    Only names and signatures are looked at; whether a path is valid at a time is the verifier's question.
    """
    accepted, known, current = list(issuers), list(between), certificate
    for _ in range(LONGEST_CHAIN):
        if any(issued_by(current, one) for one in accepted):
            return True
        above = [one for one in known if one != current and issued_by(current, one)]
        if not above:
            return False
        current = above[0]
    return False


def _seed_value(issuers: Sequence[bytes]) -> PdfObject:
    accepted = [asn1_x509.Certificate.load(one) for one in issuers]
    usage = SigCertConstraintFlags.KEY_USAGE
    spec = SigSeedValueSpec(
        flags=SigSeedValFlags.SUBFILTER | SigSeedValFlags.DIGEST_METHOD,
        subfilters=[SigSeedSubFilter.PADES],
        digest_methods=list(DIGEST_METHODS),
        cert=SigCertConstraints(
            flags=usage | SigCertConstraintFlags.ISSUER if accepted else usage,
            key_usage=[SigCertKeyUsage.from_sets(must_have={"non_repudiation"})],
            issuers=accepted or None,
        ),
    )
    value: PdfObject = spec.as_pdf_object()  # type: ignore[no-untyped-call]
    return value


def _lock(slot: Slot, *, closes: bool) -> FieldMDPSpec:
    return FieldMDPSpec(FieldMDPAction.ALL) if closes else FieldMDPSpec(FieldMDPAction.INCLUDE, [slot.name])


def _literal(value: PdfObject) -> bytes:
    buffer = BytesIO()
    value.write_to_stream(buffer, None)
    return buffer.getvalue()
