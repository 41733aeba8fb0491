"""Reading a file of a year row by row: each cell by the rule of its column, everything that is wrong with its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from packets.errors import InputError
from packets.lists.findings import place
from packets.lists.intake import lines_below
from packets.lists.text import NO_VALUE, cell_fault, clean
from packets.model import identifiers
from packets.year_files.layouts import Field, headings
from packets.year_files.report import Reading

TEXT_LIMIT = 300
"""Longest text of a cell in characters."""


def read_sheet(path: Path, fields: tuple[Field, ...], reading: Reading) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows in which no cell is wrong, with their numbers; what is wrong with the others is noted in `reading`.

    A blank cell and `N/A` are the empty text, a TIN is nine digits. A file that cannot be understood at all gives no rows.
    """
    try:
        for number, cells in lines_below(path, headings(fields), reading.errors):
            reading.rows += 1
            row = _row(number, cells, fields, reading)
            if row is not None:
                yield number, row
    except InputError as error:
        include(reading, error)
        return
    if not reading.rows and not reading.errors.count:
        sentence = "The file has no rows below its headings."
        reading.errors.add("file-without-rows", sentence, "Give the complete file.")


def include(reading: Reading, error: InputError) -> None:
    """Note why a file could not be understood, once."""
    reading.whole = False
    if not reading.errors.count:
        reading.errors.include(error.problems)


def column_of(fields: tuple[Field, ...], key: str) -> int:
    """The place of a column, from 0."""
    return [one.key for one in fields].index(key)


def _row(number: int, cells: list[str], fields: tuple[Field, ...], reading: Reading) -> dict[str, str] | None:
    if len(cells) != len(fields):
        sentence = f"The row has {len(cells)} cells instead of {len(fields)}."
        reading.errors.add("row-length", sentence, "Mend the row.", place(number))
        return None
    before = reading.errors.count
    row = {}
    for column, (field, raw) in enumerate(zip(fields, cells, strict=True)):
        row[field.key] = cell = _normal(field, clean(raw))
        if fault := _fault(field, cell):
            reading.errors.add(*fault, place(number, column))
    return row if reading.errors.count == before else None


def _normal(field: Field, cell: str) -> str:
    if cell.upper() == NO_VALUE:
        return ""
    if field.key == "tin":
        return identifiers.Tin.tidy(cell)
    return cell.upper() if field.capital else cell


def _fault(field: Field, cell: str) -> tuple[str, str, str] | None:
    if not cell:
        return ("cell-blank", f"{field.heading} is blank.", "Complete it.") if field.required else None
    if fault := cell_fault(cell):
        return fault
    if len(cell) > TEXT_LIMIT:
        return ("cell-too-long", f"{field.heading} is longer than {TEXT_LIMIT} characters.", "Shorten it.")
    problem = field.check(cell) if field.check else None
    return (field.code, problem, f"Correct {field.heading}: {field.meaning}.") if problem else None
