"""Who takes part, in the order of the race."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine.

    Attributes:
        key: name of its module in `rendering.engines`.
        label: what tables call it.
        package: the distribution whose version is told.
        output: what it is asked to write.
        tagged: whether that can be read by a screen reader in its order, with table headings.
    """

    key: str
    label: str
    package: str
    output: str
    tagged: bool


OURS, TYPST, WEASYPRINT = "ours", "typst_markup", "html_page"
ENGINES = (
    Engine(OURS, "esm-packets", "esm-packets", "PDF/A-2a and PDF/UA-1; the whole document", tagged=True),
    Engine("longtable", "ReportLab LongTable", "reportlab", "plain PDF", tagged=False),
    Engine(TYPST, "Typst", "typst", "PDF/A-2a and PDF/UA-1", tagged=True),
    Engine(WEASYPRINT, "WeasyPrint", "weasyprint", "PDF/UA-1", tagged=True),
    Engine("fpdf_table", "fpdf2", "fpdf2", "plain PDF", tagged=False),
)
