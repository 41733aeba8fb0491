"""Characters that cannot be printed stop a document, with their place."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from packets.errors import RenderError
from packets.model.documents import DocumentType
from packets.render.document import render_document
from packets.render.font_cutting import CUTS
from packets.render.fonts import ensure_fonts

YOUNGER_THAN_THE_FONTS = frozenset(
    {0x1C89, 0x1C8A, 0xA7CB, 0xA7CC, 0xA7CD, 0xA7CE, 0xA7CF, 0xA7D2, 0xA7D4, 0xA7DA, 0xA7DB, 0xA7DC}
)
"""Letters that Unicode 16 and 17 added; Python 3.14 and 3.15 know them, Noto has no glyphs for them yet."""


def test_every_letter_of_the_three_scripts_has_a_glyph() -> None:
    """Every Latin, Greek and Cyrillic letter of the Basic Multilingual Plane up to Unicode 15.1 can be printed."""
    scripts = ("LATIN ", "GREEK ", "CYRILLIC ")
    letters = {
        code
        for code in range(0x10000)
        if unicodedata.category(chr(code)).startswith("L") and unicodedata.name(chr(code), "").startswith(scripts)
    }
    missing = {f"U+{code:04X}" for code in letters - YOUNGER_THAN_THE_FONTS - ensure_fonts().coverage}
    assert missing == set()


def test_every_face_draws_all_that_is_covered() -> None:
    """A character that one face prints, every face prints: no look loses a letter."""
    fonts = ensure_fonts()
    assert all(fonts.coverage <= set(fonts.face(name).face.charToGlyph) for name in CUTS)


def test_characters_without_a_glyph_are_all_named_with_their_places(
    everything: DocumentType, facts: dict[str, Any]
) -> None:
    """A Chinese name in a field and an emoji in a roster are refused together, each with its path and its Unicode name."""
    facts["aco"]["name"] = "王 & Co"
    facts["rosters"]["people"]["rows"][12][3] = "Smile 😀"
    with pytest.raises(RenderError) as refused:
        render_document(everything, facts)
    problems = {problem.where: problem for problem in refused.value.problems}
    assert set(problems) == {"aco.name", "rosters.people.rows[12][3]"}
    assert "U+738B (CJK UNIFIED IDEOGRAPH-738B)" in problems["aco.name"].sentence
    assert "U+1F600 (GRINNING FACE)" in problems["rosters.people.rows[12][3]"].sentence
    assert {problem.code for problem in problems.values()} == {"glyph-missing"}


@pytest.mark.parametrize(
    "character", ["\u202e", "\u200b", "\ufeff", "\x00", "\x1b", "\n", "\u00ad", "\u2028", "\ue000"]
)
def test_characters_that_cannot_be_seen_are_refused(
    character: str, everything: DocumentType, facts: dict[str, Any]
) -> None:
    """Control, direction and zero-width characters could make a name read differently from what is signed."""
    facts["aco"]["name"] = f"A{character}B"
    with pytest.raises(RenderError, match=f"U\\+{ord(character):04X}"):
        render_document(everything, facts)


def test_a_letter_with_its_mark_apart_is_printed_composed(
    with_body: Callable[..., DocumentType], facts: dict[str, Any], words_of: Callable[[bytes], str]
) -> None:
    """`e` and a combining acute accent are printed as the letter that they make."""
    facts["aco"]["name"] = "Jose\u0301"
    assert "[José]" in words_of(render_document(with_body("<p>[{{ aco.name }}]</p>"), facts).pdf)


def test_a_character_in_the_template_is_named_with_its_line(
    with_body: Callable[..., DocumentType], facts: dict[str, Any]
) -> None:
    """The words of the template are held to the same rule."""
    with pytest.raises(RenderError) as refused:
        render_document(with_body("<p>fine</p>\n<p>王</p>"), facts)
    assert [problem.where for problem in refused.value.problems] == ["body.xml.j2 line 2"]
