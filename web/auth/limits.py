"""Limits on guessing and on use, kept in the database: every process counts the same tries (NIST SP 800-63B-4, 3.2.2).

A try is counted before it is looked at, so that many at once do not count as one. After some free tries each further one has
to wait twice as long as the one before. Nobody can lock others out from one network:

- Wrong passwords of an account are counted for each network by itself, and one network has only a share of all that an account
  bears. The owner, on another network, signs in as always.
- A browser in which the owner has signed in before has counts of its own, and no network makes it wait. So have a passkey, single
  sign-on, and a link by mail.
- What a network has to wait for everybody on it ends after minutes: many people may share one address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from packets.clock import Clock
from packets.errors import PacketsError, Problem
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.throttles import Throttle
from web.auth.origin import digest_of_secret

NEVER_AGAIN = datetime(9999, 1, 1, tzinfo=UTC)
MOST_DOUBLINGS = 16


class TooManyTriesError(PacketsError):
    """Somebody has to wait before they may try again."""

    status_hint = 429


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be tried.

    Attributes:
        name: what; part of the key.
        free: so many tries without waiting.
        first, longest: how long the next one waits, twice as long each time.
        forget: after so long without a try all is forgotten; None: only a right one makes it forgotten.
        most: after so many in a row none is taken any more; None: there is no such number.
        window: when given, `free` tries are allowed in each window, right or wrong, and there is no doubling.
    """

    name: str
    free: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=1)
    forget: timedelta | None = timedelta(days=1)
    most: int | None = None
    window: timedelta | None = None


PASSWORD = Limit("password", free=60, forget=None, most=100)
"""Of one account, from all browsers that nobody knows: NIST allows at most 100 wrong ones in a row."""
PASSWORD_FROM_NETWORK = Limit("password-from-network", free=5, forget=None, most=20)
"""Of one account, from the unknown browsers of one network: a share of what the account bears."""
KNOWN_BROWSER = Limit("known-browser", free=5, forget=None, most=100)
"""Of one account, from one browser in which its owner has signed in before."""
STEP_UP = Limit("step-up", free=5, forget=None, most=100)
"""Of one account, by whoever is signed in to it."""
CODE = Limit("code", free=5, forget=None, most=100)
"""Codes of authenticator apps and recovery codes of one account, after its password."""
NETWORK = Limit("network", free=20, longest=timedelta(minutes=2), forget=timedelta(hours=1))
"""Wrong passwords from the unknown browsers of one network, over all accounts."""
RESETS_OF_ACCOUNT = Limit("reset-of-account", free=12, window=timedelta(hours=1))
RESETS_FROM_NETWORK = Limit("reset-from-network", free=3, window=timedelta(hours=1))
"""Links to a new password of one account that one network, or one browser that knows the account, asks for."""
RESETS_BY_NETWORK = Limit("reset-by-network", free=10, window=timedelta(minutes=10))
CHALLENGES = Limit("challenge", free=60, window=timedelta(minutes=1))
"""Challenges for a sign-in by passkey, of the unknown browsers of one network."""
CHALLENGES_OF_BROWSER = Limit("challenge-of-browser", free=60, window=timedelta(minutes=10))
"""Challenges for a sign-in by passkey, of a browser in which somebody has signed in before."""
VERIFICATIONS = Limit("verification", free=20, window=timedelta(minutes=2))
"""Files that one network has examined without signing in."""
VERIFICATIONS_OF_PERSON = Limit("verification-of-person", free=20, window=timedelta(minutes=2))
"""Files that somebody has examined who is signed in."""
COPIES = Limit("copies", free=60, window=timedelta(minutes=2))
"""Openings of links to certified copies, and retrievals, by one network."""

Try = tuple[Limit, str]


@dataclass(frozen=True, slots=True)
class Guard:
    """Counts tries; built once with the services that it needs."""

    database: Database
    clock: Clock

    def admit(self, *tries: Try) -> bool:
        """Count tries, each of a limit and by somebody, before they are looked at.

        Returns:
            Whether one of them was the last one before a wait.

        Raises:
            TooManyTriesError: one of them has to wait; nothing was counted.
        """
        now = self.clock()
        with self.database.write() as records:
            kept = {key_of(*one): records.throttles.get(key_of(*one)) for one in tries}
            held = [one.until_utc for one in kept.values() if one and one.until_utc and now < one.until_utc]
            if held:
                raise TooManyTriesError(_wait(max(held), now))
            fresh = [next_throttle(kept[key_of(*one)], key_of(*one), one[0], now) for one in tries]
            for one in fresh:
                records.throttles.put(one)
        return any(one.until_utc is not None for one in fresh)

    def forget(self, *tries: Try) -> None:
        """A try was right: what was wrong before it is forgotten, and a network has this one back."""
        with self.database.write() as records:
            forgive(records, *tries)


def forgive(records: Records, *tries: Try) -> None:
    """The same, within a transaction. A network does not forget: one right password among guesses proves nothing."""
    for limit, who in tries:
        kept = records.throttles.get(key_of(limit, who))
        if limit is NETWORK and kept is not None and kept.count > 1:
            records.throttles.put(Throttle(kept.key, kept.count - 1, kept.since_utc))
        elif kept is not None:
            records.throttles.remove(kept.key)


def key_of(limit: Limit, who: str) -> str:
    """Under what the tries are counted; it tells nobody's address."""
    return f"{limit.name}:{digest_of_secret(who)[:32]}"


def next_throttle(kept: Throttle | None, key: str, limit: Limit, now: datetime) -> Throttle:
    """What is known after one more try. The caller has made sure that it does not have to wait."""
    if limit.window is not None:
        if kept is None or now - kept.since_utc >= limit.window:
            return Throttle(key, 1, now)
        count = kept.count + 1
        return Throttle(key, count, kept.since_utc, kept.since_utc + limit.window if count >= limit.free else None)
    forgotten = kept is None or (limit.forget is not None and now - kept.since_utc > limit.forget)
    count = 1 if kept is None or forgotten else kept.count + 1
    if limit.most is not None and count >= limit.most:
        return Throttle(key, count, now, NEVER_AGAIN)
    doublings = count - limit.free
    if doublings < 0:
        return Throttle(key, count, now)
    return Throttle(key, count, now, now + min(limit.first * 2 ** min(doublings, MOST_DOUBLINGS), limit.longest))


def _wait(until: datetime, now: datetime) -> Problem:
    """The same words for every account, whether it exists or not."""
    if until == NEVER_AGAIN:
        remedy = (
            "Sign in with a passkey or in a browser that you have used before, or ask for a link to a new password."
        )
        return Problem("too-many-tries", "There were too many wrong tries; this way is closed.", remedy)
    seconds = int((until - now).total_seconds()) + 1
    span = f"{seconds} seconds" if seconds < 100 else f"{-(-seconds // 60)} minutes"  # noqa: PLR2004  readable in seconds
    return Problem("too-many-tries", "There were too many tries.", f"Wait {span}, then try once more.")
