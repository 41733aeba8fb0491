"""Corrections of the Provider/Supplier List: a zip archive with one tab-delimited text file (R54-R71, E10-E18).

A corrections file announces changes; it never changes the list that CMS holds (R55). It is accepted whole or refused whole, with
everything that is wrong with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from packets.errors import InputError
from packets.lists import archive
from packets.lists.columns import CORRECTIONS, PROVIDER_SUPPLIER, Row
from packets.lists.correction_rows import ACTION, ADD, Pair, RowReader, Standing
from packets.lists.findings import Findings
from packets.lists.text import NO_VALUE, encoding_of, join_cells, split_lines
from packets.lists.zip_structure import LOCAL_MARK

ROW_LIMIT = 200_000
"""Most rows of one file: several times the largest list known, 33,500 (REQ 5)."""

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


def read_corrections(
    zip_bytes: bytes,
    zip_name: str,
    *,
    aco_id: str,
    approved_tins: frozenset[str],
    listed: frozenset[Pair],
    listed_ccns: frozenset[Pair] = frozenset(),
) -> Corrections:
    """Read an uploaded corrections archive.

    Args:
        zip_bytes: the upload.
        zip_name: the name under which it was uploaded.
        aco_id: the ACO for which it was uploaded.
        approved_tins: TINs of the ACO's approved Participant List, nine digits each (R60).
        listed: pairs of TIN and NPI on the ACO's Provider/Supplier List; see `listed_pairs`.
        listed_ccns: pairs of TIN and CCN on the same list.

    Raises:
        InputError: with all that is wrong with archive, names or rows, each with row and column (R68); at most 1,000
            problems are described, the rest is counted.
    """
    findings = Findings()
    _check_name(zip_name, "zip", aco_id, findings)
    member = _unpack(zip_bytes, findings)
    _check_name(member.name, "txt", aco_id, findings)
    if _base(member.name) != _base(zip_name):
        findings.add(
            "names-differ",
            f"The file in the archive is called {member.name}, the archive {zip_name}.",
            NAME_REMEDY,
            member.name,
        )
    reader = RowReader(Standing(aco_id, approved_tins, listed, listed_ccns), findings)
    _read_text(member, reader)
    findings.refuse()
    rows = tuple(reader.rows)
    additions = sum(row[ACTION] == ADD for row in rows)
    return Corrections(zip_name, hashlib.sha256(zip_bytes).hexdigest(), rows, additions, len(rows) - additions)


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


def listed_pairs(rows: Iterable[Row]) -> tuple[frozenset[Pair], frozenset[Pair]]:
    """The pairs of TIN and NPI, and those of TIN and CCN, on a Provider/Supplier List."""
    tin, npi, ccn = (PROVIDER_SUPPLIER.place(key) for key in ("tin", "npi", "ccn"))
    kept = tuple(rows)
    return (
        frozenset((row[tin], row[npi]) for row in kept if row[npi]),
        frozenset((row[tin], row[ccn]) for row in kept if row[ccn]),
    )


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


def _unpack(zip_bytes: bytes, findings: Findings) -> archive.Member:
    """The text file; when there is none to read, what was found so far is raised together with the reason."""
    try:
        return archive.unpack(zip_bytes)
    except InputError as error:
        findings.include(error.problems)
        raise InputError(findings.problems) from error


def _check_name(name: str, kind: str, aco_id: str, findings: Findings) -> None:
    """The name's form, its kind, its ACO and its day (R62, E11, E12)."""
    match = FILE_NAME.fullmatch(name)
    if match is None or match["kind"].lower() != kind:
        findings.add(
            "file-name", f"The {kind} file is called {name!r}.", f"{NAME_REMEDY} This one ends in .{kind}.", name
        )
        return
    if match["aco"] != aco_id:
        findings.add(
            "file-name-aco", f"The name says {match['aco']}, but the file was given for {aco_id}.", NAME_REMEDY, name
        )
    try:
        date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        findings.add("file-name-date", "The name ends in a date that does not exist.", NAME_REMEDY, name)


def _base(name: str) -> str:
    """The name without its ending; a space and an underscore are the same (REQ 4.5)."""
    return name.rpartition(".")[0].replace(" ", "_")


def _read_text(member: archive.Member, reader: RowReader) -> None:
    """Read every line; a file of the wrong shape is described by its shape only, not row after row."""
    findings = reader.findings
    if member.content.startswith(LOCAL_MARK):
        findings.add(
            "archive-nested", "The file in the archive is an archive itself.", "Zip the text file once.", member.name
        )
        return
    try:
        text = member.content.decode(encoding_of(member.content, member.name))
    except InputError as error:
        findings.include(error.problems)
        return
    if text.count("\n") > ROW_LIMIT + 1:
        findings.add(
            "file-too-long",
            f"The file has more than {ROW_LIMIT:,} rows.",
            "Announce only changes, not the whole list.",
            member.name,
        )
        return
    _read_lines(split_lines(text), reader)


def _read_lines(lines: list[str], reader: RowReader) -> None:
    before = reader.findings.count
    reader.read_heading(lines[0])
    if reader.findings.count > before:
        return
    if len(lines) == 1:
        reader.findings.add(
            "file-without-rows",
            "The file has no rows below its headings.",
            "Upload a file only when there is something to correct.",
        )
    for number, line in enumerate(lines[1:], start=2):
        reader.read_line(number, line)
