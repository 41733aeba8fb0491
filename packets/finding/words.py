"""The words by which a record is found: of the document, of those who signed it, and of the lists that are frozen in it. Pure.

TINs are not among them: they may be Social Security numbers, and not everybody who searches may learn their digits (REQ 4.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from packets.lists.columns import LAYOUTS, Kind
from packets.lists.searching import fold
from packets.model.documents import DocumentType

NAMES = frozenset({"tin_legal_name", "legal_name", "ccn_legal_name", "first_name", "last_name"})
"""Keys of the columns that name participants and providers."""
IDENTIFIERS = frozenset({Kind.NPI, Kind.CCN})
LONGEST_WORD = 60
"""In characters; the rest of a longer one is not looked at, in records and in questions alike."""
WORD = re.compile(r"[^\W_]+")


class Source(StrEnum):
    """Where a word stands."""

    DOCUMENT = "d"
    SIGNER = "s"
    LIST = "l"
    ROLE = "r"


TEXTS = (Source.DOCUMENT, Source.SIGNER, Source.LIST)
"""Where what somebody types is looked for; the roles of those who signed are chosen from a list."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is found by of a document's frozen facts.

    Attributes:
        digest: of the facts.
        words: of the participants and providers in its lists: names, NPIs and CCNs.
        ends_on: the last day of the period that it states; None where it states none.
    """

    digest: str
    words: frozenset[str]
    ends_on: date | None


def words_of(*texts: str) -> frozenset[str]:
    """The words of some texts, folded: without case, accents and punctuation."""
    return frozenset(one[:LONGEST_WORD] for text in texts for one in WORD.findall(fold(text)))


def contents_of(document_type: DocumentType | None, facts: Mapping[str, Any], digest: str) -> Contents:
    """What is found by of frozen facts; `document_type` is None for a kind that is not in the catalog any more."""
    rosters = facts.get("rosters", {}).values()
    words = {word for one in rosters for word in _roster_words(one) if len(word) > 1}
    return Contents(
        digest, frozenset(words), _ends_on(facts) if document_type and document_type.countersigned else None
    )


def _roster_words(roster: Mapping[str, Any]) -> Iterable[str]:
    """Documents of earlier versions do not name their columns: nobody could tell which cells are TINs, so none is taken."""
    columns = roster.get("columns", ())
    places = [at for at, key in enumerate(columns) if key in NAMES or key in _identifier_keys()]
    cells = {row[at] for part in ("rows", "excluded") for row in roster[part] for at in places}
    return words_of(*cells)


def _identifier_keys() -> frozenset[str]:
    return frozenset(one.key for layout in LAYOUTS.values() for one in layout.columns if one.kind in IDENTIFIERS)


def _ends_on(facts: Mapping[str, Any]) -> date | None:
    """The end of a data use agreement is the day to which it is extended, else it is that of the agreement period."""
    dua, agreement = facts.get("dua"), (facts.get("aco") or {}).get("agreement")
    day = dua["extended_to"] if dua else agreement["end_date"] if agreement else None
    return date.fromisoformat(day) if day else None
