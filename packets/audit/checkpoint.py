"""A checkpoint states what the log was at a time: how many entries, and the root of the tree over them.

Whoever keeps one away from the service can prove later that nothing before it was edited, removed or put in between.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from packets.audit.merkle import Frontier
from packets.canonical import canonical_json

FORMAT = "esm-packets audit checkpoint 1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states.

    Attributes:
        frontier: the tree over all entries; its size is the number of the last one.
        last: digest of the last entry, hex.
        previous: digest of the statement before this one, hex; empty for the first.
    """

    frontier: Frontier
    last: str
    previous: str
    at_utc: datetime

    @property
    def statement(self) -> bytes:
        """What is signed: canonical JSON."""
        return canonical_json(
            {
                "format": FORMAT,
                "size": self.frontier.size,
                "root": self.frontier.root.hex(),
                "last": self.last,
                "previous": self.previous,
                "at": self.at_utc.astimezone(UTC).isoformat(timespec="seconds"),
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the statement, hex."""
        return hashlib.sha256(self.statement).hexdigest()


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement as it was read."""

    size: int
    root: str
    last: str
    previous: str
    at: datetime


def read_statement(statement: bytes) -> Stated:
    """What a statement says.

    Raises:
        ValueError: it is none, or not written as ours are.
    """
    data: Any = json.loads(statement)
    if not isinstance(data, dict) or canonical_json(data) != statement or data.pop("format", None) != FORMAT:
        raise ValueError("not a statement of this service")
    try:
        return Stated(**{**data, "at": datetime.fromisoformat(data["at"])})
    except (KeyError, TypeError) as error:
        raise ValueError("not a statement of this service") from error
