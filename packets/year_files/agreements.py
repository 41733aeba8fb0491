"""The agreement data of a year's ACOs, one row each (R2, R10, R29, 42 CFR 425.200)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from packets.lists.findings import place
from packets.model.aco import Aco, Agreement, Cohort, DataUseAgreement
from packets.model.identifiers import AcoId
from packets.model.people import Address
from packets.year_files.layouts import AGREEMENTS, day_of, web_address
from packets.year_files.report import Reading
from packets.year_files.sheets import column_of, read_sheet


@dataclass(frozen=True, slots=True)
class NamedAco:
    """An ACO of the file and the row in which it stands."""

    row: int
    aco: Aco


def read_agreements(path: Path, year: int, reading: Reading, *, sample: bool) -> dict[str, NamedAco]:
    """The ACOs of the file by their IDs, in its order; what is wrong with it is noted in `reading`.

    Args:
        path: the file.
        year: the performance year that is opened.
        reading: where findings go.
        sample: whether the year is a demonstration.
    """
    found: dict[str, NamedAco] = {}
    for number, row in read_sheet(path, AGREEMENTS, reading):
        aco = _aco(row, year, sample=sample)
        if aco.aco_id in found:
            sentence = f"{aco.aco_id} stands in row {found[aco.aco_id].row} already."
            reading.errors.add("aco-duplicate", sentence, "Leave one row for each ACO.", _place(number, "aco_id"))
            continue
        _check_dates(number, aco.agreement, year, reading)
        _warn(number, aco, reading)
        found[aco.aco_id] = NamedAco(number, aco)
    return found


def _check_dates(number: int, agreement: Agreement, year: int, reading: Reading) -> None:
    if agreement.start_date < agreement.initial_start_date:
        sentence = "The present agreement period starts before the first one."
        reading.errors.add("dates-crossed", sentence, "Correct one of the two dates.", _place(number, "start_date"))
    if agreement.end_date <= agreement.start_date:
        sentence = "The agreement period ends before it starts."
        reading.errors.add("dates-crossed", sentence, "Correct one of the two dates.", _place(number, "end_date"))
    elif agreement.start_date > date(year, 12, 31) or agreement.end_date < date(year, 1, 1):
        sentence = f"The agreement period does not reach into {year}."
        reading.errors.add(
            "period-elsewhere", sentence, "Correct its dates, or leave out the ACO.", _place(number, "end_date")
        )


def _warn(number: int, aco: Aco, reading: Reading) -> None:
    warn = reading.warnings.add
    if aco.cohort is Cohort.NEW and aco.agreement.start_date.year != aco.performance_year:
        sentence = f"{aco.aco_id} is new, but its agreement period does not start in {aco.performance_year}."
        warn("cohort-odd", sentence, "Check the cohort and the start date.", _place(number, "cohort"))
    if not aco.web_page:
        sentence = f"{aco.aco_id} has no public reporting web page."
        warn("web-page-missing", sentence, "The ACO has to enter it in Step 1.", _place(number, "web_page"))
    if not aco.tax_status:
        sentence = f"{aco.aco_id} has no tax status."
        warn("tax-status-missing", sentence, "The ACO has to enter it in Step 1.", _place(number, "tax_status"))
    if aco.dua.expires_on < date(aco.performance_year - 1, 1, 1):
        sentence = f"The DUA of {aco.aco_id} ended on {aco.dua.expires_on}."
        warn("dua-ended", sentence, "Check its last day.", _place(number, "dua_expires_on"))


def _place(number: int, key: str) -> str:
    return place(number, column_of(AGREEMENTS, key))


def _aco(row: dict[str, str], year: int, *, sample: bool) -> Aco:
    expires = _day(row["dua_expires_on"])
    return Aco(
        aco_id=AcoId(row["aco_id"]),
        performance_year=year,
        cohort=Cohort(row["cohort"].lower()),
        **{name: row[name] for name in ("legal_name", "trade_name", "tax_status", "service_area")},
        address=Address(**{name: row[name] for name in ("line_1", "line_2", "city", "state", "zip_code")}),
        web_page=web_address(row["web_page"]),
        agreement=Agreement(
            period_number=int(row["period_number"]),
            initial_start_date=_day(row["initial_start_date"]),
            start_date=_day(row["start_date"]),
            end_date=_day(row["end_date"]),
            track=row["track"],
        ),
        dua=DataUseAgreement(row["dua_number"], expires, year_later(expires)),
        sample=sample,
    )


def _day(text: str) -> date:
    """A date that was checked."""
    day = day_of(text)
    if day is None:
        raise ValueError(text)
    return day


def year_later(day: date) -> date:
    """The same day of the next year, to which a DUA is extended (REQ 2.4); February 28 after a leap day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
