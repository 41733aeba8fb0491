"""The annotated workbook: the user's rows in their places, every fault marked and said in words."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from packets.lists import archive
from packets.lists.annotation import FAULT_FILL, FILE_SHEET, FINDINGS_HEADINGS, FINDINGS_SHEET, annotate
from packets.lists.columns import CORRECTIONS
from packets.lists.correction_rows import Standing
from packets.lists.corrections import examine
from packets.lists.findings import place, read_place
from packets.model.identifiers import AcoId, Tin

ACO, TIN = AcoId("A0001"), Tin("012345678")
BASE = "A0001_ProviderSupCorrection_11252026"
STANDING = Standing(ACO, frozenset({TIN}), frozenset({(TIN, "1234567893")}))
GOOD = (ACO, "D", "1234567893", "Ana", "Núñez", TIN, "N/A", "death")


def workbook(*rows: tuple[str, ...], name: str = f"{BASE}.zip", most: int = 1000) -> Workbook:
    lines = "".join("\t".join(row) + "\r\n" for row in (CORRECTIONS.headings, *rows))
    content = archive.pack(f"{BASE}.txt", lines.encode(), date(2026, 11, 25))
    return load_workbook(io.BytesIO(annotate(examine(content, name, STANDING, most=most))))


def marked(book: Workbook) -> set[str]:
    """Cells of the user's rows that are marked as faulty."""
    return {
        cell.coordinate
        for row in book[FILE_SHEET].iter_rows()
        for cell in row
        if cell.fill.fgColor.rgb == FAULT_FILL.fgColor.rgb
    }


@pytest.mark.requirement("R68", "E14", "E15", "E16", "E17")
def test_every_faulty_cell_is_marked_where_it_stands_in_the_file() -> None:
    """Blank cells too; the good row is as it was; each fault has its words in its row and a row among the findings."""
    bad = (ACO, "X", "1234567890", "Ana", "", "999999999", "N/A", "death")
    book = workbook(GOOD, bad)
    sheet, findings = book[FILE_SHEET], book[FINDINGS_SHEET]

    assert marked(book) == {"B3", "C3", "E3", "F3"}
    assert tuple(cell.value for cell in sheet[2])[:8] == GOOD
    assert tuple(cell.value or "" for cell in sheet[3])[:8] == bad
    assert sheet["I2"].value is None
    assert re.findall(r"[A-H](?=: )", sheet["I3"].value) == ["B", "C", "E", "F"]
    rows = [tuple(cell.value for cell in row) for row in findings.iter_rows()]
    assert rows[0] == FINDINGS_HEADINGS
    assert [row[:3] for row in rows[1:5]] == [
        ("3", "B", "ACTION"), ("3", "C", "NPI"), ("3", "E", "NPI Last Name"), ("3", "F", "TIN")
    ]  # fmt: skip
    assert all(all(row) for row in rows[1:5])
    assert rows[-1][3] == "4 found in all."


def test_what_is_wrong_with_a_row_or_with_the_file_stands_there_too() -> None:
    """Rows of another length keep their further cells; a wrong name is among the findings."""
    book = workbook((*GOOD, "x", "y"), name="wrong.zip")
    assert marked(book) == set()
    assert "10 cells" in book[FILE_SHEET]["I2"].value
    assert book[FILE_SHEET]["J2"].value == "Further cells: x | y"
    assert {row[0].value for row in book[FINDINGS_SHEET].iter_rows(min_row=2)} >= {"wrong.zip", "2"}


def test_more_faults_than_are_described_are_counted() -> None:
    """The last finding says how many there are besides."""
    book = workbook(*[(ACO, "X", *GOOD[2:])] * 7, most=3)
    assert marked(book) == {"B2", "B3", "B4"}
    assert [row[5].value for row in book[FINDINGS_SHEET].iter_rows(min_row=5, max_row=5)] == ["more-problems"]
    assert book[FINDINGS_SHEET].cell(book[FINDINGS_SHEET].max_row, 4).value == "7 found in all."


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_characters="\t\n\r"), max_size=12)] * 8), min_size=1, max_size=4)
)
def test_no_cell_is_ever_a_formula_and_every_text_can_be_written(rows: list[tuple[str, ...]]) -> None:
    """Whatever people type or paste, surrogates and control characters aside: a text cell, and a workbook that opens."""
    clean = [tuple(cell.encode("utf-8", "replace").decode() for cell in row) for row in rows]
    lines = "".join("\t".join(row) + "\n" for row in (CORRECTIONS.headings, *clean)).encode()
    found = examine(archive.pack(f"{BASE}.txt", lines, date(2026, 11, 25)), f"{BASE}.zip", STANDING)
    content = annotate(found)
    load_workbook(io.BytesIO(content))
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert not any(b"<f>" in file.read(name) or b"<f " in file.read(name) for name in file.namelist())


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0", '=HYPERLINK("x")'])
def test_what_looks_like_a_formula_stays_the_text_that_it_is(start: str) -> None:
    """It is marked as a fault, and shown as it was typed."""
    book = workbook((*GOOD[:4], start, *GOOD[5:]))
    cell = book[FILE_SHEET]["E2"]
    assert (cell.value, cell.data_type) == (start, "s")
    assert marked(book) == {"E2"}


@given(st.integers(1, 10**7), st.none() | st.integers(0, 25))
def test_a_place_is_read_as_it_was_written(row: int, column: int | None) -> None:
    """Marks are put where the sentence says."""
    assert read_place(place(row, column)) == (row, column)


@pytest.mark.parametrize("where", ["", "row", "row 0", "row 3, column AB", "file.txt", "row 3 "])
def test_other_places_are_no_places_in_a_table(where: str) -> None:
    """Names of files, and nothing at all."""
    assert read_place(where) is None
