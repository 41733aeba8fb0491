"""The rules of the Data Use Agreement between terms: pure, over days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model.aco import DataUseAgreement
from packets.model.agreements import (
    Closure,
    ContactConfirmation,
    DataOutcome,
    ExtensionRequest,
    Standing,
    expiry_problem,
    extended_day,
    gate_problems,
    request_problems,
    year_after,
)
from packets.model.people import Role

ENDS = date(2026, 12, 31)
NOW = datetime(2026, 11, 16, 15, tzinfo=UTC)
OPEN = Standing("DUA-1", ENDS, date(2027, 12, 31))
ASKED = ExtensionRequest(ENDS, date(2027, 12, 31), "AB1C", Role.DUA_REQUESTOR, NOW)
DAYS = st.dates(date(2015, 1, 1), date(2060, 12, 31))
GATES = ("contacts", "dua-contacts", "dua-extension")
SEEN = "a" * 64
SAID = ContactConfirmation(SEEN, "AB1C", Role.DUA_CUSTODIAN, NOW)


def codes(standing: Standing, until: date | None, today: date) -> list[str]:
    return [one.code for one in request_problems(standing, until, today)]


@pytest.mark.requirement("R74")
@given(DAYS, DAYS, DAYS)
def test_an_extension_is_later_never_past_and_one_year_at_most(ends: date, until: date, today: date) -> None:
    """Whatever the days: accepted exactly when the new day lies after the old one and after today, within a year."""
    accepted = not request_problems(Standing("DUA-1", ends, ends), until, today)
    assert accepted == (ends < until <= year_after(ends) and until > today)


@given(DAYS)
def test_a_year_after_a_leap_day_is_the_last_of_february(day: date) -> None:
    """The same day of the next year, wherever there is one."""
    after = year_after(day)
    assert (after.year, after.month) == (day.year + 1, day.month)
    assert after.day == (28 if (day.month, day.day) == (2, 29) else day.day)


@pytest.mark.requirement("R74")
@pytest.mark.parametrize(
    ("until", "today", "expected"),
    [
        (None, ENDS, ["day-unusable"]),
        (ENDS, ENDS, ["day-not-later"]),
        (date(2028, 1, 1), ENDS, ["day-too-late"]),
        (date(2027, 2, 1), date(2027, 3, 1), ["day-past"]),
        (date(2027, 12, 31), date(2027, 12, 30), []),
        (date(2027, 12, 31), date(2027, 12, 31), ["dua-closed"]),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_its_reason(until: date | None, today: date, expected: list[str]) -> None:
    """Shortened, too far, over, unreadable; and a whole year after its expiry the agreement counts as closed."""
    assert codes(OPEN, until, today) == expected


@pytest.mark.requirement("R74")
def test_the_new_day_holds_with_the_countersignature_and_not_before() -> None:
    """Asked for, half signed and signed by the ACO: still the old day."""
    asked = replace(OPEN, request=ASKED)
    signed = replace(asked, fixed=True, signed_by_aco=True)
    assert [one.expires_on for one in (OPEN, asked, replace(asked, fixed=True), signed)] == [ENDS] * 4
    assert [one.under_way for one in (OPEN, asked, signed)] == [False, True, True]
    executed = replace(signed, executed=True)
    assert (executed.expires_on, executed.under_way) == (date(2027, 12, 31), False)


@given(DAYS, st.integers(-800, 800), st.booleans())
def test_a_day_is_expired_exactly_when_no_day_is_left(ends: date, offset: int, executed: bool) -> None:
    """The last day itself still counts."""
    standing = Standing("DUA-1", ends, year_after(ends), executed=executed)
    today = standing.expires_on + timedelta(days=offset)
    assert standing.days_left(today) == -offset
    assert standing.is_expired(today) == (offset > 0) == (expiry_problem(standing, today) is not None)


def test_what_ends_an_expiry_is_said_by_how_far_the_extension_is() -> None:
    """Ask, sign, wait for CMS, or ask for a new agreement."""
    late = date(2027, 1, 15)
    asked = replace(OPEN, request=ASKED)
    signed = replace(asked, fixed=True, signed_by_aco=True)
    told = [expiry_problem(one, late) for one in (OPEN, asked, signed)]
    assert [one.remedy.split()[2] for one in told if one] == ["or", "and", "is"]
    gone = expiry_problem(OPEN, date(2028, 1, 1))
    assert gone is not None
    assert "new data use agreement" in gone.remedy


def test_what_cms_closed_allows_nothing_whatever_its_days_say() -> None:
    """Executed or not, today or long before its end; only the gates of its own step ask."""
    closure = Closure("DUA-1", DataOutcome.DESTROYED, ENDS, "Left", "QA00", datetime(2026, 12, 1, 3, tzinfo=UTC))
    for standing in (OPEN, replace(OPEN, executed=True, signed_by_aco=True)):
        closed, today = replace(standing, closure=closure), date(2026, 12, 2)
        problem = expiry_problem(closed, today)
        assert problem is not None
        assert (problem.code, "November 30, 2026" in problem.sentence) == ("dua-closed", True)
        assert closed.is_closed(today)
        assert [one.code for one in request_problems(closed, date(2027, 6, 30), today)] == ["dua-closed"]
        assert [one.code for one in gate_problems(GATES, closed, None, SEEN)] == ["dua-closed"]
        assert gate_problems(("contacts", "organization"), closed, None, SEEN) == []


def test_what_is_offered_is_never_more_than_a_year() -> None:
    """A day that CMS loaded beyond it is cut to the year; what was asked for counts before what was offered."""
    dua = DataUseAgreement("DUA-1", ENDS, date(2030, 1, 1))
    assert extended_day(dua, None) == date(2027, 12, 31)
    assert extended_day(dua, replace(ASKED, extended_to=date(2027, 6, 30))) == date(2027, 6, 30)


@pytest.mark.requirement("R23", "R74")
@pytest.mark.parametrize(
    ("standing", "confirmation", "expected"),
    [
        (OPEN, None, ["dua-contacts-unconfirmed", "dua-extension-missing"]),
        (OPEN, SAID, ["dua-extension-missing"]),
        (replace(OPEN, request=ASKED), replace(SAID, contacts_digest="b" * 64), ["dua-contacts-changed"]),
        (replace(OPEN, request=ASKED), SAID, []),
        (replace(OPEN, fixed=True), SAID, []),
        (replace(OPEN, fixed=True, signed_by_aco=True), None, []),
    ],
)
def test_the_gates_of_the_step_ask_for_both_until_the_aco_has_signed(
    standing: Standing, confirmation: ContactConfirmation | None, expected: list[str]
) -> None:
    """Each gap with its code; a type without these gates is asked for nothing."""
    assert [one.code for one in gate_problems(GATES, standing, confirmation, SEEN)] == expected
    assert gate_problems(("contacts", "organization"), standing, confirmation, SEEN) == []
