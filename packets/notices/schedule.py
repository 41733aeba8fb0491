"""When reminders are due: a schedule is a due date and the days before it. Pure.

A stage is one reminder of a schedule: so many days before the due date. On any day at most one stage is owed: the one that
was reached last. Whoever was away for a week gets that one, never the ones that were missed as well.

A day begins at eight in the morning, Eastern time: nobody is reminded in the night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from packets.model.calendar import AGENCY_ZONE

FIRST_HOUR = 8


@dataclass(frozen=True, slots=True)
class Schedule:
    """The days before a due date on which a reminder is due.

    Attributes:
        days: how many days before; 0 is the due date itself, -1 the day after.
        daily_from: from so many days before on, every day up to the due date; None: never daily.
        lasts: until how many days after the due date the last stage is still owed.
    """

    days: tuple[int, ...]
    daily_from: int | None = None
    lasts: int = 0

    def stage(self, due_on: date, today: date) -> int | None:
        """The stage that was reached last, or None: it is too early, or it is over."""
        left = (due_on - today).days
        if left < -self.lasts:
            return None
        if self.daily_from is not None and 0 <= left <= self.daily_from:
            return left
        return min((one for one in self.days if one >= left), default=None)


ACTIVITY_SCHEDULE = Schedule((30, 14, 7, 3, 1, 0))
DUA_SCHEDULE = Schedule((60, 30, 15), daily_from=14)
"""At 60, 30 and 15 days, then every day until the agreement ends (REQUIREMENTS 2.4)."""

DUA_ENDED_SCHEDULE = Schedule((-1,), lasts=30)
"""Once, on the day after; the pages say it for as long as it lasts."""


def reminder_day(now: datetime) -> date:
    """The day whose reminders are due at an instant: today from eight o'clock on, Eastern time; before, yesterday."""
    there = now.astimezone(AGENCY_ZONE)
    return there.date() if there.hour >= FIRST_HOUR else there.date() - timedelta(days=1)


def owed(schedule: Schedule, due_on: date, today: date, told_on: date | None = None) -> int | None:
    """The stage that is owed today, or None.

    Args:
        schedule: the days.
        due_on: the due date as it is now.
        today: the day.
        told_on: the day on which everybody was told of this due date anyway; stages up to it are not owed.
    """
    stage = schedule.stage(due_on, today)
    if stage is None or (told_on is not None and due_on - timedelta(days=stage) <= told_on):
        return None
    return stage
