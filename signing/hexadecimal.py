"""Hexadecimal strings of a PDF, read at once (ISO 32000-1, 7.3.4.3).

A signature's container is such a string, tens of thousands of digits long, and pyHanko reads it a character at a time, once for
each look at a signature: a sixth of the time of a countersignature. What is not plainly digits up to the closing bracket is left
to pyHanko, errors included, so that the two never differ.
"""

from __future__ import annotations

import binascii
from typing import BinaryIO

from pyhanko.pdf_utils import generic

CHUNK = 1 << 14
PdfString = generic.ByteStringObject | generic.TextStringObject
_read_by_character = generic.read_hex_string_from_stream


def read_hex_string(stream: BinaryIO) -> PdfString:
    """The string that begins with the bracket at which the stream stands; the stream then stands behind the string.

    Raises:
        PdfError: as pyHanko raises them, of a string that is none.
    """
    start = stream.tell()
    stream.seek(1, 1)
    read = b""
    while b">" not in read and (chunk := stream.read(CHUNK)):
        read += chunk
    digits, bracket, _ = read.partition(b">")
    try:
        content = binascii.unhexlify(digits) if bracket else None
    except binascii.Error:
        content = None
    stream.seek(start)
    if content is None:
        return _read_by_character(stream)
    stream.seek(start + len(digits) + 2)
    return generic.pdf_string(content)


def read_at_once() -> None:
    """From now on this process reads hexadecimal strings so, whoever asks for them."""
    generic.read_hex_string_from_stream = read_hex_string
