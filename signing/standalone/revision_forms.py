"""The one form of every revision that the service appends, byte for byte: whatever else a revision holds is refused.

A signed file is a draft, its seal, signatures of people in the draft's own fields, and archival time-stamps. This module reads
each appended revision by itself and permits exactly the objects, keys and values that the service writes. It needs the
standard library alone, so that the verifier of the service and the program in a bag hold the same rules.

The draft and the seal's revision are the service's own bytes: the seal vouches for what they say. Only their layout is read.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any


class FormError(ValueError):
    """A revision is not of the form that the service writes; says what is wrong with which one."""


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


@dataclass(frozen=True, slots=True)
class AppendedRevision:
    """What one revision appended.

    Attributes:
        kind: `seal`, `signature` or `timestamp`.
        field: name of the field that it filled.
        byte_range: of its signature.
        certificates, lists: validation data that it added, DER.
    """

    kind: str
    field: str
    byte_range: tuple[int, int, int, int]
    certificates: tuple[bytes, ...]
    lists: tuple[bytes, ...]


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
_HEAD = re.compile(rb"([1-9]\d{0,9}) 0 obj\n")
_END_OF_FILE = re.compile(rb"\n?startxref\n(\d{1,10})\n%%EOF\n")
_LAST_LINES = re.compile(rb"\nstartxref\n(\d{1,10})\n%%EOF\n\Z")
_RANGE = re.compile(rb"\[0 (\d{1,10}) (\d{1,10}) (\d{1,10})\] *")
_CONTENTS, _BYTE_RANGE = b"/Contents <", b"/ByteRange ["
_TAIL = 64
DEEPEST = 32
LARGEST_TABLE, LARGEST_STREAM = 64 << 20, 16 << 20
MOST_REVISIONS = 128
FREE, STANDARD, COMPRESSED = 0, 1, 2
SEAL_FIELD = "Seal"
ARCHIVE_FIELD = "Archive_"
FILTERED = Name("FlateDecode")


def check_revisions(pdf: bytes) -> list[AppendedRevision]:
    """Read every revision after the draft, in order.

    Raises:
        FormError: one of them is not of the form that the service writes.
    """
    layouts = _layouts(pdf)
    revisions: list[AppendedRevision] = []
    for number, (earlier, later) in enumerate(pairwise(layouts), start=1):
        try:
            revisions.append(_Step(earlier, later, revisions).read())
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, zlib.error, RecursionError) as error:
            reason = str(error) if isinstance(error, FormError) else "it cannot be read"
            raise FormError(f"revision {number + 1} is not of the form that the service writes: {reason}") from error
    if not revisions:
        raise FormError("there is no revision after the draft")
    return revisions


def _refuse_unless(holds: object, reason: str) -> None:
    if not holds:
        raise FormError(reason)


# --- values -------------------------------------------------------------------------------------------------------------


def parse_value(data: bytes, at: int, depth: int = 0) -> tuple[Any, int]:
    """The value that begins at an offset, white space and comments skipped, and where it ends."""
    _refuse_unless(depth < DEEPEST, "values are nested too deeply")
    at = _skip(data, at)
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


def _skip(data: bytes, at: int) -> int:
    found = _GAP.match(data, at)
    return found.end() if found else at


def _named(raw: bytes) -> Name:
    if b"#" not in raw:
        return Name(raw.decode("latin-1"))
    pieces = re.split(rb"#([0-9A-Fa-f]{2})", raw)
    return Name(
        b"".join(bytes.fromhex(one.decode()) if place % 2 else one for place, one in enumerate(pieces)).decode(
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
    while not data.startswith(b">>", at := _skip(data, at)):
        key, at = parse_value(data, at, depth + 1)
        _refuse_unless(isinstance(key, Name) and str(key) not in entries, "a dictionary has a key twice, or none")
        entries[str(key)], at = parse_value(data, at, depth + 1)
    return entries, at + 2


def _parse_array(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    if plain := _PLAIN_NUMBERS.match(data, at):
        return [Number(float(one), one) for one in plain[1].split()], plain.end()
    items = []
    while not data.startswith(b"]", at := _skip(data, at)):
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


def _written(value: Any) -> bytes:
    """A value as the service's writer writes it."""
    if isinstance(value, dict):
        lines = b"".join(b"/%b %b\n" % (_name_written(key), _written(one)) for key, one in value.items())
        return b"<<\n%b>>" % lines
    if isinstance(value, list):
        return b"[%b ]" % b"".join(b" " + _written(one) for one in value)
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


