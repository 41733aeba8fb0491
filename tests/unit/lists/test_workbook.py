"""Workbooks: what a spreadsheet program finds in them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from packets.lists.columns import PROVIDER_SUPPLIER, Row
from packets.lists.text import FORMULA_STARTS
from packets.lists.workbook import write_workbook

DAY = date(2026, 11, 25)
TITLE = "Provider/Supplier List A0001"
ROW: Row = (
    "A0001",
    "One & Two <ACO>",
    "012345678",
    "=HYPERLINK(1)",
    "010005",
    "CLINIC",
    "",
    "1234567893",
    "Đức",
    "O’Brien",
    "0",
)


def xlsx_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as outer:
        (name,) = outer.namelist()
        assert name == "Provider_Supplier_List_A0001.xlsx"
        return outer.read(name)


def sheet_of(content: bytes) -> Worksheet:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_of(content))).active
    assert isinstance(sheet, Worksheet)
    return sheet


def values_of(content: bytes) -> list[tuple[str, ...]]:
    return [tuple(str(cell or "") for cell in row) for row in sheet_of(content).iter_rows(values_only=True)]


@pytest.mark.requirement("R51")
def test_the_download_is_a_zip_with_one_workbook_of_headings_and_rows() -> None:
    """Leading zeros are there; the TIN is written as people read it."""
    content = write_workbook(PROVIDER_SUPPLIER.columns, iter([ROW, ROW]), TITLE, day=DAY)
    shown = tuple("01-2345678" if cell == "012345678" else cell for cell in ROW)
    assert values_of(content) == [PROVIDER_SUPPLIER.headings, shown, shown]


def test_the_headings_stay_in_sight_and_can_be_filtered() -> None:
    """Frozen first row, a filter over all rows and columns, a title that spreadsheets accept."""
    sheet = sheet_of(write_workbook(PROVIDER_SUPPLIER.columns, [ROW] * 3, TITLE, day=DAY))
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.title) == ("A2", "A1:K4", "Provider Supplier List A0001")
    assert sheet["A1"].font.bold


def test_identifiers_are_cells_of_text() -> None:
    """A spreadsheet neither rounds them nor drops their zeros, also when they are edited."""
    row = sheet_of(write_workbook(PROVIDER_SUPPLIER.columns, [ROW], TITLE, day=DAY))[2]
    formats = {
        column.key: cell.number_format
        for column, cell in zip(PROVIDER_SUPPLIER.columns, row, strict=True)
        if cell.value
    }
    assert {key for key, value in formats.items() if value == "@"} == {"aco_id", "tin", "ccn", "npi"}
    assert {cell.data_type for cell in row if cell.value} == {"s"}


def test_tins_can_be_masked() -> None:
    """No cell of the workbook has more than the last four digits then."""
    content = write_workbook(PROVIDER_SUPPLIER.columns, [ROW], TITLE, mask_tins=True, day=DAY)
    assert values_of(content)[1][2] == "**-***5678"
    with zipfile.ZipFile(io.BytesIO(xlsx_of(content))) as parts:
        text = "".join(parts.read(name).decode() for name in parts.namelist())
    assert not re.search("01-?2345678", text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["", *FORMULA_STARTS]), st.text(max_size=40))
def test_no_text_becomes_a_formula_or_breaks_the_workbook(start: str, text: str) -> None:
    """Any text of any characters stays a text; what XML cannot hold is shown as the replacement character."""
    row = (*ROW[:9], start + text, "0")
    sheet = sheet_of(write_workbook(PROVIDER_SUPPLIER.columns, [row], TITLE, day=DAY))
    cell = sheet["J2"]
    assert cell.data_type in {"s", "n", "inlineStr"}
    assert cell.data_type != "n" or cell.value is None
    if (start + text).isprintable() and (start + text).strip():
        assert cell.value == start + text


def test_an_empty_list_is_a_workbook_with_headings() -> None:
    """There is nothing to filter but the headings."""
    content = write_workbook(PROVIDER_SUPPLIER.columns, [], TITLE, day=DAY)
    assert values_of(content) == [PROVIDER_SUPPLIER.headings]
    assert sheet_of(content).auto_filter.ref == "A1:K1"
