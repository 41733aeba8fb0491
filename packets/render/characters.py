"""Characters that can be printed: a name never loses a letter without somebody being told (R24, R31).

A character is refused when it has no glyph in the faces of record, or when it cannot be seen but changes what is read
(control characters, zero-width characters, changes of writing direction).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from typing import Any

from packets.errors import Problem

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def character_problems(value: Any, coverage: Collection[int], where: str = "") -> Iterator[Problem]:
    """Every character of the text in `value` that cannot be printed, with its field path.

    Args:
        value: JSON types.
        coverage: code points that have a glyph.
        where: path of `value` itself.
    """
    if isinstance(value, str):
        yield from _text_problems(value, coverage, where)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from character_problems(inner, coverage, f"{where}.{key}" if where else key)
    elif isinstance(value, list) and not _clean_rows(value, coverage):
        for index, inner in enumerate(value):
            yield from character_problems(inner, coverage, f"{where}[{index}]")


def _text_problems(text: str, coverage: Collection[int], where: str) -> Iterator[Problem]:
    if text.isascii() and text.isprintable():
        return
    composed = unicodedata.normalize("NFC", text)
    for character in sorted(set(composed)):
        if unicodedata.category(character) in _INVISIBLE:
            yield _refusal(character, where, "cannot be seen and may not stand in a record", "Remove it.")
        elif ord(character) not in coverage:
            remedy = "Spell it with Latin, Greek or Cyrillic letters, as in official papers."
            yield _refusal(character, where, "cannot be printed with the document's typefaces", remedy)


def _refusal(character: str, where: str, fault: str, remedy: str) -> Problem:
    name = unicodedata.name(character, "no name")
    return Problem("glyph-missing", f"The character U+{ord(character):04X} ({name}) {fault}.", remedy, where)


def _clean_rows(rows: list[Any], coverage: Collection[int]) -> bool:
    """Whether a list of rows of text is clean as a whole: true for nearly every roster, and quick to see."""
    if not rows or not isinstance(rows[0], list) or not all(isinstance(cell, str) for row in rows for cell in row):
        return False
    seen = set[str]()
    for row in rows:
        seen.update(*row)
    return not any(_text_problems("".join(sorted(seen)), coverage, ""))
