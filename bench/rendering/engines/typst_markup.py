"""Typst, tagged: PDF/A-2a and PDF/UA-1 at once, as our documents are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import typst  # type: ignore[import-not-found, unused-ignore]  # in the environment of the benchmarks only

from rendering.material import Material

FAMILIES = {"regular": "NotoSans", "bold": "NotoSans-NarrowSemiBold"}
"""What Typst makes of the names in the two files: it takes `Narrow` for a width, but not with a weight behind it."""

HEADER = """\
#set document(title: {title}, date: datetime(year: 2027, month: 1, day: 1))
#set page(paper: "us-letter", margin: {margin}pt)
#set text(lang: "en", region: "US", font: "{regular}", fallback: false, size: {size}pt)
#set par(leading: {leading}pt)
#show strong: set text(font: "{bold}", weight: "regular")
#show selector.or(title, heading): set text(font: "{bold}", weight: "regular")
#show heading: set text(size: 9pt)
#set table(columns: ({widths}), stroke: (x: none, top: none, bottom: 0.3pt + luma(86%)), inset: (x: 0pt, y: 2.2pt))
#let head = table.header({labels})
#title()
"""


def draw(material: Material, target: Path) -> None:
    """Compile generated source: a heading and a `table` a TIN, cells as string literals, header rows that repeat."""
    source = "\n".join(_source(material)).encode()
    typst.compile(  # type: ignore[misc, unused-ignore]  # its stubs ask for a type of input that nobody can name
        source,
        output=str(target),
        font_paths=[str(Path(material.face).parent)],
        ignore_system_fonts=True,
        pdf_standards=["a-2a", "ua-1"],
    )


def _source(material: Material) -> Iterator[str]:
    yield HEADER.format(
        title=_literal(material.title),
        margin=material.margin,
        **FAMILIES,
        size=material.size,
        leading=material.leading - material.size,
        widths=", ".join(f"{width:.2f}pt" for width in material.widths),
        labels=", ".join(f"strong(delta: 0, {_literal(label)})" for label in material.labels),
    )
    for title, rows in material.groups():
        yield f"#heading(level: 1, {_literal(title)})"
        yield "#table(head,"
        yield from (", ".join(map(_literal, row)) + "," for row in rows)
        yield ")"


def _literal(text: str) -> str:
    """A Typst string: JSON's escapes are Typst's, as long as letters stand for themselves."""
    return json.dumps(text, ensure_ascii=False)
