"""Workbooks: what a spreadsheet program finds in them."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from xml.etree.ElementTree import Element

import openpyxl
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from packets.lists.columns import PARTICIPANTS, PROVIDER_SUPPLIER, Column, Kind, Row
from packets.lists.text import FORMULA_STARTS
from packets.lists.workbook import Cover, Sheet, write_workbook

COVER = Cover(
    "Provider/Supplier List, One & Two", "A0001, performance year 2027", datetime(2026, 11, 25, 9, tzinfo=UTC)
)
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
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def made(rows: list[Row], *, columns: tuple[Column, ...] = PROVIDER_SUPPLIER.columns, masked: bool = False) -> bytes:
    sheet = Sheet("Provider/Supplier List A0001", columns, iter(rows), len(rows))
    return write_workbook("A0001_2027_list", [sheet], COVER, mask_tins=masked)


def xlsx_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as outer:
        (name,) = outer.namelist()
        assert name == "A0001_2027_list.xlsx"
        return outer.read(name)


def parts_of(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(xlsx_of(content))) as parts:
        assert parts.testzip() is None
        return {name: parts.read(name).decode() for name in parts.namelist()}


def sheet_of(content: bytes) -> Worksheet:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_of(content))).active
    assert isinstance(sheet, Worksheet)
    return sheet


def values_of(content: bytes) -> list[tuple[str, ...]]:
    return [
        tuple("" if cell is None else str(cell) for cell in row)
        for row in sheet_of(content).iter_rows(values_only=True)
    ]


@pytest.mark.requirement("R51")
def test_the_download_is_a_zip_with_one_workbook_of_headings_and_rows() -> None:
    """Leading zeros are there; the TIN is written as people read it."""
    shown = tuple("01-2345678" if cell == "012345678" else cell for cell in ROW)
    assert values_of(made([ROW, ROW])) == [PROVIDER_SUPPLIER.headings, shown, shown]


def test_a_reader_that_streams_finds_the_same_rows() -> None:
    """Another way of reading than the one that looks at everything at once."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(made([ROW] * 1200))), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    assert len(rows) == 1201
    assert {row[7] for row in rows[1:]} == {"1234567893"}


def test_every_part_is_xml_and_every_row_and_cell_says_where_it_is() -> None:
    """Readers that are stricter than ours find rows and cells in order, each with its address, and one relationship a part."""
    parts = parts_of(made([ROW] * 3))
    trees: dict[str, Element] = {name: fromstring(text) for name, text in parts.items()}
    rows = trees["xl/worksheets/sheet1.xml"].findall(f"{SPREADSHEET}sheetData/{SPREADSHEET}row")
    assert [row.get("r") for row in rows] == ["1", "2", "3", "4"]
    for row in rows[1:]:
        columns = [str(cell.get("r")).removesuffix(str(row.get("r"))) for cell in row]
        assert columns == list("ABCDEFHIJK")
        assert all(int(cell.get("s", "0")) > 0 for cell in row)
    types = parts["[Content_Types].xml"]
    assert all(f"/{name}" in types or name.endswith((".rels", "[Content_Types].xml")) for name in parts)


def test_the_headings_stay_in_sight_and_can_be_filtered() -> None:
    """Frozen first row, a filter over all rows and columns, a title that spreadsheets accept."""
    sheet = sheet_of(made([ROW] * 3))
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.title) == ("A2", "A1:K4", "Provider Supplier List A0001")
    assert sheet["A1"].font.bold


def test_the_file_says_what_it_is_whose_and_when_it_was_made() -> None:
    """Its properties, which a search over a folder of downloads finds; nothing of the machine's clock."""
    properties = openpyxl.load_workbook(io.BytesIO(xlsx_of(made([ROW])))).properties
    assert (properties.title, properties.subject, properties.creator) == (COVER.title, COVER.subject, "esm-packets")
    assert properties.created == properties.modified == COVER.made_at.replace(tzinfo=None)
    assert made([ROW]) == made([ROW])


