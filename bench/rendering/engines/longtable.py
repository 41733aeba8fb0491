"""ReportLab's own long tables: no tags, no standard; the floor that our drawing stands on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import CondPageBreak, LongTable, Paragraph, SimpleDocTemplate, TableStyle
from reportlab.platypus.flowables import Flowable

from rendering.material import Material, Row

FACE, BOLD = "bench", "bench-bold"
RULE = Color(0.84, 0.86, 0.88)
PAD = 1.3


def draw(material: Material, target: Path) -> None:
    """Draw one `LongTable` a TIN; cells are strings, broken into lines beforehand: paragraphs would be slower by far."""
    pdfmetrics.registerFont(TTFont(FACE, material.face))
    pdfmetrics.registerFont(TTFont(BOLD, material.bold))
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), material.margin)
    document = SimpleDocTemplate(str(target), pagesize=letter, title=material.title, pageCompression=1, **margins)
    document.build(list(_story(material)))


def _story(material: Material) -> Iterator[Flowable]:
    heading = ParagraphStyle("heading", fontName=BOLD, fontSize=9, leading=12.5, spaceBefore=5)
    yield Paragraph(material.title, ParagraphStyle("title", heading, fontSize=19, leading=24))
    style = _table_style(material)
    for title, rows in material.groups():
        yield CondPageBreak(3 * heading.leading)
        yield Paragraph(title, heading)
        cells = [material.labels, *([*_wrapped(row, material)] for row in rows)]
        yield LongTable(cells, colWidths=material.widths, repeatRows=1, style=style)


def _wrapped(row: Row, material: Material) -> Iterator[str]:
    for text, width in zip(row, material.widths, strict=True):
        yield "\n".join(simpleSplit(text, FACE, material.size, width - 2))


def _table_style(material: Material) -> TableStyle:
    everything = (0, 0), (-1, -1)
    return TableStyle(
        [
            ("FONT", *everything, FACE, material.size, material.leading),
            ("FONT", (0, 0), (-1, 0), BOLD, material.size, material.leading),
            ("LINEBELOW", *everything, 0.3, RULE),
            ("VALIGN", *everything, "TOP"),
            ("LEFTPADDING", *everything, 0),
            ("RIGHTPADDING", *everything, 2),
            ("TOPPADDING", *everything, PAD),
            ("BOTTOMPADDING", *everything, PAD),
        ]
    )
