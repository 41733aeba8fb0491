"""A cross-reference stream looked up in its rows gives what pyHanko gives when it reads it field by field."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic, xref
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.xref import XRefSectionData

import signing.verify  # noqa: F401  importing it is what one of the tests is about
from signing import cross_references
from signing.cross_references import PlainEntries, SectionOfRows, read_entries

WIDTHS = st.one_of(
    st.just([1, 3, 2]), st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 4)).map(list), st.just([1, 2])
)
SECTIONS = st.lists(st.integers(-1, 9), max_size=6)
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200), st.integers(0, 2)), max_size=12)


def stream(content: bytes, widths: list[int], index: list[int] | None, size: int) -> Any:
    """A cross-reference stream as a file would have it."""
    number: Any = generic.NumberObject
    array: Any = generic.ArrayObject
    entries = {"/W": array([number(one) for one in widths]), "/Size": number(size)}
    if index is not None:
        entries["/Index"] = array([number(one) for one in index])
    made: Any = generic.StreamObject({generic.pdf_name(name): value for name, value in entries.items()}, content)
    return made


def outcome(read: Any, data: Any, given_stream: Any, *, strict: bool) -> object:
    """All that a section knows afterwards, or which error there was."""
    try:
        highest = data.process_entries(read(given_stream, strict), strict)
    except (PdfError, ValueError, LookupError, TypeError, AssertionError) as error:
        return type(error), str(error)
    return highest, *map(dict, (data.freed, data.standard_xrefs, data.xrefs_in_objstm)), *known_of(data)


def known_of(data: Any) -> tuple[object, ...]:
    """The sets that a section has, what it says of objects that it may not know, and of those of higher generations."""
    asked = [(number, generation) for number in range(-1, 65) for generation in (-1, 0, 1, 2)]
    named, used = data.explicit_refs_in_revision, data.obj_streams_used
    return (
        set(named), len(named), [one in named for one in asked],
        set(used), len(used), [number in used for number, _ in asked],
        [resolved(data, *one) for one in asked], set(data.higher_generation_refs()),
    )  # fmt: skip


def resolved(data: Any, number: int, generation: int) -> object:
    """Where an object is, or that nobody knows."""
    try:
        return data.try_resolve(generic.Reference(number, generation))
    except KeyError:
        return "unknown"


def agree(content: bytes, widths: list[int], index: list[int] | None, size: int, *, strict: bool) -> None:
    """Both readings end alike."""
    ours: Any = SectionOfRows
    theirs: Any = XRefSectionData
    assert outcome(read_entries, ours(), stream(content, widths, index, size), strict=strict) == outcome(
        cross_references._read_by_field, theirs(), stream(content, widths, index, size), strict=strict
    )


@settings(deadline=None, max_examples=200)
@given(
    content=st.binary(max_size=60),
    widths=WIDTHS,
    index=st.none() | SECTIONS,
    size=st.integers(0, 9),
    strict=st.booleans(),
)
@example(content=b"\x01\x00\x00\x05\x00\x00", widths=[1, 3, 2], index=[4, 1], size=9, strict=True)
@example(content=b"\x01\x00\x00\x05\x00\x00!", widths=[1, 3, 2], index=[4, 1], size=9, strict=True)
def test_any_bytes_are_read_or_refused_as_pyhanko_does(
    content: bytes, widths: list[int], index: list[int] | None, size: int, strict: bool
) -> None:
    agree(content, widths, index, size, strict=strict)


@settings(deadline=None, max_examples=100)
@given(ROWS, st.sampled_from([[1, 1, 1], [1, 3, 2], [2, 7, 1], [1, 4, 3], [1, 8, 2]]), st.integers(0, 12))
@example([(0, 0, 0), (1, 7, 0), (2, 5, 1), (3, 1, 1), (0, 3, 1)], [1, 3, 2], 2)
def test_whole_rows_of_every_kind_give_the_same_section(
    rows: list[tuple[int, int, int]], widths: list[int], cut: int
) -> None:
    content = b"".join(value.to_bytes(width, "big") for row in rows for value, width in zip(row, widths, strict=True))
    agree(content, widths, [0, min(cut, len(rows)), 40, len(rows) - min(cut, len(rows))], 60, strict=True)


def test_a_plain_stream_is_not_left_to_pyhanko() -> None:
    assert isinstance(read_entries(stream(b"\x01\x00\x00\x05\x00\x00", [1, 3, 2], [4, 1], 9)), PlainEntries)


def test_whoever_goes_through_the_entries_hears_pyhanko() -> None:
    found = read_entries(stream(b"\x01\x00\x00\x05\x00\x00", [1, 3, 2], [4, 1], 9))
    assert [(one.idnum, one.location, one.generation) for one in found] == [(4, 5, 0)]


def test_what_nobody_can_name_is_not_among_them() -> None:
    data: Any = SectionOfRows()
    data.process_entries(read_entries(stream(b"\x01\x00\x00\x05\x00\x00", [1, 3, 2], [4, 1], 9)), strict=True)
    assert (4, 0) in data.explicit_refs_in_revision
    assert "4 0" not in data.explicit_refs_in_revision
    assert "4" not in data.standard_xrefs


def test_the_verifier_reads_so() -> None:
    module: Any = xref
    assert module.parse_xref_stream is read_entries
    assert module.XRefSectionData is SectionOfRows
