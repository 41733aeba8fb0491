"""When reminders are due: in the calendar of CMS, each stage once, never a burst."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model.calendar import AGENCY_ZONE
from packets.notices.schedule import (
    ACTIVITY_SCHEDULE,
    DUA_ENDED_SCHEDULE,
    DUA_SCHEDULE,
    Schedule,
    owed,
    reminder_day,
)

DUE = date(2026, 12, 10)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def given_days(schedule: Schedule, due_on: date, days: list[date]) -> list[tuple[date, int]]:
    """Which stages are given on which day by passes on these days."""
    done: list[tuple[date, int]] = []
    for day in days:
        stage = owed(schedule, due_on, day)
        if stage is not None and stage not in {one for _, one in done}:
            done.append((day, stage))
    return done


@pytest.mark.requirement("R7")
def test_a_pass_every_day_gives_each_stage_on_its_day() -> None:
    """30, 14, 7, 3 and 1 days before, and on the due date; nothing before and nothing after."""
    days = [DUE - timedelta(days=40) + timedelta(days=one) for one in range(60)]
    found = given_days(ACTIVITY_SCHEDULE, DUE, days)
    assert [(DUE - day).days for day, _ in found] == [30, 14, 7, 3, 1, 0]
    assert [stage for _, stage in found] == [30, 14, 7, 3, 1, 0]


def test_the_agreement_is_warned_of_at_60_30_and_15_days_then_daily() -> None:
    """Until the day on which it ends; the day after it is told once that it has ended."""
    days = [DUE - timedelta(days=70) + timedelta(days=one) for one in range(120)]
    warned = [(DUE - day).days for day, _ in given_days(DUA_SCHEDULE, DUE, days)]
    assert warned == [60, 30, 15, *range(14, -1, -1)]
    assert [(DUE - day).days for day, _ in given_days(DUA_ENDED_SCHEDULE, DUE, days)] == [-1]


@pytest.mark.requirement("R7")
@given(st.lists(st.integers(-20, 90), max_size=60), st.sampled_from([ACTIVITY_SCHEDULE, DUA_SCHEDULE]), DAYS)
def test_however_passes_fall_each_stage_comes_once_and_one_at_a_time(
    lefts: list[int], schedule: Schedule, due_on: date
) -> None:
    """After any pass the stage reached last has been given, none twice, and at most one by each pass."""
    days = sorted(due_on - timedelta(days=one) for one in lefts)
    found = given_days(schedule, due_on, days)
    assert len({day for day, _ in found}) == len(found) == len({stage for _, stage in found})
    for day, stage in found:
        left = (due_on - day).days
        assert 0 <= left <= stage
        reached = [one for one in (*schedule.days, *range((schedule.daily_from or -1) + 1)) if one >= left]
        assert stage == min(reached)


@given(st.integers(0, 280 * 24 * 60))
def test_a_day_of_reminders_begins_at_eight_in_the_morning_on_days_of_23_and_25_hours_too(minutes: int) -> None:
    """The day never goes back while time goes on, and is today exactly from eight o'clock on."""
    now = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    day, there = reminder_day(now), now.astimezone(AGENCY_ZONE)
    assert day == (there.date() if there.hour >= 8 else there.date() - timedelta(days=1))
    assert reminder_day(now + timedelta(minutes=30)) >= day


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-03-08T11:59:59", date(2026, 3, 7)),
        ("2026-03-08T12:00:00", date(2026, 3, 8)),
        ("2026-11-01T12:59:59", date(2026, 10, 31)),
        ("2026-11-01T13:00:00", date(2026, 11, 1)),
        ("2026-12-11T04:59:59", date(2026, 12, 10)),
    ],
)
def test_the_day_when_the_clocks_change_begins_at_eight_by_the_clock(utc: str, day: date) -> None:
    """12:00 UTC in summer time, 13:00 UTC in winter time."""
    assert reminder_day(datetime.fromisoformat(utc).replace(tzinfo=UTC)) == day


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_stages_before_the_due_date_was_told_are_not_made_up_for(due_on: date, left: int, told_left: int) -> None:
    """CMS moves a due date: everybody is told, and the next reminder is that of the next stage."""
    today, told_on = due_on - timedelta(days=left), due_on - timedelta(days=told_left)
    stage = owed(ACTIVITY_SCHEDULE, due_on, today, told_on)
    assert stage is None or stage < told_left
    if left < told_left and left in ACTIVITY_SCHEDULE.days:
        assert stage == left
