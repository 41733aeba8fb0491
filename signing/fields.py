"""What a pre-placed signature field demands of its signature: seed values and lock (ISO 32000-1, 12.7.4.5).

The dictionaries go into the unsigned draft as literal PDF, so they depend on the document type alone: the same draft
comes out on any machine, whatever its keys.
"""

from __future__ import annotations

import re
from io import BytesIO

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

from packets.model.documents import DocumentType, FieldDictionaries, Party, Slot

SEAL_FIELD = "Seal"
"""Name of the field that the service seals, invisible; a document type may not use it for a slot."""

ARCHIVE_FIELD = re.compile(r"Archive_[1-9][0-9]{0,3}")
"""Names of the fields of archival time-stamps, counted from 1."""

DIGEST_METHODS = ("sha256", "sha384", "sha512")


def field_dictionaries(document_type: DocumentType) -> dict[str, FieldDictionaries]:
    """The `/SV` and `/Lock` dictionaries of every slot, by the slot's name.

    Every slot takes an ETSI.CAdES.detached signature over SHA-256 or better, made with a certificate for content commitment.
    Signing a slot locks that slot; the slot that is signed last locks every field.
    """
    seed_value = _literal(_seed_value())
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


def _seed_value() -> PdfObject:
    spec = SigSeedValueSpec(
        flags=SigSeedValFlags.SUBFILTER | SigSeedValFlags.DIGEST_METHOD,
        subfilters=[SigSeedSubFilter.PADES],
        digest_methods=list(DIGEST_METHODS),
        cert=SigCertConstraints(
            flags=SigCertConstraintFlags.KEY_USAGE, key_usage=[SigCertKeyUsage.from_sets(must_have={"non_repudiation"})]
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
