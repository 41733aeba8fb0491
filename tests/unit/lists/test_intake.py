"""Files that CMS brings: read whole or refused whole."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packets.errors import InputError
from packets.lists import delimited
from packets.lists.columns import PROVIDER_SUPPLIER, Row
from packets.lists.intake import PUF_HEADINGS, PufAco, read_participants_puf, read_provider_list
from packets.model.aco import Cohort

PAGE = "https://one.example/reports"
ONE = [
    "A0001",
    "First ACO, LLC",
    "PRACTICE OF ONE",
    "AZ, NV",
    "3",
    "01/01/2016",
    "01/01/2024",
    "0",
    "N/A",
    "1",
    "0",
    "1",
    PAGE,
]
TWO = ["A0002", "Second ACO", "PRACTICE OF TWO", "PR", "1", "01/01/2026", "01/01/2026", "1", "E", "0", "1", "0", ""]

PERSON: Row = ("A0001", "First ACO", "012345678", "PRACTICE, P.C.", "", "", "", "1234567893", "Đức", "O’Brien", "0")
FACILITY: Row = (
    "A0001",
    "First ACO",
    "987654321",
    "CLINIC",
    "341028",
    "CLINIC, INC.",
    "Federally qualified health center",
    "",
    "",
    "",
    "0",
)
EXCLUDED: Row = ("A0002", "Second ACO", "012345678", "Practice, Inc.", "", "", "", "1000000004", "", "Ana", "1")

Reader = Callable[[Path], object]


def csv_bytes(headings: Iterable[str], *rows: Iterable[str], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows([headings, *rows])
    return target.getvalue().encode(encoding)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(content)
    return path


def found(read: Reader, path: Path) -> set[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(path)
    assert all(problem.sentence and problem.remedy for problem in caught.value.problems)
    return {(problem.code, problem.where) for problem in caught.value.problems}


def edited(row: Iterable[str], place: int, cell: str) -> list[str]:
    cells = list(row)
    cells[place] = cell
    return cells


def test_the_public_file_becomes_acos_with_participants(tmp_path: Path) -> None:
    """The latest start of an agreement is the year; who began in it is new; rows of an ACO need not stand together."""
    again = edited(ONE, 2, "ANOTHER PRACTICE OF ONE")
    puf = read_participants_puf(written(tmp_path, csv_bytes(PUF_HEADINGS, ONE, TWO, again, ONE)))
    first, second = puf.acos
    assert (puf.year, puf.participants) == (2026, 4)
    assert first == PufAco(
        "A0001", "First ACO, LLC", "AZ, NV", 3, date(2016, 1, 1), date(2024, 1, 1), "ENHANCED",
        high_revenue=False, web_page=PAGE, cohort=Cohort.CURRENT,
        participants=("PRACTICE OF ONE", "ANOTHER PRACTICE OF ONE", "PRACTICE OF ONE"),
    )  # fmt: skip
    assert (second.cohort, second.track, second.high_revenue, second.web_page) == (
        Cohort.NEW,
        "BASIC, level E",
        True,
        "",
    )


@pytest.mark.parametrize(
    "change",
    [gzip.compress, lambda content: b"\xef\xbb\xbf" + content, lambda content: content.replace(b"\r\n", b"\n")],
    ids=["gzip", "bom", "lf"],
)
def test_the_public_file_is_read_packed_marked_or_with_other_line_ends(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """The same year comes out."""
    content = csv_bytes(PUF_HEADINGS, ONE, TWO)
    plain = read_participants_puf(written(tmp_path, content))
    assert read_participants_puf(written(tmp_path, change(content))) == plain


WRONG_PUF_CELLS = [
    (0, "B0001", "aco-id-invalid"),
    *((place, "", "cell-blank") for place in range(12)),
    (1, "First\x00ACO", "cell-control-character"),
    (2, "PRACTICE\u200b", "cell-control-character"),
    (4, "0", "number-invalid"),
    (4, "one", "number-invalid"),
    (4, "\u0663", "number-invalid"),
    (5, "2016-01-01", "date-invalid"),
    (6, "02/30/2024", "date-invalid"),
    (7, "yes", "flag-invalid"),
    (8, "E", "level-invalid"),
    (9, "2", "flag-invalid"),
    (9, "0", "flags-agree"),
    (10, "1", "flags-agree"),
]


@pytest.mark.parametrize(("place", "cell", "code"), WRONG_PUF_CELLS)
def test_a_wrong_cell_of_the_public_file_is_named_with_row_and_column(
    tmp_path: Path, place: int, cell: str, code: str
) -> None:
    """Identifiers, dates, flags and levels are checked, blanks are refused but for the web page."""
    path = written(tmp_path, csv_bytes(PUF_HEADINGS, TWO, edited(ONE, place, cell)))
    column = {"flags-agree": {9: "J", 10: "L"}.get(place, "")}.get(code) or "ABCDEFGHIJKLM"[place]
    assert (code, f"row 3, column {column}") in found(read_participants_puf, path)


TOGETHER = {7: (7, 8, 9), 8: (7, 8, 9), 9: (7, 8, 9), 10: (10, 11), 11: (10, 11)}
"""Cells that can only change together: track and level, high and low revenue."""


@pytest.mark.parametrize("place", [place for place in range(13) if place not in {0, 2}])
def test_rows_of_one_aco_must_agree(tmp_path: Path, place: int) -> None:
    """Everything but the participant is said of the ACO, so every row says the same."""
    other = ["", "Other", "", "CA", "4", "01/01/2017", "01/01/2023", "1", "A", "0", "1", "0", "https://other.example"]
    row = list(ONE)
    for one in TOGETHER.get(place, (place,)):
        row[one] = other[one]
    places = found(read_participants_puf, written(tmp_path, csv_bytes(PUF_HEADINGS, ONE, TWO, row)))
    assert ("aco-rows-differ", f"row 4, column {'ABCDEFGHIJKLM'[place]}") in places


def test_all_problems_of_the_public_file_are_said_at_once(tmp_path: Path) -> None:
    """Two rows, three problems."""
    content = csv_bytes(PUF_HEADINGS, edited(edited(ONE, 0, "X"), 5, "soon"), TWO, TWO[:-1])
    assert found(read_participants_puf, written(tmp_path, content)) == {
        ("aco-id-invalid", "row 2, column A"),
        ("date-invalid", "row 2, column F"),
        ("row-length", "row 4"),
    }


def test_a_provider_list_comes_out_as_it_was_written(tmp_path: Path) -> None:
    """People, facilities, excluded people; two ACOs may call one TIN differently."""
    rows = (PERSON, FACILITY, EXCLUDED)
    assert read_provider_list(written(tmp_path, csv_bytes(PROVIDER_SUPPLIER.headings, *rows))) == rows


@pytest.mark.parametrize(
    "content",
    [
        csv_bytes(PROVIDER_SUPPLIER.headings, PERSON, delimiter="\t"),
        gzip.compress(csv_bytes(PROVIDER_SUPPLIER.headings, PERSON), mtime=0),
        csv_bytes([one.upper() for one in PROVIDER_SUPPLIER.headings], PERSON),
        csv_bytes(PROVIDER_SUPPLIER.headings, [cell.replace("012345678", "01-2345678") or "N/A" for cell in PERSON]),
        csv_bytes(PROVIDER_SUPPLIER.headings, [f" {cell} " for cell in PERSON], []),
    ],
    ids=["tabs", "gzip", "capitals", "hyphens-and-n/a", "spaces-and-empty-line"],
)
def test_harmless_differences_of_provider_lists_are_accepted(tmp_path: Path, content: bytes) -> None:
    """The same row comes out."""
    assert read_provider_list(written(tmp_path, content)) == (PERSON,)


def test_a_provider_list_in_the_windows_encoding_is_read(tmp_path: Path) -> None:
    """Older programs save text in Windows-1252."""
    row = tuple(edited(PERSON, 8, "Renée"))
    path = written(tmp_path, csv_bytes(PROVIDER_SUPPLIER.headings, row, encoding="cp1252"))
    assert read_provider_list(path) == (row,)


WRONG_PROVIDER_CELLS = [
    (PERSON, 0, "A001", "aco-id-invalid", 0),
    (PERSON, 1, "Other ACO", "names-differ", 1),
    (PERSON, 2, "12345", "tin-invalid", 2),
    (PERSON, 3, "Other name", "names-differ", 3),
    (PERSON, 4, "1028", "ccn-invalid", 4),
    (PERSON, 7, "1234567890", "npi-invalid", 7),
    (PERSON, 7, "", "row-subject", 7),
    (PERSON, 7, "N/A", "name-unexpected", 7),
    (PERSON, 9, "", "name-missing", 9),
    (PERSON, 9, "=1+1", "cell-formula", 9),
    (PERSON, 9, "Bro\u202ewn", "cell-control-character", 9),
    (PERSON, 3, "x" * 301, "cell-too-long", 3),
    (PERSON, 10, "yes", "flag-invalid", 10),
    (FACILITY, 5, "", "name-missing", 5),
    *((PERSON, place, "", "cell-blank", place) for place in (0, 1, 2, 3, 10)),
]


@pytest.mark.requirement("R45", "R47", "R49", "E17")
@pytest.mark.parametrize(("row", "place", "cell", "code", "column"), WRONG_PROVIDER_CELLS)
def test_a_wrong_cell_of_a_provider_list_is_named(
    tmp_path: Path, row: Row, place: int, cell: str, code: str, column: int
) -> None:
    """With row and column; the good rows before it are not returned."""
    first = edited(PERSON, 7, "1999999992")
    path = written(tmp_path, csv_bytes(PROVIDER_SUPPLIER.headings, first, edited(row, place, cell)))
    assert (code, f"row 3, column {'ABCDEFGHIJK'[column]}") in found(read_provider_list, path)


def test_a_row_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """The same person under the same TIN, even when the name is written otherwise."""
    path = written(tmp_path, csv_bytes(PROVIDER_SUPPLIER.headings, PERSON, FACILITY, edited(PERSON, 9, "Obrien")))
    assert found(read_provider_list, path) == {("row-duplicate", "row 4")}


@pytest.mark.parametrize("read", [read_participants_puf, read_provider_list])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-headings"),
        (b"a,b,c\r\n1,2,3\r\n", "file-headings"),
        (b"\xff\xfea\x00", "file-encoding"),
        (b"\x81\x8d", "file-encoding"),
        (b"\x1f\x8b\x08broken", "file-unreadable"),
        (gzip.compress(b"a,b,c\r\n" * 1000, mtime=0)[:-9], "file-unreadable"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, read: Reader, content: bytes, code: str) -> None:
    """One problem says what is wrong with the whole file."""
    assert {one for one, _ in found(read, written(tmp_path, content))} == {code}


@pytest.mark.parametrize(
    ("read", "headings"), [(read_participants_puf, PUF_HEADINGS), (read_provider_list, PROVIDER_SUPPLIER.headings)]
)
def test_a_file_without_rows_is_refused(tmp_path: Path, read: Reader, headings: tuple[str, ...]) -> None:
    """Headings alone are no list."""
    assert found(read, written(tmp_path, csv_bytes(headings))) == {("file-without-rows", "list.csv")}


@pytest.mark.parametrize("read", [read_participants_puf, read_provider_list])
def test_a_record_that_cannot_be_understood_ends_the_reading(tmp_path: Path, read: Reader) -> None:
    """What was wrong before it is said as well."""
    headings, row = (PUF_HEADINGS, ONE) if read is read_participants_puf else (PROVIDER_SUPPLIER.headings, PERSON)
    content = csv_bytes(headings, edited(row, 0, "X"), row) + b'"open"quote,x\r\n' + csv_bytes(row)
    assert found(read, written(tmp_path, content)) == {
        ("aco-id-invalid", "row 2, column A"),
        ("file-not-delimited", "row 4"),
    }


@pytest.mark.parametrize("read", [read_participants_puf, read_provider_list])
def test_a_missing_file_is_refused(tmp_path: Path, read: Reader) -> None:
    """The refusal names the path."""
    assert found(read, tmp_path / "missing.csv") == {("file-unreadable", str(tmp_path / "missing.csv"))}


def test_a_file_that_grows_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it is small on the disk."""
    monkeypatch.setattr(delimited, "FILE_LIMIT", 1000)
    path = written(tmp_path, gzip.compress(bytes(2000), mtime=0))
    assert found(read_provider_list, path) == {("file-too-large", str(path))}


CELLS = st.text(max_size=20).filter(lambda text: text == text.strip() and text.isprintable())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CELLS.filter(bool), min_size=1, max_size=8), st.booleans())
def test_legal_names_survive_commas_quotes_and_letters_of_any_alphabet(
    tmp_path: Path, names: list[str], packed: bool
) -> None:
    """What a spreadsheet writes is what is read, composed."""
    content = csv_bytes(PUF_HEADINGS, *(edited(ONE, 2, name) for name in names))
    puf = read_participants_puf(written(tmp_path, gzip.compress(content, mtime=0) if packed else content))
    again = csv_bytes(PUF_HEADINGS, *(edited(ONE, 2, name) for name in puf.acos[0].participants))
    assert read_participants_puf(written(tmp_path, again)) == puf
    assert [name.encode() for name in puf.acos[0].participants if name.isascii()] == [
        name.encode() for name in names if name.isascii()
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_garbage_below_good_headings_is_refused_or_skipped_but_never_fails(tmp_path: Path, garbage: bytes) -> None:
    """Eleven good cells cannot come out of chance, so it is a refusal every time."""
    content = csv_bytes(PROVIDER_SUPPLIER.headings) + garbage
    assert found(read_provider_list, written(tmp_path, content))
