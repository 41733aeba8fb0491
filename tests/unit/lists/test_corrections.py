"""Corrections: accepted whole or refused whole, with every reason, its place and its remedy."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packets.errors import InputError, Problem
from packets.lists import archive
from packets.lists.columns import CORRECTIONS, PROVIDER_SUPPLIER, Row
from packets.lists.correction_rows import REASONS, Standing, standing_of
from packets.lists.corrections import (
    LINE_LIMIT,
    ROW_LIMIT,
    Corrections,
    correction_row,
    read_corrections,
    write_corrections,
)
from packets.lists.findings import LIMIT
from packets.lists.text import FORMULA_STARTS
from packets.model.identifiers import AcoId, Npi, Tin

ACO = AcoId("A0001")
DAY = date(2026, 11, 25)
BASE = "A0001_ProviderSupCorrection_11252026"
TIN, OTHER_TIN = Tin("012345678"), Tin("987654321")
LISTED, UNLISTED, THIRD = "1234567893", "1000000004", "1999999992"
LISTED_CCN, UNLISTED_CCN = "341028", "341029"

ADDITION = correction_row(
    aco_id=ACO, action="A", tin=TIN, npi=UNLISTED, first_name="Đức", last_name="O’Brien", reason="new reassignment"
)
DELETION = correction_row(
    aco_id=ACO, action="D", tin=TIN, npi=LISTED, first_name="Ana", last_name="Núñez", reason="retirement"
)
CCN_ADDITION = correction_row(aco_id=ACO, action="A", tin=OTHER_TIN, ccn=UNLISTED_CCN, reason="other")
CCN_DELETION = correction_row(aco_id=ACO, action="D", tin=OTHER_TIN, ccn=LISTED_CCN, reason="other")
ACO_ID, ACTION, NPI, FIRST, LAST, TIN_PLACE, CCN, REASON = range(8)


STANDING = Standing(
    ACO,
    approved_tins=frozenset({TIN, OTHER_TIN}),
    listed=frozenset({(TIN, LISTED), (OTHER_TIN, UNLISTED), (TIN, THIRD)}),
    listed_ccns=frozenset({(OTHER_TIN, LISTED_CCN)}),
    excluded=frozenset({THIRD}),
)


@dataclass(frozen=True)
class Upload:
    """An upload of which each part can be wrong."""

    rows: tuple[Row, ...] = (ADDITION, DELETION)
    headings: tuple[str, ...] = CORRECTIONS.headings
    text: bytes | None = None
    zip_name: str = f"{BASE}.zip"
    text_name: str = f"{BASE}.txt"
    content: bytes | None = None

    def read(self) -> Corrections:
        """What the service answers to it."""
        lines = [self.headings, *(tuple(cell or "N/A" for cell in row) for row in self.rows)]
        text = "".join("\t".join(line) + "\r\n" for line in lines).encode() if self.text is None else self.text
        content = archive.pack(self.text_name, text, DAY) if self.content is None else self.content
        return read_corrections(content, self.zip_name, STANDING)

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it."""
        with pytest.raises(InputError) as caught:
            self.read()
        return caught.value.problems


def found(upload: Upload) -> set[tuple[str, str]]:
    return {(problem.code, problem.where) for problem in upload.problems()}


def changed(row: Row, **cells: str) -> Row:
    values = dict(zip(CORRECTIONS.keys, row, strict=True)) | cells
    return tuple(values.values())


