"""Records of performance years and their windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.aco import Aco, Cohort
from packets.model.calendar import Activity, Extension, PerformanceYear, Window
from packets.store.records.places import Place, at_places
from packets.store.tables import extensions, loads, windows, years

# Asked with nearly every act: built once, since building them takes longer than answering them.
_YEAR: sa.BindParameter[int] = sa.bindparam("year", type_=sa.Integer)
OPEN = years.c.opened_by_job == ""
YEAR = years.select().where(years.c.year == _YEAR, OPEN)
WINDOWS = windows.select().where(windows.c.year == _YEAR).order_by(windows.c.activity, windows.c.cohort)
GRANTED = (
    extensions.select()
    .where(extensions.c.aco_id == sa.bindparam("aco_id", type_=sa.String), extensions.c.year == _YEAR)
    .order_by(extensions.c.extension_id)
)


@dataclass(frozen=True, slots=True)
class Load:
    """A file that CMS loaded into a year.

    Attributes:
        kind: `agreements`, `participants`, `providers`, `contacts` or `windows`.
        digest: SHA-256 of the file as it was given, and its key in the object store.
        rows: rows below the headings.
        only_aco: the one ACO whose rows were taken; empty when all were.
        report_digest: key of the report on the whole load in the object store.
    """

    year: int
    kind: str
    file_name: str
    digest: str
    size: int
    rows: int
    only_aco: str
    report_digest: str
    loaded_by: str
    loaded_at_utc: datetime
    load_id: int = 0


class YearRecords:
    """Performance years (R7, R38)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, year: PerformanceYear, now: datetime) -> None:
        """Open a year with its windows."""
        self._connection.execute(years.insert().values(year=year.year, sample=year.sample, opened_at_utc=now))
        self._add_windows(year)

    def lay_out(self, year: int, job_id: str, now: datetime, *, sample: bool) -> None:
        """Make room for what a job brings part by part; nobody is told of the year before it is opened."""
        values = {"sample": sample, "opened_at_utc": now, "opened_by_job": job_id}
        self._connection.execute(years.insert().values(year=year, **values))

    def laid_out_by(self, year: int) -> str:
        """The job that is opening the year; empty when none has begun, or it is open."""
        asked = sa.select(years.c.opened_by_job).where(years.c.year == year)
        return self._connection.scalar(asked) or ""

    def complete(self, year: PerformanceYear, now: datetime) -> None:
        """Open a year that was laid out, with its windows."""
        values = {"opened_by_job": "", "opened_at_utc": now}
        self._connection.execute(years.update().where(years.c.year == year.year).values(**values))
        self._add_windows(year)

    def give_up(self, year: int) -> None:
        """Forget a year that was laid out and is not open; its ACOs are gone already."""
        self._connection.execute(years.delete().where(years.c.year == year, years.c.opened_by_job != ""))

    def _add_windows(self, year: PerformanceYear) -> None:
        rows = [
            {
                "year": year.year,
                "cohort": one.cohort,
                "activity": one.activity,
                "begins_on": one.begins_on,
                "due_on": one.due_on,
            }
            for one in year.windows
        ]
        if rows:
            self._connection.execute(windows.insert(), rows)

    def get(self, year: int) -> PerformanceYear | None:
        """The year with its windows, or None; a year that a job is opening is not there yet."""
        row = self._connection.execute(YEAR, {"year": year}).one_or_none()
        if row is None:
            return None
        found = self._connection.execute(WINDOWS, {"year": year})
        rows = tuple(Window(Activity(one.activity), Cohort(one.cohort), one.begins_on, one.due_on) for one in found)
        return PerformanceYear(year=row.year, windows=rows, sample=row.sample)

    def several(self, numbers: Iterable[int]) -> dict[int, PerformanceYear]:
        """Some years with their windows, by their numbers; those that a job is opening are not there yet."""
        wanted = sorted(set(numbers))
        found = self._connection.execute(
            windows.select().where(windows.c.year.in_(wanted)).order_by(windows.c.activity, windows.c.cohort)
        )
        rows: dict[int, list[Window]] = {}
        for one in found:
            window = Window(Activity(one.activity), Cohort(one.cohort), one.begins_on, one.due_on)
            rows.setdefault(one.year, []).append(window)
        opened = self._connection.execute(years.select().where(years.c.year.in_(wanted), OPEN))
        return {one.year: PerformanceYear(one.year, tuple(rows.get(one.year, ())), one.sample) for one in opened}

    def for_aco(self, aco: Aco) -> PerformanceYear | None:
        """The year with the extensions that this ACO was granted, or None (R8)."""
        year = self.get(aco.performance_year)
        return year.extended(self.extensions(aco.aco_id, aco.performance_year)) if year else None

    def extend(self, aco: Aco, extension: Extension) -> None:
        """Record a later due date for an ACO."""
        values = {"activity": extension.activity, "due_on": extension.due_on, "reason": extension.reason}
        who = {"granted_by": extension.granted_by, "granted_at_utc": extension.granted_at}
        self._connection.execute(
            extensions.insert().values(aco_id=aco.aco_id, year=aco.performance_year, **values, **who)
        )

    def extensions(self, aco_id: str, year: int) -> list[Extension]:
        """What an ACO was granted, oldest first."""
        return [_extension(row) for row in self._connection.execute(GRANTED, {"aco_id": aco_id, "year": year})]

    def extensions_in(self, year: int) -> dict[str, list[Extension]]:
        """What the ACOs of a year were granted, by ACO ID."""
        return {aco_id: given for (aco_id, _), given in self._extensions(extensions.c.year == year).items()}

    def extensions_at(self, places: Iterable[Place]) -> dict[Place, list[Extension]]:
        """What some ACOs of whatever years were granted, by ACO ID and year."""
        return self._extensions(at_places(extensions, places))

    def _extensions(self, which: sa.ColumnElement[bool]) -> dict[Place, list[Extension]]:
        found: dict[Place, list[Extension]] = {}
        for row in self._connection.execute(extensions.select().where(which).order_by(extensions.c.extension_id)):
            found.setdefault((row.aco_id, row.year), []).append(_extension(row))
        return found

    def move(self, year: int, window: Window) -> None:
        """Put a window in place of the cohort's window for that activity, or add it."""
        place = (windows.c.year == year, windows.c.cohort == window.cohort, windows.c.activity == window.activity)
        days = {"begins_on": window.begins_on, "due_on": window.due_on}
        if self._connection.execute(windows.update().where(*place).values(**days)).rowcount == 0:
            key = {"year": year, "cohort": window.cohort, "activity": window.activity}
            self._connection.execute(windows.insert().values(**key, **days))

    def add_load(self, load: Load) -> None:
        """Record a file that was loaded."""
        values = {name: getattr(load, name) for name in Load.__dataclass_fields__ if name != "load_id"}
        self._connection.execute(loads.insert().values(**values))

    def loads(self, year: int) -> list[Load]:
        """The files that were loaded into a year, newest first."""
        found = self._connection.execute(loads.select().where(loads.c.year == year).order_by(loads.c.load_id.desc()))
        return [Load(**{name: getattr(row, name) for name in Load.__dataclass_fields__}) for row in found]

    def numbers(self) -> list[int]:
        """Every year that was opened, newest first."""
        return list(self._connection.scalars(sa.select(years.c.year).where(OPEN).order_by(years.c.year.desc())))


def _extension(row: Any) -> Extension:
    return Extension(Activity(row.activity), row.due_on, row.reason, row.granted_by, row.granted_at_utc)
