"""What is read once gives what pyHanko and asn1crypto give when they read it again."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from asn1crypto.x509 import Name, RDNSequence
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic, writer
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

import signing.verify  # noqa: F401  importing it is what one of the tests is about
from signing import repeated_reading
from signing.repeated_reading import object_from_stream, prepared_name, read_entries, same_name

HEADS = st.lists(
    st.sampled_from([b"1", b"2", b"3", b"0", b"4", b" ", b"\n", b"+1", b"1.0", b"-3", b"x", b"%", b"\x00", b"10"]),
    max_size=10,
)
OBJECTS = b"(one) << /Two 2 >> [ 3 ]"


def file_with(head: bytes, count: int) -> tuple[PdfFileReader, int]:
    """A file in which an object stream with this head stands as object 1."""
    number: Any = generic.NumberObject
    made: Any = writer.PdfFileWriter()  # type: ignore[no-untyped-call]
    stream = generic.StreamObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/ObjStm"),
            generic.pdf_name("/N"): number(count),
            generic.pdf_name("/First"): number(len(head)),
        },
        stream_data=head + OBJECTS,
    )
    place = made.add_object(stream)
    made.root["/Kept"] = place
    target = BytesIO()
    made.write(target)
    reader = PdfFileReader(target)
    return reader, reader.root.raw_get("/Kept").idnum


def outcome(read: Any, file: tuple[PdfFileReader, int], number: int, place: int) -> object:
    """What reading gives, or which error it raises."""
    try:
        found = read(file[0], number, file[1], place)
    except (PdfError, ValueError) as error:
        return type(error), str(error)
    return type(found), found


@settings(deadline=None, max_examples=60)
@given(HEADS.map(b" ".join), st.integers(0, 4), st.integers(0, 4), st.integers(0, 3))
@example(b"1 0 2 6 3 19 ", 3, 2, 1)
@example(b"1 0 2 6 3 19", 3, 3, 2)
@example(b"1 0 1 6 ", 2, 1, 1)
@example(b"2 0 1 6 ", 2, 1, 0)
@example(b"1 999 ", 1, 1, 0)
def test_both_ways_of_looking_into_an_object_stream_agree(head: bytes, count: int, number: int, place: int) -> None:
    """Objects and errors: of plain heads, of objects that come twice or stand elsewhere, of heads that are none."""
    ours, theirs = file_with(head, count), file_with(head, count)
    assert outcome(object_from_stream, ours, number, place) == outcome(
        repeated_reading._look_again, theirs, number, place
    )


@pytest.mark.parametrize(
    ("content", "first", "count"),
    [(b"1 0 5", 4, 1), (b"1 0 ", 9, 1), (b"1 0 ", -1, 1), (b"1 0 2 ", 6, 1), (b"1 0 1 3 ", 8, 2), (b" 1 0 ", 5, 1)],
)
def test_heads_that_are_not_plain_are_left_to_pyhanko(content: bytes, first: int, count: int) -> None:
    """Numbers that go on behind the head, heads beyond the stream, too many numbers, objects that come twice."""
    assert read_entries(content, first, count) is None


def test_a_plain_head_is_read() -> None:
    """Numbers with their places and beginnings."""
    assert read_entries(b"7 0 9 12 (x)", 9, 2) == {7: (0, 0), 9: (1, 12)}


NAMES = st.fixed_dictionaries(
    {"common_name": st.sampled_from(["Ana", "ana", "Ana ", "\uff21\uff2e\uff21", "Eve"])},
    optional={"organization_name": st.sampled_from(["A", "a", "B"])},
)


@given(NAMES, NAMES)
def test_names_are_the_same_as_before(one: dict[str, str], other: dict[str, str]) -> None:
    """Equal bytes, equal after preparation, and different."""
    left, right = (RDNSequence.load(Name.build(each).dump()) for each in (one, other))
    assert same_name(left, right) == repeated_reading._compare(left, right)
    assert same_name(left, left)
    assert not same_name(left, None)
    for name in (left, right):
        assert prepared_name(name) == repeated_reading._prepare.fget(name)


def test_a_name_that_was_changed_is_another_name() -> None:
    """What is kept belongs to the bytes, not to the object."""
    name = RDNSequence.load(Name.build({"common_name": "Ana"}).dump())
    before = prepared_name(name)
    name.append(Name.build({"common_name": "Eve"}).chosen[0])
    assert prepared_name(name) != before
    assert not same_name(name, RDNSequence.load(Name.build({"common_name": "Ana"}).dump()))


def test_the_verifier_reads_once() -> None:
    """Importing the verifier puts all three in place."""
    assert PdfFileReader._get_object_from_stream is object_from_stream
    assert RDNSequence.__eq__ is same_name
    assert RDNSequence.hashable.fget is prepared_name
