"""Lists as a spreadsheet: an xlsx file inside a zip archive (R51, REQ 1.6.6). The only room that knows openpyxl.

Every cell is a text, identifiers with the number format “text”: leading zeros stay, long numbers are not rounded, and no cell is
ever a formula, whatever it begins with.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import date
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from packets.lists import archive
from packets.lists.columns import Column, Kind, Row
from packets.model.identifiers import format_tin, mask_tin

IDENTIFIERS = frozenset({Kind.ACO_ID, Kind.TIN, Kind.CCN, Kind.NPI})
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
TEXT_FORMAT = "@"
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""Characters that no XML file can hold (XML 1.0, production 2)."""
FIRST_DAY = date(1980, 1, 1)
SHEET_TITLE_LIMIT = 31
SHEET_TITLE_REFUSED = re.compile(r"[\[\]:*?/\\]")


def write_workbook(
    columns: tuple[Column, ...], rows: Iterable[Row], title: str, *, mask_tins: bool = False, day: date = FIRST_DAY
) -> bytes:
    """A zip archive that holds one xlsx file with one sheet.

    Args:
        columns: the columns, e.g. those of a layout.
        rows: rows in the order of the columns; they are written one after the other and not kept.
        title: name of the sheet and, with underscores, of the xlsx file.
        mask_tins: show only the last four digits of a TIN, which may be a person's number (REQ 4.3).
        day: date of the file in the archive; the first day that the zip format knows when nobody says.
    """
    workbook = Workbook(write_only=True)
    # A write-only sheet has all of a sheet that is not about reading cells, but its type does not say so.
    sheet = cast("Worksheet", workbook.create_sheet(SHEET_TITLE_REFUSED.sub(" ", title)[:SHEET_TITLE_LIMIT]))
    _set_up(sheet, columns)
    _write_headings(sheet, columns)
    last = _write_rows(sheet, columns, rows, mask_tins=mask_tins)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"
    target = io.BytesIO()
    workbook.save(target)
    name = re.sub(r"[^A-Za-z0-9-]+", "_", title).strip("_")
    return archive.pack(f"{name}.xlsx", target.getvalue(), day)


def _set_up(sheet: Worksheet, columns: tuple[Column, ...]) -> None:
    """The headings stay in sight; columns are as wide as what they hold; the page is wide enough for all of them."""
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for number, column in enumerate(columns, start=1):
        narrow = column.key in {"first_name", "last_name", "status", "reason"}
        sheet.column_dimensions[get_column_letter(number)].width = NARROW_TEXT if narrow else WIDTHS[column.kind]


def _write_headings(sheet: Worksheet, columns: tuple[Column, ...]) -> None:
    cells = []
    for column in columns:
        cell = WriteOnlyCell(sheet, column.heading)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFE7EDF3")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cells.append(cell)
    sheet.append(cells)


def _write_rows(sheet: Worksheet, columns: tuple[Column, ...], rows: Iterable[Row], *, mask_tins: bool) -> int:
    """Write the rows; the answer is the number of the last one.

    A row is written out when it is appended, so one cell a column is enough for all rows.
    """
    cells = [WriteOnlyCell(sheet, "") for _ in columns]
    for cell, column in zip(cells, columns, strict=True):
        if column.kind in IDENTIFIERS:
            cell.number_format = TEXT_FORMAT
    count = 0
    for row in rows:
        for cell, column, value in zip(cells, columns, row, strict=True):
            cell.value = _shown(column, value, mask_tins=mask_tins)
            cell.data_type = "s"
        sheet.append([cell if value else None for cell, value in zip(cells, row, strict=True)])
        count += 1
    return count + 1


def _shown(column: Column, value: str, *, mask_tins: bool) -> str:
    """The cell's text; a character that cannot be written is shown as the replacement character."""
    if column.kind is Kind.TIN:
        return mask_tin(value) if mask_tins else format_tin(value)
    return UNWRITABLE.sub("\ufffd", value)
