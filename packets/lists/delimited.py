"""Delimited files from outside: CSV or tab-delimited, plain or gzip, UTF-8 or Windows-1252."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from packets.errors import InputError, Problem
from packets.lists.findings import Findings, place
from packets.lists.text import clean, encoding_of

FILE_LIMIT = 500_000_000
"""Largest file in bytes, uncompressed: the list of a whole nation has about 120 million."""
GZIP_MARK = b"\x1f\x8b"

Fault = tuple[str, str, str]
"""Code, sentence and remedy of what is wrong with a cell."""


def read_delimited(path: Path, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """The records of a file with the numbers of the lines on which they end; empty lines are passed over.

    The delimiter is the tab if the first line has one, and the comma otherwise. A record that is not well formed ends the
    reading and is noted in `findings`.

    Raises:
        InputError: the file cannot be opened, uncompressed or decoded.
    """
    content = _content(path)
    encoding = encoding_of(content, path.name)
    delimiter = "\t" if b"\t" in content.partition(b"\n")[0] else ","
    return _records(content, encoding, delimiter, findings)


def _records(content: bytes, encoding: str, delimiter: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        sentence = f"The file cannot be read further: {error}."
        findings.add("file-not-delimited", sentence, "Mend the quotation marks of that row.", place(reader.line_num))


def _content(path: Path) -> bytes:
    """The file's bytes, uncompressed if need be."""
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP_MARK)) == GZIP_MARK
        with gzip.open(path) if packed else path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        sentence = f"The file cannot be read: {error}."
        raise InputError(
            Problem("file-unreadable", sentence, "Give a readable file, plain or gzip.", str(path))
        ) from error
    if len(content) > FILE_LIMIT:
        sentence = f"The file is larger than {FILE_LIMIT:,} bytes."
        raise InputError(Problem("file-too-large", sentence, "Divide it by ACO.", str(path)))
    return content


def heading_fault(cells: list[str], headings: tuple[str, ...]) -> Fault | None:
    """What is wrong with the first row; capital and small letters are the same."""
    if tuple(clean(cell).upper() for cell in cells) == tuple(one.upper() for one in headings):
        return None
    sentence = "The headings in the first row are not the expected ones."
    return ("file-headings", sentence, f"They must be: {', '.join(headings)}.")
