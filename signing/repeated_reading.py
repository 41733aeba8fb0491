"""What pyHanko and asn1crypto do again and again for one verdict, done once: headers of object streams, names that are the same.

A signed file keeps most of its objects in object streams, and pyHanko reads the numbers at a stream's head, a character at a
time, for every object in it (ISO 32000-1, 7.5.7). Certificates and revocation lists are compared by name hundreds of times, and
asn1crypto prepares both names each time (RFC 5280, 7.1). Here numbers are read once a stream, names with the same bytes are the
same, and what the library says of the bytes of a name, or of two, is kept. Whatever is not plain is left to the libraries,
errors included, so that the two never differ.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from typing import Any

from asn1crypto.x509 import RDNSequence
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

Entries = dict[int, tuple[int, int]]
"""By number of an object: its place in the stream and where it begins behind the head."""

_PLAIN = re.compile(rb"(?:[0-9]{1,9}[ \t\r\n]+)*(?:[0-9]{1,9})?[ \t\r\n]*")
GOES_ON = frozenset(bytes([one]) for one in b"0123456789.+-")
"""With one of these, the last number of a head would not be over where the head is."""
_KEPT = "_entries_read_once"
_look_again: Any = PdfFileReader._get_object_from_stream  # noqa: SLF001  what is replaced
_compare = RDNSequence.__eq__
_prepare: Any = RDNSequence.hashable
NAMES_KEPT = 4096
"""Names of authorities recur in every file, and those of a document's signers in every revision."""


def read_entries(content: bytes, first: int, count: int) -> Entries | None:
    """What an object stream's head says; None where it is not plainly so many pairs of numbers, each object once.

    Args:
        content: the stream, decoded.
        first: where its objects begin.
        count: how many it says that it holds.
    """
    head, after = content[:first], content[first : first + 1]
    if not 0 <= first <= len(content) or not _PLAIN.fullmatch(head) or after in GOES_ON:
        return None
    numbers = [int(one) for one in head.split()]
    if len(numbers) != 2 * count:
        return None
    entries = {number: (place, at) for place, (number, at) in enumerate(zip(numbers[::2], numbers[1::2], strict=True))}
    return entries if len(entries) == count else None


def object_from_stream(reader: Any, number: int, stream_number: int, place: int) -> Any:
    """An object of an object stream, as `PdfFileReader` finds it.

    Raises:
        PdfError: as pyHanko raises them.
    """
    try:
        found = _find(reader, number, stream_number, place)
    except (PdfError, LookupError, TypeError, ValueError, AttributeError, AssertionError):
        found = None
    return _look_again(reader, number, stream_number, place) if found is None else found


def _find(reader: Any, number: int, stream_number: int, place: int) -> Any:
    """The object; None where pyHanko should look itself."""
    references: Any = generic.Reference
    stream = references(stream_number, 0, reader).get_object()
    if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
        return None
    content, first = stream.read_data(DecodePurpose.OBJECT_STREAM), int(stream["/First"])
    if not hasattr(stream, _KEPT):
        setattr(stream, _KEPT, read_entries(content, first, int(stream["/N"])))
    entries: Entries | None = getattr(stream, _KEPT)
    if entries is None or number not in entries or entries[number][0] != place:
        return None
    data = BytesIO(content)
    data.seek(first + entries[number][1])
    found = generic.read_object(data, generic.Reference(number, 0, reader))
    return None if isinstance(found, generic.StreamObject | generic.IndirectObject) else found


def same_name(name: Any, other: object) -> bool:
    """Whether two names are the same; asn1crypto is asked only where their bytes differ."""
    if not isinstance(other, RDNSequence):
        return False
    left, right = name.contents, other.contents
    return left == right or _same(left, right)


def prepared_name(name: Any) -> str:
    """A name as asn1crypto prepares it to be looked up."""
    return _prepared(name.contents)


@lru_cache(NAMES_KEPT)
def _same(left: bytes, right: bytes) -> bool:
    return bool(_compare(RDNSequence(contents=left), RDNSequence(contents=right)))


@lru_cache(NAMES_KEPT)
def _prepared(contents: bytes) -> str:
    return str(_prepare.fget(RDNSequence(contents=contents)))


def read_once() -> None:
    """From now on this process does so, whoever asks."""
    names: Any = RDNSequence
    readers: Any = PdfFileReader
    readers._get_object_from_stream = object_from_stream  # noqa: SLF001  the only way in
    names.__eq__ = same_name
    names.hashable = property(prepared_name)
