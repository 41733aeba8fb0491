"""Windows: when an activity of a performance year may be done (R7, R8, E19).

Dates are what people read, in the time zone of CMS (America/New_York); the comparison is made in UTC. A window opens at
midnight at the start of its first day and closes at midnight at the end of its last day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from packets.model.aco import Cohort

AGENCY_ZONE = ZoneInfo("America/New_York")


def agency_day(now: datetime) -> date:
    """The day that it is at CMS at an instant (aware)."""
    return now.astimezone(AGENCY_ZONE).date()


class Activity(StrEnum):
    """What has a begin date and a due date (R7)."""

    DESIGNATE = "designate-contacts"
    CONTACTS = "review-contacts"
    ORGANIZATION = "review-organization"
    CORRECTIONS = "list-corrections"
    SIGN = "sign-documents"
    COUNTERSIGN = "countersign-documents"


ACTIVITY_LABELS: dict[Activity, str] = {
    Activity.DESIGNATE: "Designate ESM contacts",
    Activity.CONTACTS: "Review and update contacts",
    Activity.ORGANIZATION: "Review and update organization data",
    Activity.CORRECTIONS: "Upload corrections to the provider/supplier list",
    Activity.SIGN: "Read and sign documents",
    Activity.COUNTERSIGN: "Countersign documents (CMS)",
}
"""What is due, as people read it."""


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
class Extension:
    """A later due date that CMS granted one ACO for one activity, with the reason (R8)."""

    activity: Activity
    due_on: date
    reason: str
    granted_by: str
    granted_at: datetime


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

    def extended(self, extensions: Iterable[Extension]) -> PerformanceYear:
        """The year as it is for an ACO with these extensions: due dates move later, never earlier."""
        due: dict[Activity, date] = {}
        for one in extensions:
            due[one.activity] = max(one.due_on, due.get(one.activity, one.due_on))
        windows = tuple(replace(one, due_on=max(one.due_on, due.get(one.activity, one.due_on))) for one in self.windows)
        return replace(self, windows=windows)
