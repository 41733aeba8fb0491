"""Delimited files from outside: CSV or tab-delimited, plain or gzip, UTF-8 or Windows-1252; read as a stream, twice.

The first time says whether the whole file can be read and how it is encoded; the second time gives its records. So a file of
any size takes a few megabytes of memory, and a file that is broken at its end is refused before its first record is used.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from packets.errors import InputError, Problem
from packets.lists.findings import Findings, place
from packets.lists.text import clean, encoding_of

FILE_LIMIT = 500_000_000
"""Largest file in bytes, uncompressed: the list of a whole nation has about 120 million."""
GZIP_MARK = b"\x1f\x8b"
CHUNK = 1 << 20

Fault = tuple[str, str, str]
"""Code, sentence and remedy of what is wrong with a cell."""


def read_delimited(path: Path, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """The records of a file with the numbers of the lines on which they end; empty lines are passed over.

    The delimiter is the tab if the first line has one, and the comma otherwise. A record that is not well formed ends the
    reading and is noted in `findings`.

    Raises:
        InputError: the file cannot be opened, uncompressed or decoded.
    """
    encoding, delimiter = _survey(path)
    return _records(path, encoding, delimiter, findings)


def _records(path: Path, encoding: str, delimiter: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    with _open(path) as file, io.TextIOWrapper(file, encoding, newline="") as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            sentence = f"The file cannot be read further: {error}."
            findings.add(
                "file-not-delimited", sentence, "Mend the quotation marks of that row.", place(reader.line_num)
            )


def _survey(path: Path) -> tuple[str, str]:
    """Encoding and delimiter of a file that can be read to its end."""
    size, first_line, is_utf8 = 0, b"", True
    decoder = codecs.getincrementaldecoder("utf-8")()
    for chunk in _chunks(path):
        size += len(chunk)
        if size > FILE_LIMIT:
            sentence = f"The file is larger than {FILE_LIMIT:,} bytes."
            raise InputError(Problem("file-too-large", sentence, "Divide it by ACO.", str(path)))
        if b"\n" not in first_line:
            first_line += chunk
        is_utf8 = is_utf8 and _decodes(decoder, chunk)
    is_utf8 = is_utf8 and _decodes(decoder, b"", final=True)
    if not is_utf8:
        _refuse_undecodable(path)
    return "utf-8-sig" if is_utf8 else "cp1252", "\t" if b"\t" in first_line.partition(b"\n")[0] else ","


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_undecodable(path: Path) -> None:
    """A file that is no UTF-8 has to be Windows-1252, in which each byte stands for itself."""
    mark = b""
    for chunk in _chunks(path):
        encoding_of(mark + chunk, path.name)
        mark = (
            b"\x80"  # no UTF-8 begins so: the answer is about Windows-1252 even when a piece begins within a character
        )


def _chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes, uncompressed if need be, piece by piece."""
    try:
        with _open(path) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        sentence = f"The file cannot be read: {error}."
        raise InputError(
            Problem("file-unreadable", sentence, "Give a readable file, plain or gzip.", str(path))
        ) from error


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(len(GZIP_MARK)) == GZIP_MARK
    return cast("IO[bytes]", gzip.open(path) if packed else path.open("rb"))


def heading_fault(cells: list[str], headings: tuple[str, ...]) -> Fault | None:
    """What is wrong with the first row; capital and small letters are the same."""
    if tuple(clean(cell).upper() for cell in cells) == tuple(one.upper() for one in headings):
        return None
    sentence = "The headings in the first row are not the expected ones."
    return ("file-headings", sentence, f"They must be: {', '.join(headings)}.")