def lines(*rows: Iterable[str], end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    return "".join("\t".join(row) + end for row in (CORRECTIONS.headings, *rows)).encode(encoding)


WHOLE = tuple(cell or "N/A" for cell in ADDITION)


@pytest.mark.requirement("R58", "R59", "R60", "R61", "R62", "R63")
def test_a_good_upload_is_accepted_whole() -> None:
    """Rows in their order, additions and deletions counted, the digest of the very bytes."""
    name, content = write_corrections([ADDITION, DELETION, CCN_ADDITION, CCN_DELETION], ACO, DAY)
    corrections = Upload(content=content).read()
    assert name == f"{BASE}.zip"
    assert corrections == Corrections(
        name, hashlib.sha256(content).hexdigest(), (ADDITION, DELETION, CCN_ADDITION, CCN_DELETION), 2, 2
    )


def test_the_fixed_columns_stand_where_the_guide_has_them() -> None:
    """ACTION is column B and TIN column F."""
    assert CORRECTIONS.keys.index("action") == "ABCDEFGH".index("B")
    assert CORRECTIONS.keys.index("tin") == "ABCDEFGH".index("F")


@pytest.mark.parametrize(
    "text",
    [
        lines(WHOLE, end="\n"),
        lines(WHOLE).rstrip(b"\r\n"),
        lines(WHOLE) + b"\r\n\r\n",
        b"\xef\xbb\xbf" + lines(WHOLE),
        lines([cell.lower() if place not in {FIRST, LAST} else cell for place, cell in enumerate(WHOLE)]),
        lines([f"  {cell} " for cell in WHOLE]),
        lines([f'"{cell}"' for cell in WHOLE]),
        lines([cell.replace(TIN, "01-2345678") for cell in WHOLE]),
        lines([unicodedata.normalize("NFD", cell) for cell in WHOLE]),
    ],
    ids=["lf", "no-last-end", "empty-lines-at-end", "bom", "small-letters", "spaces", "quoted", "hyphen", "decomposed"],
)
def test_harmless_differences_of_spreadsheet_programs_are_accepted(text: bytes) -> None:
    """The same rows come out, however they were saved."""
    assert Upload(text=text).read().rows == (ADDITION,)


def test_a_file_in_the_windows_encoding_is_accepted() -> None:
    """Older spreadsheets save text in Windows-1252."""
    row = changed(DELETION, last_name="O’Núñez")
    assert Upload(text=lines([cell or "N/A" for cell in row], encoding="cp1252")).read().rows == (row,)


NAMES = {
    "other.zip": "file-name",
    f"{BASE}.txt": "file-name",
    f"{BASE}.zip.zip": "file-name",
    f"x{BASE}.zip": "file-name",
    "A0001-ProviderSupCorrection-11252026.zip": "file-name",
    "A0001_ProviderSupCorrection_1125202.zip": "file-name",
    "A0001_ProviderSupCorrection_11252126.zip": "file-name",
    "A0001_ProviderSupCorrection_02302026.zip": "file-name-date",
    "A0001_ProviderSupCorrection_13012026.zip": "file-name-date",
    "A0001_ProviderSupCorrection_00002026.zip": "file-name-date",
    "A0002_ProviderSupCorrection_11252026.zip": "file-name-aco",
}


@pytest.mark.requirement("R62", "E12")
@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_name_of_the_archive_is_refused(name: str) -> None:
    """Form, ending, ACO and date are checked; that the names differ is said as well."""
    problems = found(Upload(zip_name=name))
    assert (NAMES[name], name) in problems
    assert name == f"{BASE}.txt" or ("names-differ", f"{BASE}.txt") in problems


@pytest.mark.requirement("E11", "E12")
@pytest.mark.parametrize(
    "name", [name.replace(".zip", ".txt") for name in NAMES if name != f"{BASE}.txt"] + [f"{BASE}.zip"]
)
def test_a_wrong_name_of_the_text_file_is_refused(name: str) -> None:
    """The same rules hold for the file in the archive."""
    assert {code for code, where in found(Upload(text_name=name)) if where == name} & {*NAMES.values()}


@pytest.mark.parametrize(
    ("zip_name", "text_name"),
    [
        (f"{BASE}.ZIP", f"{BASE}.TXT"),
        (f"{BASE}.zip".replace("_", " "), f"{BASE}.txt"),
        (f"{BASE}.zip".replace("_", " "), f"{BASE}.txt".replace("_", " ")),
    ],
)
def test_capital_endings_and_spaces_in_names_are_accepted(zip_name: str, text_name: str) -> None:
    """Windows writes some endings in capitals; the guide shows spaces where files have underscores."""
    assert Upload(zip_name=zip_name, text_name=text_name).read().file_name == zip_name


UNPRINTABLE = "\0\x07\x0b\x1b\x7f\x85\xad\u200b\u202e\u2028\ufeff\ue000"
"""Controls, a soft hyphen, invisible and direction-changing characters, a separator, a mark, a private character."""

WRONG_CELLS: list[tuple[Row, int, str, str]] = [
    (ADDITION, ACO_ID, "A0002", "aco-id-differs"),
    (ADDITION, ACTION, "X", "action-unknown"),
    (ADDITION, ACTION, "AD", "action-unknown"),
    (ADDITION, NPI, "1234567890", "npi-invalid"),
    (ADDITION, NPI, "N/A", "row-subject"),
    (ADDITION, FIRST, "N/A", "name-missing"),
    (ADDITION, FIRST, "x" * 36, "name-too-long"),
    (ADDITION, LAST, "n/a", "name-missing"),
    (ADDITION, LAST, "x" * 61, "name-too-long"),
    (ADDITION, TIN_PLACE, "12345678", "tin-invalid"),
    (ADDITION, TIN_PLACE, "N/A", "tin-invalid"),
    (ADDITION, TIN_PLACE, "111111111", "tin-not-approved"),
    (ADDITION, CCN, UNLISTED_CCN, "row-subject"),
    (ADDITION, REASON, "N/A", "reason-unknown"),
    (ADDITION, REASON, "because", "reason-unknown"),
    (CCN_ADDITION, CCN, "34102", "ccn-invalid"),
    (CCN_ADDITION, FIRST, "Ana", "name-unexpected"),
    (CCN_ADDITION, LAST, "Ana", "name-unexpected"),
    *((ADDITION, column, "", "cell-blank") for column in range(8)),
    *((ADDITION, column, "   ", "cell-blank") for column in (ACTION, LAST)),
    *((ADDITION, LAST, f"{start}1+1", "cell-formula") for start in FORMULA_STARTS),
    *((ADDITION, LAST, f"Bro{bad}wn", "cell-control-character") for bad in UNPRINTABLE),
]


@pytest.mark.requirement("R57", "R58", "R59", "R60", "R68", "E14", "E15", "E16", "E17")
@pytest.mark.parametrize(("row", "column", "cell", "code"), WRONG_CELLS)
def test_a_wrong_cell_is_named_with_row_and_column(row: Row, column: int, cell: str, code: str) -> None:
    """The code says what, the place says where, and the remedy says what to do."""
    cells = [one or "N/A" for one in row]
    cells[column] = cell
    upload = Upload(text=lines([one or "N/A" for one in DELETION], cells))
    place = NPI if code == "row-subject" else column
    assert (code, f"row 3, column {'ABCDEFGH'[place]}") in found(upload)
    assert all(problem.sentence and problem.remedy for problem in upload.problems())


PAIRS: list[tuple[tuple[Row, ...], tuple[str, str]]] = [
    ((ADDITION, ADDITION), ("row-duplicate", "row 3, column C")),
    ((ADDITION, changed(ADDITION, action="D")), ("row-contradiction", "row 3, column C")),
    ((CCN_ADDITION, CCN_ADDITION), ("row-duplicate", "row 3, column G")),
    ((changed(ADDITION, npi=LISTED),), ("row-on-list", "row 2, column C")),
    ((changed(DELETION, npi=UNLISTED),), ("row-not-on-list", "row 2, column C")),
    ((changed(DELETION, tin=OTHER_TIN),), ("row-not-on-list", "row 2, column C")),
    ((changed(CCN_ADDITION, ccn=LISTED_CCN),), ("row-on-list", "row 2, column G")),
    ((changed(CCN_DELETION, ccn=UNLISTED_CCN),), ("row-not-on-list", "row 2, column G")),
    ((changed(ADDITION, tin=OTHER_TIN, npi=THIRD),), ("npi-excluded", "row 2, column C")),
]


@pytest.mark.requirement("E18", "R49", "R56")
@pytest.mark.parametrize(("rows", "expected"), PAIRS)
def test_rows_that_contradict_each_other_or_the_list_are_refused(
    rows: tuple[Row, ...], expected: tuple[str, str]
) -> None:
    """Duplicates, an addition and a deletion of the same, additions of what is listed, deletions of what is not."""
    assert found(Upload(rows)) == {expected}


SHAPES: dict[str, tuple[Upload, tuple[str, str]]] = {
    "empty": (Upload(text=b""), ("file-not-tab-delimited", "row 1")),
    "commas": (Upload(text=lines(WHOLE).replace(b"\t", b",")), ("file-not-tab-delimited", "row 1")),
    "headings": (Upload(headings=(*CORRECTIONS.headings[:-1], "WHY")), ("file-headings", "row 1")),
    "no headings": (Upload(text=lines(WHOLE).partition(b"\r\n")[2]), ("file-headings", "row 1")),
    "no rows": (Upload(rows=()), ("file-without-rows", "")),
    "long row": (Upload(text=lines([*WHOLE, "x"])), ("row-length", "row 2")),
    "short row": (Upload(text=lines(WHOLE[:-1])), ("row-length", "row 2")),
    "empty row": (Upload(text=lines([""], WHOLE)), ("row-empty", "row 2")),
    "blank row": (Upload(text=lines([""] * 8, WHOLE)), ("row-empty", "row 2")),
    "open quote": (Upload(text=lines([*WHOLE[:3], '"Ana', *WHOLE[4:]])), ("cell-quotation", "row 2")),
    "quoted tab": (Upload(text=lines([*WHOLE[:3], '"A\tna"', *WHOLE[4:]])), ("cell-quotation", "row 2")),
    "old Mac line ends": (Upload(text=lines(WHOLE, end="\r")), ("file-headings", "row 1")),
    "UTF-16": (Upload(text=lines(WHOLE, encoding="utf-16")), ("file-encoding", f"{BASE}.txt")),
    "binary": (Upload(text=b"\x81\x8d\x8f\x90\x9d"), ("file-encoding", f"{BASE}.txt")),
    "archive in archive": (Upload(text=archive.pack("a.txt", b"", DAY)), ("archive-nested", f"{BASE}.txt")),
    "too many rows": (Upload(text=lines() + b"\n" * (ROW_LIMIT + 2) + b"x"), ("file-too-long", f"{BASE}.txt")),
}


@pytest.mark.requirement("E10", "E13")
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.replace(" ", "-"))
def test_a_file_of_the_wrong_shape_is_refused(shape: str) -> None:
    """One problem says what is wrong with the whole file or row; its cells are not judged then."""
    upload, expected = SHAPES[shape]
    assert found(upload) == {expected}


