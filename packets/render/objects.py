"""A PDF file written from its objects: small ones packed into object streams as they come, larger ones as streams.

ReportLab 5.1 writes every object by itself and a classic cross-reference table: a list of 33,500 rows has some 300,000
structure elements, which would make a file of 40 MB and keep all of them in memory. Here an object is compressed with
its neighbours as soon as it is known (ISO 32000-1, 7.5.7 and 7.5.8), and the file has no date, so equal objects make
equal bytes.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

_ENTRY = struct.Struct(">BIH")  # /W [1 4 2]
_PACK = 400  # objects in one object stream
_END = b"\r\nendstream\nendobj\n"
"""CR and LF: where data ends stays plain even if its last byte is a CR (ISO 19005-2, 6.1.7.1)."""
_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


class ObjectFile:
    """The objects of one PDF file in the making.

    Numbers are given out by `allocate`; each must be used exactly once, by `add` or by `add_stream`.
    """

    def __init__(self) -> None:
        self._last = 0
        self._cross_reference = bytearray(_ENTRY.pack(0, 0, 0xFFFF))
        self._pending: list[tuple[int, bytes]] = []
        self._streams: list[tuple[int, bytes, bytes]] = []

    def allocate(self) -> int:
        """The next free object number."""
        self._last += 1
        self._cross_reference += bytes(_ENTRY.size)
        return self._last

    def add(self, number: int, body: bytes) -> None:
        """Give the object of that number its body: any object that is not a stream."""
        self._pending.append((number, body))
        if len(self._pending) == _PACK:
            self._pack()

    def put(self, body: bytes) -> int:
        """Add a new object and return its number."""
        number = self.allocate()
        self.add(number, body)
        return number

    def add_stream(self, number: int, data: bytes, entries: bytes = b"", *, compress: bool = True) -> None:
        """Give the stream object of that number its data and the entries of its dictionary besides `/Length` and `/Filter`."""
        if compress:
            data, entries = zlib.compress(data, 6), entries + b"/Filter/FlateDecode"
        self._streams.append((number, entries, data))

    def put_stream(self, data: bytes, entries: bytes = b"", *, compress: bool = True) -> int:
        """Add a new stream object and return its number."""
        number = self.allocate()
        self.add_stream(number, data, entries, compress=compress)
        return number

    def finish(self, catalog: int, info: int) -> bytes:
        """The bytes of the file. No object may be added afterwards.

        Args:
            catalog: number of the document catalogue.
            info: number of the information dictionary.
        """
        self._pack()
        number = self.allocate()
        pieces, offset = [_HEADER], len(_HEADER)
        for one, entries, data in self._streams:
            self._enter(one, 1, offset, 0)
            pieces += (
                b"%d 0 obj\n<<%b/Length %d>>\nstream\n" % (one, entries, len(data)),
                data,
                _END,
            )
            offset += sum(map(len, pieces[-3:]))
        self._enter(number, 1, offset, 0)
        pieces.append(self._trailer(number, catalog, info, _fingerprint(pieces)))
        pieces.append(b"startxref\n%d\n%%%%EOF\n" % offset)
        return b"".join(pieces)

    def _trailer(self, number: int, catalog: int, info: int, fingerprint: bytes) -> bytes:
        """The cross-reference stream, whose dictionary is the trailer. `/ID` is the digest of all that stands before it."""
        table = zlib.compress(bytes(self._cross_reference), 6)
        entries = b"/Type/XRef/Size %d/W[1 4 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]/Filter/FlateDecode/Length %d" % (
            number + 1, catalog, info, fingerprint, fingerprint, len(table),
        )  # fmt: skip
        return b"%d 0 obj\n<<%b>>\nstream\n%b%b" % (number, entries, table, _END)

    def _pack(self) -> None:
        if not self._pending:
            return
        stream, offset, heads = self.allocate(), 0, []
        for index, (number, body) in enumerate(self._pending):
            heads.append(b"%d %d" % (number, offset))
            offset += len(body) + 1
            self._enter(number, 2, stream, index)
        head = b" ".join(heads) + b"\n"
        data = head + b"\n".join(body for _, body in self._pending)
        self.add_stream(stream, data, b"/Type/ObjStm/N %d/First %d" % (len(self._pending), len(head)))
        self._pending.clear()

    def _enter(self, number: int, kind: int, where: int, index: int) -> None:
        _ENTRY.pack_into(self._cross_reference, number * _ENTRY.size, kind, where, index)


def _fingerprint(pieces: list[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()[:32].upper().encode()


def text_string(text: str) -> bytes:
    """A PDF text string (ISO 32000-1, 7.9.2.2): literal for printable ASCII, else UTF-16 in hexadecimal."""
    if text.isascii() and text.isprintable():
        return b"(%b)" % text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode()
    return b"<FEFF%b>" % text.encode("utf-16-be").hex().upper().encode()


def numbers(*values: float) -> bytes:
    """Coordinates in points, to a hundredth, with no needless digits."""
    return " ".join(f"{value:z.2f}".rstrip("0").rstrip(".") for value in values).encode()
