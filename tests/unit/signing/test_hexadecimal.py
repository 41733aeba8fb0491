"""Hexadecimal strings read at once are those that pyHanko reads a character at a time."""

from __future__ import annotations

from io import BytesIO

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError

import signing.verify  # noqa: F401  importing it is what one of the tests is about
from signing import hexadecimal
from signing.hexadecimal import read_hex_string

PIECES = st.sampled_from(
    [
        b"0",
        b"a",
        b"F",
        b"00",
        b"fe",
        b"FEFF",
        b" ",
        b"\n",
        b"%c\n",
        b"%c",
        b"%",
        b">",
        b"<",
        b"z",
        b"\x00",
        b"(",
        b"\xff",
    ]
)
HEX = st.binary(max_size=40).map(lambda content: content.hex().encode())


def outcome(read: object, content: bytes) -> object:
    """What reading gives and where it leaves the stream, or which error it raises."""
    stream = BytesIO(content)
    stream.seek(2)
    try:
        found = read(stream)  # type: ignore[operator]  # one of two readers
    except PdfError as error:
        return type(error), str(error)
    return type(found), found, stream.tell()


@settings(deadline=None)
@given(st.lists(PIECES | HEX, max_size=12).map(b"".join), st.sampled_from([b">", b"> tail", b""]))
@example(b"ab" * (hexadecimal.CHUNK + 1), b">>")
@example(b"ab" * hexadecimal.CHUNK, b"")
@example(b"abc", b">")
def test_both_ways_of_reading_agree(inner: bytes, end: bytes) -> None:
    """Value, kind of string, place in the stream, and errors: of plain digits, of blanks and comments, of strings cut off."""
    content = b"[ <" + inner + end
    assert outcome(read_hex_string, content) == outcome(hexadecimal._read_by_character, content)


def test_the_verifier_reads_them_at_once() -> None:
    """Importing the verifier is enough."""
    assert generic.read_hex_string_from_stream is read_hex_string