def _same(value: Any, other: Any) -> bool:
    """Whether two values say the same; text may be encoded in another way."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_same(value[key], other[key]) for key in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_same, value, other))
    if isinstance(value, Text) and isinstance(other, Text):
        return value.content == other.content or value.words == other.words
    return type(value) is type(other) and bool(value == other)


# --- layout -------------------------------------------------------------------------------------------------------------


@dataclass
class _Layout:
    """One revision: where it stands, its trailer, and where its objects are.

    Attributes:
        start, end: of its bytes.
        table: number of its cross-reference stream.
        table_at: where that stands.
        trailer: its dictionary.
        rows: the table, decoded.
        before: the revision before it; None for the draft.
    """

    pdf: bytes
    start: int
    end: int
    table: int
    table_at: int
    trailer: dict[str, Any]
    rows: bytes
    before: _Layout | None = None
    _packed: dict[int, tuple[bytes, dict[int, int]]] = field(default_factory=dict)
    _read: dict[int, tuple[Any, int]] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """One more than the highest number."""
        return _whole(self.trailer["Size"])

    @cached_property
    def _widths(self) -> tuple[int, int, int]:
        kind, second, third = (_whole(one) for one in self.trailer["W"])
        _refuse_unless(kind == 1 and 1 <= second <= 8 and 1 <= third <= 2, "its table has other columns")  # noqa: PLR2004
        return kind, second, third

    @cached_property
    def sections(self) -> list[tuple[int, int]]:
        """The first number and how many, ascending."""
        numbers = [_whole(one) for one in self.trailer.get("Index", [Number(0, b"0"), self.trailer["Size"]])]
        sections = list(zip(numbers[::2], numbers[1::2], strict=True))
        ends = [0, *(start + count for start, count in sections)]
        ascending = all(start >= end for (start, _), end in zip(sections, ends, strict=False))
        _refuse_unless(ascending and all(count > 0 for _, count in sections), "its table is not in order")
        _refuse_unless(sum(count for _, count in sections) * sum(self._widths) == len(self.rows), "its table is cut")
        return sections

    def place(self, number: int) -> tuple[int, int, int] | None:
        """The row of an object; None when this revision has none."""
        before = 0
        for start, count in self.sections:
            if start <= number < start + count:
                return self._row(before + number - start)
            before += count
        return None

    def entries(self) -> Iterator[tuple[int, tuple[int, int, int]]]:
        """Every row with its number."""
        numbers = (number for start, count in self.sections for number in range(start, start + count))
        for row, number in enumerate(numbers):
            yield number, self._row(row)

    def _row(self, row: int) -> tuple[int, int, int]:
        kind, second, third = self._widths
        at = row * (kind + second + third)
        middle = at + kind + second
        rows = self.rows
        return rows[at], int.from_bytes(rows[at + 1 : middle]), int.from_bytes(rows[middle : middle + third])

    def get(self, number: int) -> Any:
        """The newest state of an object as of this revision; None when there is none."""
        layout: _Layout | None = self
        while layout is not None:
            row = layout.place(number)
            if row is not None:
                return layout.read(number, row)
            layout = layout.before
        return None

    def follow(self, value: Any) -> Any:
        """A value, or the object that it refers to."""
        return self.get(value.number) if isinstance(value, Ref) else value

    def read(self, number: int, row: tuple[int, int, int]) -> Any:
        """An object of this revision."""
        kind, where, _ = row
        if kind == STANDARD:
            return self.read_at(number, where)[0]
        if kind != COMPRESSED:
            return None
        if where not in self._packed:
            self._packed[where] = _unpacked(self.get(where))
        content, places = self._packed[where]
        return parse_value(content, places[number])[0]

    def read_at(self, number: int, where: int) -> tuple[Any, int]:
        """An object that stands by itself, read once, and where it ends."""
        if number not in self._read:
            self._read[number] = parse_object(self.pdf, where, number)
        return self._read[number]


def _whole(value: Any) -> int:
    if not isinstance(value, Number) or not value.raw.isdigit():
        raise FormError("a number is none")
    return int(value.raw)


def parse_object(pdf: bytes, at: int, number: int) -> tuple[Any, int]:
    """The object of that number at an offset, and where it ends."""
    head = _HEAD.match(pdf, at)
    if head is None or int(head[1]) != number:
        raise FormError(f"object {number} is not where the table says")
    value, end = parse_value(pdf, head.end())
    if isinstance(value, dict) and pdf.startswith(b"\nstream\n", end):
        length, begin = _whole(value["Length"]), end + 8
        value, end = Stream(value, pdf[begin : begin + length]), begin + length
        found = re.compile(rb"\r?\nendstream").match(pdf, end)
        if found is None or length != len(value.data):
            raise FormError(f"the stream {number} is longer or shorter than it says")
        end = found.end()
    _refuse_unless(pdf.startswith(b"\nendobj\n", end), f"something stands behind object {number}")
    return value, end + 8


def _inflated(stream: Any, limit: int) -> bytes:
    """The content of a stream without a filter or with Flate alone, whole."""
    if not isinstance(stream, Stream) or "DecodeParms" in stream.entries:
        raise FormError("a stream is of another kind")
    if "Filter" not in stream.entries:
        return stream.data
    _refuse_unless(stream.entries["Filter"] == FILTERED, "a stream has another filter")
    inflater = zlib.decompressobj()
    content = inflater.decompress(stream.data, limit)
    _refuse_unless(inflater.eof and not inflater.unused_data, "a stream is cut, or too large")
    return content


def _unpacked(stream: Any) -> tuple[bytes, dict[int, int]]:
    """The content of an object stream, and where each of its objects begins (ISO 32000-1, 7.5.7)."""
    content = _inflated(stream, LARGEST_STREAM)
    _refuse_unless(stream.entries.get("Type") == "ObjStm", "objects stand in something else than an object stream")
    first = _whole(stream.entries["First"])
    numbers = [int(one) for one in content[:first].split()]
    return content, {number: first + at for number, at in zip(numbers[::2], numbers[1::2], strict=True)}


def _layouts(pdf: bytes) -> list[_Layout]:
    """Every revision, the draft first: each ends where the next begins, and the last one where the file ends."""
    last = _LAST_LINES.search(pdf, max(0, len(pdf) - _TAIL))
    if last is None:
        raise FormError("the file does not end with a revision")
    tables: list[tuple[int, int, Stream, int]] = []
    at: int | None = int(last[1])
    while at is not None:
        _refuse_unless(len(tables) < MOST_REVISIONS, "there are too many revisions")
        _refuse_unless(not tables or at < tables[-1][0], "its tables do not follow each other")
        number, table, end = _table_at(pdf, at)
        tables.append((at, number, table, end))
        at = _whole(table.entries["Prev"]) if "Prev" in table.entries else None
    layouts: list[_Layout] = []
    for place, number, table, end in reversed(tables):
        start = layouts[-1].end if layouts else 0
        rows = _inflated(table, LARGEST_TABLE)
        before = layouts[-1] if layouts else None
        layouts.append(_Layout(pdf, start, end, number, place, table.entries, rows, before))
    _refuse_unless(layouts[-1].end == len(pdf), "something stands behind its last revision")
    return layouts


def _table_at(pdf: bytes, at: int) -> tuple[int, Stream, int]:
    head = _HEAD.match(pdf, at)
    if head is None:
        raise FormError("a cross-reference stream is not where the file says")
    number = int(head[1])
    table, end = parse_object(pdf, at, number)
    found = _END_OF_FILE.match(pdf, end)
    if found is None or int(found[1]) != at or not isinstance(table, Stream) or table.entries.get("Type") != "XRef":
        raise FormError("a revision does not end as the service ends it")
    return number, table, found.end()


# --- what a revision may append -------------------------------------------------------------------------------------------

TRAILER = {"W", "Type", "Filter", "Size", "Root", "Info", "ID", "Prev", "Index", "Length"}
STAMP_OPERATORS = {b"rg", b"BT", b"Tm", b"Tf", b"TL", b"Td", b"Tj", b"T*", b"ET"}
BLANK = b"q Q"
SHOWN = rb"q q /BackgroundGS gs 1 0 0 1 0 0 cm /Stamp Do Q Q"
WIDGET: Mapping[str, Any] = {
    "FT": Name("Sig"),
    "Type": Name("Annot"),
    "Subtype": Name("Widget"),
    "F": Number(132.0, b"132"),
    "Rect": [Number(-9999.0, b"-9999")] * 4,
    "TU": Text(b"Archival time-stamp", b""),
}
FONT = {
    "BaseFont", "Encoding", "FirstChar", "FontDescriptor", "LastChar", "Name", "Subtype", "ToUnicode", "Type", "Widths",
}  # fmt: skip
DESCRIPTOR = {
    "Ascent", "CapHeight", "Descent", "Flags", "FontBBox", "FontFile2", "FontName", "ItalicAngle", "MissingWidth", "StemV",
    "Type",
}  # fmt: skip


class _Step:
    """One appended revision beside what stood before it."""

    def __init__(self, old: _Layout, new: _Layout, earlier: list[AppendedRevision]) -> None:
        self._old, self._new, self._earlier = old, new, earlier
        self._objects: dict[int, Any] = {}
        self._ends: dict[int, tuple[int, int]] = {}
        self._unexplained: set[int] = set()

    def read(self) -> AppendedRevision:
        """What the revision appended, all of it explained."""
        self._read_layout()
        self._unexplained = set(self._objects)
        self._root = self._old.trailer["Root"]
        catalogs = self._old.follow(self._root), self._new.follow(self._root)
        forms = tuple(
            side.follow(catalog.get("AcroForm")) for side, catalog in zip((self._old, self._new), catalogs, strict=True)
        )
        if not self._earlier:
            return self._read_seal(forms[1])
        _refuse_unless(self._root.number not in self._objects, "it replaced the catalog")
        certificates, lists = self._read_store(catalogs[0].get("DSS"))
        fields = self._old.follow(forms[0]["Fields"]), self._new.follow(forms[1]["Fields"])
        filled = [one for one in fields[0] if isinstance(one, Ref) and one.number in self._objects]
        if filled:
            name, byte_range = self._read_signature(filled)
            kind = "signature"
        else:
            name, byte_range = self._read_timestamp(catalogs[0]["AcroForm"], fields)
            kind = "timestamp"
        _refuse_unless(not self._unexplained, f"it holds objects of no use: {sorted(self._unexplained)[:5]}")
        return AppendedRevision(kind, name, byte_range, certificates, lists)

    # --- its layout

    def _read_layout(self) -> None:
        """Its bytes are objects in the order of their numbers, the table and the end, and nothing between them."""
        old, new = self._old, self._new
        _refuse_unless(set(new.trailer) == TRAILER, "its trailer has other keys")
        _refuse_unless(_same([new.trailer[key] for key in ("Root", "Info")], [old.trailer[key] for key in ("Root", "Info")])
                       and _same(new.trailer["ID"][0], old.trailer["ID"][0]) and len(new.trailer["ID"]) == 2,  # noqa: PLR2004
                       "its trailer leads elsewhere")  # fmt: skip
        rows = dict(new.entries())
        _refuse_unless(rows.pop(0, None) == (FREE, 0, 0xFFFF), "its table does not begin as the service's do")
        _refuse_unless(all(kind == STANDARD and not generation for kind, _, generation in rows.values()),
                       "objects were deleted or packed")  # fmt: skip
        _refuse_unless(rows.pop(new.table, None) == (STANDARD, new.table_at, 0), "its table names itself elsewhere")
        fresh = {number for number in rows if number >= old.size}
        _refuse_unless(new.size == new.table + 1 and fresh == set(range(old.size + 1, new.table)),
                       "its numbers are not the next ones")  # fmt: skip
        at = new.start
        for number, (_, where, _) in sorted(rows.items()):
            _refuse_unless(where == at, "something stands between its objects")
            value, end = new.read_at(number, where)
            self._objects[number], self._ends[number] = value, (at, end)
            at = end
            if not self._holds_signature(value):
                self._refuse_unlike_written(number)
        _refuse_unless(at == new.table_at, "something stands before its table")

    @staticmethod
    def _holds_signature(value: Any) -> bool:
        return isinstance(value, dict) and "ByteRange" in value

    def _refuse_unlike_written(self, number: int) -> None:
        """The bytes of an object are those that the service's writer writes for it."""
        value, (start, end) = self._objects[number], self._ends[number]
        entries = value.entries if isinstance(value, Stream) else value
        head = b"%d 0 obj\n%b" % (number, _written(entries))
        _refuse_unless(self._new.pdf.startswith(head, start), f"object {number} is written in another way")
        if not isinstance(value, Stream):
            _refuse_unless(end - start == len(head) + 8, f"object {number} is written in another way")

    # --- seal

    def _read_seal(self, form: Any) -> AppendedRevision:
        """The seal: one new field of that name; what else its revision says is under its signature."""
        references = [one for one in self._new.follow(form["Fields"]) if isinstance(one, Ref)]
        fresh = [one for one in references if one.number >= self._old.size]
        _refuse_unless(len(fresh) == 1, "it does not add the seal's field alone")
        entries = self._objects[fresh[0].number]
        _refuse_unless(entries["T"].words == SEAL_FIELD, "it does not begin with the seal")
        signed = [number for number, value in self._objects.items() if self._holds_signature(value)]
        _refuse_unless(signed == [entries["V"].number], "it holds another signature")
        value, byte_range = self._read_value(entries["V"])
        _refuse_unless(value["Type"] == "Sig", "its seal is of another kind")
        store = self._new.follow(self._new.follow(self._root).get("DSS")) or {}
        added = [tuple(self._bytes_of(one) for one in store.get(key, [])) for key in ("Certs", "CRLs")]
        return AppendedRevision("seal", SEAL_FIELD, byte_range, added[0], added[1])

    def _bytes_of(self, reference: Any) -> bytes:
        return _inflated(self._new.follow(reference), LARGEST_STREAM)

    # --- a signature in a field of the draft

    def _read_signature(self, filled: list[Ref]) -> tuple[str, tuple[int, int, int, int]]:
        _refuse_unless(len(filled) == 1, "it fills several fields")
        _refuse_unless(all(one.kind != "timestamp" for one in self._earlier), "the file was closed before")
        number = filled[0].number
        old, new = self._old.get(number), self._explain(number)
        free = {"V", "AP"}
        _refuse_unless(_same({key: old[key] for key in old if key not in free},
                             {key: new[key] for key in new if key not in free}),
                       "its field changed in something else than its value")  # fmt: skip
        _refuse_unless(old.get("FT") == "Sig" and "V" not in old, "it fills something else than an empty field")
        value, byte_range = self._read_value(new["V"])
        self._read_approval(value, old)
        if not _same(old.get("AP"), new.get("AP")):
            self._read_appearance(new["AP"], old["Rect"])
        return old["T"].words, byte_range

    def _read_approval(self, value: dict[str, Any], field_entries: dict[str, Any]) -> None:
        lock = self._old.follow(field_entries["Lock"])
        optional = {key: value.pop(key) for key in ("M", "Name", "Reason") if key in value}
        _refuse_unless(all(isinstance(one, Text) for one in optional.values()), "its signature says more than it may")
        parameters = {"Type": Name("TransformParams"), "V": Name("1.2")}
        parameters |= {key: lock[key] for key in ("Action", "Fields") if key in lock}
        reference = {"Type": Name("SigRef"), "TransformMethod": Name("FieldMDP"), "Data": self._root}
        wanted = {
            "Type": Name("Sig"),
            "Filter": Name("Adobe.PPKLite"),
            "SubFilter": Name("ETSI.CAdES.detached"),
            "Reference": [reference | {"TransformParams": parameters}],
        }
        _refuse_unless(_same(value, wanted), "its signature says something else than ours do")

    def _read_appearance(self, appearance: Any, rectangle: list[Number]) -> None:
        """What the field shows: a page of text, in the field's own rectangle."""
        _refuse_unless(isinstance(appearance, dict) and set(appearance) == {"N"}, "its field shows several things")
        width, height = (abs(rectangle[place + 2].value - rectangle[place].value) for place in (0, 1))
        shown = self._fresh_stream(appearance["N"])
        entries = {key: shown.entries[key] for key in shown.entries if key not in {"Length", "Resources"}}
        _refuse_unless(_same_form(entries, [0, height, width, 0]), "its appearance is of another form")
        resources = shown.entries.get("Resources", {})
        if not resources and shown.data == BLANK:
            return
        state = {"BackgroundGS": {"CA": Number(1, b""), "ca": Number(1, b"")}}
        _refuse_unless(set(resources) == {"ExtGState", "XObject"} and _same(resources["ExtGState"], state)
                       and set(resources["XObject"]) == {"Stamp"} and shown.data == SHOWN,
                       "its appearance draws something else")  # fmt: skip
        self._read_stamp(resources["XObject"]["Stamp"], width, height)

    def _read_stamp(self, reference: Any, width: float, height: float) -> None:
        stamp = self._fresh_stream(reference)
        free = {"Length", "Resources", "Filter"}
        entries = {key: stamp.entries[key] for key in stamp.entries if key not in free}
        _refuse_unless(_same_form(entries, [0, 0, width, height]), "its stamp is of another form")
        _refuse_unless(set(stamp.entries["Resources"]) == {"Font"}, "its stamp uses something else than fonts")
        _refuse_unless(_is_text(_inflated(stamp, LARGEST_STREAM)), "its stamp draws something else than text")
        fonts = stamp.entries["Resources"]["Font"]
        if isinstance(fonts, Ref):
            fonts = self._explain(fonts.number)
        for one in fonts.values():
            self._read_font(self._explain(one.number))

    def _read_font(self, font: dict[str, Any]) -> None:
        kinds = font.get("Type"), font.get("Subtype")
        _refuse_unless(set(font) <= FONT and kinds == ("Font", "TrueType"), "its stamp has a font of another kind")
        descriptor = self._explain(font["FontDescriptor"].number)
        _refuse_unless(set(descriptor) <= DESCRIPTOR, "its stamp has a font of another kind")
        for reference in (font["ToUnicode"], descriptor["FontFile2"]):
            stream = self._fresh_stream(reference)
            _refuse_unless(set(stream.entries) <= {"Length", "Length1", "Filter"}, "its font says more than it may")
        for key, value in (*font.items(), *descriptor.items()):
            _refuse_unless(key in {"FontDescriptor", "ToUnicode", "FontFile2"} or _is_plain(value),
                           "its font says more than it may")  # fmt: skip

    # --- an archival time-stamp

    def _read_timestamp(self, form: Any, fields: tuple[list[Any], list[Any]]) -> tuple[str, tuple[int, int, int, int]]:
        old_form, new_form = self._old.follow(form), self._new.follow(form)
        reference = self._read_longer(old_form, new_form, "Fields", form, "form")
        before = sum(one.kind == "timestamp" for one in self._earlier)
        name = f"{ARCHIVE_FIELD}{before + 1}"
        named = [self._old.follow(one) for one in fields[0]]
        seal = next(one for one in named if "T" in one and one["T"].words == SEAL_FIELD)
        entries = self._explain(reference.number)
        wanted = {**WIDGET, "T": Text(name.encode(), b""), "P": seal["P"], "V": entries.get("V")}
        _refuse_unless(_same(entries, wanted), "its field is not that of an archival time-stamp")
        pages = self._old.get(seal["P"].number), self._new.get(seal["P"].number)
        widget = self._read_longer(*pages, "Annots", seal["P"], "page")
        _refuse_unless(widget == reference, "it adds something else to the page")
        value, byte_range = self._read_value(entries["V"])
        kinds = {"Type": Name("DocTimeStamp"), "Filter": Name("Adobe.PPKLite"), "SubFilter": Name("ETSI.RFC3161")}
        _refuse_unless(_same(value, kinds), "its time-stamp says something else than ours do")
        return name, byte_range

    def _read_longer(self, old: dict[str, Any], new: dict[str, Any], key: str, holder: Ref, what: str) -> Ref:
        """The one new member of a list that a dictionary has, or refers to; nothing else of it changed."""
        inside = old.get(key)
        if isinstance(inside, Ref):
            _refuse_unless(holder.number not in self._objects, f"it replaced the {what}")
            before, after = self._old.follow(inside), self._explain(inside.number)
        else:
            _refuse_unless(holder == Ref(holder.number) and self._explain(holder.number) is not None, "no such object")
            same = _same({k: old[k] for k in old if k != key}, {k: new[k] for k in new if k != key})
            _refuse_unless(same, f"it changed something else of the {what}")
            before, after = inside or [], new[key]
        _refuse_unless(_same(before, after[:-1]) and isinstance(after[-1], Ref), f"it changed a list of the {what}")
        member: Ref = after[-1]
        _refuse_unless(member.number >= self._old.size, f"it put something older into the {what}")
        return member

    # --- what signatures and time-stamps have in common

    def _explain(self, number: int) -> Any:
        """An object of this revision, which is now explained; each only once."""
        _refuse_unless(number in self._unexplained, "it uses an object that it does not hold, or one twice")
        self._unexplained.discard(number)
        return self._objects[number]

    def _fresh_stream(self, reference: Any) -> Stream:
        _refuse_unless(isinstance(reference, Ref) and reference.number >= self._old.size, "it uses an older object")
        stream = self._explain(reference.number)
        if not isinstance(stream, Stream):
            raise FormError("a stream is none")
        return stream

    def _read_value(self, reference: Any) -> tuple[dict[str, Any], tuple[int, int, int, int]]:
        """A signature's dictionary without container and range, both of which stand as the service writes them."""
        _refuse_unless(isinstance(reference, Ref) and reference.number >= self._old.size, "it uses an older signature")
        number = reference.number
        value = dict(self._explain(number))
        start, end = self._ends[number]
        pdf = self._new.pdf
        contents = value.pop("Contents")
        del value["ByteRange"]
        first = pdf.index(_CONTENTS, start, end) + len(_CONTENTS) - 1
        second = first + len(contents.raw)
        ranges = pdf.index(_BYTE_RANGE, second, end) + len(_BYTE_RANGE) - 1
        found = _RANGE.match(pdf, ranges, end)
        if found is None:
            raise FormError("its range is written in another way")
        byte_range = (0, int(found[1]), int(found[2]), int(found[3]))
        _refuse_unless(byte_range == (0, first, second, self._new.end - second), "its range is not this revision")
        head = b"%d 0 obj\n<<\n%b%b\n%b%b\n" % (number, _CONTENTS[:-1], contents.raw, _BYTE_RANGE[:-1], found[0])
        rest = _written(value).removeprefix(b"<<\n") + b"\nendobj\n"
        _refuse_unless(pdf[start:end] == head + rest, "its signature is written in another way")
        _refuse_unless(contents.raw == b"<" + contents.content.hex().upper().encode() + b">",
                       "its container is not in capital letters")  # fmt: skip
        return value, byte_range

    def _read_store(self, reference: Any) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """The validation data that it adds at the ends of the lists of the store."""
        if not isinstance(reference, Ref) or reference.number not in self._objects:
            return (), ()
        old, new = self._old.get(reference.number), self._explain(reference.number)
        _refuse_unless(set(new) <= {"Certs", "CRLs"}, "its validation data has other keys")
        added = []
        for key in ("Certs", "CRLs"):
            before, after = old.get(key, []), new.get(key, [])
            _refuse_unless(_same(before, after[: len(before)]), "it changed earlier validation data")
            streams = [self._fresh_stream(one) for one in after[len(before) :]]
            _refuse_unless(all(set(one.entries) == {"Length"} for one in streams), "its validation data has other keys")
            added.append(tuple(one.data for one in streams))
        return added[0], added[1]


def _same_form(entries: dict[str, Any], box: list[float]) -> bool:
    """Whether a form's dictionary has exactly its type and that box."""
    if set(entries) != {"BBox", "Type", "Subtype"} or (entries["Type"], entries["Subtype"]) != ("XObject", "Form"):
        return False
    return all(abs(one.value - wanted) < 0.01 for one, wanted in zip(entries["BBox"], box, strict=True))  # noqa: PLR2004


def _is_plain(value: Any) -> bool:
    """Whether a value is a name, a number or a list of numbers."""
    return isinstance(value, Name | Number) or (
        isinstance(value, list) and all(isinstance(one, Number) for one in value)
    )


def _is_text(content: bytes) -> bool:
    """Whether a page holds text, its place and its color, and no other operator."""
    at = _skip(content, 0)
    while at < len(content):
        if found := re.compile(rb"[A-Za-z*'\"]+").match(content, at):
            if found[0] not in STAMP_OPERATORS:
                return False
            at = found.end()
        else:
            value, at = parse_value(content, at)
            if not isinstance(value, Name | Number | Text):
                return False
        at = _skip(content, at)
    return True
