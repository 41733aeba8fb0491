"""Files that CMS brings: the public-use file of participants, and the Provider/Supplier List (R45, R47, REQ 4.8, 5).

A file is read whole or refused whole, with everything that is wrong with it, each problem with row and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from packets.lists.columns import PROVIDER_SUPPLIER, Row
from packets.lists.delimited import Fault, heading_fault, read_delimited
from packets.lists.findings import Findings, place
from packets.lists.provider_rows import ProviderRows
from packets.lists.text import cell_fault, clean
from packets.model import identifiers
from packets.model.aco import Cohort

PUF_HEADINGS = (
    "ACO_ID", "ACO_Name", "Par_LBN", "ACO_Service_Area", "Agreement_Period_Num", "Initial_Start_Date", "Current_Start_Date",
    "BASIC_Track", "BASIC_Track_Level", "ENHANCED_Track", "High_Revenue_ACO", "Low_Revenue_ACO", "ACO_Public_Reporting_Website",
)  # fmt: skip
(
    PUF_ID, PUF_NAME, PUF_PARTICIPANT, PUF_AREA, PUF_PERIOD, PUF_INITIAL, PUF_START, PUF_BASIC, PUF_LEVEL, PUF_ENHANCED, PUF_HIGH,
    PUF_LOW, PUF_PAGE,
) = range(len(PUF_HEADINGS))  # fmt: skip
PUF_FLAGS = (PUF_BASIC, PUF_ENHANCED, PUF_HIGH, PUF_LOW)
PUF_MAY_BE_EMPTY = frozenset({PUF_PAGE})
PUF_OPPOSITES = ((PUF_BASIC, PUF_ENHANCED), (PUF_HIGH, PUF_LOW))
PUF_DATE = "%m/%d/%Y"
PUF_PERIOD_NUMBER = re.compile(r"[1-9][0-9]?")
BASIC_LEVELS = frozenset("ABCDE")


@dataclass(frozen=True, slots=True)
class PufAco:
    """An ACO of the public-use file.

    Attributes:
        service_area: states, e.g. `AZ, NV`.
        start_date: first day of the present agreement period.
        track: `BASIC, level E` or `ENHANCED`.
        web_page: as given, perhaps without scheme, perhaps empty.
        cohort: new if its first agreement starts in the file's year.
        participants: legal names, in the order of the file; a name may stand more than once, with different TINs that
            the public file does not tell.
    """

    aco_id: str
    name: str
    service_area: str
    period_number: int
    initial_start_date: date
    start_date: date
    track: str
    high_revenue: bool
    web_page: str
    cohort: Cohort
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PufYear:
    """The public-use file of one performance year: ACOs in the order in which the file first names them."""

    year: int
    acos: tuple[PufAco, ...]

    @property
    def participants(self) -> int:
        """Number of participants of all ACOs."""
        return sum(len(aco.participants) for aco in self.acos)


def read_participants_puf(path: Path) -> PufYear:
    """Read the CMS public-use file “Medicare Shared Savings Program Participants”, plain or gzip.

    The file's year is the latest year in which an agreement period of it starts.

    Raises:
        InputError: with all that is wrong with the file; nothing is returned then.
    """
    findings = Findings()
    lines = lines_below(path, PUF_HEADINGS, findings)
    grouped = _group_puf_rows(lines, findings)
    _refuse_nothing(path, len(grouped), findings)
    findings.refuse()
    year = max(_puf_date(row[PUF_START]).year for row, _ in grouped.values())
    return PufYear(year, tuple(_puf_aco(row, tuple(names), year) for row, names in grouped.values()))


def read_provider_list(path: Path) -> tuple[Row, ...]:
    """Read a Provider/Supplier List of one or of many ACOs: CSV or tab-delimited, plain or gzip, eleven columns (R47).

    Returns:
        The rows in the order of the file, in the columns of `PROVIDER_SUPPLIER`; `N/A` has become the empty text and a TIN
        nine digits.

    Raises:
        InputError: with all that is wrong with the file; nothing is returned then.
    """
    findings = Findings()
    reader = ProviderRows(findings)
    lines = lines_below(path, PROVIDER_SUPPLIER.headings, findings)
    rows = tuple(row for number, cells in lines if (row := reader.read(number, cells)) is not None)
    _refuse_nothing(path, len(rows), findings)
    findings.refuse()
    return rows


def lines_below(path: Path, headings: tuple[str, ...], findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """The rows below the headings, with their line numbers; below other headings nothing can be understood.

    Raises:
        InputError: the file cannot be read, or has other headings.
    """
    lines = read_delimited(path, findings)
    if fault := heading_fault(next(lines, (1, []))[1], headings):
        findings.add(*fault, place(1))
        findings.refuse()
    return lines


def _refuse_nothing(path: Path, rows: int, findings: Findings) -> None:
    if not rows and not findings.count:
        findings.add(
            "file-without-rows", "The file has no rows below its headings.", "Give the complete file.", path.name
        )


def _group_puf_rows(lines: Iterator[tuple[int, list[str]]], findings: Findings) -> dict[str, tuple[Row, list[str]]]:
    """For each ACO its first row and the names of its participants; rows of one ACO must agree in all but the participant."""
    grouped: dict[str, tuple[Row, list[str]]] = {}
    for number, cells in lines:
        row = tuple(map(clean, cells))
        if not _check_puf_row(number, row, findings):
            continue
        first, names = grouped.setdefault(row[PUF_ID], (row, []))
        names.append(row[PUF_PARTICIPANT])
        for column in range(len(PUF_HEADINGS)):
            if column != PUF_PARTICIPANT and row[column] != first[column]:
                sentence = f"{PUF_HEADINGS[column]} differs from an earlier row of {row[PUF_ID]}."
                findings.add("aco-rows-differ", sentence, "Say the same in every row of an ACO.", place(number, column))
    return grouped


def _check_puf_row(number: int, row: Row, findings: Findings) -> bool:
    """Whether the row can be used; what is wrong with it is noted."""
    before = findings.count
    if len(row) != len(PUF_HEADINGS):
        findings.add(
            "row-length",
            f"The row has {len(row)} cells instead of {len(PUF_HEADINGS)}.",
            "Mend the row.",
            place(number),
        )
        return False
    for column, cell in enumerate(row):
        if fault := _puf_fault(column, cell):
            findings.add(*fault, place(number, column))
    if findings.count == before:
        for one, other in PUF_OPPOSITES:
            if row[one] == row[other]:
                sentence = f"{PUF_HEADINGS[one]} and {PUF_HEADINGS[other]} must be opposites."
                findings.add("flags-agree", sentence, "Set one of them to 1 and the other to 0.", place(number, other))
        if (row[PUF_BASIC] == "1") != (row[PUF_LEVEL] in BASIC_LEVELS):
            findings.add(
                "level-invalid",
                "The level does not fit the track.",
                "Give A to E for BASIC, N/A for ENHANCED.",
                place(number, PUF_LEVEL),
            )
    return findings.count == before


def _puf_fault(column: int, cell: str) -> Fault | None:
    """What is wrong with one cell of the public-use file."""
    heading = PUF_HEADINGS[column]
    if not cell:
        return None if column in PUF_MAY_BE_EMPTY else ("cell-blank", f"{heading} is blank.", "Complete it.")
    if not cell.isprintable():
        return cell_fault(cell)
    return PUF_RULES[column](heading, cell) if column in PUF_RULES else None


def _id_fault(_: str, cell: str) -> Fault | None:
    problem = identifiers.AcoId.problem(cell)
    return ("aco-id-invalid", problem, "Correct the ACO ID.") if problem else None


def _flag_fault(heading: str, cell: str) -> Fault | None:
    return (
        None
        if cell in {"0", "1"}
        else ("flag-invalid", f"{heading} is neither 0 nor 1.", "Write 1 for yes or 0 for no.")
    )


def _period_fault(heading: str, cell: str) -> Fault | None:
    if PUF_PERIOD_NUMBER.fullmatch(cell):
        return None
    return ("number-invalid", f"{heading} is no positive whole number.", "Write 1 for the first agreement period.")


def _date_fault(heading: str, cell: str) -> Fault | None:
    try:
        _puf_date(cell)
    except ValueError:
        return ("date-invalid", f"{heading} is not a date.", "Write month, day and year like 01/31/2026.")
    return None


PUF_RULES: dict[int, Callable[[str, str], Fault | None]] = {
    PUF_ID: _id_fault,
    PUF_PERIOD: _period_fault,
    PUF_INITIAL: _date_fault,
    PUF_START: _date_fault,
    **dict.fromkeys(PUF_FLAGS, _flag_fault),
}
"""The rule of each column that holds more than words."""


def _puf_date(cell: str) -> date:
    return datetime.strptime(cell, PUF_DATE).date()  # noqa: DTZ007  a date has no time zone


def _puf_aco(row: Row, participants: tuple[str, ...], year: int) -> PufAco:
    initial = _puf_date(row[PUF_INITIAL])
    return PufAco(
        aco_id=row[PUF_ID],
        name=row[PUF_NAME],
        service_area=row[PUF_AREA],
        period_number=int(row[PUF_PERIOD]),
        initial_start_date=initial,
        start_date=_puf_date(row[PUF_START]),
        track=f"BASIC, level {row[PUF_LEVEL]}" if row[PUF_BASIC] == "1" else "ENHANCED",
        high_revenue=row[PUF_HIGH] == "1",
        web_page=row[PUF_PAGE],
        cohort=Cohort.NEW if initial.year == year else Cohort.CURRENT,
        participants=participants,
    )
