"""Zip archives with exactly one plain file at their root: written, and read with suspicion (R61, R63, E10, E11, REQ 4.7)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from packets.errors import InputError, Problem
from packets.lists.zip_structure import AGAIN, END_MARK, EXTRAS_REFUSED, LOCAL_MARK, Entry, read_content, read_entries

ARCHIVE_LIMIT = 10_000_000
"""Largest archive in bytes (REQ 4.7)."""
MEMBER_LIMIT = 50_000_000
"""Largest file inside in bytes (REQ 4.7)."""
RATIO_LIMIT = 100
"""A file may be so many times larger than its compressed form (REQ 4.7)."""
STORED_LIMIT = 1_000_000
"""Up to so many bytes a written file is stored uncompressed: its archive is then the same with every zlib."""
NAMES_SHOWN = 5

FLAGS_ENCRYPTED = 0x2041
FLAGS_KNOWN = 0x0008 | 0x0006 | 0x0800
"""Sizes in a descriptor; how hard deflate tried; the name is UTF-8."""
KIND_MASK, KIND_FILE, KIND_LINK = 0o170000, 0o100000, 0o120000
DOS_FOLDER = 0x10
METHOD_AES = 99
"""What WinZip writes in place of the method of a file that it encrypted."""
UNIX_SYSTEMS = frozenset({3, 19})
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

REFUSALS: dict[str, tuple[str, str]] = {
    "archive-too-large": ("The archive, or the file in it, is too large.", "Check that it is the corrections file."),
    "archive-not-zip": ("The upload is not a zip archive, or something stands before its beginning.", AGAIN),
    "archive-empty": ("The archive holds no file.", AGAIN),
    "archive-folder": ("The archive holds a folder or something else that is not a file.", "Zip the text file itself."),
    "archive-link": ("The archive holds a link instead of a file.", "Zip the text file itself."),
    "archive-path": ("The file in the archive lies in a folder.", "Zip the text file itself, not its folder."),
    "archive-name": ("The name of the file in the archive has characters that it may not have.", AGAIN),
    "archive-encrypted": (
        "The archive is encrypted.",
        "Make it without a password: the connection is encrypted already.",
    ),
    "archive-method": ("The file in the archive is neither stored nor deflated.", AGAIN),
    "archive-feature": ("The archive uses a rare feature of the format.", AGAIN),
    "archive-ratio": ("The file in the archive grows to more than a hundred times its compressed size.", AGAIN),
}
"""Sentence and remedy of each refusal."""


@dataclass(frozen=True, slots=True)
class Member:
    """The one file of an archive."""

    name: str
    content: bytes | bytearray


def pack(name: str, content: bytes, day: date) -> bytes:
    """An archive with one file, dated midnight of the day; the same arguments give the same bytes."""
    return pack_all({name: content}, day)


def pack_all(files: Mapping[str, bytes], day: date) -> bytes:
    """An archive with these files by name, in their order; for people to download, for `unpack` there are too many."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            info.create_system = 3
            info.external_attr = (KIND_FILE | 0o644) << 16
            info.compress_type = zipfile.ZIP_STORED if len(content) <= STORED_LIMIT else zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=9)
    return target.getvalue()


def unpack(archive: bytes) -> Member:
    """The one file of an archive, after every byte was looked at.

    Raises:
        InputError: the archive is not of the one accepted shape; all that could be established is named (E10, E11).
    """
    if len(archive) > ARCHIVE_LIMIT:
        raise InputError(_problem("archive-too-large"))
    if not archive.startswith((LOCAL_MARK, END_MARK)):
        raise InputError(_problem("archive-not-zip"))
    entry = _only_entry(*read_entries(archive, NAMES_SHOWN + 1))
    if problems := [_problem(code, entry.shown) for code in _refusals(entry)]:
        raise InputError(problems)
    return Member(entry.name, read_content(archive, entry))


def _problem(code: str, where: str = "") -> Problem:
    return Problem(code, *REFUSALS[code], where)


def _only_entry(entries: list[Entry], count: int) -> Entry:
    """The archive holds exactly one file (R63)."""
    if not entries:
        raise InputError(_problem("archive-empty"))
    if count > 1:
        names = ", ".join(entry.shown for entry in entries[:NAMES_SHOWN]) + (", …" if count > NAMES_SHOWN else "")
        remedy = AGAIN
        if any(entry.raw_name.startswith(b"__MACOSX/") for entry in entries):
            remedy = "The Finder of macOS adds a folder __MACOSX: use `zip -X` in the Terminal, or another zip program."
        sentence = f"The archive holds {count:,} files ({names}); only one is accepted."
        raise InputError(Problem("archive-many-files", sentence, remedy))
    return entries[0]


def _refusals(entry: Entry) -> list[str]:
    """Codes of what the archive's one entry may not be."""
    return [
        code
        for code in (_name_refusal(entry), _kind_refusal(entry), _feature_refusal(entry), _size_refusal(entry))
        if code
    ]


def _name_refusal(entry: Entry) -> str:
    """A name that leads anywhere but to a plain file at the root."""
    if entry.raw_name.endswith((b"/", b"\\")):
        return "archive-folder"
    if any(one in entry.raw_name for one in (b"/", b"\\", b":")) or entry.raw_name in {b"", b".", b".."}:
        return "archive-path"
    return "" if entry.raw_name.isascii() and entry.name.isprintable() else "archive-name"


def _kind_refusal(entry: Entry) -> str:
    """Links, folders and devices."""
    made_on = entry.fixed.made_by >> 8
    kind = entry.fixed.attributes >> 16 & KIND_MASK if made_on in UNIX_SYSTEMS else 0
    if kind == KIND_LINK:
        return "archive-link"
    return "archive-folder" if kind not in {0, KIND_FILE} or entry.fixed.attributes & DOS_FOLDER else ""


def _feature_refusal(entry: Entry) -> str:
    """Encryption, methods and extensions that an archive of one text file does not need."""
    if entry.fixed.flags & FLAGS_ENCRYPTED or entry.fixed.method == METHOD_AES:
        return "archive-encrypted"
    if entry.fixed.method not in METHODS:
        return "archive-method"
    return "archive-feature" if entry.fixed.flags & ~FLAGS_KNOWN or entry.extra_kinds & EXTRAS_REFUSED else ""


def _size_refusal(entry: Entry) -> str:
    """Sizes that it claims and may not have; what it really has is counted while it is inflated."""
    if entry.fixed.size > MEMBER_LIMIT:
        return "archive-too-large"
    return "archive-ratio" if entry.fixed.size > RATIO_LIMIT * max(entry.fixed.packed, 1) else ""
