"""Bars that the server draws: how many documents of each step and cohort stand where. The same figures stand in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packets.model.documents import Status
from packets.years.progress import StepCount

WIDTH = 1000
"""Of a whole bar, in the units of the drawing."""
GROUPS: tuple[tuple[str, str, frozenset[Status]], ...] = (
    ("done", "Executed", frozenset({Status.EXECUTED})),
    ("waiting", "Signed by the ACO in part or whole", frozenset({Status.PENDING_CMS, Status.PARTIALLY_SIGNED})),
    ("ready", "Ready for review", frozenset({Status.READY})),
    ("alarm", "Past due, declined or voided", frozenset({Status.PAST_DUE, Status.DECLINED, Status.VOIDED})),
)
REST = ("quiet", "Locked or not available")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a bar: which group, how many documents, where it begins and how long it is."""

    tone: str
    label: str
    count: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Bar:
    """The documents of one step and cohort."""

    count: StepCount
    pieces: tuple[Piece, ...]

    @property
    def sentence(self) -> str:
        """The bar in words: `Executed: 3 of 4`."""
        told = "; ".join(f"{one.label}: {one.count:,}" for one in self.pieces)
        return f"Step {self.count.step}, {self.count.cohort} ACOs: {told}"


def draw_bars(steps: Sequence[StepCount]) -> list[Bar]:
    """One bar for each step and cohort, with a piece for each group that has documents."""
    return [Bar(one, tuple(_pieces(one))) for one in steps if one.total]


def _pieces(step: StepCount) -> list[Piece]:
    grouped = [(tone, label, sum(step.counts.get(one, 0) for one in group)) for tone, label, group in GROUPS]
    rest = step.total - sum(count for _, _, count in grouped)
    pieces, start = [], 0.0
    for tone, label, count in (*grouped, (*REST, rest)):
        if count:
            length = WIDTH * count / step.total
            pieces.append(Piece(tone, label, count, round(start, 1), round(length, 1)))
            start += length
    return pieces
