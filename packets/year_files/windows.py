"""The windows of a year: those of the guide's calendar moved to the year, and those that a file says otherwise (R7)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from packets.model.aco import Cohort
from packets.model.calendar import Activity, Window
from packets.year_files.layouts import day_of
from packets.year_files.report import Reading

WEEK = 7
HALF_WEEK = 3
LONGEST_FILE = 64_000
HOW = "Write one line for each, like: sign-documents = [2026-11-09, 2026-12-03], below [current] or [new]."
Days = tuple[date, date]


def default_windows(year: int) -> tuple[Window, ...]:
    """The windows of a year by the calendar of 2015: as many years later, on the nearest same weekday."""
    calendar = _calendar()
    later = year - calendar["performance_year"]
    return tuple(
        Window(activity, cohort, *(_moved(day, later) for day in calendar[cohort][activity]))
        for cohort in Cohort
        for activity in Activity
    )


def read_windows(path: Path, year: int, reading: Reading) -> tuple[Window, ...]:
    """The windows of a year, with what a TOML file says in place of the defaults; what is wrong is noted in `reading`."""
    windows = {(one.cohort, one.activity): one for one in default_windows(year)}
    for cohort, activity, days in _entries(_read(path, reading), reading):
        reading.rows += 1
        windows[cohort, activity] = Window(activity, cohort, *days)
    for one in windows.values():
        if one.due_on.year not in {year - 1, year}:
            sentence = f"{one.activity} of {one.cohort} ACOs is due on {one.due_on}, far from {year}."
            reading.errors.add("window-elsewhere", sentence, "Check the year of the dates.")
    return tuple(windows.values())


def _entries(data: Mapping[str, Any], reading: Reading) -> Iterator[tuple[Cohort, Activity, Days]]:
    for cohort, activities in data.items():
        if cohort not in set(Cohort) or not isinstance(activities, dict):
            reading.errors.add("cohort-invalid", f"There is no cohort “{cohort}”.", "Write [current] or [new].")
            continue
        for activity, days in activities.items():
            if activity not in set(Activity):
                remedy = f"Choose one of: {', '.join(Activity)}."
                reading.errors.add("activity-unknown", f"There is no activity “{activity}”.", remedy)
            elif (window := _days(days)) is None:
                reading.errors.add("window-unusable", f"{activity} of {cohort} ACOs has no two days.", HOW)
            elif window[1] < window[0]:
                sentence = f"{activity} of {cohort} ACOs is due before it begins."
                reading.errors.add("window-crossed", sentence, "Exchange the two days.")
            else:
                yield Cohort(cohort), Activity(activity), window


def _read(path: Path, reading: Reading) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        if len(content) <= LONGEST_FILE:
            return tomllib.loads(content.decode("utf-8-sig"))
        sentence = "The file of windows is too long."
    except (OSError, ValueError, RecursionError) as error:
        sentence = f"The file of windows cannot be read: {error}."
    reading.whole = False
    reading.errors.add("windows-unreadable", sentence, HOW)
    return {}


def _days(value: Any) -> Days | None:
    """Two dates, written bare or in quotation marks."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004  the first and the last day
        return None
    first, last = (one if type(one) is date else day_of(one) if isinstance(one, str) else None for one in value)
    return (first, last) if first and last else None


@cache
def _calendar() -> dict[str, Any]:
    return tomllib.loads((files("packets.year_files") / "windows.toml").read_text("utf-8"))


def _moved(day: date, years: int) -> date:
    """The day so many years later, on the nearest day with the same weekday."""
    there = day.replace(year=day.year + years)
    away = (day.weekday() - there.weekday()) % WEEK
    return there + timedelta(days=away if away <= HALF_WEEK else away - WEEK)
