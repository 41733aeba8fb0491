"""Words become lines that are never too wide, and no word is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packets.render.dialect import Break, Run, plain_text
from packets.render.fonts import ensure_fonts
from packets.render.styles import BODY, VALUE
from packets.render.typeset import Text, set_text

RUNS = st.builds(Run, st.text("ab-/WiЩé ", max_size=40), st.booleans(), st.booleans())
WORDS = st.lists(RUNS | st.just(Break()), max_size=8).map(tuple)


def _lines(text: Text) -> list[str]:
    return ["".join(piece.text for piece in line.pieces) for line in text.lines]


@settings(deadline=None)
@given(words=WORDS, width=st.floats(15, 300))
def test_every_letter_is_on_a_line_and_no_line_is_too_wide(words: tuple[Run | Break, ...], width: float) -> None:
    """Whatever the looks and however narrow the column, all letters come out in order inside the width."""
    text = set_text(ensure_fonts(), None, words, BODY, width)
    assert "".join("".join(_lines(text)).split()) == "".join(plain_text(words).split())
    assert all(line.width <= width + 0.05 for line in text.lines)


def test_a_line_that_goes_on_ends_in_a_space_and_the_last_does_not() -> None:
    """Words of two lines stay two words for those who extract text."""
    lines = _lines(set_text(ensure_fonts(), None, "one two three four five six", BODY, 60))
    assert len(lines) > 1
    assert "".join(lines) == "one two three four five six"


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("Papadopoulos-Christodoulou", ["Papadopoulos-", "Christodoulou"]),
        ("someone@hospital.example", ["someone@hospital.", "example"]),
    ],
)
def test_a_word_that_must_be_cut_is_cut_at_its_seams(word: str, lines: list[str]) -> None:
    """Double names and addresses are cut after a hyphen, an at sign or a full stop, if they have one."""
    width = ensure_fonts().face("sans").stringWidth(lines[0] + "x", VALUE.size)
    text = set_text(ensure_fonts(), None, word, VALUE, width)
    assert _lines(text) == lines


def test_a_space_that_does_not_break_does_not() -> None:
    """Words joined by a no-break space stand on one line."""
    assert _lines(set_text(ensure_fonts(), None, "aaaa 42\u00a0CFR", BODY, 50)) == ["aaaa ", "42\u00a0CFR"]


@pytest.mark.parametrize(
    "words",
    ["42 CFR 425.118(b),", "45 CFR parts 160", "15 U.S.C. 7001(d).", "Section 16", "Pub. L. 105-277", "January 1,"],
)
def test_what_is_read_as_one_is_on_one_line(words: str) -> None:
    """A citation, a section and a day move to the next line as a whole, wherever the line would end."""
    for width in range(200, 320, 3):
        lines = _lines(set_text(ensure_fonts(), None, f"one two three {words} four five", BODY, width))
        assert "".join(lines) == f"one two three {words} four five"
        assert sum(words in line for line in lines) == 1


def test_what_is_read_as_one_is_parted_where_the_column_is_too_narrow() -> None:
    """In a narrow column a citation may be parted at its spaces, and is not cut inside its number."""
    lines = _lines(set_text(ensure_fonts(), None, "42 CFR 425.118(b)", BODY, 60))
    assert lines == ["42 CFR ", "425.118(b)"]
