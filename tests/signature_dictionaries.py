"""Reads signature dictionaries and the document security store out of a PDF's bytes, without any PDF library.

It knows no more of PDF than that: direct objects of ISO 32000-1, 7.3, the newest trailer, and objects that stand outside
object streams, as everything does that a signature adds. What it cannot read raises `ValueError`.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any

from asn1crypto import parser

OBJECT = re.compile(rb"(?<!\d)\d{1,10}\s+\d{1,5}\s+obj\b")
REFERENCE = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+R\b")
NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)")
NAME = re.compile(rb"/([^\s()<>\[\]{}/%]*)")
SPACE = re.compile(rb"(?:\s|%[^\r\n]*)*")
STREAM = re.compile(rb"\s*stream\r?\n")
START = re.compile(rb"startxref\s+(\d+)")
WORDS = {b"true": True, b"false": False, b"null": None}


class Name(str):
    """A PDF name, without its slash."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to an indirect object."""

    number: int
    generation: int


@dataclass(frozen=True, slots=True)
class SignatureDictionary:
    """One signature dictionary and the bytes around it.

    Attributes:
        entries: the dictionary.
        pdf: the file up to the end of what was signed.
        gap: what the byte range leaves out.
    """

    entries: dict[str, Any]
    pdf: bytes
    gap: bytes

    @property
    def byte_range(self) -> list[int]:
        """The four numbers."""
        return list(self.entries["ByteRange"])

    @property
    def signed(self) -> bytes:
        """The bytes that were signed."""
        start, first, second, length = self.byte_range
        return self.pdf[start : start + first] + self.pdf[second : second + length]

    @property
    def der(self) -> bytes:
        """The container, without what pads it."""
        content = bytes.fromhex(self.gap.strip(b"<>").decode("ascii"))
        return content[: parser.peek(content)]


def read_signatures(pdf: bytes) -> list[SignatureDictionary]:
    """The signature dictionaries of a file, in the order of what they sign."""
    found = []
    for place in re.finditer(rb"/ByteRange\b", pdf):
        start = max((one.end() for one in OBJECT.finditer(pdf, 0, place.start())), default=-1)
        entries, _ = parse(pdf, start)
        _, first, second, length = entries["ByteRange"]
        found.append(SignatureDictionary(entries, pdf[: second + length], pdf[first:second]))
    return sorted(found, key=lambda one: len(one.pdf))


def read_security_store(pdf: bytes) -> dict[str, Any] | None:
    """The document security store of the newest revision (ISO 32000-2, 12.8.4.3); None without one.

    Its certificates and revocation values are read: lists of bytes under `Certs`, `CRLs` and `OCSPs`.
    """
    catalog = resolve(pdf, _trailer(pdf)["Root"])
    store = resolve(pdf, catalog.get("DSS"))
    if store is None:
        return None
    read = {
        key: [read_stream(pdf, one) for one in resolve(pdf, store.get(key)) or []] for key in ("Certs", "CRLs", "OCSPs")
    }
    return {**store, **read}


def resolve(pdf: bytes, value: Any) -> Any:
    """The newest version of the object that a reference names; any other value as it is."""
    return parse(pdf, _place(pdf, value))[0] if isinstance(value, Reference) else value


def read_stream(pdf: bytes, reference: Reference) -> bytes:
    """The content of a stream, inflated when it is deflated."""
    entries, end = parse(pdf, _place(pdf, reference))
    opening = STREAM.match(pdf, end)
    if opening is None:
        raise ValueError("the object is no stream")
    content = pdf[opening.end() : opening.end() + resolve(pdf, entries["Length"])]
    return zlib.decompress(content) if entries.get("Filter") == "FlateDecode" else content


def parse(data: bytes, at: int) -> tuple[Any, int]:
    """The direct object that starts at a place, and where it ends."""
    at = _skip(data, at)
    for opening, read in ((b"<<", _dictionary), (b"<", _hexadecimal), (b"(", _string), (b"[", _array)):
        if data.startswith(opening, at):
            return read(data, at + len(opening))
    for pattern, make in (
        (REFERENCE, lambda one: Reference(int(one[1]), int(one[2]))),
        (NUMBER, lambda one: float(one[0]) if b"." in one[0] else int(one[0])),
        (NAME, lambda one: Name(one[1].decode("latin-1"))),
    ):
        if match := pattern.match(data, at):
            return make(match), match.end()
    for word, value in WORDS.items():
        if data.startswith(word, at):
            return value, at + len(word)
    raise ValueError(f"no object at byte {at}")


def _trailer(pdf: bytes) -> dict[str, Any]:
    """The newest trailer: after a cross-reference table, or the dictionary of a cross-reference stream."""
    at = int(START.findall(pdf)[-1])
    if pdf.startswith(b"xref", at):
        at = pdf.index(b"trailer", at) + len(b"trailer")
    elif opening := OBJECT.match(pdf, at):
        at = opening.end()
    trailer: dict[str, Any] = parse(pdf, at)[0]
    return trailer


def _place(pdf: bytes, reference: Reference) -> int:
    """Where the newest version of an object starts."""
    pattern = re.compile(rb"(?<!\d)%d\s+%d\s+obj\b" % (reference.number, reference.generation))
    found = [one.end() for one in pattern.finditer(pdf)]
    if not found:
        raise ValueError(f"there is no object {reference.number}")
    return found[-1]


def _skip(data: bytes, at: int) -> int:
    match = SPACE.match(data, at)
    return match.end() if match else at


def _dictionary(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    entries: dict[str, Any] = {}
    while not data.startswith(b">>", at := _skip(data, at)):
        key, at = parse(data, at)
        if not isinstance(key, Name) or key in entries:
            raise ValueError(f"no key of a dictionary, or one that came before, at byte {at}")
        entries[key], at = parse(data, at)
    return entries, at + 2


def _array(data: bytes, at: int) -> tuple[list[Any], int]:
    values = []
    while not data.startswith(b"]", at := _skip(data, at)):
        value, at = parse(data, at)
        values.append(value)
    return values, at + 1


def _hexadecimal(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.index(b">", at)
    return bytes.fromhex(data[at:end].decode("ascii")), end + 1


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    """A literal string: escapes of three octal digits and of single characters, and balanced brackets."""
    content, depth = bytearray(), 1
    while True:
        octal = re.compile(rb"\\([0-7]{1,3})").match(data, at)
        if octal:
            content.append(int(octal[1], 8) & 0xFF)
            at = octal.end()
            continue
        byte = data[at]
        if byte == ord("\\"):
            content.append(data[at + 1])
            at += 2
            continue
        depth += (byte == ord("(")) - (byte == ord(")"))
        at += 1
        if depth == 0:
            return bytes(content), at
        content.append(byte)
