"""What an examination finds: one sentence about one part of the service, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a part is: what is broken stops people, what is to be watched will."""

    GOOD = "good"
    WATCH = "watch"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        state: how the part is.
        sentence: what was found, one plain sentence.
        remedy: how to mend it; empty where nothing is to be mended.
        part: which part; the examiner fills it in.
        detail: for whoever mends the program, not for whoever runs it; empty as a rule.
    """

    state: State
    sentence: str
    remedy: str = ""
    part: str = ""
    detail: str = ""


def good(sentence: str) -> Finding:
    """Find a part in order."""
    return Finding(State.GOOD, sentence)


def watch(sentence: str, remedy: str) -> Finding:
    """Find something that will stop people if nobody looks after it."""
    return Finding(State.WATCH, sentence, remedy)


def broken(sentence: str, remedy: str) -> Finding:
    """Find something that stops people."""
    return Finding(State.BROKEN, sentence, remedy)


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 job`, `2 jobs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
