"""Lists as a spreadsheet: an xlsx file inside a zip archive (R51, REQ 1.6.6). The only room that knows openpyxl.

openpyxl makes the frame: sheets, styles, headings and one row that shows how the cells of each column are written. The rows
themselves are written after that pattern by `sheet_rows`, in a tenth of the time, one after the other, so that memory does not
grow with the list.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import tostring

from packets.lists import archive
from packets.lists.columns import Column, Kind, Row
from packets.lists.sheet_rows import RowPattern, write_rows

WIDTHS = {
    Kind.TEXT: 34,
    Kind.ACO_ID: 9,
    Kind.TIN: 13,
    Kind.CCN: 13,
    Kind.NPI: 13,
    Kind.FLAG: 9,
    Kind.ACTION: 10,
    Kind.DATE: 12,
}
"""Widths of the columns in characters."""
NARROW_TEXT = 20
NARROW = frozenset({"first_name", "last_name", "status", "reason"})
WIDE_TEXT, WIDE = 90, frozenset({"statement", "rule"})
"""Columns of names and of sentences, by key."""
FORMATS = {Kind.DATE: "mm/dd/yyyy", Kind.FLAG: "0"}
TEXT_FORMAT = "@"
"""Everything else is a text, also when somebody edits the cell: leading zeros stay, and nothing becomes a formula."""
MOST_TYPED = 200_000
"""Down to this row below the headings, choices are offered."""
CREATOR = "esm-packets"
SHEET_TITLE_LIMIT = 31
SHEET_TITLE_REFUSED = re.compile(r"[\[\]:*?/\\]")
SHEET_PART = re.compile(r"xl/worksheets/sheet([0-9]+)\.xml")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        title: its name; what no spreadsheet accepts in one is left out.
        columns: headings, and what the cells hold.
        rows: rows in the order of the columns; they are taken one after the other and not kept.
        count: how many rows there are.
        wrapped: long texts go on in further lines of their cell.
        choices: what can be picked in the cells below a heading, by the key of its column; nothing else is accepted there.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    count: int
    wrapped: bool = False
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cover:
    """What the file's properties say.

    Attributes:
        title: what it is.
        subject: whose it is, e.g. `A0001, performance year 2027`.
        made_at: when it was made, aware.
    """

    title: str
    subject: str
    made_at: datetime = field(default=datetime(1980, 1, 1, tzinfo=UTC))

    @property
    def day(self) -> date:
        """The day that the files in the archives bear."""
        return self.made_at.date()


def write_workbook(
    name: str, sheets: Sequence[Sheet], cover: Cover, *, mask_tins: bool = False, shown: int = 0
) -> bytes:
    """A zip archive that holds one workbook.

    Args:
        name: the workbook's file name without its ending; the archive's is for the caller to choose.
        sheets: its sheets in order, with different titles.
        cover: what its properties say; the same arguments give the same bytes.
        mask_tins: show only the last four digits of a TIN, which may be a person's number (REQ 4.3).
        shown: which sheet is on top when the workbook is opened, from 0.
    """
    return archive.pack(f"{name}.xlsx", write_bare_workbook(sheets, cover, mask_tins=mask_tins, shown=shown), cover.day)


def write_bare_workbook(sheets: Sequence[Sheet], cover: Cover, *, mask_tins: bool = False, shown: int = 0) -> bytes:
    """The workbook itself; see `write_workbook`."""
    frame, core = _frame(sheets, cover, shown)
    target = io.BytesIO()
    with zipfile.ZipFile(frame) as parts, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for part in parts.namelist():
            info = zipfile.ZipInfo(part, (cover.day.year, cover.day.month, cover.day.day, 0, 0, 0))
            info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
            content = core if part == "docProps/core.xml" else parts.read(part)
            match = SHEET_PART.fullmatch(part)
            with made.open(info, "w", force_zip64=True) as member:
                for piece in _filled(content, sheets[int(match[1]) - 1], mask_tins=mask_tins) if match else (content,):
                    member.write(piece)
    return target.getvalue()


def _frame(sheets: Sequence[Sheet], cover: Cover, shown: int) -> tuple[io.BytesIO, bytes]:
    """The workbook with headings and one row of pattern on each sheet; and its properties, as they shall be."""
    workbook = Workbook(write_only=True)
    for one in sheets:
        # A write-only sheet has all of a sheet that is not about reading cells, but its type does not say so.
        sheet = cast("Worksheet", workbook.create_sheet(sheet_title(one.title)))
        _set_up(sheet, one)
        sheet.append([_heading(sheet, column) for column in one.columns])
        sheet.append([_pattern_cell(sheet, column, wrapped=one.wrapped) for column in one.columns])
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(one.columns))}{one.count + 1}"
    workbook.active = shown
    target = io.BytesIO()
    workbook.save(target)
    properties = workbook.properties
    properties.title, properties.subject, properties.creator = cover.title, cover.subject, CREATOR
    made = cover.made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    properties.created = properties.modified = made
    return target, tostring(properties.to_tree())


def sheet_title(title: str) -> str:
    """The title as spreadsheets accept it."""
    return SHEET_TITLE_REFUSED.sub(" ", title)[:SHEET_TITLE_LIMIT]


def _set_up(sheet: Worksheet, one: Sheet) -> None:
    """The headings stay in sight; columns are as wide as what they hold; the page is wide enough for all of them."""
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for number, column in enumerate(one.columns, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = _width(column)
        sheet.column_dimensions[letter].number_format = FORMATS.get(column.kind, TEXT_FORMAT)
        if column.key in one.choices:
            _offer(sheet, f"{letter}2:{letter}{MOST_TYPED + 1}", one.choices[column.key])


def _offer(sheet: Worksheet, place: str, choices: tuple[str, ...]) -> None:
    rule = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=True)
    rule.errorTitle, rule.error = "Not one of the choices", f"Write one of: {', '.join(choices)}."
    rule.add(place)
    sheet.data_validations.append(rule)


def _width(column: Column) -> int:
    if column.key in NARROW:
        return NARROW_TEXT
    return WIDE_TEXT if column.key in WIDE else WIDTHS[column.kind]


def _heading(sheet: Worksheet, column: Column) -> Cell:
    cell = WriteOnlyCell(sheet, column.heading)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="FFE7EDF3")
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _pattern_cell(sheet: Worksheet, column: Column, *, wrapped: bool) -> Cell:
    cell = WriteOnlyCell(sheet, "x")
    cell.number_format = FORMATS.get(column.kind, TEXT_FORMAT)
    if wrapped:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _filled(frame: bytes, sheet: Sheet, *, mask_tins: bool) -> Iterator[bytes]:
    """A sheet with its rows in place of the pattern."""
    pattern = RowPattern.of(frame)
    yield pattern.head
    yield from write_rows(pattern, sheet.columns, sheet.rows, mask_tins=mask_tins)
    yield pattern.tail
