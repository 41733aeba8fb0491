"""Whether a designee will be able to sign: told weeks ahead (R15, R77)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model.people import Person
from packets.model.readiness import WARN_DAYS, readiness_of
from packets.sample.year import sample_year

TODAY = date(2026, 11, 16)
FIT: Person = sample_year(2027, 1, now=datetime(2026, 11, 16, 15, tzinfo=UTC)).acos[0].contacts[0].person


@pytest.mark.requirement("R15", "R77")
@given(st.integers(-400, 400), st.booleans(), st.booleans())
def test_ready_means_that_the_gate_would_see_a_fit_account(days: int, active: bool, entitled: bool) -> None:
    """The page and the gate say the same of every account on every day."""
    due = TODAY + timedelta(days=days)
    person = replace(FIT, account_active=active, may_sign_electronically=entitled, recertification_due_on=due)
    found = readiness_of(person, TODAY)
    assert found.ready == (person.is_active(TODAY) and entitled)
    assert found.days_left == days
    assert bool(found.warnings) == (0 <= days <= WARN_DAYS)


@pytest.mark.requirement("R77")
@pytest.mark.parametrize(
    ("days", "words"), [(0, "due today"), (1, "due in 1 day."), (60, "due in 60 days."), (61, ""), (-1, "is revoked")]
)
def test_the_last_days_are_told_in_words(days: int, words: str) -> None:
    """From sixty days before it is due; once it has passed the user ID is revoked."""
    found = readiness_of(replace(FIT, recertification_due_on=TODAY + timedelta(days=days)), TODAY)
    told = " ".join(one.sentence for one in (*found.problems, *found.warnings))
    assert words in told
    assert bool(told) == bool(words)


@pytest.mark.requirement("R77")
def test_a_user_id_whose_recertification_is_not_told_stays_as_it_was_said() -> None:
    """No day is no promise: nothing is guessed."""
    found = readiness_of(FIT, TODAY)
    assert (found.ready, found.days_left, found.warnings) == (True, None, ())
    assert [one.code for one in readiness_of(replace(FIT, user_id=""), TODAY).problems] == ["user-id-missing"]
