"""Archives: honest ones are read, every attack on the reader is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packets.errors import InputError
from packets.lists import archive

DAY = date(2026, 11, 25)
NAME = "A0001_ProviderSupCorrection_11252026.txt"
TEXT = b"ACO ID\tACTION\r\n" + b"".join(b"A%04d\tA\r\n" % number for number in range(60))


def deflate(content: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(content) + stream.flush()


@dataclass(frozen=True)
class Craft:
    """An archive made byte by byte, so that each part can lie."""

    name: bytes = NAME.encode()
    local_name: bytes | None = None
    data: bytes = deflate(TEXT)
    size: int = len(TEXT)
    packed: int | None = None
    checksum: int = zlib.crc32(TEXT)
    local_checksum: int | None = None
    local_sizes: tuple[int, int] | None = None
    method: int = 8
    local_method: int | None = None
    flags: int = 0
    local_flags: int | None = None
    made_by: int = 0x0314
    attributes: int = 0o100644 << 16
    extra: bytes = b""
    local_extra: bytes = b""
    before: bytes = b""
    descriptor: bytes = b""
    between: bytes = b""
    behind: bytes = b""
    comment: bytes = b""
    entry_comment: bytes = b""
    offset: int = 0
    entries: int = 1
    missing: int = 0
    missing_name: int = 0
    disk: int = 0

    def bytes(self) -> bytes:
        """The archive."""
        packed = len(self.data) if self.packed is None else self.packed
        local_name = self.name if self.local_name is None else self.local_name
        local_packed, local_size = self.local_sizes or (packed, self.size)
        checksum = self.checksum if self.local_checksum is None else self.local_checksum
        flags = self.flags if self.local_flags is None else self.local_flags
        method = self.method if self.local_method is None else self.local_method
        local = struct.pack(
            "<4s5H3L2H",
            b"PK\3\4",
            20,
            flags,
            method,
            0,
            0x5D79,
            checksum,
            local_packed,
            local_size,
            len(local_name),
            len(self.local_extra),
        )
        front = self.before + local + local_name + self.local_extra + self.data + self.descriptor + self.between
        lengths = (len(self.name) + self.missing_name, len(self.extra), len(self.entry_comment))
        entry = struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", self.made_by, 20, self.flags, self.method, 0, 0x5D79, self.checksum, packed, self.size,
            *lengths, 0, 0, self.attributes, self.offset,
        )  # fmt: skip
        directory = entry + self.name + self.extra + self.entry_comment
        end = struct.pack(
            "<4s4H2LH",
            b"PK\5\6",
            self.disk,
            self.disk,
            self.entries,
            self.entries,
            len(directory) + self.missing,
            len(front),
            len(self.comment),
        )
        return front + directory + end + self.comment + self.behind


def codes(content: bytes) -> set[str]:
    with pytest.raises(InputError) as caught:
        archive.unpack(content)
    return {problem.code for problem in caught.value.problems}


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return target.getvalue()


class Pipe(io.RawIOBase):
    """A target that cannot be wound back, as when an archive is written to a network."""

    def __init__(self) -> None:
        super().__init__()
        self.content = b""

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object) -> int:
        """Append to what was written."""
        piece = bytes(data)  # type: ignore[call-overload]  # the interface says “anything with bytes”
        self.content += piece
        return len(piece)


DESCRIPTOR = struct.pack("<3L", zlib.crc32(TEXT), len(deflate(TEXT)), len(TEXT))
EXTRA_TIME = struct.pack("<2HBL", 0x5455, 5, 1, 0)
EXTRA_NTFS = struct.pack("<2H", 0x000A, 32) + bytes(32)


@pytest.mark.parametrize(
    "craft",
    [
        Craft(),
        Craft(data=TEXT, method=0),
        Craft(made_by=0x0014, attributes=0x20),
        Craft(made_by=0, attributes=0),
        Craft(flags=0x0802),
        Craft(flags=8, local_checksum=0, local_sizes=(0, 0), descriptor=DESCRIPTOR),
        Craft(flags=8, local_checksum=0, local_sizes=(0, 0), descriptor=b"PK\7\x08" + DESCRIPTOR),
        Craft(flags=8, local_checksum=0, local_sizes=(0, len(TEXT)), descriptor=b"PK\7\x08" + DESCRIPTOR),
        Craft(extra=EXTRA_NTFS, local_extra=EXTRA_TIME),
    ],
)
def test_the_archives_of_known_zip_programs_are_read(craft: Craft) -> None:
    """Stored or deflated, from DOS or Unix, with data descriptor, with times in extra fields on one side only."""
    content = craft.bytes()
    assert zipfile.ZipFile(io.BytesIO(content)).read(NAME) == TEXT
    assert archive.unpack(content) == archive.Member(NAME, TEXT)


def test_an_archive_written_to_a_pipe_is_read() -> None:
    """The standard library writes sizes behind the data when it cannot go back."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(NAME, TEXT)
    assert archive.unpack(pipe.content).content == TEXT


