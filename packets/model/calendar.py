"""Windows: when an activity of a performance year may be done (R7, R8, E19).

Dates are what people read, in the time zone of CMS (America/New_York); the comparison is made in UTC. A window opens at
midnight at the start of its first day and closes at midnight at the end of its last day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from packets.model.aco import Cohort

AGENCY_ZONE = ZoneInfo("America/New_York")


class Activity(StrEnum):
    """What has a begin date and a due date (R7)."""

    DESIGNATE = "designate-contacts"
    CONTACTS = "review-contacts"
    ORGANIZATION = "review-organization"
    CORRECTIONS = "list-corrections"
    SIGN = "sign-documents"
    COUNTERSIGN = "countersign-documents"


@dataclass(frozen=True, slots=True)
class Window:
    """The days, both included, on which an activity of a cohort may be done."""

    activity: Activity
    cohort: Cohort
    begins_on: date
    due_on: date

    @property
    def opens_at(self) -> datetime:
        """The first instant inside the window, UTC."""
        return datetime.combine(self.begins_on, time.min, AGENCY_ZONE).astimezone(UTC)

    @property
    def closes_at(self) -> datetime:
        """The first instant after the window, UTC."""
        return datetime.combine(self.due_on + timedelta(days=1), time.min, AGENCY_ZONE).astimezone(UTC)

    def is_open(self, now: datetime) -> bool:
        """Whether `now` (aware) lies in the window."""
        return self.opens_at <= now < self.closes_at


@dataclass(frozen=True, slots=True)
class PerformanceYear:
    """A year of the programme and its windows. The year's documents are signed before it starts (R1)."""

    year: int
    windows: tuple[Window, ...]
    sample: bool = False

    def window(self, activity: Activity, cohort: Cohort) -> Window:
        """The window of an activity for a cohort.

        Raises:
            KeyError: the year was opened without that window.
        """
        for window in self.windows:
            if window.activity is activity and window.cohort is cohort:
                return window
        raise KeyError((activity, cohort))
