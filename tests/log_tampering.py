"""A log, tampered with at random: each way with the old chain, and with a chain that somebody with the database wrote anew."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from packets.audit.log import Entry, Outcome, chain


def rechained(entries: list[Entry]) -> list[Entry]:
    """The same entries in a chain of their own, as somebody with the database could write it anew."""
    made: list[Entry] = []
    for one in entries:
        named = {name: getattr(one, name) for name in ("at_utc", "act", "actor", "subject", "outcome", "details")}
        made.append(chain(made[-1] if made else None, **named))
    return made


TAMPER: dict[str, Callable[[list[Entry], int, random.Random], list[Entry]]] = {
    "edited": lambda log, place, dice: [*log[:place], _edited(log[place], dice), *log[place + 1 :]],
    "deleted": lambda log, place, _: [*log[:place], *log[place + 1 :]],
    "inserted": lambda log, place, dice: [*log[:place], _edited(log[place], dice), *log[place:]],
    "reordered": lambda log, place, _: [*log[:place], *reversed(log[place : place + 2]), *log[place + 2 :]],
    "shortened": lambda log, place, _: log[:place],
    "doubled": lambda log, place, _: [*log[:place], log[place], *log[place:]],
}


def _edited(entry: Entry, dice: random.Random) -> Entry:
    values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    changed = dice.choice(["actor", "subject", "outcome", "at_utc", "details"])
    values[changed] = {
        "actor": "ZZ99",
        "subject": "elsewhere",
        "outcome": Outcome.REFUSED if entry.outcome is Outcome.DONE else Outcome.DONE,
        "at_utc": entry.at_utc - timedelta(microseconds=1),
        "details": {**entry.details, "more": 1},
    }[changed]
    return Entry(**values)


def tamper(
    log: list[Entry], covered: int, is_found: Callable[[list[Entry]], bool], count: int, seed: int
) -> dict[str, tuple[int, int]]:
    """Tamper `count` times with what checkpoints cover; how often each way was tried, and how often it was missed."""
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    counts: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for number in range(count):
        how = dice.choice(sorted(TAMPER))
        bent = TAMPER[how](log, dice.randrange(0, covered - 1), dice)
        name = f"{how}, in a new chain" if number % 2 else how
        tried, missed = counts[name]
        counts[name] = (tried + 1, missed + (not is_found(rechained(bent) if number % 2 else bent)))
    return dict(counts)