DESCRIPTOR_64 = struct.pack("<LQQ", zlib.crc32(TEXT), len(deflate(TEXT)), len(TEXT))
ZIP64_END = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 0, 0) + struct.pack(
    "<4sLQL", b"PK\6\7", 0, 0, 1
)


def _shifted(before: bytes) -> bytes:
    """An archive behind other bytes, every offset counted from the very beginning, as in archives that unpack themselves."""
    return Craft(before=before, offset=len(before)).bytes()


def _twice() -> bytes:
    """Two files of one name."""
    first, second = zipfile.ZipInfo(NAME), zipfile.ZipInfo(NAME.upper())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr(first, TEXT)
        file.writestr(second, TEXT + b"x")
    return target.getvalue().replace(NAME.upper().encode(), NAME.encode())


ATTACKS: dict[str, tuple[bytes | Craft, str]] = {
    "nothing at all": (b"", "archive-not-zip"),
    "another kind of file": (b"%PDF-1.7\n" + bytes(100), "archive-not-zip"),
    "too large an upload": (b"PK\3\4" + bytes(archive.ARCHIVE_LIMIT), "archive-too-large"),
    "an archive without files": (zipped(), "archive-empty"),
    "two files": (zipped((NAME, TEXT), ("b.txt", b"b")), "archive-many-files"),
    "a hidden second entry for the same file": (zipped((NAME, TEXT), (NAME.lower(), TEXT)), "archive-many-files"),
    "a folder by its name": (Craft(name=b"folder/"), "archive-folder"),
    "a folder": (zipped(("folder/", b"")), "archive-folder"),
    "a file in a folder": (zipped(("folder/" + NAME, TEXT)), "archive-path"),
    "a path that climbs up": (Craft(name=b"../" + NAME.encode()), "archive-path"),
    "a path that climbs up on Windows": (Craft(name=b"..\\" + NAME.encode()), "archive-path"),
    "an absolute path": (Craft(name=b"/etc/" + NAME.encode()), "archive-path"),
    "a path on a drive": (Craft(name=b"C:" + NAME.encode()), "archive-path"),
    "the parent folder as a name": (Craft(name=b".."), "archive-path"),
    "no name": (Craft(name=b""), "archive-path"),
    "a name with a zero byte": (Craft(name=b"a.txt\0.exe"), "archive-name"),
    "a name with foreign letters": (Craft(name="Ａ0001.txt".encode(), flags=0x0800), "archive-name"),  # noqa: RUF001
    "a symbolic link": (Craft(attributes=0o120777 << 16), "archive-link"),
    "a device": (Craft(attributes=0o020666 << 16), "archive-folder"),
    "a folder by its attribute": (Craft(made_by=0x0014, attributes=0x10), "archive-folder"),
    "encryption": (Craft(flags=0x0001), "archive-encrypted"),
    "strong encryption": (Craft(flags=0x0041), "archive-encrypted"),
    "an encrypted directory": (Craft(flags=0x2000), "archive-encrypted"),
    "an unknown flag": (Craft(flags=0x0020), "archive-feature"),
    "another compression": (zipped((NAME, TEXT), method=zipfile.ZIP_BZIP2), "archive-method"),
    "a compression of other programs, LZMA": (zipped((NAME, TEXT), method=zipfile.ZIP_LZMA), "archive-method"),
    "a compression of other programs, Deflate64": (Craft(method=9), "archive-method"),
    "a compression of other programs, Zstandard": (Craft(method=93), "archive-method"),
    "encryption of WinZip by its method": (Craft(method=99), "archive-encrypted"),
    "encryption of WinZip by its extra field": (Craft(extra=struct.pack("<2H7s", 0x9901, 7, b"")), "archive-feature"),
    "an end record of 64 bits": (Craft(between=ZIP64_END), "archive-damaged"),
    "a descriptor of 64 bits": (
        Craft(flags=8, local_checksum=0, local_sizes=(0, 0), descriptor=b"PK\7\x08" + DESCRIPTOR_64),
        "archive-damaged",
    ),
    "a mark of a spanned archive": (b"PK00" + Craft().bytes(), "archive-not-zip"),
    "two end records": (Craft().bytes() + Craft().bytes()[-22:], "archive-damaged"),
    "an end record in the comment of another": (
        Craft(comment=struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)),
        "archive-damaged",
    ),
    "a program before the beginning, with offsets that fit": (_shifted(b"MZ" + bytes(62)), "archive-not-zip"),
    "an archive before the beginning, with offsets that fit": (_shifted(b"PK\3\4" + bytes(60)), "archive-damaged"),
    "a name that reads from right to left": (Craft(name="\u202etxt.piz".encode(), flags=0x0800), "archive-name"),
    "a thousand files": (zipped(*((f"{number}.txt", b"") for number in range(1000))), "archive-many-files"),
    "the same name twice": (_twice(), "archive-many-files"),
    "sizes of 64 bits": (Craft(extra=struct.pack("<2HQ", 1, 8, 0)), "archive-feature"),
    "a second name": (Craft(extra=struct.pack("<2HBL", 0x7075, 10, 1, 0) + b"b.txt"), "archive-feature"),
    "a second name in the local header only": (
        Craft(local_extra=struct.pack("<2HBL", 0x7075, 10, 1, 0) + b"b.txt"),
        "archive-damaged",
    ),
    "a size that no file may have": (Craft(size=archive.MEMBER_LIMIT + 1), "archive-too-large"),
    "a bomb": (zipped((NAME, bytes(5_000_000))), "archive-ratio"),
    "a bomb that claims to be small": (Craft(data=deflate(bytes(5_000_000)), size=1000), "archive-damaged"),
    "a file that claims to be larger": (Craft(size=len(TEXT) + 1), "archive-damaged"),
    "data behind the end": (Craft(behind=b"\n"), "archive-extra-data"),
    "a comment": (Craft(comment=b"hello"), "archive-extra-data"),
    "another archive behind the end": (Craft(behind=Craft(name=b"b.txt").bytes()), "archive-damaged"),
    "a program before the beginning": (b"MZ" + Craft().bytes(), "archive-not-zip"),
    "another archive's file before the beginning": (
        Craft(before=Craft(name=b"b.txt").bytes()[:-22]),
        "archive-damaged",
    ),
    "an offset that jumps over the first file": (Craft(before=b"PK\3\4" + bytes(60), offset=64), "archive-damaged"),
    "another name in the local header": (Craft(local_name=NAME.replace("1", "2").encode()), "archive-damaged"),
    "another method in the local header": (Craft(local_method=0), "archive-damaged"),
    "other flags in the local header": (Craft(local_flags=2), "archive-damaged"),
    "other sizes in the local header": (Craft(local_sizes=(1, 1)), "archive-damaged"),
    "sizes that are announced but missing": (Craft(flags=8, local_checksum=0, local_sizes=(0, 0)), "archive-damaged"),
    "a descriptor that contradicts": (
        Craft(flags=8, local_checksum=0, local_sizes=(0, 0), descriptor=bytes(12)),
        "archive-damaged",
    ),
    "a descriptor that was not announced": (Craft(descriptor=DESCRIPTOR), "archive-damaged"),
    "a file without entry between data and directory": (
        Craft(between=Craft(name=b"b.txt").bytes()[:200]),
        "archive-damaged",
    ),
    "data that reaches into the directory": (Craft(packed=len(deflate(TEXT)) + 30), "archive-damaged"),
    "bytes behind the compressed stream": (Craft(data=deflate(TEXT) + b"hidden"), "archive-damaged"),
    "a compressed stream that is cut off": (Craft(data=deflate(TEXT)[:-4]), "archive-damaged"),
    "no compressed stream": (Craft(data=b"\xff" * 200), "archive-damaged"),
    "a wrong checksum": (Craft(checksum=0), "archive-damaged"),
    "a wrong checksum of a stored file": (Craft(data=TEXT, method=0, checksum=1), "archive-damaged"),
    "a wrong count of files": (Craft(entries=2), "archive-damaged"),
    "one part of several": (Craft(disk=1), "archive-damaged"),
    "a comment in the directory": (Craft(entry_comment=b"hello"), "archive-damaged"),
    "a comment in the directory that looks like a field": (Craft(entry_comment=EXTRA_TIME), "archive-damaged"),
    "a directory that claims to be longer": (Craft(missing=1), "archive-damaged"),
    "a name that claims to be longer": (Craft(missing_name=1), "archive-damaged"),
    "two marks and nothing else": (b"PK\3\4PK\5\6", "archive-damaged"),
    "an offset that is wrong": (Craft(offset=1), "archive-damaged"),
    "a stored file that reaches into the directory": (
        Craft(data=TEXT, method=0, packed=len(TEXT) + 4, size=len(TEXT) + 4, checksum=zlib.crc32(TEXT + b"PK\1\2")),
        "archive-damaged",
    ),
    "an extra field that is cut off": (Craft(extra=b"\x55\x54\x09\x00\x00"), "archive-damaged"),
    "an extra field without length": (Craft(extra=b"\x55\x54"), "archive-damaged"),
    "an end record alone with files": (struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 0, 0, 0), "archive-damaged"),
    "the first header alone": (b"PK\3\4" + bytes(40), "archive-damaged"),
}


