"""What a signature looks like on the page: a few lines, drawn as a PDF page that becomes the field's appearance."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from packets.errors import RenderError
from packets.render import styles
from packets.render.characters import character_problems
from packets.render.fonts import FontSet, ensure_fonts
from packets.render.objects import ObjectFile, numbers
from packets.render.styles import Style
from packets.render.tagging import write_fonts
from packets.render.typeset import Text, set_text

STAMP_WIDTH = 300.0
STAMP_HEIGHT = 62.0
"""Size in points of a signature's appearance, and of every signature field."""

_INSET = 7.0
_LARGEST = 9.5
_STEP = 0.96


def render_stamp(
    lines: Sequence[str], *, width: float = STAMP_WIDTH, height: float = STAMP_HEIGHT, fonts: FontSet | None = None
) -> bytes:
    """A page of PDF of the given size (points) with the lines on it, the first one bold; its fonts are embedded.

    Lines are wrapped, and set smaller as long as they do not fit: nothing is ever clipped.

    Args:
        lines: from the top; an empty sequence makes an empty page.
        width: of the page in points.
        height: of the page in points.
        fonts: the faces to draw with; those of this installation when absent.

    Raises:
        RenderError: a character cannot be printed.
    """
    faces = fonts or ensure_fonts()
    if problems := list(character_problems(list(lines), faces.coverage, "appearance")):
        raise RenderError(problems)
    faces.face("sans")
    canvas = Canvas(io.BytesIO(), (width, height), invariant=1, initialFontName="esm-sans")
    texts = _fitted(faces, lines, width - 2 * _INSET, height - _INSET)
    top = (height + sum(text.height for text in texts)) / 2
    for text in texts:
        _draw(canvas, faces, text, top)
        top -= text.height
    return _page(canvas, width, height)


def _fitted(fonts: FontSet, lines: Sequence[str], width: float, height: float) -> list[Text]:
    """The lines in the largest size in which all of them fit."""
    size = _LARGEST
    while True:
        small = Style("sans", size * 0.82, size * 1.1)
        head = Style("sans", size, size * 1.3, bold=True)
        texts = [set_text(fonts, None, line, small if index else head, width) for index, line in enumerate(lines)]
        if sum(text.height for text in texts) <= height:
            return texts
        size *= _STEP


def _draw(canvas: Canvas, fonts: FontSet, text: Text, top: float) -> None:
    canvas.setFillColorRGB(*styles.INK)
    for line in text.lines:
        baseline, x = top - text.style.leading * 0.5 - text.style.size * 0.34, _INSET
        for piece in line.pieces:
            canvas.setFont(fonts.face(piece.face).fontName, text.style.size)
            canvas.drawString(x, baseline, piece.text)
            x += piece.width
        top -= text.style.leading


def _page(canvas: Canvas, width: float, height: float) -> bytes:
    """The canvas as a file with one page and nothing else."""
    file = ObjectFile()
    content = file.put_stream(canvas.getCurrentPageContent().encode("ascii"))
    fonts = write_fonts(canvas._doc, file)  # noqa: SLF001  see packets/render/tagging.py
    page, pages = file.allocate(), file.allocate()
    body = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %b]/Resources<</Font %b>>/Contents %d 0 R>>"
    file.add(page, body % (pages, numbers(width, height), fonts, content))
    file.add(pages, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    return file.finish(file.put(b"<</Type/Catalog/Pages %d 0 R>>" % pages), file.put(b"<<>>"))
