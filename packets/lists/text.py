"""Text files of lists: bytes become lines of cells; what no cell may hold is found here (REQ 4.6, E13)."""

from __future__ import annotations

import codecs
import itertools
import re
import unicodedata
from collections.abc import Iterator

from packets.errors import InputError, Problem

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001  spreadsheets read the full-width ones too
QUOTED = re.compile(r'"(?:[^"]|"")*"')
UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
NO_VALUE = "N/A"
"""The word that says on purpose that a cell has no value (REQ 1.6.8)."""


def encoding_of(content: bytes | bytearray, where: str) -> str:
    """How a file is encoded: UTF-8 with or without its mark, or else Windows-1252.

    The lines are decoded one by one, so that the whole text is never in memory. Windows-1252 gives nearly any byte a meaning: a
    file that is UTF-8 for the most part is not read as if it were that, which would turn its accents into something else.

    Raises:
        InputError: the file is neither; it says in which row, and which byte is meant.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        remedy = "Save it as “Text (Tab delimited)” or “CSV UTF-8”, not as “Unicode Text”."
        raise InputError(Problem("file-encoding", "The file is encoded in UTF-16.", remedy, where))
    fault = _undecodable(content, "utf-8")
    if fault is None:
        return "utf-8-sig"
    if content.startswith(codecs.BOM_UTF8) or _is_mostly_utf8(content):
        raise InputError(_encoding_problem(fault, "The file is in UTF-8 except for row", where))
    if fault := _undecodable(content, "cp1252"):
        raise InputError(_encoding_problem(fault, "The file is neither in UTF-8 nor in Windows-1252: see row", where))
    return "cp1252"


def _encoding_problem(fault: tuple[int, int], beginning: str, where: str) -> Problem:
    row, byte = fault
    remedy = "Type the names in that row anew, and save the file as a text file in UTF-8."
    return Problem(
        "file-encoding", f"{beginning} {row}, where the byte 0x{byte:02X} stands for nothing.", remedy, where
    )


def _undecodable(content: bytes | bytearray, encoding: str) -> tuple[int, int] | None:
    """Row and value of the first byte that the encoding does not know."""
    for row, line in enumerate(byte_lines(content), start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            return row, line[error.start]
    return None


def _is_mostly_utf8(content: bytes | bytearray) -> bool:
    """Whether more bytes beyond ASCII belong to characters of UTF-8 than do not."""
    known = sum(match.end() - match.start() for match in UTF8_CHARACTER.finditer(content))
    return 2 * known > sum(1 for _ in BEYOND_ASCII.finditer(content))


def byte_lines(content: bytes | bytearray) -> Iterator[bytes | bytearray]:
    """The lines without their line feeds; the piece behind the last one is a line too, unless it is empty."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        yield content[start:end]
        start = end + 1


def read_lines(content: bytes | bytearray, encoding: str) -> Iterator[str]:
    """The lines without their ends (LF or CR LF), one by one; empty lines at the end of the file are no lines."""
    empty = 0
    for number, line in enumerate(byte_lines(content)):
        text = line.decode("utf-8" if encoding == "utf-8-sig" else encoding).removesuffix("\r")
        if number == 0 and encoding == "utf-8-sig":
            text = text.removeprefix("\ufeff")
        if not text:
            empty += 1
            continue
        yield from itertools.repeat("", empty)
        empty = 0
        yield text


def split_cells(line: str) -> list[str] | None:
    """The cells of a tab-delimited line, without the quotation marks that spreadsheets add; None when a mark is not closed."""
    cells = line.split("\t")
    if '"' not in line:
        return [clean(cell) for cell in cells]
    plain = [_unquote(cell) for cell in cells]
    return None if None in plain else [clean(cell) for cell in plain if cell is not None]


def _unquote(cell: str) -> str | None:
    if not cell.startswith('"'):
        return cell
    return cell[1:-1].replace('""', '"') if QUOTED.fullmatch(cell) else None


def join_cells(cells: tuple[str, ...]) -> str:
    """The inverse of `split_cells` for cells without tabs and line ends."""
    return "\t".join('"' + cell.replace('"', '""') + '"' if '"' in cell else cell for cell in cells)


def clean(cell: str) -> str:
    """The cell without the spaces around it, composed (NFC), with ordinary spaces only."""
    if cell.isascii():
        return cell.strip(" ")
    return unicodedata.normalize("NFC", cell).replace("\xa0", " ").strip(" ")


def cell_fault(cell: str) -> tuple[str, str, str] | None:
    """What no cell may hold: characters that cannot be printed, or the beginning of a formula.

    Returns:
        Code, sentence and remedy; None when the cell may stand.
    """
    if not cell.isprintable():
        bad = next(one for one in cell if not one.isprintable())
        sentence = f"The cell has the character U+{ord(bad):04X}, which cannot be printed."
        return ("cell-control-character", sentence, "Type the cell anew instead of pasting it.")
    if cell.startswith(FORMULA_STARTS):
        return (
            "cell-formula",
            f"The cell begins with “{cell[0]}”, which a spreadsheet would run as a formula.",
            "Remove that character.",
        )
    return None
