"""The n-th of something: what a fault that strikes once is counted with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

from faults.stage import Stage


@dataclass(slots=True)
class Countdown:
    """Counts calls of one kind, and says when it is the turn of the n-th."""

    left: int
    fired: bool = False

    def is_turn(self) -> bool:
        """Whether this call is the one that fails."""
        self.left -= 1
        self.fired = self.fired or self.left == 0
        return self.left == 0


Fault: TypeAlias = Callable[[Stage, Countdown], AbstractContextManager[None]]
"""Strikes at the n-th call while its block runs."""
