"""Windows across the change of the clocks: they begin and end at midnight Eastern time, whatever that is in UTC that night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from browsing import Site, open_site
from packets.model.aco import Cohort
from packets.model.calendar import Activity, PerformanceYear, Window
from packets.model.documents import Status
from packets.model.people import Role
from signing.options import signing_options
from signing.policy import Refusal
from web.pages.wording import eastern_time

KIND = "provider-supplier-list"
SECOND = timedelta(seconds=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year to second, in this order


CHANGES = [
    pytest.param(date(2027, 3, 14), date(2027, 3, 20), utc(2027, 3, 14, 5), utc(2027, 3, 21, 4), id="begins-on-the-day-in-mar"),
    pytest.param(date(2027, 3, 1), date(2027, 3, 13), utc(2027, 3, 1, 5), utc(2027, 3, 14, 5), id="ends-the-day-before-in-mar"),
    pytest.param(date(2027, 3, 1), date(2027, 3, 14), utc(2027, 3, 1, 5), utc(2027, 3, 15, 4), id="ends-on-the-day-in-mar"),
    pytest.param(date(2027, 11, 7), date(2027, 11, 20), utc(2027, 11, 7, 4), utc(2027, 11, 21, 5), id="begins-on-the-day-in-nov"),
    pytest.param(date(2027, 11, 1), date(2027, 11, 6), utc(2027, 11, 1, 4), utc(2027, 11, 7, 4), id="ends-the-day-before-in-nov"),
    pytest.param(date(2027, 11, 1), date(2027, 11, 7), utc(2027, 11, 1, 4), utc(2027, 11, 8, 5), id="ends-on-the-day-in-nov"),
    pytest.param(date(2026, 11, 1), date(2026, 11, 1), utc(2026, 11, 1, 4), utc(2026, 11, 2, 5), id="the-day-of-25-hours"),
    pytest.param(date(2027, 3, 14), date(2027, 3, 14), utc(2027, 3, 14, 5), utc(2027, 3, 15, 4), id="the-day-of-23-hours"),
]  # fmt: skip
over = pytest.mark.parametrize(("begins_on", "due_on", "opens", "closes"), CHANGES)


@pytest.mark.requirement("R7", "E19")
@over
def test_a_window_begins_and_ends_at_exact_instants(
    begins_on: date, due_on: date, opens: datetime, closes: datetime
) -> None:
    """The first instant is in, the instant before is not; the last one is in, the one after is not."""
    window = Window(Activity.SIGN, Cohort.CURRENT, begins_on, due_on)
    instant = timedelta(microseconds=1)
    assert (window.opens_at, window.closes_at) == (opens, closes)
    answers = [window.is_open(at) for at in (opens - instant, opens, closes - instant, closes)]
    assert answers == [False, True, True, False]
    assert eastern_time(opens).split(", ")[-1].startswith("12:00:00 a.m.")
    assert eastern_time(closes - SECOND).split(", ")[-1].startswith("11:59:59 p.m.")


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """In November half past one comes twice; the words say which."""
    first, second = utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30)
    assert eastern_time(first) == "November 1, 2026, 1:30:00 a.m. EDT"
    assert eastern_time(second) == "November 1, 2026, 1:30:00 a.m. EST"


def set_window(site: Site, begins_on: date, due_on: date) -> None:
    """Put a window of signing in place; which day it is, is what is tested here."""
    with site.world.services.database.write() as records:
        records.years.move(2027, Window(Activity.SIGN, site.current.aco.cohort, begins_on, due_on))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return open_site(tmp_path_factory.mktemp("site"))


@pytest.mark.requirement("R7", "R8", "E19")
@over
def test_the_policy_and_the_pages_agree_with_the_instants(
    site: Site, begins_on: date, due_on: date, opens: datetime, closes: datetime
) -> None:
    """A second before, the first second, the last second, a second after: policy, status, and the words of two pages."""
    set_window(site, begins_on, due_on)
    document = site.document(KIND)
    executive = site.holder(Role.ACO_EXECUTIVE)
    address = f"/packets/{site.current.aco.aco_id}/2027"
    for at, may, status, word in (
        (opens - SECOND, False, Status.NOT_AVAILABLE, "Not open yet"),
        (opens, True, Status.READY, "Open"),
        (closes - SECOND, True, Status.READY, "Open"),
        (closes, False, Status.PAST_DUE, "Closed"),
    ):
        site.world.clock.now = at
        with site.world.services.database.read() as records:
            options = signing_options(records, site.world.services.catalog, executive, document, at)
        assert any(not isinstance(one.decision, Refusal) for one in options) is may
        view = site.world.services.reading.packet(executive, site.current.aco.aco_id, 2027)
        assert view.steps[0].status is status
        found = site.world.services.progress.look_up(2027)
        mine = next(one for one in found.acos if one.aco.aco_id == site.current.aco.aco_id)
        assert mine.statuses[KIND] is status
        row = site.enter(executive).get(f"{address}/deadlines").text.split("Read and sign documents")[1]
        assert row.split("</tr>")[0].count(f">{word}<") == 1
        assert (
            f"Signing from {begins_on:%B} {begins_on.day}, {begins_on.year}" in site.enter(executive).get(address).text
        )


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(("day", "closes"), [("2027-03-14", utc(2027, 3, 15, 4)), ("2027-11-07", utc(2027, 11, 8, 5))])
def test_an_extension_to_the_night_of_the_change_ends_at_midnight_too(site: Site, day: str, closes: datetime) -> None:
    """More time for one ACO is counted in the same way; what is recorded is UTC."""
    site.world.clock.now = utc(2027, 2, 1)
    set_window(site, date(2027, 1, 4), date(2027, 1, 29))
    aco, staff = site.current.aco, site.world.agency(Role.CMS_STAFF)
    site.world.services.deadlines.extend(aco.aco_id, 2027, "sign-documents", day, "Storm", staff)
    with site.world.services.database.read() as records:
        year = records.years.for_aco(aco)
        granted = records.years.extensions(aco.aco_id, 2027)[-1]
    assert isinstance(year, PerformanceYear)
    assert year.window(Activity.SIGN, aco.cohort).closes_at == closes
    assert granted.granted_at == utc(2027, 2, 1)
    assert granted.granted_at.utcoffset() == timedelta(0)


def test_today_is_the_day_in_the_east_on_the_night_of_the_change(site: Site) -> None:
    """Four hours after midnight UTC it is still the day before in November, and a due date of that day is not over."""
    services, staff = site.world.services, site.world.agency(Role.CMS_STAFF)
    set_window(site, date(2026, 10, 1), date(2026, 11, 20))
    site.world.clock.now = utc(2026, 11, 2, 4, 59, 59)
    moved = services.cohort_windows.move(2027, "current", "sign-documents", "", "2026-11-01", "Closed early", staff)
    assert moved.closes_at == site.world.clock.now + SECOND
