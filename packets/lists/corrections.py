"""Corrections of the Provider/Supplier List: a zip archive with one tab-delimited text file (R54-R71, E10-E18).

A corrections file announces changes; it never changes the list that CMS holds (R55). It is accepted whole or refused whole, with
everything that is wrong with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from packets.errors import InputError, Problem
from packets.lists import archive
from packets.lists.columns import CORRECTIONS, Row
from packets.lists.correction_rows import ACTION, ADD, RowReader, Standing
from packets.lists.findings import LIMIT, Findings, place
from packets.lists.text import NO_VALUE, byte_lines, encoding_of, join_cells, read_lines
from packets.lists.zip_structure import LOCAL_MARK

ROW_LIMIT = 200_000
"""Most rows of one file: several times the largest list known, 33,500 (REQ 5)."""
LINE_LIMIT = 10_000
"""Longest row in bytes: ten times what the longest names of a row can take."""
NAME_SHOWN = 120
"""So many characters of a name that somebody else chose are shown."""

FILE_NAME = re.compile(
    r"(?P<aco>A[0-9]{4})[ _]ProviderSupCorrection[ _]"
    r"(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?P<year>(?:19|20)[0-9]{2})\.(?P<kind>(?i:txt|zip))"
)
NAME_REMEDY = "Name both files like A0001_ProviderSupCorrection_11252026: ACO ID, the word, then month, day and year."


@dataclass(frozen=True, slots=True)
class Corrections:
    """An accepted corrections file.

    Attributes:
        file_name: the archive's name as uploaded.
        sha256: digest of the archive's bytes, hex; the bytes are kept as evidence (REQ 4.7).
        rows: the rows in the order of the file, in the columns of `CORRECTIONS`; `N/A` has become the empty text.
        additions: number of rows that add.
        deletions: number of rows that delete.
    """

    file_name: str
    sha256: str
    rows: tuple[Row, ...]
    additions: int
    deletions: int


@dataclass(frozen=True, slots=True)
class Examination:
    """A file that was looked at, whatever came of it.

    Attributes:
        findings: what is wrong with it.
        rows: its rows as they would be kept; complete when nothing is wrong.
        text: the text file; empty when there is none that can be read.
        encoding: how the text is encoded.
    """

    findings: Findings
    rows: tuple[Row, ...] = ()
    text: bytes | bytearray = b""
    encoding: str = ""

    def lines(self) -> Iterator[str]:
        """The lines of the text, the headings first."""
        return read_lines(self.text, self.encoding) if self.text else iter(())


def read_corrections(
    zip_bytes: bytes, zip_name: str, standing: Standing, *, also: Iterable[Problem] = ()
) -> Corrections:
    """Read an uploaded corrections archive.

    Args:
        zip_bytes: the upload.
        zip_name: the name under which it was uploaded.
        standing: what the ACO's lists hold.
        also: what is wrong with the upload besides the file, to be said with everything else.

    Raises:
        InputError: with all that is wrong with archive, names or rows, each with row and column (R68); at most 1,000
            problems are described, the rest is counted.
    """
    found = examine(zip_bytes, zip_name, standing, also=also)
    found.findings.refuse()
    additions = sum(row[ACTION] == ADD for row in found.rows)
    digest = hashlib.sha256(zip_bytes).hexdigest()
    return Corrections(zip_name, digest, found.rows, additions, len(found.rows) - additions)


def examine(
    zip_bytes: bytes, zip_name: str, standing: Standing, *, most: int = LIMIT, also: Iterable[Problem] = ()
) -> Examination:
    """Look at an upload from its name to its last cell; it is never refused here, only described.

    Args:
        zip_bytes: the upload.
        zip_name: the name under which it was uploaded.
        standing: what the ACO's lists hold.
        most: so many problems are described, the rest is counted.
        also: problems that go before the file's own.
    """
    findings = Findings(most)
    findings.include(tuple(also))
    _check_name(zip_name, "zip", standing.aco_id, findings)
    try:
        member = archive.unpack(zip_bytes)
    except InputError as error:
        findings.include(error.problems)
        return Examination(findings)
    _check_name(member.name, "txt", standing.aco_id, findings)
    if _base(member.name) != _base(zip_name):
        sentence = f"The file in the archive is called {shorten(member.name)}, the archive {shorten(zip_name)}."
        findings.add("names-differ", sentence, NAME_REMEDY, shorten(member.name))
    return _examine_text(member, standing, findings)


def _examine_text(member: archive.Member, standing: Standing, findings: Findings) -> Examination:
    """Read every line; a file of the wrong shape is described by its shape only, not row after row."""
    try:
        _refuse_shape(member)
        encoding = encoding_of(member.content, member.name)
    except InputError as error:
        findings.include(error.problems)
        return Examination(findings)
    reader = RowReader(standing, findings)
    _read_lines(read_lines(member.content, encoding), reader)
    return Examination(findings, tuple(reader.rows), member.content, encoding)


def _refuse_shape(member: archive.Member) -> None:
    """What is seen without decoding anything.

    Raises:
        InputError: the file is an archive, has too many rows, or a row that no corrections file has.
    """
    if member.content.startswith(LOCAL_MARK):
        sentence = "The file in the archive is an archive itself."
        raise InputError(Problem("archive-nested", sentence, "Zip the text file once.", member.name))
    if member.content.count(b"\n") > ROW_LIMIT + 1:
        sentence = f"The file has more than {ROW_LIMIT:,} rows."
        raise InputError(Problem("file-too-long", sentence, "Announce only changes, not the whole list.", member.name))
    for number, line in enumerate(byte_lines(member.content), start=1):
        if len(line) > LINE_LIMIT:
            sentence = f"The row has more than {LINE_LIMIT:,} bytes."
            raise InputError(Problem("row-too-long", sentence, "Save the template anew.", place(number)))


def write_corrections(rows: Iterable[Row], aco_id: str, day: date) -> tuple[str, bytes]:
    """The archive that `read_corrections` reads: its name, and its bytes, which are the same for the same rows.

    Args:
        rows: rows in the columns of `CORRECTIONS`; an empty cell is written as `N/A`.
        aco_id: the ACO, for the name.
        day: the day in the name.
    """
    base = f"{aco_id}_ProviderSupCorrection_{day:%m%d%Y}"
    lines = [CORRECTIONS.headings, *(tuple(cell or NO_VALUE for cell in row) for row in rows)]
    text = "".join(join_cells(line) + "\r\n" for line in lines)
    return f"{base}.zip", archive.pack(f"{base}.txt", text.encode("utf-8"), day)


def correction_row(
    *,
    aco_id: str,
    action: str,
    tin: str,
    reason: str,
    npi: str = "",
    first_name: str = "",
    last_name: str = "",
    ccn: str = "",
) -> Row:
    """A row in the columns of `CORRECTIONS`."""
    return (aco_id, action, npi, first_name, last_name, tin, ccn, reason)


def name_day(name: str) -> date | None:
    """The day in the name of a corrections file; None when the name has none (R62)."""
    match = FILE_NAME.fullmatch(name)
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"])) if match else None
    except ValueError:
        return None


def shorten(name: str) -> str:
    """A name that somebody else chose, short enough to be shown."""
    return name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}…"


def _check_name(name: str, kind: str, aco_id: str, findings: Findings) -> None:
    """The name's form, its kind, its ACO and its day (R62, E11, E12)."""
    match, shown = FILE_NAME.fullmatch(name), shorten(name)
    if match is None or match["kind"].lower() != kind:
        findings.add(
            "file-name", f"The {kind} file is called {shown!r}.", f"{NAME_REMEDY} This one ends in .{kind}.", shown
        )
        return
    if match["aco"] != aco_id:
        sentence = f"The name says {match['aco']}, but the file was given for {aco_id}."
        findings.add("file-name-aco", sentence, NAME_REMEDY, shown)
    if name_day(name) is None:
        findings.add("file-name-date", "The name ends in a date that does not exist.", NAME_REMEDY, shown)


def _base(name: str) -> str:
    """The name without its ending; a space and an underscore are the same (REQ 4.5)."""
    return name.rpartition(".")[0].replace(" ", "_")


def _read_lines(lines: Iterator[str], reader: RowReader) -> None:
    before = reader.findings.count
    reader.read_heading(next(lines, ""))
    if reader.findings.count > before:
        return
    number = 1
    for number, line in enumerate(lines, start=2):
        reader.read_line(number, line)
    if number == 1:
        remedy = "Upload a file only when there is something to correct."
        reader.findings.add("file-without-rows", "The file has no rows below its headings.", remedy)
