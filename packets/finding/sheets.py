"""What was found as a file: CSV, and a workbook; one row a document. No cell of either is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from packets.documents.reading import RecordLine
from packets.finding.query import Query
from packets.lists.columns import Column, Kind, Row
from packets.lists.workbook import Cover, Sheet, write_bare_workbook
from packets.model.calendar import AGENCY_ZONE
from packets.model.people import role_label

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A cell of a CSV file that begins so is run as a formula by spreadsheets; an apostrophe before it makes it a text."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the file, what it means, and where it comes from; the data dictionary prints it."""

    column: Column
    meaning: str
    source: str


FIELDS = (
    Field(Column("document_id", "Document ID"), "The number of the document.", "documents.document_id"),
    Field(Column("aco_id", "ACO ID", Kind.ACO_ID), "Whose document it is.", "documents.aco_id"),
    Field(
        Column("legal_name", "ACO Legal Name"), "The ACO’s legal name in that year, as it is today.", "acos.legal_name"
    ),
    Field(Column("year", "Performance Year"), "Four digits.", "documents.year"),
    Field(Column("kind", "Kind"), "The kind of the document, as machines call it.", "documents.kind"),
    Field(Column("title", "Title"), "Its title.", "the manifest of its kind"),
    Field(Column("status", "Status"), "How far it is on the day of the file.", "derived (packets/model/steps.py)"),
    Field(Column("signers", "Signers"), "Who signed, in which role, separated by semicolons.", "signatures"),
    Field(
        Column("last_signed_at", "Last Signed At"),
        "Time in the newest signature’s time-stamp, UTC, ISO 8601.",
        "signatures",
    ),
    Field(Column("executed_at", "Executed At"), "When the last signature was recorded, UTC, ISO 8601.", "documents"),
    Field(Column("pages", "Pages"), "How many pages it has.", "documents.pages"),
    Field(Column("digest", "SHA-256"), "Of its newest bytes, hex.", "documents.head_digest"),
)
COLUMNS = tuple(one.column for one in FIELDS)
ABOUT = (Column("what", "What"), Column("statement", "Statement"))


def write_csv(lines: Iterable[RecordLine]) -> bytes:
    """The documents as CSV (RFC 4180) in UTF-8 with its mark, so that spreadsheets read names right."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow([one.heading for one in COLUMNS])
    writer.writerows([_harmless(cell) for cell in row_of(line)] for line in lines)
    return target.getvalue().encode("utf-8-sig")


def write_sheet(lines: Sequence[RecordLine], query: Query, now: datetime) -> bytes:
    """The documents as a workbook, with a second sheet that says what was asked."""
    about = [
        ("Made", f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
        ("Rows", f"{len(lines):,}"),
        *((f"Asked: {name}", value) for name, value in query.parts().items()),
    ]
    sheets = [
        Sheet("Records", COLUMNS, map(row_of, lines), len(lines)),
        Sheet("About", ABOUT, about, len(about), wrapped=True),
    ]
    return write_bare_workbook(sheets, Cover("Records", "Search of the archive", now.astimezone(AGENCY_ZONE)))


def row_of(line: RecordLine) -> Row:
    """A document's row, in the order of the columns."""
    document = line.document
    signed = document.signatures
    return (
        document.document_id,
        document.aco_id,
        line.aco.legal_name,
        str(document.performance_year),
        document.kind,
        line.title,
        str(line.status),
        "; ".join(f"{one.name} ({role_label(one.role)})" for one in signed),
        _time(max((one.signed_at for one in signed), default=None)),
        _time(document.executed_at),
        str(document.pages),
        document.head_digest,
    )


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else ""


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell
