"""All designees at once, each in a thread, and every request that they made."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deadline_day.browser import Asked, Browser
from deadline_day.designee import Day, Visit
from deadline_day.people import ARRIVALS, SIGNATURES_EACH, Designee

SEED, TELL_SECONDS = 2027, 30.0
STACK_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it.

    Attributes:
        asked: every request, in the order in which they ended.
        acknowledged: document, slot and user ID of every signature whose receipt was seen.
        seconds: from the first arrival to the last departure.
        finished: how many designees have signed all that they had to.
    """

    asked: list[Asked]
    acknowledged: list[tuple[str, str, str]]
    seconds: float
    finished: int
    began: float


def play(
    designees: Sequence[Designee],
    ports: Sequence[int],
    password: str,
    seconds: float,
    pace: float,
    say: Callable[[str], None],
) -> Load:
    """Have them all sign for so many seconds, split evenly over the processes that serve."""
    asked: list[Asked] = []
    began, at = time.monotonic(), time.time()
    day = Day(password, pace, began + seconds)
    visits = [_visit(day, one, ports, nth, asked) for nth, one in enumerate(designees)]
    threading.stack_size(STACK_BYTES)
    threads = [
        threading.Thread(target=visit.run, args=(visit.chance.uniform(0, ARRIVALS * seconds),), daemon=True)
        for visit in visits
    ]
    for one in threads:
        one.start()
    told = time.monotonic()
    while any(one.is_alive() for one in threads):
        time.sleep(0.2)
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            wrong = sum(1 for one in asked if one.problem)
            say(f"{told - began:.0f} s: {len(asked)} requests, {len(day.acknowledged)} signatures, {wrong} errors")
    finished = sum(1 for one in visits if one.signed == SIGNATURES_EACH)
    return Load(asked, day.acknowledged, time.monotonic() - began, finished, at)


def _visit(day: Day, one: Designee, ports: Sequence[int], nth: int, asked: list[Asked]) -> Visit:
    """Everybody comes from an address of their own: limits on guessing count by network."""
    own = f"127.1.{nth // 250}.{nth % 250 + 1}"
    browser = Browser(ports[nth % len(ports)], own, asked.append)
    return Visit(day, one, browser, nth, random.Random(f"{SEED}/{nth}"))  # noqa: S311  no secret
