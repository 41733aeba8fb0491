"""The bytes of a zip archive with one file, every one of them accounted for (APPNOTE 6.3.x, sections 4.3-4.5).

Unzip programs search an archive for what they can use, and two of them may find two different files. This reader demands the one
shape that an honest archive of one file has, from the first byte to the last: local header, data, data descriptor if announced,
central directory that says the same as the local header, end record, end of file. Whatever is hidden, doubled or overlapping has
no place in it.
"""

from __future__ import annotations

import itertools
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from packets.errors import InputError, Problem

AGAIN = "Make a new zip archive from the one text file, with the zip program of your computer, and upload that."

LOCAL_MARK, CENTRAL_MARK, END_MARK, DESCRIPTOR_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
EXTRA = struct.Struct("<2H")
FLAG_DESCRIPTOR = 0x0008
EXTRAS_REFUSED = frozenset({0x0001, 0x0017, 0x7075, 0x9901})
"""Kinds of extra fields that give the file other sizes or another name, or encrypt it (4.5.3, 4.5.12, 4.6.9; WinZip AES)."""
NAME_SHOWN = 120
PIECE = 65_536


class End(NamedTuple):
    """The end record (4.3.16)."""

    mark: bytes
    disk: int
    start_disk: int
    entries_here: int
    entries: int
    length: int
    start: int
    comment: int


class Central(NamedTuple):
    """The fixed part of an entry of the central directory (4.3.12)."""

    mark: bytes
    made_by: int
    needed: int
    flags: int
    method: int
    clock: int
    day: int
    checksum: int
    packed: int
    size: int
    name_length: int
    extra_length: int
    comment_length: int
    disk: int
    internal: int
    attributes: int
    offset: int


