"""Records of performance years and their windows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.aco import Aco, Cohort
from packets.model.calendar import Activity, Extension, PerformanceYear, Window
from packets.store.tables import extensions, windows, years


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
        asked = extensions.select().where(extensions.c.aco_id == aco_id, extensions.c.year == year)
        return [_extension(row) for row in self._connection.execute(asked.order_by(extensions.c.extension_id))]

    def extensions_in(self, year: int) -> dict[str, list[Extension]]:
        """What the ACOs of a year were granted, by ACO ID."""
        found: dict[str, list[Extension]] = {}
        asked = extensions.select().where(extensions.c.year == year).order_by(extensions.c.extension_id)
        for row in self._connection.execute(asked):
            found.setdefault(row.aco_id, []).append(_extension(row))
        return found

    def numbers(self) -> list[int]:
        """Every year that was opened, newest first."""
        return list(self._connection.scalars(sa.select(years.c.year).order_by(years.c.year.desc())))


def _extension(row: Any) -> Extension:
    return Extension(Activity(row.activity), row.due_on, row.reason, row.granted_by, row.granted_at_utc)