@pytest.mark.requirement("E10", "E11", "R63")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda name: name.replace(" ", "-"))
def test_an_archive_with_this_trait_is_refused(attack: str) -> None:
    """The refusal says which trait it is; nothing is returned."""
    content, code = ATTACKS[attack]
    assert codes(content.bytes() if isinstance(content, Craft) else content) == {code}


def test_all_that_is_wrong_with_an_entry_is_named_at_once() -> None:
    """Path, link, encryption and size are independent of each other."""
    craft = Craft(name=b"../a.txt", attributes=0o120777 << 16, flags=1, size=archive.MEMBER_LIMIT + 1)
    assert codes(craft.bytes()) == {"archive-path", "archive-link", "archive-encrypted", "archive-too-large"}


def test_the_folder_of_macos_has_a_remedy_of_its_own() -> None:
    """People on a Mac learn how to make an archive without it."""
    with pytest.raises(InputError, match="zip -X"):
        archive.unpack(zipped((NAME, TEXT), ("__MACOSX/._" + NAME, b"x")))


def refuses_or_reads_the_same(content: bytes) -> bool:
    """Whether the reader either refuses or finds what every honest reader finds."""
    try:
        member = archive.unpack(content)
    except InputError:
        return True
    return member == archive.Member(NAME, TEXT)


