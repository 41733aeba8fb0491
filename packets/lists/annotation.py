"""A corrections file with everything that is wrong marked in it, as a workbook (R68). Knows openpyxl, beside `workbook`.

The first sheet holds the file's own rows in their places: row 12, column F of a finding is cell F12. A cell with a fault has a
fill and a thick frame, and the column behind the last one says in words what is wrong in its row; the second sheet lists all
findings. As in every workbook of the service, all cells are texts and none is ever a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from packets.errors import Problem
from packets.lists.columns import CORRECTIONS
from packets.lists.corrections import Examination
from packets.lists.findings import read_place
from packets.lists.sheet_rows import ROWS_AT_ONCE, write_text
from packets.lists.text import split_cells
from packets.lists.workbook import TEXT_FORMAT, WIDTHS

WORKBOOK_PROBLEMS = 100_000
"""So many problems are marked; the rest is counted."""
FILE_SHEET, FINDINGS_SHEET = "Your file", "Findings"
FINDINGS_HEADINGS = ("Row", "Column", "Heading", "What is wrong", "How to fix it", "Code")
FINDINGS_WIDTHS = (8, 9, 18, 70, 60, 24)
WORDS_WIDTH = 90
WORDS_HEADING = "What is wrong"
FURTHER_HEADING = "Further cells"
WIDTH = len(CORRECTIONS.columns)
WIDEST = 20
CELL_LIMIT = 32_767
"""Longest text of a cell that Excel opens, in characters; a row of the file is never that long."""

HEAD_FILL = PatternFill("solid", fgColor="FFE7EDF3")
FAULT_FILL = PatternFill("solid", fgColor="FFFFD9B3")
FAULT_FRAME = Border(*(Side(style="medium", color="FF8F1D14"),) * 4)

NO_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData>\s*</sheetData>")
SHEET_PARTS = ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml")

Cell: TypeAlias = tuple[str, int] | None
"""Text and number of the style; None for a cell that is not there."""
Marks: TypeAlias = Mapping[int, list[tuple[int | None, Problem]]]
"""Findings by row: the column, or None for a row as a whole."""


def annotate(found: Examination) -> bytes:
    """The file that was looked at as an xlsx workbook with its findings."""
    workbook = Workbook(write_only=True)
    # A write-only sheet has all of a sheet that is not about reading cells, but its type does not say so.
    file, findings = (cast("Worksheet", workbook.create_sheet(one)) for one in (FILE_SHEET, FINDINGS_SHEET))
    problems, lines = found.findings.problems, sum(1 for _ in found.lines())
    _set_up(file, [*(min(WIDTHS[one.kind], WIDEST) for one in CORRECTIONS.columns), WORDS_WIDTH], lines)
    _set_up(findings, FINDINGS_WIDTHS, len(problems) + 1)
    styles = _Styles(file)
    target = io.BytesIO()
    workbook.save(target)
    rows = _file_rows(found.lines(), _marks(problems), styles)
    return _fill(target, (rows, _finding_rows(problems, found.findings.count, styles)))


def _fill(frame: io.BytesIO, sheets: Sequence[Iterable[Sequence[Cell]]]) -> bytes:
    """A workbook with rows in its sheets, which have none yet; they are written one after the other and not kept."""
    target = io.BytesIO()
    with zipfile.ZipFile(frame) as parts, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for part in parts.namelist():
            content = parts.read(part)
            with made.open(part, "w", force_zip64=True) as member:
                if part in SHEET_PARTS:
                    member.writelines(_filled(content, sheets[SHEET_PARTS.index(part)]))
                else:
                    member.write(content)
    return target.getvalue()


def _filled(sheet: bytes, rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The sheet, piece by piece, with rows in the place of none."""
    head, tail = NO_ROWS.split(sheet)
    yield head + b"<sheetData>"
    numbered = enumerate(rows, start=1)
    while some := list(islice(numbered, ROWS_AT_ONCE)):
        yield "".join(_row(number, row) for number, row in some).encode("utf-8")
    yield b"</sheetData>" + tail


def _row(number: int, row: Sequence[Cell]) -> str:
    cells = "".join(
        f'<c r="{chr(ord("A") + column)}{number}" s="{cell[1]}" {write_text(cell[0])}</c>'
        for column, cell in enumerate(row)
        if cell is not None
    )
    return f'<row r="{number}">{cells}</row>'


def _set_up(sheet: Worksheet, widths: Sequence[int], last: int) -> None:
    """The headings stay in sight and filter what is below."""
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(widths))}{last}"


class _Styles:
    """Numbers of the styles of a workbook."""

    def __init__(self, sheet: Worksheet) -> None:
        self.plain = _style(sheet)
        self.fault = _style(sheet, fill=FAULT_FILL, border=FAULT_FRAME)
        self.head = _style(sheet, fill=HEAD_FILL, font=Font(bold=True))
        self.words = _style(sheet, alignment=Alignment(wrap_text=True, vertical="top"))


def _style(sheet: Worksheet, **parts: object) -> int:
    cell = WriteOnlyCell(sheet, "")
    cell.number_format = TEXT_FORMAT
    for name, part in parts.items():
        setattr(cell, name, part)
    return int(cell.style_id)


def _marks(problems: tuple[Problem, ...]) -> Marks:
    marks: dict[int, list[tuple[int | None, Problem]]] = defaultdict(list)
    for problem in problems:
        if at := read_place(problem.where):
            marks[at[0]].append((at[1], problem))
    return marks


def _file_rows(lines: Iterator[str], marks: Marks, styles: _Styles) -> Iterator[list[Cell]]:
    """The rows in their places, and behind them what is wrong in words."""
    for number, line in enumerate(lines, start=1):
        cells = split_cells(line) or line.split("\t")
        found = marks.get(number, [])
        faults = {column for column, _ in found}
        usual = styles.head if number == 1 else styles.plain
        row: list[Cell] = [
            (text, styles.fault if column in faults else usual) if text or column in faults else None
            for column, text in enumerate((cells + [""] * WIDTH)[:WIDTH])
        ]
        words = WORDS_HEADING if number == 1 and not found else " ".join(map(_words, found))[:CELL_LIMIT]
        row.append((words, styles.head if number == 1 else styles.words) if words else None)
        if further := " | ".join(cells[WIDTH:]):
            row.append((f"{FURTHER_HEADING}: {further}", styles.plain))
        yield row


def _words(mark: tuple[int | None, Problem]) -> str:
    """A finding as it stands beside its row: not by color alone."""
    column, problem = mark
    where = "" if column is None else f"{get_column_letter(column + 1)}: "
    return f"{where}{problem.sentence} {problem.remedy}"


def _finding_rows(problems: tuple[Problem, ...], count: int, styles: _Styles) -> Iterator[list[Cell]]:
    """All findings, one a row, those of the file as a whole among them."""
    yield [(one, styles.head) for one in FINDINGS_HEADINGS]
    for problem in problems:
        texts = (*_place_cells(problem.where), problem.sentence, problem.remedy, problem.code)
        yield [(text, styles.words) for text in texts]
    yield []
    yield [None, None, None, (f"{count:,} found in all.", styles.words)]


def _place_cells(where: str) -> tuple[str, str, str]:
    """Row, column letter and heading; the place as it is where it is none in the table."""
    at = read_place(where)
    if at is None:
        return (where or "the file", "", "")
    row, column = at
    if column is None:
        return (str(row), "", "")
    return (str(row), get_column_letter(column + 1), CORRECTIONS.columns[column].heading)
