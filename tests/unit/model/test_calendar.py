"""Windows: from midnight to midnight in the time of CMS, also when the clocks change in between."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model.aco import Cohort
from packets.model.calendar import AGENCY_ZONE, Activity, Window


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    ("begins_on", "due_on", "opens_at", "closes_at"),
    [
        (
            date(2014, 11, 10),
            date(2014, 12, 4),
            datetime(2014, 11, 10, 5, tzinfo=UTC),
            datetime(2014, 12, 5, 5, tzinfo=UTC),
        ),
        (
            date(2026, 10, 20),
            date(2026, 11, 1),
            datetime(2026, 10, 20, 4, tzinfo=UTC),
            datetime(2026, 11, 2, 5, tzinfo=UTC),
        ),
        (date(2026, 3, 8), date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC)),
    ],
)
def test_a_window_runs_from_midnight_to_midnight_across_clock_changes(
    begins_on: date, due_on: date, opens_at: datetime, closes_at: datetime
) -> None:
    """The due date counts whole; a day with 23 or 25 hours is one day."""
    window = Window(Activity.SIGN, Cohort.CURRENT, begins_on, due_on)

    assert (window.opens_at, window.closes_at) == (opens_at, closes_at)


MOMENTS = st.integers(
    int(datetime(2011, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2061, 1, 1, tzinfo=UTC).timestamp())
)


@given(st.dates(date(2012, 1, 1), date(2060, 1, 1)), st.integers(0, 60), MOMENTS)
def test_a_window_is_open_on_its_local_days_and_on_no_other(begins_on: date, days: int, moment: int) -> None:
    """Open exactly when the local date lies between the two dates."""
    now = datetime.fromtimestamp(moment, UTC)
    window = Window(Activity.SIGN, Cohort.NEW, begins_on, begins_on + timedelta(days=days))

    assert window.is_open(now) == (window.begins_on <= now.astimezone(AGENCY_ZONE).date() <= window.due_on)
