"""How pages write dates, times and sizes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model.documents import Event, Status
from web.pages.wording import day, eastern_time, event_label, file_size, iso_time, tone, utc_time


def test_a_day_is_written_without_a_leading_zero() -> None:
    """American order, no zero before the day."""
    assert day(date(2026, 12, 4)) == "December 4, 2026"


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 11, 16, 15, 0, tzinfo=UTC), "November 16, 2026, 10:00:00 a.m. EST"),
        (datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC), "June 30, 2026, 11:59:59 p.m. EDT"),
        (datetime(2026, 12, 15, 17, 0, tzinfo=UTC), "December 15, 2026, 12:00:00 p.m. EST"),
        (datetime(2026, 12, 15, 5, 0, tzinfo=UTC), "December 15, 2026, 12:00:00 a.m. EST"),
    ],
)
def test_eastern_times_know_summer_midnight_and_noon(instant: datetime, written: str) -> None:
    """Deadlines hold in Eastern time, so its corners must be written right."""
    assert eastern_time(instant) == written


def test_an_instant_is_the_same_for_people_and_for_machines() -> None:
    """UTC in words and in the `datetime` attribute."""
    instant = datetime(2026, 11, 16, 15, 0, 5, tzinfo=UTC)
    assert utc_time(instant) == "November 16, 2026, 15:00:05 UTC"
    assert iso_time(instant) == "2026-11-16T15:00:05Z"


@pytest.mark.parametrize(
    ("size", "written"), [(0, "0 KB"), (34_816, "34 KB"), (1_258_291, "1.2 MB"), (1_024_000, "1.0 MB")]
)
def test_sizes_are_written_for_people(size: int, written: str) -> None:
    """Kilobytes up to three digits, then megabytes with one decimal."""
    assert file_size(size) == written


@given(st.integers(min_value=0, max_value=10**12))
def test_every_size_has_a_number_and_a_unit(size: int) -> None:
    """No size makes an empty or an endless text."""
    assert re.fullmatch(r"\d+ KB|\d+\.\d MB", file_size(size))


def test_every_event_and_every_status_has_words_and_a_tone() -> None:
    """Nothing that can happen to a document is shown as a bare code."""
    assert all(event_label(event) for event in Event)
    assert {tone(status) for status in Status} <= {"done", "waiting", "ready", "alarm", "quiet"}
