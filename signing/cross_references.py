"""Cross-reference streams (ISO 32000-1, 7.5.8), read a column at a time where they are plain.

pyHanko reads them field by field, and a tagged list has tens of thousands of fields: that was a third of what a signature took.
Whatever is not plain is left to pyHanko, errors included, so that the two never differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pyhanko.pdf_utils import xref
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.xref import ObjStreamRef, XRefEntry, XRefSectionData

FIELDS = 3
WIDEST = 7
"""Bytes of a field; of wider ones pyHanko reads the first bit as a sign."""
WIDEST_GENERATION = 2
"""No generation is larger than what fits (ISO 32000-1, 7.3.10); pyHanko refuses those that are."""
FREE, STANDARD, COMPRESSED = 0, 1, 2
_sections: Any = XRefSectionData
_read_by_field: Any = xref.parse_xref_stream
_process = _sections.process_entries


@dataclass(frozen=True)
class PlainEntries:
    """The entries of a plain stream: their numbers, and their fields by column. Whoever goes through them hears pyHanko."""

    stream: Any
    strict: bool
    names: Sequence[int]
    columns: tuple[Sequence[int], ...]

    def __iter__(self) -> Iterator[XRefEntry]:
        found: Iterator[XRefEntry] = _read_by_field(self.stream, strict=self.strict)
        return found

    def fill(self, data: Any) -> int:
        """Put them into the data of a section, as `process_entries` does; the highest number."""
        named: set[tuple[int, int]] = data.explicit_refs_in_revision
        for name, kind, second, third in zip(self.names, *self.columns, strict=True):
            if name == 0:
                continue
            if kind == COMPRESSED:
                data.xrefs_in_objstm[name] = ObjStreamRef(second, third)
                data.obj_streams_used.add(second)
                named.add((name, 0))
            elif kind == STANDARD:
                data.standard_xrefs[name] = (third, second)
                named.add((name, third))
            elif kind == FREE:
                data.freed[name] = third
                named.add((name, third - 1))
        known = zip(reversed(self.names), reversed(self.columns[0]), strict=True)
        return next((name for name, kind in known if kind <= COMPRESSED), 0)


def read_entries(stream: Any, strict: bool = True) -> Iterable[XRefEntry]:
    """The entries of a cross-reference stream, as `parse_xref_stream` gives them.

    Raises:
        PdfError: as pyHanko raises them.
    """
    try:
        plain = _plain(stream, strict=strict)
    except (PdfError, LookupError, TypeError, ValueError, AttributeError, AssertionError):
        plain = None
    return _read_by_field(stream, strict=strict) if plain is None else plain


def _plain(stream: Any, *, strict: bool) -> PlainEntries | None:
    widths = [int(one) for one in stream.get("/W")]
    numbers = [int(one) for one in stream.get("/Index", [0, stream.get("/Size")])]
    sections = list(zip(numbers[::2], numbers[1::2], strict=True))
    fit = len(widths) == FIELDS and all(1 <= one <= WIDEST for one in widths) and widths[-1] <= WIDEST_GENERATION
    if not fit or not _ascend(sections):
        return None
    count = sum(size for _, size in sections)
    # Room for the mark at the head of each row, as pyHanko reckons: a stream may be written with a predictor.
    content = stream.read_data(DecodePurpose.XREF_STREAM, expected_size=count * (sum(widths) + 1))
    if len(content) != count * sum(widths):
        return None
    names = list(chain.from_iterable(range(start, start + size) for start, size in sections))
    return PlainEntries(stream, strict, names, _columns(content, widths))


def _ascend(sections: Sequence[tuple[int, int]]) -> bool:
    end = 0
    for start, size in sections:
        if start < end or size < 0:
            return False
        end = start + size
    return True


def _columns(content: bytes, widths: Sequence[int]) -> tuple[Sequence[int], ...]:
    """The numbers of each field, from the columns of its bytes, the highest first."""
    row, columns, at = sum(widths), [], 0
    for width in widths:
        column: Sequence[int] = content[at::row]
        for place in range(at + 1, at + width):
            column = [high << 8 | low for high, low in zip(column, content[place::row], strict=True)]
        columns.append(column)
        at += width
    return tuple(columns)


def process_entries(data: Any, entries: Iterable[XRefEntry], strict: bool) -> int:
    """Put entries into the data of a section, as pyHanko does; the highest number.

    Raises:
        PdfError: as pyHanko raises them.
    """
    if isinstance(entries, PlainEntries):
        return entries.fill(data)
    highest: int = _process(data, entries, strict)
    return highest


def read_columns() -> None:
    """From now on this process does so, whoever asks."""
    module: Any = xref
    module.parse_xref_stream = read_entries
    _sections.process_entries = process_entries
