"""Files are written so that other programs read the same objects out of them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from packets.render.objects import ObjectFile, numbers, text_string
from packets.render.unicode_map import to_unicode_map


def _read(file: ObjectFile, **entries: bytes) -> Any:
    pages = file.put(b"<</Type/Pages/Count 0/Kids[]>>")
    body = b"".join(b"/%b %b" % (key.encode(), value) for key, value in entries.items())
    return PdfReader(
        io.BytesIO(file.finish(file.put(b"<</Type/Catalog/Pages %d 0 R%b>>" % (pages, body)), file.put(b"<<>>")))
    )


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_text_comes_back_from_its_text_string(text: str) -> None:
    """Parentheses, backslashes, control characters and all scripts survive."""
    assert _read(ObjectFile(), Text=text_string(text)).trailer["/Root"]["/Text"] == text


def test_thousands_of_objects_are_found_under_their_numbers() -> None:
    """Objects that fill several object streams, added out of order, are each where the cross-reference says."""
    file = ObjectFile()
    given_out = [file.allocate() for _ in range(1500)]
    for number in reversed(given_out):
        file.add(number, b"(object %d)" % number)
    stream = file.put_stream(b"data that ends in a CR\r", compress=False)
    reader = _read(
        file, Some=b"[%b]" % b" ".join(b"%d 0 R" % number for number in given_out), Stream=b"%d 0 R" % stream
    )
    root = reader.trailer["/Root"]
    assert [one.get_object() for one in root["/Some"]] == [f"object {number}" for number in given_out]
    assert root["/Stream"].get_data() == b"data that ends in a CR\r"


def test_the_file_is_known_by_its_content() -> None:
    """The identifier is the digest of the objects: equal files have equal ones, others do not."""
    ids = [_read(ObjectFile(), Word=word).trailer["/ID"][0] for word in (b"(a)", b"(a)", b"(b)")]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(("values", "written"), [((1.0, 2.5, 0.125), b"1 2.5 0.12"), ((100, 0, -0.001), b"100 0 0")])
def test_coordinates_are_written_short(values: tuple[float, ...], written: bytes) -> None:
    """Two decimals at most, none that say nothing."""
    assert numbers(*values) == written


def test_a_map_of_more_than_a_hundred_codes_is_written_in_blocks() -> None:
    """No block is longer than a reader must accept, and astral characters are surrogate pairs."""
    subset = [0] * 32 + list(range(32, 127)) + [127, *range(0x400, 0x47F), 0x1D400]
    content = to_unicode_map(subset)
    sizes = [int(line.split()[0]) for line in content.splitlines() if line.endswith("beginbfchar")]
    assert max(sizes) <= 100
    assert sum(sizes) == 95 + 127 + 1
    assert "<FF> <D835DC00>" in content
