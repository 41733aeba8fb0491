"""What of a row a search looks at, and what is looked for: written alike, so that case and accents do not matter. Pure.

TINs are not part of it: they may be Social Security numbers, and not everybody who searches may learn their digits (REQ 4.3).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

from packets.lists.columns import LAYOUTS, Kind

UNSEARCHED = frozenset({Kind.ACO_ID, Kind.TIN, Kind.FLAG, Kind.ACTION})
SAID_ONCE = "aco_name"
"""Key of the column that says in every row what the list's heading says."""
BETWEEN_CELLS = "\n"
"""Stands between cells, so that no word is found that begins in one and ends in the next."""
LONGEST_SEARCH = 80
"""In characters; what is longer is cut."""


def fold(text: str) -> str:
    """The text in small letters and without accents: `Đức Muñoz` becomes `đuc munoz`."""
    if text.isascii():
        return text.lower()
    parted = unicodedata.normalize("NFKD", text)
    return "".join(one for one in parted if not unicodedata.combining(one)).casefold()


def searchable(list_name: str, row: Sequence[str]) -> str:
    """The cells of a row that a search looks at, folded; of a list that only a document type knows, none."""
    return fold(BETWEEN_CELLS.join([row[at] for at in _searched(list_name) if row[at]]))


@cache
def _searched(list_name: str) -> tuple[int, ...]:
    columns = LAYOUTS[list_name].columns if list_name in LAYOUTS else ()
    return tuple(at for at, one in enumerate(columns) if one.kind not in UNSEARCHED and one.key != SAID_ONCE)


def tin_name(list_name: str, row: Sequence[str]) -> str:
    """The legal name that a row gives to its TIN; empty when the list has none."""
    layout = LAYOUTS.get(list_name)
    return row[layout.place(layout.tin_name)] if layout and layout.tin_name else ""


def search_words(text: str) -> tuple[str, ...]:
    """The words of a search, folded, each once: all of them must stand in a row, in any order."""
    return tuple(dict.fromkeys(fold(text[:LONGEST_SEARCH]).split()))


def tin_part(word: str) -> str:
    """The digits by which a word can be part of a TIN, with or without hyphen; empty when it cannot."""
    digits = word.replace("-", "")
    return digits if digits.isascii() and digits.isdigit() else ""
