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
    """

    key: str
    label: str
    package: str
    output: str


OURS, TYPST, WEASYPRINT = "ours", "typst_markup", "html_page"
ENGINES = (
    Engine(OURS, "esm-packets", "esm-packets", "PDF/A-2a and PDF/UA-1, tagged; the whole document"),
    Engine("longtable", "ReportLab LongTable", "reportlab", "plain PDF, untagged"),
    Engine(TYPST, "Typst", "typst", "PDF/A-2a and PDF/UA-1, tagged"),
    Engine(WEASYPRINT, "WeasyPrint", "weasyprint", "PDF/UA-1, tagged"),
    Engine("fpdf_table", "fpdf2", "fpdf2", "plain PDF, untagged"),
)
