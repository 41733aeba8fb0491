"""TINs that two lists call by different names (REQ 6). Pure.

CMS compares legal names with PECOS; a participant whose name differs there loses time. So a difference is shown early, and
only shown: which of the two names is right, neither list can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packets.lists.searching import fold

SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class NameMismatch:
    """One TIN, nine digits, with the name that this list gives it and the one that the other list does."""

    tin: str
    here: str
    there: str


def find_mismatches(here: Iterable[tuple[str, str]], there: Iterable[tuple[str, str]]) -> tuple[NameMismatch, ...]:
    """The TINs that stand on both lists under names that do not agree, in the order of the first.

    Args:
        here: pairs of TIN and name of one list, each pair once; a TIN may have several names.
        there: likewise of the other list; a name agrees when it agrees with any of its TIN's names there.
    """
    names: dict[str, list[str]] = {}
    for tin, name in there:
        names.setdefault(tin, []).append(name)
    return tuple(
        NameMismatch(tin, name, names[tin][0])
        for tin, name in here
        if tin in names and plain_name(name) not in set(map(plain_name, names[tin]))
    )


def plain_name(name: str) -> str:
    """A name without what two typists do differently: case, accents, spaces and punctuation."""
    return SIGNS.sub("", fold(name).replace("&", "and"))
