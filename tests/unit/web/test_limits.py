"""Limits on guessing: waits that double, an end after a hundred, windows, and who counts as one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.store.records.throttles import Throttle
from web.auth.limits import (
    NETWORK,
    NEVER_AGAIN,
    PASSWORD,
    PASSWORD_FROM_NETWORK,
    VERIFICATIONS,
    Limit,
    key_of,
    next_throttle,
)
from web.auth.origin import Origin

NOW = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


def wrong(times: int, limit: Limit = PASSWORD_FROM_NETWORK) -> tuple[Throttle, datetime]:
    """What is known after so many wrong tries, each as early as it may be, and when the last one was."""
    kept, now = None, NOW
    for _ in range(times):
        now = kept.until_utc if kept and kept.until_utc else now
        kept = next_throttle(kept, "key", limit, now)
    assert kept is not None
    return kept, now


def test_some_tries_are_free_and_then_each_wait_is_twice_the_one_before() -> None:
    """Half a minute after the fifth, an hour at most."""
    waits = [(kept.until_utc or now) - now for kept, now in map(wrong, range(1, 15))]
    assert waits[:8] == [timedelta(0)] * 4 + [timedelta(seconds=30 * 2**n) for n in range(4)]
    assert waits[-1] == timedelta(hours=1)


def test_nobody_gets_a_hundred_and_first_wrong_try_in_a_row() -> None:
    """NIST SP 800-63B-4, 3.2.2; a network is forgotten after a day instead, for many people may share it."""
    assert wrong(99, PASSWORD)[0].until_utc != NEVER_AGAIN
    assert wrong(100, PASSWORD)[0].until_utc == NEVER_AGAIN
    kept, now = wrong(150, NETWORK)
    assert kept.until_utc != NEVER_AGAIN
    assert next_throttle(kept, "key", NETWORK, now + timedelta(days=1, seconds=1)).count == 1


def test_one_network_alone_never_makes_an_account_wait_elsewhere() -> None:
    """Its share of what an account bears is used up long before the account itself begins to wait."""
    share = PASSWORD_FROM_NETWORK.most or 0
    assert wrong(share)[0].until_utc == NEVER_AGAIN
    assert 2 * share < PASSWORD.free
    assert wrong(2 * share, PASSWORD)[0].until_utc is None


def test_what_everybody_on_a_network_waits_for_ends_after_minutes() -> None:
    """Many people may share one address; whoever guesses there does not lock the others out for long."""
    waits = [(kept.until_utc or now) - now for kept, now in (wrong(times, NETWORK) for times in range(1, 60))]
    assert max(waits) == timedelta(minutes=2)


@given(st.integers(min_value=1, max_value=19))
def test_a_stranger_who_never_stops_gets_a_few_hundred_tries_in_no_time_worth_waiting(times: int) -> None:
    """The time that a guesser needs grows at least as fast as the hours after the first twelve tries."""
    _, now = wrong(times)
    assert now - NOW >= timedelta(hours=max(0, times - 13))


def test_a_window_allows_its_number_and_begins_anew() -> None:
    """Use is limited evenly, right or wrong."""
    kept, now = wrong(VERIFICATIONS.free, VERIFICATIONS)
    assert kept.until_utc == NOW + timedelta(minutes=2)
    assert now == NOW
    assert next_throttle(kept, "key", VERIFICATIONS, NOW + timedelta(minutes=2)) == Throttle(
        "key", 1, NOW + timedelta(minutes=2)
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "unix:", False),
    ],
)
def test_an_ipv6_network_counts_as_one_and_keys_tell_no_address(one: str, other: str, *, same: bool) -> None:
    """Whoever has one address of a network has all of them."""
    keys = [key_of(NETWORK, Origin(address).network) for address in (one, other)]
    assert (keys[0] == keys[1]) == same
    assert not one or one not in keys[0]
