"""Differences between two lists: what the one needs to become the other, and nothing else."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.lists.columns import Row
from packets.lists.differences import ChangedRow, Differences, find_differences

TIN, NPI, NAME = range(3)
STRICT = ((TIN, NPI),)
LOOSE = ((TIN, NPI), (TIN,))
CELLS = st.sampled_from(["", "1", "2", "3"])
LISTS = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12)
WAYS = st.sampled_from([STRICT, LOOSE])


@given(LISTS, LISTS, WAYS)
def test_the_differences_turn_the_one_list_into_the_other(
    before: list[Row], after: list[Row], ways: tuple[tuple[int, ...]]
) -> None:
    """As many of each row as there are, also when a row stands there twice."""
    found = find_differences(before, after, ways)
    rows = Counter(before)
    rows.subtract(found.removed)
    rows.subtract(one.before for one in found.changed)
    assert min(rows.values(), default=0) >= 0
    rows.update(found.added)
    rows.update(one.after for one in found.changed)
    assert +rows == Counter(after)


@given(LISTS, LISTS, WAYS)
def test_a_changed_row_is_the_same_one_and_different(
    before: list[Row], after: list[Row], ways: tuple[tuple[int, ...]]
) -> None:
    """It agrees in what the loosest way asks for, and some cell differs; the places are exactly those that differ."""
    for one in find_differences(before, after, ways).changed:
        assert all(one.before[at] == one.after[at] for at in ways[-1])
        assert one.places == tuple(at for at in range(3) if one.before[at] != one.after[at]) != ()


@given(LISTS, LISTS, WAYS)
def test_no_two_rows_that_are_the_same_one_are_told_as_removed_and_added(
    before: list[Row], after: list[Row], ways: tuple[tuple[int, ...]]
) -> None:
    """A pair that agrees in its identifiers is a change."""
    found = find_differences(before, after, ways)
    for way in ways:
        gone, come = ({tuple(row[at] for at in way) for row in rows} for rows in (found.removed, found.added))
        assert not gone & come


@given(LISTS, LISTS, WAYS)
def test_the_way_back_is_the_same_with_added_and_removed_exchanged(
    before: list[Row], after: list[Row], ways: tuple[tuple[int, ...]]
) -> None:
    """As many rows of each kind."""
    there, back = find_differences(before, after, ways), find_differences(after, before, ways)
    assert (len(there.added), len(there.removed), len(there.changed)) == (
        len(back.removed),
        len(back.added),
        len(back.changed),
    )


@given(LISTS, st.randoms(use_true_random=False))
def test_the_order_of_a_list_is_no_difference(rows: list[Row], chance: st.DataObject) -> None:
    """The same rows in another order are the same list."""
    mixed = list(rows)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random that hypothesis can replay
    assert find_differences(rows, mixed, LOOSE) == Differences((), (), ())


def test_the_loose_way_is_asked_only_of_rows_that_the_strict_one_left_over() -> None:
    """A participant that got a CCN is one that changed; its other clinic keeps its own row."""
    before: list[Row] = [("1", "", "Old"), ("1", "9", "Clinic")]
    after: list[Row] = [("1", "9", "Clinic, LLC"), ("1", "8", "New")]
    found = find_differences(before, after, LOOSE)
    assert found.changed == (
        ChangedRow(("1", "9", "Clinic"), ("1", "9", "Clinic, LLC")),
        ChangedRow(("1", "", "Old"), ("1", "8", "New")),
    )
    assert (found.added, found.removed) == ((), ())
    assert len(find_differences(before, after, STRICT).added) == 1


SECONDS = 10
"""Ten times what it takes here; comparing every row with every other one would take an hour."""


@pytest.mark.parametrize("size", [33_500])
def test_the_largest_list_is_compared_in_time_that_grows_with_its_rows_and_not_with_their_square(size: int) -> None:
    """Also where every row has changed, or has the same identifiers as every other one."""
    before: list[Row] = [(str(at // 400), str(at), "old") for at in range(size)]
    for after in (
        [(tin, npi, "new") for tin, npi, _ in reversed(before)],
        [("", "", str(at)) for at in range(size)],
        [(tin, f"{npi}x", name) for tin, npi, name in before],
    ):
        started = time.thread_time()
        find_differences(before, after, LOOSE)
        assert time.thread_time() - started < SECONDS
