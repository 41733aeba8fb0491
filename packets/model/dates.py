"""When a document was signed, from when it is in force, and for which period: separate facts (REQUIREMENTS 2.5). Pure.

The instants are those of the signatures' time-stamps. The day of effect follows the manifest: the day of the last signature, in
the time zone of CMS, or the first day of the performance year. The period is what the document itself states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from packets.model.calendar import AGENCY_ZONE
from packets.model.documents import Document, DocumentType, Party

ON_LAST_SIGNATURE = "on-last-signature"


@dataclass(frozen=True, slots=True)
class Dates:
    """What the record says of a document's dates; None where it does not say it, or not yet.

    Attributes:
        aco_signed_at: the last signature of the ACO, when all of them are there.
        cms_signed_at: the signature of CMS.
        effective_on: from this day on the document is in force; None for one that was voided.
        starts_on, ends_on: the period that a countersigned document states.
    """

    aco_signed_at: datetime | None
    cms_signed_at: datetime | None
    effective_on: date | None
    starts_on: date | None
    ends_on: date | None

    def as_json(self) -> dict[str, str | None]:
        """The dates for machines, ISO 8601."""
        return {name: value.isoformat() if (value := getattr(self, name)) else None for name in self.__slots__}


def dates_of(document: Document, document_type: DocumentType, facts: Mapping[str, Any]) -> Dates:
    """The dates of a document; `facts` are its frozen facts, or nothing where no period is wanted."""
    effective = _effective_on(document, document_type)
    starts_on, ends_on = _period(facts, effective) if document_type.countersigned else (None, None)
    return Dates(
        aco_signed_at=_last(document, document_type, Party.ACO),
        cms_signed_at=_last(document, document_type, Party.CMS),
        effective_on=effective,
        starts_on=starts_on,
        ends_on=ends_on,
    )


def _last(document: Document, document_type: DocumentType, party: Party) -> datetime | None:
    """The last signature of a party, when none of its signatures is missing."""
    names = {one.name for one in document_type.slots if one.party is party}
    if not names or not names <= document.signed_slots:
        return None
    return max(one.signed_at for one in document.signatures if one.slot in names)


def _effective_on(document: Document, document_type: DocumentType) -> date | None:
    if document.executed_at is None or document.voided_at is not None:
        return None
    if document_type.takes_effect == ON_LAST_SIGNATURE:
        return max(one.signed_at for one in document.signatures).astimezone(AGENCY_ZONE).date()
    return date(document.performance_year, 1, 1)


def _period(facts: Mapping[str, Any], effective: date | None) -> tuple[date | None, date | None]:
    """The period of a data use agreement, which runs from its effect to the day it is extended to; else of the agreement."""
    dua, agreement = facts.get("dua"), (facts.get("aco") or {}).get("agreement")
    if dua:
        return effective, date.fromisoformat(dua["extended_to"])
    if agreement:
        return date.fromisoformat(agreement["start_date"]), date.fromisoformat(agreement["end_date"])
    return None, None
