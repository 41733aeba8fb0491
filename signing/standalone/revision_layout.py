"""Where the revisions of a signed file and the objects in them stand (ISO 32000-1, 7.5): each ends where the next begins."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from signing.standalone.pdf_values import FormError, Name, Number, Ref, Stream, parse_value, refuse_unless

_HEAD = re.compile(rb"([1-9]\d{0,9}) 0 obj\n")
_END_OF_FILE = re.compile(rb"\n?startxref\n(\d{1,10})\n%%EOF\n")
_LAST_LINES = re.compile(rb"\nstartxref\n(\d{1,10})\n%%EOF\n\Z")
_TAIL = 64
LARGEST_TABLE, LARGEST_STREAM = 64 << 20, 16 << 20
MOST_REVISIONS = 128
FREE, STANDARD, COMPRESSED = 0, 1, 2
FILTERED = Name("FlateDecode")


@dataclass
class RevisionLayout:
    """One revision: where it stands, its trailer, and where its objects are.

    Attributes:
        start, end: of its bytes.
        table: number of its cross-reference stream.
        table_at: where that stands.
        trailer: its dictionary.
        rows: the table, decoded.
        before: the revision before it; None for the draft.
    """

    pdf: bytes
    start: int
    end: int
    table: int
    table_at: int
    trailer: dict[str, Any]
    rows: bytes
    before: RevisionLayout | None = None
    _packed: dict[int, tuple[bytes, dict[int, int]]] = field(default_factory=dict)
    _read: dict[int, tuple[Any, int]] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """One more than the highest number."""
        return read_whole_number(self.trailer["Size"])

    @cached_property
    def _widths(self) -> tuple[int, int, int]:
        kind, second, third = (read_whole_number(width) for width in self.trailer["W"])
        refuse_unless(kind == 1 and 1 <= second <= 8 and 1 <= third <= 2, "its table has other columns")  # noqa: PLR2004
        return kind, second, third

    @cached_property
    def sections(self) -> list[tuple[int, int]]:
        """The first number and how many, ascending."""
        numbers = [
            read_whole_number(number) for number in self.trailer.get("Index", [Number(0, b"0"), self.trailer["Size"]])
        ]
        sections = list(zip(numbers[::2], numbers[1::2], strict=True))
        ends = [0, *(start + count for start, count in sections)]
        ascending = all(start >= end for (start, _), end in zip(sections, ends, strict=False))
        refuse_unless(ascending and all(count > 0 for _, count in sections), "its table is not in order")
        refuse_unless(sum(count for _, count in sections) * sum(self._widths) == len(self.rows), "its table is cut")
        return sections

    def place(self, number: int) -> tuple[int, int, int] | None:
        """The row of an object; None when this revision has none."""
        before = 0
        for start, count in self.sections:
            if start <= number < start + count:
                return self._row(before + number - start)
            before += count
        return None

    def entries(self) -> Iterator[tuple[int, tuple[int, int, int]]]:
        """Every row with its number."""
        numbers = (number for start, count in self.sections for number in range(start, start + count))
        for row, number in enumerate(numbers):
            yield number, self._row(row)

    def _row(self, row: int) -> tuple[int, int, int]:
        kind, second, third = self._widths
        at = row * (kind + second + third)
        middle = at + kind + second
        rows = self.rows
        return rows[at], int.from_bytes(rows[at + 1 : middle]), int.from_bytes(rows[middle : middle + third])

    def get(self, number: int) -> Any:
        """The newest state of an object as of this revision; None when there is none."""
        layout: RevisionLayout | None = self
        while layout is not None:
            row = layout.place(number)
            if row is not None:
                return layout.read(number, row)
            layout = layout.before
        return None

    def follow(self, value: Any) -> Any:
        """A value, or the object that it refers to."""
        return self.get(value.number) if isinstance(value, Ref) else value

    def read(self, number: int, row: tuple[int, int, int]) -> Any:
        """An object of this revision."""
        kind, where, _ = row
        if kind == STANDARD:
            return self.read_at(number, where)[0]
        if kind != COMPRESSED:
            return None
        if where not in self._packed:
            self._packed[where] = _unpacked(self.get(where))
        content, places = self._packed[where]
        return parse_value(content, places[number])[0]

    def read_at(self, number: int, where: int) -> tuple[Any, int]:
        """An object that stands by itself, read once, and where it ends."""
        if number not in self._read:
            self._read[number] = parse_object(self.pdf, where, number)
        return self._read[number]


def read_whole_number(value: Any) -> int:
    """Read a number that counts something.

    Raises:
        FormError: it is none.
    """
    if not isinstance(value, Number) or not value.raw.isdigit():
        raise FormError("a number is none")
    return int(value.raw)


def parse_object(pdf: bytes, at: int, number: int) -> tuple[Any, int]:
    """Read the object of that number at an offset, and find where it ends."""
    head = _HEAD.match(pdf, at)
    if head is None or int(head[1]) != number:
        raise FormError(f"object {number} is not where the table says")
    value, end = parse_value(pdf, head.end())
    if isinstance(value, dict) and pdf.startswith(b"\nstream\n", end):
        length, begin = read_whole_number(value["Length"]), end + 8
        value, end = Stream(value, pdf[begin : begin + length]), begin + length
        found = re.compile(rb"\r?\nendstream").match(pdf, end)
        if found is None or length != len(value.data):
            raise FormError(f"the stream {number} is longer or shorter than it says")
        end = found.end()
    refuse_unless(pdf.startswith(b"\nendobj\n", end), f"something stands behind object {number}")
    return value, end + 8


def inflate(stream: Any, limit: int) -> bytes:
    """Read the whole content of a stream without a filter or with Flate alone."""
    if not isinstance(stream, Stream) or "DecodeParms" in stream.entries:
        raise FormError("a stream is of another kind")
    if "Filter" not in stream.entries:
        return stream.data
    refuse_unless(stream.entries["Filter"] == FILTERED, "a stream has another filter")
    inflater = zlib.decompressobj()
    content = inflater.decompress(stream.data, limit)
    refuse_unless(inflater.eof and not inflater.unused_data, "a stream is cut, or too large")
    return content


def _unpacked(stream: Any) -> tuple[bytes, dict[int, int]]:
    """The content of an object stream, and where each of its objects begins (ISO 32000-1, 7.5.7)."""
    content = inflate(stream, LARGEST_STREAM)
    refuse_unless(stream.entries.get("Type") == "ObjStm", "objects stand in something else than an object stream")
    first = read_whole_number(stream.entries["First"])
    numbers = [int(number) for number in content[:first].split()]
    return content, {number: first + at for number, at in zip(numbers[::2], numbers[1::2], strict=True)}


def read_layouts(pdf: bytes) -> list[RevisionLayout]:
    """Find every revision, the draft first: each ends where the next begins, and the last one where the file ends."""
    last = _LAST_LINES.search(pdf, max(0, len(pdf) - _TAIL))
    if last is None:
        raise FormError("the file does not end with a revision")
    tables: list[tuple[int, int, Stream, int]] = []
    at: int | None = int(last[1])
    while at is not None:
        refuse_unless(len(tables) < MOST_REVISIONS, "there are too many revisions")
        refuse_unless(not tables or at < tables[-1][0], "its tables do not follow each other")
        number, table, end = _table_at(pdf, at)
        tables.append((at, number, table, end))
        at = read_whole_number(table.entries["Prev"]) if "Prev" in table.entries else None
    layouts: list[RevisionLayout] = []
    for place, number, table, end in reversed(tables):
        start = layouts[-1].end if layouts else 0
        rows = inflate(table, LARGEST_TABLE)
        before = layouts[-1] if layouts else None
        layouts.append(RevisionLayout(pdf, start, end, number, place, table.entries, rows, before))
    refuse_unless(layouts[-1].end == len(pdf), "something stands behind its last revision")
    return layouts


def _table_at(pdf: bytes, at: int) -> tuple[int, Stream, int]:
    head = _HEAD.match(pdf, at)
    if head is None:
        raise FormError("a cross-reference stream is not where the file says")
    number = int(head[1])
    table, end = parse_object(pdf, at, number)
    found = _END_OF_FILE.match(pdf, end)
    if found is None or int(found[1]) != at or not isinstance(table, Stream) or table.entries.get("Type") != "XRef":
        raise FormError("a revision does not end as the service ends it")
    return number, table, found.end()
