"""WeasyPrint, tagged: HTML becomes PDF/UA-1. It writes one standard at a time, so PDF/A-2a is not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

import weasyprint  # type: ignore[import-not-found, import-untyped, unused-ignore]  # in the environment of the benchmarks only

from rendering.material import Material

STANDARD = "pdf/ua-1"
STYLE = """\
@font-face {{ font-family: bench; src: url({face}) }}
@font-face {{ font-family: bench; font-weight: bold; src: url({bold}) }}
@page {{ size: letter; margin: {margin}pt }}
body {{ font: {size}pt/{leading}pt bench; margin: 0 }}
h1 {{ font-size: 19pt; line-height: 24pt }}
h2 {{ font-size: 9pt; line-height: 12.5pt; margin: 5pt 0 0; break-after: avoid }}
table {{ border-collapse: collapse; table-layout: fixed; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: 1.3pt 2pt 1.3pt 0; border-bottom: .3pt solid #d6dbe0 }}
"""


def draw(material: Material, target: Path) -> None:
    """Write an HTML page with a heading and a `table` a TIN, in fixed layout, which is WeasyPrint's quicker one."""
    page = weasyprint.HTML(string="".join(_page(material)), base_url=Path(material.face).parent.as_uri() + "/")
    page.write_pdf(target, pdf_variant=STANDARD)


def _page(material: Material) -> Iterator[str]:
    face, bold = (Path(one).as_uri() for one in (material.face, material.bold))
    style = STYLE.format(face=face, bold=bold, margin=material.margin, size=material.size, leading=material.leading)
    title = escape(material.title)
    yield f'<!DOCTYPE html><html lang="en-US"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{style}</style></head><body><h1>{title}</h1>"
    head = "".join(
        f'<th scope="col" style="width: {width:.2f}pt">{escape(label)}</th>'
        for label, width in zip(material.labels, material.widths, strict=True)
    )
    for heading, rows in material.groups():
        yield f"<h2>{escape(heading)}</h2><table><thead><tr>{head}</tr></thead><tbody>"
        yield from ("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
        yield "</tbody></table>"
    yield "</body></html>"
