"""Grants of certified copies, purely: what they are at an instant, whatever was done and however the clock goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from packets.model.calendar import AGENCY_ZONE
from packets.model.grants import Capacity, Grant, GrantState, Retrieval, last_instant, link_digest, request_problems
from worlds import START

GRANT = Grant(
    *("g", "A1001", 2027, "Rosa", "rosa@example.org", Capacity.PARTICIPANT, "Why", ("d",), "CMS1"),
    made_at=START,
    expires_at=START + timedelta(days=1),
    most=3,
)
TIMES = st.integers(0, 48 * 3600).map(lambda seconds: START + timedelta(seconds=seconds))


@given(st.integers(0, 3), st.none() | TIMES, TIMES)
def test_a_grant_is_open_only_before_its_end_unwithdrawn_and_with_retrievals_left(
    taken: int, withdrawn: datetime | None, now: datetime
) -> None:
    """Whatever happened: nothing else than all three together opens anything."""
    retrievals = tuple(Retrieval(str(at), "g", at, START, "", {}) for at in range(taken))
    grant = replace(GRANT, retrievals=retrievals, withdrawn_at=withdrawn)
    is_open = withdrawn is None and now < grant.expires_at and taken < grant.most
    assert (grant.state(now) is GrantState.OPEN) == is_open
    assert grant.left == grant.most - taken


def test_whatever_comes_in_an_address_has_a_digest() -> None:
    """Lone surrogates and nothing at all too."""
    assert [len(link_digest(one)) for one in ("", "\ud800", "\x00", "x" * 100_000)] == [64] * 4


@given(st.text(), st.text(), st.none() | st.dates(), st.none() | st.integers(), st.dates())
def test_a_request_is_right_or_has_reasons_and_never_fails(
    name: str, reason: str, day: date | None, most: int | None, today: date
) -> None:
    """A name, a reason, a day within ninety days and a number from 1 to 50 are all that is asked for here."""
    fits = (
        day is not None and timedelta(0) <= day - today <= timedelta(days=90) and most is not None and 1 <= most <= 50
    )
    told = all(one.strip() and one.isprintable() for one in (name, reason)) and len(name) <= 100 and len(reason) <= 500
    assert (request_problems(name, reason, day, most, today) == []) == (fits and told)


def test_the_last_day_ends_at_midnight_at_cms_in_summer_and_in_winter() -> None:
    """Daylight saving moves the instant and not the day."""
    for day in (date(2027, 1, 31), date(2027, 7, 31), date(2027, 3, 14), date(2027, 11, 7)):
        assert last_instant(day).astimezone(AGENCY_ZONE).date() == day
        assert (last_instant(day) + timedelta(seconds=1)).astimezone(AGENCY_ZONE).date() == day + timedelta(days=1)
