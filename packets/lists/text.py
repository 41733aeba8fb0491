"""Text files of lists: bytes become lines of cells; what no cell may hold is found here (REQ 4.6, E13)."""

from __future__ import annotations

import codecs
import re
import unicodedata

from packets.errors import InputError, Problem

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001  spreadsheets read the full-width ones too
QUOTED = re.compile(r'"(?:[^"]|"")*"')
NO_VALUE = "N/A"
"""The word that says on purpose that a cell has no value (REQ 1.6.8)."""


def encoding_of(content: bytes, where: str) -> str:
    """How a file is encoded: UTF-8 with or without its mark, or else Windows-1252.

    Raises:
        InputError: the file is neither.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        remedy = "Save it as “Text (Tab delimited)” or “CSV UTF-8”, not as “Unicode Text”."
        raise InputError(Problem("file-encoding", "The file is encoded in UTF-16.", remedy, where))
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    sentence = "The file is not a text file in UTF-8 or Windows-1252."
    raise InputError(Problem("file-encoding", sentence, "Save it as a text file in UTF-8.", where))


def split_lines(text: str) -> list[str]:
    """The lines without their ends (LF or CR LF); empty lines at the end of the file are no lines."""
    lines = text.rstrip("\r\n").split("\n")
    return [line.removesuffix("\r") for line in lines]


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