@pytest.mark.requirement("R68")
def test_everything_that_is_wrong_is_said_at_once() -> None:
    """A wrong name, a wrong row and another wrong row make one refusal."""
    rows = (changed(ADDITION, action="X", npi="1"), changed(DELETION, reason="because"))
    assert found(Upload(rows, zip_name="wrong.zip")) == {
        ("file-name", "wrong.zip"),
        ("names-differ", f"{BASE}.txt"),
        ("action-unknown", "row 2, column B"),
        ("npi-invalid", "row 2, column C"),
        ("reason-unknown", "row 3, column H"),
    }


def test_a_damaged_archive_is_refused_together_with_its_wrong_name() -> None:
    """The name is judged although there is nothing to read."""
    assert found(Upload(content=b"garbage", zip_name="wrong.zip")) == {
        ("file-name", "wrong.zip"),
        ("archive-not-zip", ""),
    }


def test_a_long_report_describes_the_first_thousand_and_counts_the_rest() -> None:
    """Nobody reads more, and a hostile file must not fill the memory."""
    problems = Upload((changed(ADDITION, action="X"),) * 1500).problems()
    assert len(problems) == LIMIT + 1
    assert problems[0].where == "row 2, column B"
    assert problems[-1].code == "more-problems"
    assert "500" in problems[-1].sentence


