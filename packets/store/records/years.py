"""Records of performance years and their windows."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from packets.model.aco import Cohort
from packets.model.calendar import Activity, PerformanceYear, Window
from packets.store.tables import windows, years


class YearRecords:
    """Performance years (R7, R38)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, year: PerformanceYear, now: datetime) -> None:
        """Open a year with its windows."""
        self._connection.execute(years.insert().values(year=year.year, sample=year.sample, opened_at_utc=now))
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
        """The year with its windows, or None."""
        row = self._connection.execute(years.select().where(years.c.year == year)).one_or_none()
        if row is None:
            return None
        found = self._connection.execute(
            windows.select().where(windows.c.year == year).order_by(windows.c.activity, windows.c.cohort)
        )
        rows = tuple(Window(Activity(one.activity), Cohort(one.cohort), one.begins_on, one.due_on) for one in found)
        return PerformanceYear(year=row.year, windows=rows, sample=row.sample)

    def numbers(self) -> list[int]:
        """Every year that was opened, newest first."""
        return list(self._connection.scalars(sa.select(years.c.year).order_by(years.c.year.desc())))
