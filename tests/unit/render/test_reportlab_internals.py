"""What the renderer relies on inside ReportLab 5.1 (packets/render/tagging.py, fonts.py): if it changes, this says so."""

from __future__ import annotations

import io
import re

import pytest
import reportlab
from reportlab.lib.utils import open_for_read
from reportlab.pdfbase.pdfdoc import PDFStream
from reportlab.pdfgen.canvas import Canvas

from packets.render.fonts import ensure_fonts


@pytest.fixture
def canvas() -> Canvas:
    """A canvas on which one of our faces has drawn three scripts."""
    face = ensure_fonts().face("sans")
    canvas = Canvas(io.BytesIO(), (200, 100), invariant=1, initialFontName=face.fontName)
    canvas.setFont(face.fontName, 10)
    canvas.drawString(10, 10, "abc é Ω Щ")
    return canvas


def test_reportlab_is_the_release_that_was_read() -> None:
    """A new release is read before it is used."""
    assert reportlab.__version__.startswith("5.1.")


def test_a_started_page_is_empty(canvas: Canvas) -> None:
    """`_startPage` leaves no operators of the page before."""
    assert "Tj" in canvas.getCurrentPageContent()
    canvas._startPage()
    assert canvas.getCurrentPageContent() == ""


def test_ascii_keeps_its_own_codes_in_the_first_subset(canvas: Canvas) -> None:
    """Rosters write ASCII text without asking the face for codes."""
    face = ensure_fonts().face("sans")
    assert face.splitString("Aa09 ~\\(", canvas._doc) == [(0, b"Aa09 ~\\(")]
    assert re.fullmatch(r"/F\d+\+0", face.getSubsetInternalName(0, canvas._doc))


def test_faces_add_their_objects_where_we_look_for_them(canvas: Canvas) -> None:
    """Fonts wait in `delayedFonts`, their dictionary is `BasicFonts`, their maps are streams named after the font."""
    document = canvas._doc
    (face,) = document.delayedFonts
    face.addObjects(document)
    names = set(document.numberToId.values())
    assert names == set(document.idToObject) == set(document.idToObjectNumberAndVersion)
    streams = [name for name in names if isinstance(document.idToObject[name], PDFStream)]
    assert {name.split(":")[0] for name in streams} == {"toUnicodeCMap", "fontFile"}
    assert all(set(document.idToObject[name].dictionary.dict) <= {"Length1"} for name in streams)
    assert len(document.idToObject["BasicFonts"].dict) == 1


def test_the_map_of_a_face_is_ours(canvas: Canvas) -> None:
    """Each character that was drawn is in the map once, and nothing stands for U+0000."""
    document = canvas._doc
    document.delayedFonts[0].addObjects(document)
    (name,) = (name for name in document.idToObject if str(name).startswith("toUnicodeCMap"))
    content = document.idToObject[name].content
    assert all(content.count(f"<{ord(character):04X}>") == 1 for character in "aéΩЩ ")
    assert "<0000>" not in content


def test_nothing_is_fetched() -> None:
    """ReportLab would open addresses in pictures and fonts; it is told not to."""
    ensure_fonts()
    with pytest.raises(OSError, match="Cannot open resource"):
        open_for_read("http://127.0.0.1:9/x.png")