def test_a_report_never_shows_a_whole_tin() -> None:
    """A TIN may be a person's social security number."""
    rows = (changed(ADDITION, tin="111223333"), ADDITION, ADDITION, changed(DELETION, npi=UNLISTED))
    text = str(Upload(rows).problems())
    assert TIN not in text
    assert "111223333" not in text
    assert "3333" in text


def test_the_pairs_of_a_list_are_those_of_its_npis_and_ccns() -> None:
    """A row about a facility has no NPI and makes no pair with one."""
    empty = dict.fromkeys(PROVIDER_SUPPLIER.keys, "")
    person, facility = empty | {"tin": TIN, "npi": LISTED}, empty | {"tin": OTHER_TIN, "ccn": LISTED_CCN}
    barred = empty | {"tin": OTHER_TIN, "npi": THIRD, "excluded": "1"}
    rows = [tuple(person.values()), tuple(facility.values()), tuple(barred.values())]
    assert standing_of(ACO, frozenset({TIN}), rows) == Standing(
        ACO,
        frozenset({TIN}),
        frozenset({(TIN, LISTED), (OTHER_TIN, THIRD)}),
        frozenset({(OTHER_TIN, LISTED_CCN)}),
        frozenset({THIRD}),
    )


def is_a_name(text: str) -> bool:
    clean = unicodedata.normalize("NFC", text) == text and text == text.strip(" ") and "\xa0" not in text
    return clean and text.isprintable() and text.upper() != "N/A" and not text.startswith(FORMULA_STARTS)


