"""The appearance of a signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packets.errors import RenderError
from packets.render.stamp import STAMP_HEIGHT, STAMP_WIDTH, render_stamp

Reader = Callable[[bytes], Any]


def test_a_stamp_is_one_page_of_its_size_with_its_words_in_order(reader_of: Reader) -> None:
    """The page has the size of a signature field, and its lines read from the top, in any of the three scripts."""
    lines = ["Ελένη Ångström", "DUA Requestor for A9001", "Signed 2026-11-22 14:05:06 UTC", "Я согласна"]
    reader = reader_of(render_stamp(lines))
    (page,) = reader.pages
    assert (float(page.mediabox.width), float(page.mediabox.height)) == (STAMP_WIDTH, STAMP_HEIGHT)
    assert page.extract_text().splitlines() == lines


def test_every_font_of_a_stamp_is_embedded(reader_of: Reader) -> None:
    """A viewer that has no fonts shows the same stamp; a record needs no Courier."""
    fonts = reader_of(render_stamp(["Bold", "Regular"])).pages[0]["/Resources"]["/Font"].values()
    assert len(fonts) == 2
    assert all("/FontFile2" in font["/FontDescriptor"] and "/ToUnicode" in font for font in fonts)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.text("WMil .,", min_size=1, max_size=200), min_size=1, max_size=8))
def test_nothing_is_ever_clipped(lines: list[str], reader_of: Reader) -> None:
    """However long the lines are, every letter stands inside the stamp."""
    (page,) = reader_of(render_stamp(lines)).pages
    heights: list[float] = []
    text = page.extract_text(
        visitor_text=lambda words, _cm, tm, _font, _size: heights.append(tm[5]) if words.strip() else None
    )
    assert "".join(text.split()) == "".join("".join(lines).split())
    assert all(0 < height < STAMP_HEIGHT for height in heights)


def test_a_stamp_refuses_what_it_cannot_print() -> None:
    """A name without glyphs is refused before anything is signed."""
    with pytest.raises(RenderError, match="U\\+738B"):
        render_stamp(["王"])