class Local(NamedTuple):
    """The fixed part of the header that stands before the data (4.3.7)."""

    mark: bytes
    needed: int
    flags: int
    method: int
    clock: int
    day: int
    checksum: int
    packed: int
    size: int
    name_length: int
    extra_length: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What the directory says of a file: its fixed part, its name, and the kinds of its extra fields."""

    fixed: Central
    raw_name: bytes
    extra_kinds: frozenset[int]

    @property
    def name(self) -> str:
        """The name as far as it can be shown; names that are not ASCII are refused in any case."""
        return self.raw_name.decode("ascii", "backslashreplace")

    @property
    def shown(self) -> str:
        """The name, short enough for a sentence, without characters that would change how it reads."""
        name = "".join(one if one.isprintable() else "�" for one in self.name)
        return name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}…"


def read_entries(archive: bytes, most: int) -> tuple[list[Entry], int]:
    """The first entries of the directory, and how many it has. The end record must end the archive, and the directory touch it.

    Args:
        archive: its bytes.
        most: so many entries are read: a directory can name hundreds of thousands of files, and one is accepted.

    Raises:
        InputError: the structure is not sound.
    """
    place = len(archive) - END.size
    refuse_damage(place < 0 or END_MARK not in archive, "it has no end record")
    end = End._make(END.unpack_from(archive, place))
    if end.mark != END_MARK or end.comment:
        raise InputError(Problem("archive-extra-data", "Something stands behind the end of the archive.", AGAIN))
    refuse_damage((end.disk, end.start_disk) != (0, 0) or end.entries_here != end.entries, "it is one part of several")
    refuse_damage(end.start + end.length != place, "its directory does not end where the end record begins")
    entries = list(itertools.islice(_entries(memoryview(archive)[end.start : place]), most))
    refuse_damage(len(entries) != min(end.entries, most), "its end record counts other files")
    return entries, end.entries


def read_content(archive: bytes, entry: Entry) -> bytes | bytearray:
    """The file's bytes, whose length and checksum are those that the directory says; its method must be stored or deflated.

    Raises:
        InputError: header, data, descriptor and directory do not follow each other without a gap, or contradict each other.
    """
    refuse_damage(
        entry.fixed.offset != 0 or not archive.startswith(LOCAL_MARK), "its file does not begin at its beginning"
    )
    begin = _data_start(archive, entry)
    end = begin + entry.fixed.packed
    directory = End._make(END.unpack_from(archive, len(archive) - END.size)).start
    refuse_damage(end > directory, "its file reaches into the directory")
    refuse_damage(archive[end:directory] not in _descriptors(entry), "bytes before its directory belong to nothing")
    data = memoryview(archive)[begin:end]
    content = _inflate(data, entry) if entry.fixed.method == zipfile.ZIP_DEFLATED else bytes(data)
    refuse_damage(len(content) != entry.fixed.size, "the file has another length than it says")
    refuse_damage(zlib.crc32(content) != entry.fixed.checksum, "the checksum of the file is wrong")
    return content


def refuse_damage(condition: bool, sentence: str) -> None:
    """Refuse an archive that contradicts itself.

    Raises:
        InputError: the condition holds.
    """
    if condition:
        raise InputError(Problem("archive-damaged", f"The archive is damaged: {sentence}.", AGAIN))


def _entries(directory: memoryview) -> Iterator[Entry]:
    """Every entry; they must fill the directory to its last byte."""
    place = 0
    while place < len(directory):
        cut_off = len(directory) - place < CENTRAL.size or directory[place : place + 4] != CENTRAL_MARK
        refuse_damage(cut_off, "an entry of its directory is cut off")
        fixed = Central._make(CENTRAL.unpack_from(directory, place))
        name = place + CENTRAL.size
        extra = name + fixed.name_length
        place = extra + fixed.extra_length + fixed.comment_length
        refuse_damage(
            place > len(directory) or fixed.comment_length > 0, "an entry of its directory has another length"
        )
        yield Entry(fixed, bytes(directory[name:extra]), _extra_kinds(bytes(directory[extra:place])))


def _extra_kinds(extra: bytes) -> frozenset[int]:
    """Kinds of the extra fields; they must fill their space exactly (4.5.1)."""
    kinds, place = set(), 0
    while place < len(extra):
        refuse_damage(len(extra) - place < EXTRA.size, "an extra field is cut off")
        kind, length = EXTRA.unpack_from(extra, place)
        kinds.add(kind)
        place += EXTRA.size + length
    refuse_damage(place != len(extra), "an extra field is cut off")
    return frozenset(kinds)


def _data_start(archive: bytes, entry: Entry) -> int:
    """Where the data begins, after a header that says what the directory says.

    An archive with an entry in its directory is longer than a header, so there is one to read.
    """
    local, central = Local._make(LOCAL.unpack_from(archive)), entry.fixed
    name_end = LOCAL.size + local.name_length
    start = name_end + local.extra_length
    same = (
        (local.flags, local.method, local.clock, local.day)
        == (central.flags, central.method, central.clock, central.day)
        and archive[LOCAL.size : name_end] == entry.raw_name
        and not _extra_kinds(archive[name_end:start]) & EXTRAS_REFUSED
    )
    given, true = (local.checksum, local.packed, local.size), (central.checksum, central.packed, central.size)
    if local.flags & FLAG_DESCRIPTOR:
        same = same and all(one in {0, other} for one, other in zip(given, true, strict=True))
    else:
        same = same and given == true
    refuse_damage(not same, "its two descriptions of the file differ")
    return start


def _descriptors(entry: Entry) -> tuple[bytes, ...]:
    """What may follow the data: nothing, or the announced descriptor with or without its mark (4.3.9)."""
    if not entry.fixed.flags & FLAG_DESCRIPTOR:
        return (b"",)
    descriptor = struct.pack("<3L", entry.fixed.checksum, entry.fixed.packed, entry.fixed.size)
    return (descriptor, DESCRIPTOR_MARK + descriptor)


def _inflate(data: memoryview, entry: Entry) -> bytearray:
    """Inflate piece by piece, never beyond the size that was claimed; the data must end with its stream."""
    stream, content, start = zlib.decompressobj(-zlib.MAX_WBITS), bytearray(), 0
    try:
        for start in range(0, len(data), PIECE):
            content += stream.decompress(data[start : start + PIECE], entry.fixed.size + 1 - len(content))
            if stream.eof or len(content) > entry.fixed.size:
                break
    except zlib.error as error:
        sentence = "The archive is damaged: its file cannot be decompressed."
        raise InputError(Problem("archive-damaged", sentence, AGAIN, entry.shown)) from error
    loose = not stream.eof or bool(stream.unused_data) or bool(stream.unconsumed_tail) or start + PIECE < len(data)
    refuse_damage(loose, "its compressed data has another length than it says")
    return content
