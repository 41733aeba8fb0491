"""Values of PDF, read from bytes and written as the service's writer writes them (ISO 32000-1, 7.3).

It needs the standard library alone, so that the verifier of the service and the program in a bag read the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class FormError(ValueError):
    """A revision is not of the form that the service writes."""


class Name(str):
    """A name of PDF, without its slash."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an object of generation 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string: its bytes, and how it stands in the file."""

    content: bytes
    raw: bytes = field(compare=False)

    @property
    def words(self) -> str:
        """The text that the bytes stand for (ISO 32000-1, 7.9.2.2)."""
        if self.content.startswith(b"\xfe\xff"):
            return self.content[2:].decode("utf-16-be")
        return "".join(_PDF_DOC.get(byte, chr(byte)) for byte in self.content)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and how it stands in the file."""

    value: float
    raw: bytes = field(compare=False)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: its dictionary and its bytes as they stand in the file."""

    entries: dict[str, Any]
    data: bytes


_PDF_DOC = dict(zip(range(0x18, 0x20), "˘ˇˆ˙˝˛˚˜", strict=True)) | dict(  # noqa: RUF001  PDFDocEncoding
    zip(range(0x80, 0xA1), "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\ufffd€", strict=True)  # noqa: RUF001  PDFDocEncoding
)
_GAP = re.compile(rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]*)*")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)")
_PLAIN_NUMBERS = re.compile(rb" ((?:-?\d{1,9}(?:\.\d{1,9})? )+)\]")
_REFERENCE = re.compile(rb"([1-9]\d{0,9}) 0 R(?![0-9A-Za-z])")
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)")
_HEXADECIMAL = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_LITERAL_PIECE = re.compile(rb"[^()\\\r]+|\\[0-7]{1,3}|\\\r\n|\\[\s\S]|\r\n?|[()]")
_WORDS: dict[bytes, Any] = {b"true": True, b"false": False, b"null": None}
_WORD = re.compile(rb"(true|false|null)(?![0-9A-Za-z])")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r": b"", b"\n": b"", b"\r\n": b""}
DEEPEST = 32


def refuse_unless(holds: object, reason: str) -> None:
    """Refuse a file for a reason, unless something holds.

    Raises:
        FormError: it does not.
    """
    if not holds:
        raise FormError(reason)


def parse_value(data: bytes, at: int, depth: int = 0) -> tuple[Any, int]:
    """Read the value that begins at an offset, white space and comments skipped, and find where it ends."""
    refuse_unless(depth < DEEPEST, "values are nested too deeply")
    at = skip_gap(data, at)
    if data.startswith(b"<<", at):
        return _parse_dictionary(data, at + 2, depth)
    if data.startswith(b"[", at):
        return _parse_array(data, at + 1, depth)
    if data.startswith(b"(", at):
        return _parse_literal(data, at)
    for pattern, make in _TOKENS:
        if found := pattern.match(data, at):
            return make(found), found.end()
    raise FormError("a value cannot be read")


def _hexadecimal(found: re.Match[bytes]) -> Text:
    digits = b"".join(found[1].split())
    return Text(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()), found[0])


def skip_gap(data: bytes, at: int) -> int:
    """Find where white space and comments end."""
    found = _GAP.match(data, at)
    return found.end() if found else at


def _named(raw: bytes) -> Name:
    if b"#" not in raw:
        return Name(raw.decode("latin-1"))
    pieces = re.split(rb"#([0-9A-Fa-f]{2})", raw)
    return Name(
        b"".join(bytes.fromhex(piece.decode()) if place % 2 else piece for place, piece in enumerate(pieces)).decode(
            "latin-1"
        )
    )


_TOKENS: tuple[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], Any]], ...] = (
    (_NAME, lambda found: _named(found[1])),
    (_REFERENCE, lambda found: Ref(int(found[1]))),
    (_NUMBER, lambda found: Number(float(found[0]), found[0])),
    (_HEXADECIMAL, _hexadecimal),
    (_WORD, lambda found: _WORDS[found[1]]),
)


def _parse_dictionary(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    entries: dict[str, Any] = {}
    while not data.startswith(b">>", at := skip_gap(data, at)):
        key, at = parse_value(data, at, depth + 1)
        refuse_unless(isinstance(key, Name) and str(key) not in entries, "a dictionary has a key twice, or none")
        entries[str(key)], at = parse_value(data, at, depth + 1)
    return entries, at + 2


def _parse_array(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    if plain := _PLAIN_NUMBERS.match(data, at):
        return [Number(float(digits), digits) for digits in plain[1].split()], plain.end()
    items = []
    while not data.startswith(b"]", at := skip_gap(data, at)):
        item, at = parse_value(data, at, depth + 1)
        items.append(item)
    return items, at + 1


def _parse_literal(data: bytes, start: int) -> tuple[Text, int]:
    pieces: list[bytes] = []
    depth, at = 0, start
    while True:
        found = _LITERAL_PIECE.match(data, at)
        if found is None:
            raise FormError("a string does not end")
        piece, at = found[0], found.end()
        depth += (piece == b"(") - (piece == b")")
        if not depth:
            return Text(b"".join(pieces[1:]), data[start:at]), at
        pieces.append(_unescaped(piece))


def _unescaped(piece: bytes) -> bytes:
    if piece.startswith(b"\r"):
        return b"\n"
    if not piece.startswith(b"\\"):
        return piece
    rest = piece[1:]
    return bytes([int(rest, 8) & 0xFF]) if rest[:1].isdigit() and rest[:1] < b"8" else _ESCAPES.get(rest, rest)


def write_value(value: Any) -> bytes:
    """Write a value as the service's writer does."""
    if isinstance(value, dict):
        lines = b"".join(b"/%b %b\n" % (_name_written(key), write_value(entry)) for key, entry in value.items())
        return b"<<\n%b>>" % lines
    if isinstance(value, list):
        return b"[%b ]" % b"".join(b" " + write_value(item) for item in value)
    if isinstance(value, Ref):
        return b"%d 0 R" % value.number
    if isinstance(value, Text | Number):
        return value.raw
    if isinstance(value, Name):
        return b"/" + _name_written(value)
    return {True: b"true", False: b"false", None: b"null"}[value]


def _name_written(name: str) -> bytes:
    return b"".join(
        b"#%X" % byte if byte in b"#()<>[]{}/%" or not 0x21 <= byte <= 0x7E else bytes([byte])  # noqa: PLR2004  ISO 32000-1, 7.3.5
        for byte in name.encode("latin-1")
    )


def is_same(value: Any, other: Any) -> bool:
    """Tell whether two values say the same; text may be encoded in another way."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(is_same(value[key], other[key]) for key in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(is_same, value, other))
    if isinstance(value, Text) and isinstance(other, Text):
        return value.content == other.content or value.words == other.words
    return type(value) is type(other) and bool(value == other)