NAMES_OF_PEOPLE = st.text(min_size=1, max_size=35).filter(is_a_name)
PERSON_ROWS = st.builds(
    correction_row,
    aco_id=st.just(ACO),
    action=st.sampled_from("AD"),
    tin=st.from_regex(r"[0-9]{9}", fullmatch=True).filter(str.isascii),
    npi=st.integers(100_000_000, 299_999_999).map(Npi.from_body),
    first_name=NAMES_OF_PEOPLE,
    last_name=NAMES_OF_PEOPLE,
    reason=st.sampled_from(REASONS),
)
FACILITY_ROWS = st.builds(
    correction_row,
    aco_id=st.just(ACO),
    action=st.sampled_from("AD"),
    tin=st.from_regex(r"[0-9]{9}", fullmatch=True).filter(str.isascii),
    ccn=st.integers(1, 9999).map(lambda number: f"34{number:04d}"),
    reason=st.sampled_from(REASONS),
)


def standing_for(rows: Iterable[Row]) -> Standing:
    """Lists to which these rows fit."""
    kept = tuple(rows)
    gone = [row for row in kept if row[ACTION] == "D"]
    return Standing(
        ACO,
        approved_tins=frozenset(Tin(row[TIN_PLACE]) for row in kept),
        listed=frozenset((row[TIN_PLACE], row[NPI]) for row in gone if row[NPI]),
        listed_ccns=frozenset((row[TIN_PLACE], row[CCN]) for row in gone if row[CCN]),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        PERSON_ROWS | FACILITY_ROWS,
        min_size=1,
        max_size=12,
        unique_by=lambda row: (row[TIN_PLACE], row[NPI] + row[CCN]),
    ),
    st.dates(date(1980, 1, 1), date(2099, 12, 31)),
)
def test_what_was_written_is_read_again(rows: list[Row], day: date) -> None:
    """Whatever names people have: the same rows, and the same bytes when written again."""
    name, content = write_corrections(rows, ACO, day)
    gone = [row for row in rows if row[ACTION] == "D"]
    corrections = read_corrections(content, name, standing_for(rows))
    assert corrections.rows == tuple(rows)
    assert corrections.deletions == len(gone)
    assert write_corrections(rows, ACO, day) == (name, content)


@given(st.binary(max_size=400), st.text(max_size=50))
def test_no_text_and_no_name_make_the_reader_fail_otherwise_than_with_a_refusal(text: bytes, name: str) -> None:
    """Garbage below good headings, under any name."""
    assert replace(Upload(), text=lines() + text, zip_name=name).problems()


@pytest.mark.requirement("E13")
def test_a_file_that_is_utf_8_except_for_a_byte_is_not_read_as_something_else() -> None:
    """Windows-1252 would make other letters of all its accents; the row and the byte are named."""
    text = lines(*[WHOLE] * 3).replace("O’Brien".encode(), b"O\xe9Brien", 1)
    (problem,) = Upload(text=text).problems()
    assert (problem.code, "row 2" in problem.sentence, "0xE9" in problem.sentence) == ("file-encoding", True, True)