def test_identifiers_and_names_are_texts_also_when_they_are_edited() -> None:
    """A spreadsheet neither rounds them nor drops their zeros; the flag is a number."""
    row = sheet_of(made([ROW]))[2]
    cells = {
        column.key: cell for column, cell in zip(PROVIDER_SUPPLIER.columns, row, strict=True) if cell.value is not None
    }
    assert {
        key for key, cell in cells.items() if (cell.number_format, cell.data_type) == ("@", "s")
    } == cells.keys() - {"excluded"}
    assert (cells["excluded"].value, cells["excluded"].data_type) == (0, "n")


def test_dates_are_dates() -> None:
    """What is no date stays the text that it is."""
    column = PARTICIPANTS.place("effective_date")
    day = ("A0001", "One", "012345678", "Name", "", "", "", "", "", "Approved")
    sheet = sheet_of(made([(*day, "2027-01-01"), (*day, "soon"), (*day, "1899-01-01")], columns=PARTICIPANTS.columns))
    cells = [sheet.cell(row, column + 1) for row in (2, 3, 4)]
    assert cells[0].value == datetime(2027, 1, 1)  # noqa: DTZ001  a spreadsheet's dates have no zone
    assert cells[0].is_date
    assert [cell.value for cell in cells[1:]] == ["soon", "1899-01-01"]


@given(st.dates(min_value=date(1900, 3, 1), max_value=date(9999, 12, 31)))
def test_every_day_is_the_same_day_in_the_spreadsheet(day: date) -> None:
    """The count of days is the one that spreadsheets have."""
    value = sheet_of(made([(day.isoformat(),)], columns=(Column("day", "Day", Kind.DATE),)))["A2"].value
    assert isinstance(value, datetime)
    assert value.date() == day


def test_tins_can_be_masked() -> None:
    """No cell of the workbook has more than the last four digits then."""
    content = made([ROW], masked=True)
    assert values_of(content)[1][2] == "**-***5678"
    assert not re.search("01-?2345678", "".join(parts_of(content).values()))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["", *FORMULA_STARTS]), st.text(max_size=40))
def test_no_text_becomes_a_formula_or_breaks_the_workbook(start: str, text: str) -> None:
    """Any text of any characters stays a text; what XML cannot hold is shown as the replacement character."""
    content = made([(*ROW[:9], start + text, "0")])
    cell = sheet_of(content)["J2"]
    assert cell.data_type in {"s", "n", "inlineStr"}
    assert cell.data_type != "n" or cell.value is None
    assert "<f>" not in parts_of(content)["xl/worksheets/sheet1.xml"]
    if (start + text).isprintable() and (start + text).strip():
        assert cell.value == start + text


@pytest.mark.parametrize("text", ["12", "1" * 5000, "٣", "-1", "1e9"])
def test_a_flag_that_is_no_short_number_stays_a_text(text: str) -> None:
    """No digits are lost and nothing is computed."""
    value = sheet_of(made([(text,)], columns=(Column("flag", "Flag", Kind.FLAG),)))["A2"].value
    assert str(value) == text


def test_an_empty_list_is_a_workbook_with_headings() -> None:
    """There is nothing to filter but the headings."""
    assert values_of(made([])) == [PROVIDER_SUPPLIER.headings]
    assert sheet_of(made([])).auto_filter.ref == "A1:K1"


def test_several_sheets_are_written_each_with_its_own_columns() -> None:
    """In their order; the one that is asked for is on top."""
    one = Sheet("One", PROVIDER_SUPPLIER.columns, [ROW], 1)
    other = Sheet("Two: other?", (Column("tin", "TIN", Kind.TIN),), [("012345678",), ("112345678",)], 2)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(write_workbook("A0001_2027_list", [one, other], COVER, shown=1))))
    assert book.sheetnames == ["One", "Two  other "]
    assert [cell.value for cell in book.worksheets[1]["A"]] == ["TIN", "01-2345678", "11-2345678"]
    assert book.active is book.worksheets[1]


def test_memory_does_not_grow_with_the_list() -> None:
    """Twenty thousand rows more cost no more memory than their part of the finished file."""

    def peak(count: int) -> int:
        rows = ((*ROW[:7], str(1_000_000_000 + at), *ROW[8:]) for at in range(count))
        tracemalloc.start()
        content = write_workbook("list", [Sheet("List", PROVIDER_SUPPLIER.columns, rows, count)], COVER)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest - 4 * len(content)

    assert peak(21_000) - peak(1000) < 500_000
