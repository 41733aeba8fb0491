"""The windows of a year: the guide's calendar moved, and what a file says otherwise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model.aco import Cohort
from packets.model.calendar import Activity, PerformanceYear
from packets.year_files.report import FileKind, Reading
from packets.year_files.windows import default_windows, read_windows


def days(year: int) -> dict[tuple[Activity, Cohort], tuple[date, date]]:
    return {(one.activity, one.cohort): (one.begins_on, one.due_on) for one in default_windows(year)}


@pytest.mark.requirement("R7")
def test_the_windows_of_2015_are_those_of_the_guide() -> None:
    """Day by day as the guide has them, for both cohorts."""
    guide = days(2015)
    for cohort in Cohort:
        assert guide[Activity.DESIGNATE, cohort] == (date(2014, 9, 25), date(2014, 10, 10))
        for activity in (Activity.CONTACTS, Activity.ORGANIZATION, Activity.CORRECTIONS):
            assert guide[activity, cohort] == (date(2014, 11, 10), date(2014, 12, 4))
    assert guide[Activity.SIGN, Cohort.CURRENT] == (date(2014, 11, 10), date(2014, 12, 4))
    assert guide[Activity.SIGN, Cohort.NEW] == (date(2014, 11, 18), date(2014, 12, 4))


@pytest.mark.requirement("R7")
@given(st.integers(2012, 2100))
def test_another_years_windows_have_the_same_weekdays_and_lengths(year: int) -> None:
    """At most three days away from the same date, so that weekdays and the number of days are those of the guide."""
    guide, moved = days(2015), days(year)
    for key, (begins, due) in moved.items():
        first, last = guide[key]
        assert (begins.weekday(), due.weekday()) == (first.weekday(), last.weekday())
        assert due - begins == last - first
        assert abs((begins - first.replace(year=year - 1)).days) <= 3
        assert due < date(year, 1, 1)


@pytest.mark.requirement("R1", "R8")
def test_every_activity_of_every_cohort_has_one_window() -> None:
    """So that no step is without an answer to the question whether it is open."""
    year = PerformanceYear(2027, default_windows(2027))
    assert len(year.windows) == len(Activity) * len(Cohort)
    for cohort in Cohort:
        for activity in Activity:
            assert year.window(activity, cohort).cohort is cohort


def read(tmp_path: Path, text: str) -> tuple[PerformanceYear, Reading]:
    path = tmp_path / "windows.toml"
    path.write_text(text, encoding="utf-8")
    reading = Reading(FileKind.WINDOWS, path.name, "0" * 64, 0)
    return PerformanceYear(2027, read_windows(path, 2027, reading)), reading


def test_a_file_replaces_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    """One window of one cohort, dates bare or in quotation marks."""
    year, reading = read(tmp_path, '[new]\nsign-documents = [2026-11-20, "2026-12-11"]\n')
    assert (reading.errors.count, reading.rows) == (0, 1)
    moved = year.window(Activity.SIGN, Cohort.NEW)
    assert (moved.begins_on, moved.due_on) == (date(2026, 11, 20), date(2026, 12, 11))
    assert year.window(Activity.SIGN, Cohort.CURRENT) in default_windows(2027)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[old]\nsign-documents = [2026-11-20, 2026-12-11]", "cohort-invalid"),
        ("new = 3", "cohort-invalid"),
        ("[new]\ndance = [2026-11-20, 2026-12-11]", "activity-unknown"),
        ("[new]\nsign-documents = [2026-11-20]", "window-unusable"),
        ("[new]\nsign-documents = 2026-11-20", "window-unusable"),
        ('[new]\nsign-documents = ["soon", "later"]', "window-unusable"),
        ("[new]\nsign-documents = [2026-11-20T10:00:00, 2026-12-11]", "window-unusable"),
        ("[new]\nsign-documents = [2026-12-11, 2026-11-20]", "window-crossed"),
        ("[new]\nsign-documents = [2036-11-20, 2036-12-11]", "window-elsewhere"),
        ("[new", "windows-unreadable"),
        ("# " + "long" * 20_000, "windows-unreadable"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, code: str) -> None:
    """With a code and with how to write it."""
    _, reading = read(tmp_path, text)
    assert {one.code for one in reading.errors.problems} == {code}


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever stands in the file, it is read or refused."""
    read(tmp_path_factory.mktemp("windows"), text.encode("utf-8", "replace").decode())