@pytest.mark.parametrize("change", [lambda byte: byte ^ 0x01, lambda byte: byte ^ 0x80, lambda byte: 255 - byte])
@pytest.mark.parametrize("craft", [Craft(), Craft(data=TEXT, method=0)])
def test_no_flipped_byte_changes_what_is_read(craft: Craft, change: Callable[[int], int]) -> None:
    """Every byte is either under a check or without meaning for name and content."""
    content = craft.bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] = change(changed[place])
        assert refuses_or_reads_the_same(bytes(changed)), place


def test_no_cut_archive_is_read() -> None:
    """Whatever is missing at the end or at the beginning."""
    content = Craft().bytes()
    for place in range(1, len(content)):
        assert codes(content[:place])
        assert codes(content[place:])


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_make_the_reader_fail_otherwise_than_with_a_refusal(content: bytes, framed: bool) -> None:
    """Garbage, with and without the marks of an archive around it."""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, min(46, len(content)), max(len(content) - 46, 0) + 4, 0)
    assert codes(b"PK\3\4" + content + end if framed else content)


@given(
    st.builds(
        replace,
        st.just(Craft()),
        size=st.integers(0, 2**32 - 1),
        packed=st.integers(0, 2**32 - 1),
        offset=st.integers(0, 2**32 - 1),
    )
)
def test_no_claimed_size_or_offset_makes_the_reader_fail(craft: Craft) -> None:
    """Numbers up to their limits lead to a refusal."""
    assert refuses_or_reads_the_same(craft.bytes())


@settings(max_examples=50)
@given(st.binary(max_size=2000))
def test_what_was_packed_is_unpacked_by_us_and_by_others(content: bytes) -> None:
    """The standard library reads the same file from the same archive."""
    packed = archive.pack(NAME, content, DAY)
    assert archive.unpack(packed) == archive.Member(NAME, content)
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        assert file.testzip() is None
        assert file.read(NAME) == content


def test_a_large_file_is_packed_deflated_and_small_ones_stored() -> None:
    """Stored archives are the same with every zlib; large ones must fit under the limit."""
    large = b"".join(b"%09d\n" % (number * 7919) for number in range(200_000))
    packed = archive.pack(NAME, large, DAY)
    assert len(packed) < len(large)
    assert archive.unpack(packed).content == large
    assert TEXT in archive.pack(NAME, TEXT, DAY)
    assert archive.pack(NAME, TEXT, DAY) == archive.pack(NAME, TEXT, DAY)
