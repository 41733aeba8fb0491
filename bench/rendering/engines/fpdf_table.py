"""fpdf2's tables: no tags, no standard; a plain library in pure Python."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF, FontFace  # type: ignore[import-not-found, import-untyped, unused-ignore]  # in the environment of the benchmarks only

from rendering.material import Material

FACE = "bench"


def draw(material: Material, target: Path) -> None:
    """Draw one `table` a TIN, its heading row repeated on each page."""
    pdf = FPDF(unit="pt", format="letter")
    pdf.set_margin(material.margin)
    pdf.set_auto_page_break(auto=True, margin=material.margin)
    pdf.add_font(FACE, "", material.face)
    pdf.add_font(FACE, "B", material.bold)
    pdf.set_title(material.title)
    pdf.set_lang("en-US")
    pdf.add_page()
    pdf.set_font(FACE, "B", 19)
    pdf.multi_cell(0, 24, material.title, new_x="LMARGIN", new_y="NEXT")
    for title, rows in material.groups():
        _draw_group(pdf, material, title, rows)
    pdf.output(str(target))


def _draw_group(pdf: FPDF, material: Material, title: str, rows: list[list[str]]) -> None:
    pdf.set_font(FACE, "B", 9)
    pdf.multi_cell(0, 12.5, title, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FACE, "", material.size)
    options = {"borders_layout": "HORIZONTAL_LINES", "line_height": material.leading, "padding": (1.3, 2, 1.3, 0)}
    style = FontFace(emphasis="BOLD")
    with pdf.table(
        [material.labels, *rows], col_widths=material.widths, headings_style=style, text_align="LEFT", **options
    ):
        pass
