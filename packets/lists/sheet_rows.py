"""Rows of a sheet as XML (ECMA-376, 18.3.1.73 `row`, 18.3.1.4 `c`), one after the other.

A cell is a text, a whole number or a date: never a formula, whatever it begins with. Numbers and dates are those of columns that
hold nothing else; what cannot be read as one is written as the text that it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from xml.sax.saxutils import escape

from packets.lists.columns import Column, Kind, Row
from packets.model.identifiers import format_tin, mask_tin

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""Characters that no XML file can hold (XML 1.0, production 2)."""
PATTERN_ROW = re.compile(rb'<row r="2".*?</row>', re.DOTALL)
PATTERN_CELL = re.compile(rb'<c r="([A-Z]+)2" s="([0-9]+)"')
DAY_ZERO = date(1899, 12, 30)
"""Spreadsheets count days from here, for all days since March 1900 (ECMA-376, 18.17.4.1)."""
FIRST_COUNTED = date(1900, 3, 1)
ROWS_AT_ONCE = 500
LONGEST_NUMBER = 15
"""Digits that a spreadsheet keeps."""

Writer = Callable[[str], str]
"""Makes the inside of a cell, and its type, of a text."""


@dataclass(frozen=True, slots=True)
class RowPattern:
    """A sheet with one row under its headings, taken apart: what is before and behind it, column and style of each cell."""

    head: bytes
    cells: tuple[tuple[str, str], ...]
    tail: bytes

    @classmethod
    def of(cls, sheet: bytes) -> RowPattern:
        """Take a sheet apart.

        Raises:
            ValueError: it has no second row.
        """
        found = PATTERN_ROW.search(sheet)
        if found is None:
            raise ValueError("the sheet has no row of pattern")
        cells = tuple((place.decode(), style.decode()) for place, style in PATTERN_CELL.findall(found[0]))
        return cls(sheet[: found.start()], cells, sheet[found.end() :])


def write_rows(
    pattern: RowPattern, columns: tuple[Column, ...], rows: Iterable[Row], *, mask_tins: bool
) -> Iterator[bytes]:
    """The rows, from the second of the sheet on, in pieces of some hundreds."""
    cells = [
        (f'<c r="{place}', f'" s="{style}" ', _writer(column, mask_tins=mask_tins))
        for column, (place, style) in zip(columns, pattern.cells, strict=True)
    ]
    numbered = enumerate(rows, start=2)
    while some := list(islice(numbered, ROWS_AT_ONCE)):
        yield "".join(_row(number, row, cells) for number, row in some).encode("utf-8")


def _row(number: int, row: Row, cells: list[tuple[str, str, Writer]]) -> str:
    """One row; an empty cell is not written."""
    written = [
        f"{place}{number}{style}{write(value)}</c>"
        for (place, style, write), value in zip(cells, row, strict=True)
        if value
    ]
    return f'<row r="{number}">{"".join(written)}</row>'


def _writer(column: Column, *, mask_tins: bool) -> Writer:
    if column.kind is Kind.TIN:
        return (
            (lambda value: write_text(mask_tin(value))) if mask_tins else (lambda value: write_text(format_tin(value)))
        )
    return {Kind.FLAG: _number, Kind.DATE: _date}.get(column.kind, write_text)


def write_text(value: str) -> str:
    """Type and inside of a cell with a text; a character that cannot be written is shown as the replacement character."""
    if not value.isprintable():
        value = UNWRITABLE.sub("\ufffd", value)
    space = ' xml:space="preserve"' if value != value.strip() else ""
    # A carriage return would come back as a line feed (XML 1.0, 2.11).
    return f't="inlineStr"><is><t{space}>{escape(value, {chr(13): "&#13;"})}</t></is>'


def _number(value: str) -> str:
    whole = value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER
    return f"><v>{int(value)}</v>" if whole else write_text(value)


def _date(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return write_text(value)
    return f"><v>{(day - DAY_ZERO).days}</v>" if day >= FIRST_COUNTED else write_text(value)
