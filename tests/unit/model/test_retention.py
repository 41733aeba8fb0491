"""How long records are kept: 42 CFR 425.314(b), the latest of every clock, and never less than was found before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.documents.catalog import load_catalog
from packets.model.retention import (
    AGREEMENT_RECORDS,
    CLASSES,
    DUA_RECORDS,
    Clock,
    Extension,
    Facts,
    Ground,
    class_of,
    end_of,
    extension_problems,
    latest_end,
    schedule,
)

DAYS = st.dates(date(2012, 1, 1), date(2090, 12, 31))
TIMES = DAYS.map(lambda day: datetime(day.year, day.month, day.day, 15, tzinfo=UTC))
FACTS = st.builds(Facts, DAYS, DAYS, st.none() | TIMES, st.none() | DAYS)
TODAY = date(2030, 6, 1)


def extension(ground: Ground, day: date, *, document_id: str = "") -> Extension:
    """That records of A1001 are kept longer."""
    aco_id = "" if document_id else "A1001"
    return Extension(1, aco_id, document_id, ground, day, "Letter 7", "CMS1", datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("end", "until"), [(date(2029, 12, 31), date(2039, 12, 31)), (date(2028, 2, 29), date(2038, 3, 1))]
)
def test_records_are_kept_for_ten_years_from_the_end_of_the_agreement(end: date, until: date) -> None:
    """42 CFR 425.314(b); a leap day ends on the day after."""
    found = schedule(AGREEMENT_RECORDS, Facts(end, end))
    assert (found.keep_until, found.clock, found.clock_day) == (until, Clock.AGREEMENT_END, end)
    assert not found.is_over(until)
    assert found.is_over(until + timedelta(days=1))
    assert end_of(until).hour == 23


def test_a_data_use_agreement_counts_from_its_own_last_day_where_that_is_later() -> None:
    """And what was signed after the agreement ended counts from its signature."""
    facts = Facts(date(2027, 12, 31), date(2028, 6, 30))
    assert schedule(DUA_RECORDS, facts).keep_until == date(2038, 6, 30)
    assert schedule(AGREEMENT_RECORDS, facts).keep_until == date(2037, 12, 31)
    signed = Facts(date(2027, 12, 31), date(2027, 12, 31), datetime(2028, 3, 1, 4, 0, tzinfo=UTC))
    found = schedule(AGREEMENT_RECORDS, signed)
    assert (found.clock, found.keep_until) == (Clock.LAST_SIGNATURE, date(2038, 2, 28) + timedelta(days=1))


def test_every_type_of_record_has_a_class_and_only_data_use_agreements_have_their_own() -> None:
    """The class comes from what the manifest says, so that a new type has one too."""
    found = {kind: class_of(one).name for kind, one in load_catalog().items()}
    assert {kind for kind, name in found.items() if name == "data-use"} == {
        "data-use-agreement",
        "data-use-agreement-addendum",
    }
    assert class_of(None) is AGREEMENT_RECORDS


def test_a_dispute_adds_six_years_from_its_resolution_and_an_audit_ten_from_its_end() -> None:
    """42 CFR 425.314(b)(2); a special need is a day of its own, and an extension that adds nothing is not told."""
    facts = Facts(date(2027, 12, 31), date(2027, 12, 31))

    def until(ground: Ground, day: date) -> date:
        return schedule(AGREEMENT_RECORDS, facts, [extension(ground, day)]).keep_until

    assert until(Ground.DISPUTE, date(2036, 5, 1)) == date(2042, 5, 1)
    assert until(Ground.AUDIT, date(2031, 5, 1)) == date(2041, 5, 1)
    assert until(Ground.SPECIAL_NEED, date(2050, 1, 1)) == date(2050, 1, 1)
    early = schedule(AGREEMENT_RECORDS, facts, [extension(Ground.DISPUTE, date(2028, 1, 1))])
    assert (early.keep_until, early.extensions) == (date(2037, 12, 31), ())


def test_an_extension_covers_an_aco_or_one_document() -> None:
    """Never both."""
    assert extension(Ground.AUDIT, TODAY).covers("A1001", "d")
    assert not extension(Ground.AUDIT, TODAY).covers("A1002", "d")
    assert extension(Ground.AUDIT, TODAY, document_id="d").covers("A1002", "d")
    assert not extension(Ground.AUDIT, TODAY, document_id="d").covers("A1001", "e")


def test_a_store_that_locks_for_longer_decides_when_it_can_be_disposed_of() -> None:
    """What has to be kept is one thing, what the store lets go another."""
    facts = Facts(date(2027, 12, 31), date(2027, 12, 31), stored=datetime(2026, 11, 20, 15, tzinfo=UTC))
    found = schedule(AGREEMENT_RECORDS, facts, lock=timedelta(days=15 * 366))
    assert (found.keep_until, found.locked_until) == (date(2037, 12, 31), date(2041, 12, 1))
    assert not found.is_over(date(2041, 12, 1))
    assert found.is_over(date(2041, 12, 2))


@given(FACTS, DAYS, st.sampled_from(Ground), DAYS)
def test_nothing_that_is_added_makes_a_date_come_sooner(
    facts: Facts, recorded: date, ground: Ground, day: date
) -> None:
    """Neither an extension nor a date that was found before, whatever the facts say now."""
    plain = schedule(DUA_RECORDS, facts).keep_until
    longer = schedule(DUA_RECORDS, facts, [extension(ground, day)]).keep_until
    found_before = schedule(DUA_RECORDS, Facts(facts.agreement_end, facts.dua_end, facts.last_signature, recorded))
    assert plain <= longer
    assert found_before.keep_until >= recorded
    assert plain >= schedule(AGREEMENT_RECORDS, facts).keep_until


@pytest.mark.parametrize(
    ("ground", "day", "authority", "codes"),
    [
        ("special-need", date(2040, 1, 1), "Letter 7", []),
        ("special-need", TODAY, "Letter 7", ["day-past"]),
        ("dispute", TODAY + timedelta(days=1), "Letter 7", ["matter-open"]),
        ("audit", None, "", ["day-unusable", "authority-missing"]),
        ("songs", date(2200, 1, 1), "x" * 501, ["ground-unknown", "day-too-late", "authority-too-long"]),
        ("dispute", TODAY, "a\x00b", ["authority-unreadable"]),
    ],
)
def test_everything_that_is_wrong_with_an_extension_is_told(
    ground: str, day: date | None, authority: str, codes: list[str]
) -> None:
    """A matter that is open is for a legal hold."""
    assert [one.code for one in extension_problems(ground, day, authority, TODAY)] == codes


@given(end=st.dates(date(2016, 1, 1), date(2040, 12, 31)), today=st.dates(date(2026, 1, 1), date(2052, 12, 31)))
def test_what_comes_to_its_date_by_a_day_is_never_passed_over(end: date, today: date) -> None:
    """Whoever looks only at agreement periods that ended by `latest_end` sees everything that is over, whatever the calendar."""
    if schedule(AGREEMENT_RECORDS, Facts(end, end)).disposable_after <= today:
        assert end <= latest_end(today, CLASSES.values())
    else:
        assert end > latest_end(today - timedelta(days=2), CLASSES.values())