def test_a_file_in_no_known_encoding_names_row_and_byte() -> None:
    """Bytes that Windows-1252 has no letter for."""
    row = [cell or "N/A" for cell in DELETION]
    (problem,) = Upload(text=lines(row, encoding="cp1252").replace(b"Ana", b"A\x81a")).problems()
    assert "row 2" in problem.sentence
    assert "0x81" in problem.sentence


@pytest.mark.requirement("E13")
def test_a_row_of_endless_length_is_refused_before_it_is_decoded() -> None:
    """Its place is named."""
    text = lines(WHOLE, [*WHOLE[:4], "x" * LINE_LIMIT, *WHOLE[5:]])
    assert found(Upload(text=text)) == {("row-too-long", "row 3")}


@settings(max_examples=40, deadline=None)
@given(
    st.permutations([ADDITION, DELETION, CCN_ADDITION, CCN_DELETION, changed(ADDITION, tin=OTHER_TIN, npi=LISTED)]),
    st.booleans(),
)
def test_the_order_of_rows_decides_nothing(rows: list[Row], twice: bool) -> None:
    """Shuffled rows are accepted or refused alike, with the same codes."""
    upload = Upload((*rows, rows[0]) if twice else tuple(rows))
    if twice:
        assert {problem.code for problem in upload.problems()} == {"row-duplicate"}
    else:
        assert set(upload.read().rows) == set(rows)


@pytest.mark.requirement("R56")
def test_who_no_longer_bills_is_deleted_and_who_bills_and_is_missing_is_added() -> None:
    """Only what is listed can be deleted, only what is not can be added, for people and facilities alike."""
    rows = (ADDITION, DELETION, CCN_ADDITION, CCN_DELETION)
    assert Upload(rows).read().rows == rows
    contrary = tuple(changed(row, action="D" if row[ACTION] == "A" else "A") for row in rows)
    assert found(Upload(contrary)) == {
        ("row-not-on-list", "row 2, column C"),
        ("row-on-list", "row 3, column C"),
        ("row-not-on-list", "row 4, column G"),
        ("row-on-list", "row 5, column G"),
    }


PADDING = st.sampled_from(("", " ", "  ", "\xa0"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        PERSON_ROWS | FACILITY_ROWS, min_size=1, max_size=6, unique_by=lambda row: (row[TIN_PLACE], row[NPI] + row[CCN])
    ),
    st.data(),
)
def test_whatever_is_accepted_comes_out_again_identically(rows: list[Row], data: st.DataObject) -> None:
    """Spaces, small letters, hyphens, quotation marks, decomposed accents: accepted, exported, read again, the same rows."""
    messy = [[data.draw(st.sampled_from(_ways(column, cell))) for column, cell in enumerate(row)] for row in rows]
    text = lines(*([_padded(cell, data.draw(PADDING)) for cell in row] for row in messy))
    standing, content = standing_for(rows), archive.pack(f"{BASE}.txt", text, DAY)
    accepted = read_corrections(content, f"{BASE}.zip", standing).rows
    assert accepted == tuple(rows)
    name, exported = write_corrections(accepted, ACO, DAY)
    assert read_corrections(exported, name, standing).rows == accepted


def _padded(cell: str, padding: str) -> str:
    """Spaces around a cell; a quotation mark is one only at the very beginning."""
    return cell if cell.startswith('"') else f"{padding}{cell}{padding}"


def _ways(column: int, cell: str) -> list[str]:
    """Ways in which spreadsheets and people write a cell."""
    if not cell:
        return ["N/A", "n/a"]
    if column == TIN_PLACE:
        return [cell, f"{cell[:2]}-{cell[2:]}"]
    if column in {ACO_ID, ACTION, CCN, REASON}:
        return [cell, cell.lower(), cell.upper()]
    quoted = '"' + cell.replace('"', '""') + '"'
    return [quoted] if '"' in cell else [cell, quoted, unicodedata.normalize("NFD", cell)]
