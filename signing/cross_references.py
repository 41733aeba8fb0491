"""Cross-reference streams (ISO 32000-1, 7.5.8): where they are plain their rows stay rows, looked up when an object is asked for.

pyHanko makes Python objects of each row, and a tagged list has hundreds of thousands: they took most of the time and the memory
of a signature. Whatever is not plain is left to pyHanko, errors included, so that the two never differ.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeVar

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
Place = TypeVar("Place")
Sections: Any = XRefSectionData
_read_by_field: Any = xref.parse_xref_stream


@dataclass(frozen=True)
class PlainEntries:
    """The entries of a plain stream, as its rows. Whoever goes through them hears pyHanko.

    Attributes:
        stream: where they come from.
        strict: how pyHanko was to read it.
        content: the rows: one byte of kind, then two numbers.
        widths: bytes of each field of a row.
        sections: the first number and how many there are, ascending.
    """

    stream: Any
    strict: bool
    content: bytes
    widths: Sequence[int]
    sections: Sequence[tuple[int, int]]

    def __iter__(self) -> Iterator[XRefEntry]:
        found: Iterator[XRefEntry] = _read_by_field(self.stream, strict=self.strict)
        return found

    @cached_property
    def kinds(self) -> bytes:
        """The kind of every row."""
        return self.content[:: sum(self.widths)]

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.sections]

    @cached_property
    def _before(self) -> list[int]:
        """How many rows there are before each section."""
        return list(accumulate((size for _, size in self.sections), initial=0))

    def of_kind(self, kind: int) -> Iterator[int]:
        """The numbers of the objects of a kind; number 0 is nobody's."""
        row = self.kinds.find(kind)
        while row >= 0:
            if name := self._name(row):
                yield name
            row = self.kinds.find(kind, row + 1)

    def row_of(self, name: object, kind: int) -> tuple[int, int] | None:
        """The two numbers of an object's row; None when it has none, or one of another kind."""
        if not isinstance(name, int) or name <= 0:
            return None
        section = bisect_right(self._starts, name) - 1
        if section < 0 or name - self._starts[section] >= self.sections[section][1]:
            return None
        row = self._before[section] + name - self._starts[section]
        return self._numbers(row) if self.kinds[row] == kind else None

    @property
    def highest(self) -> int:
        """The highest number of an object of any known kind."""
        rows = (self.kinds.rfind(kind) for kind in (FREE, STANDARD, COMPRESSED))
        last = max(rows)
        return self._name(last) if last >= 0 else 0

    def _name(self, row: int) -> int:
        section = bisect_right(self._before, row) - 1
        return self._starts[section] + row - self._before[section]

    def _numbers(self, row: int) -> tuple[int, int]:
        kind, second, third = self.widths
        begin = row * (kind + second + third) + kind
        middle = begin + second
        content = self.content
        return int.from_bytes(content[begin:middle], "big"), int.from_bytes(content[middle : middle + third], "big")


class _Rows(Mapping[int, Place]):
    """The rows of one kind, by the number of the object, as the dictionary that pyHanko would have made of them."""

    kind: int

    def __init__(self, entries: PlainEntries) -> None:
        self.entries = entries

    @abstractmethod
    def _place(self, second: int, third: int) -> Place:
        """What pyHanko keeps of the two numbers of a row."""

    def __getitem__(self, name: int) -> Place:
        row = self.entries.row_of(name, self.kind)
        if row is None:
            raise KeyError(name)
        return self._place(*row)

    def __iter__(self) -> Iterator[int]:
        return self.entries.of_kind(self.kind)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Freed(_Rows[int]):
    kind = FREE

    def _place(self, second: int, third: int) -> int:  # noqa: ARG002  the next free object, which pyHanko does not look at
        return third


class _Standard(_Rows[tuple[int, int]]):
    kind = STANDARD

    def _place(self, second: int, third: int) -> tuple[int, int]:
        return third, second


class _Compressed(_Rows[ObjStreamRef]):
    kind = COMPRESSED

    def _place(self, second: int, third: int) -> ObjStreamRef:
        return ObjStreamRef(second, third)


class _Named(AbstractSet[tuple[int, int]]):
    """Numbers and generations of all objects that the rows name."""

    def __init__(self, freed: _Freed, standard: _Standard, compressed: _Compressed) -> None:
        self._freed, self._standard, self._compressed = freed, standard, compressed

    def __contains__(self, name: object) -> bool:
        match name:
            case (int() as number, int() as generation):
                if number in self._compressed:
                    return generation == 0
                if (found := self._standard.get(number)) is not None:
                    return found[0] == generation
                return self._freed.get(number) == generation + 1
        return False

    def __iter__(self) -> Iterator[tuple[int, int]]:
        yield from ((name, 0) for name in self._compressed)
        yield from ((name, generation) for name, (generation, _) in self._standard.items())
        yield from ((name, generation - 1) for name, generation in self._freed.items())

    def __len__(self) -> int:
        return len(self._freed) + len(self._standard) + len(self._compressed)


class SectionOfRows(Sections):  # type: ignore[misc] # what pyHanko says of its types does not fit rows
    """What pyHanko knows of a section, looked up in plain rows where it has them."""

    def process_entries(self, entries: Iterable[XRefEntry], strict: bool) -> int:
        """Take entries in; the highest number.

        Raises:
            PdfError: as pyHanko raises them.
        """
        if not isinstance(entries, PlainEntries):
            highest: int = super().process_entries(entries, strict)
            return highest
        self.freed, self.standard_xrefs = _Freed(entries), _Standard(entries)
        self.xrefs_in_objstm = _Compressed(entries)
        self.explicit_refs_in_revision = _Named(self.freed, self.standard_xrefs, self.xrefs_in_objstm)
        self.obj_streams_used = _StreamsUsed(self.xrefs_in_objstm)
        return entries.highest


class _StreamsUsed(AbstractSet[int]):
    """Numbers of the object streams in which objects are; gone through when somebody asks."""

    def __init__(self, compressed: _Compressed) -> None:
        self._compressed = compressed

    @cached_property
    def _numbers(self) -> frozenset[int]:
        return frozenset(one.obj_stream_id for one in self._compressed.values())

    def __contains__(self, number: object) -> bool:
        return number in self._numbers

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


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
    fit = len(widths) == FIELDS and all(1 <= one <= WIDEST for one in widths)
    if not fit or widths[0] != 1 or widths[-1] > WIDEST_GENERATION or not _ascend(sections):
        return None
    count = sum(size for _, size in sections)
    # Room for the mark at the head of each row, as pyHanko reckons: a stream may be written with a predictor.
    content = stream.read_data(DecodePurpose.XREF_STREAM, expected_size=count * (sum(widths) + 1))
    if len(content) != count * sum(widths):
        return None
    return PlainEntries(stream, strict, bytes(content), widths, [one for one in sections if one[1]])


def _ascend(sections: Sequence[tuple[int, int]]) -> bool:
    end = 0
    for start, size in sections:
        if start < end or size < 0:
            return False
        end = start + size
    return True


def look_up_in_rows() -> None:
    """From now on this process does so, whoever asks."""
    module: Any = xref
    module.parse_xref_stream = read_entries
    module.XRefSectionData = SectionOfRows
