"""What a kind of fault did, added up, and how it is kept between runs: rows of a JSON file, from which the report is written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(slots=True)
class Tally:
    """What one kind of fault did.

    Attributes:
        faults: how often it happened.
        acknowledged: signatures that somebody was told of.
        recorded: signatures that are recorded at the end.
        abandoned: intents that the reconciler gave up.
        orphans: stored bytes that no record names.
        refused: acts that were answered with a refusal.
        wrong_bytes: signatures over other bytes than those that were viewed.
        duplicates: slots that were signed twice.
        recoveries: seconds from the next start until the work could go on, one for each fault.
    """

    name: str
    faults: int = 0
    acknowledged: int = 0
    recorded: int = 0
    abandoned: int = 0
    orphans: int = 0
    refused: int = 0
    wrong_bytes: int = 0
    duplicates: int = 0
    recoveries: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """As it is kept: the middle and the longest of the recoveries, in milliseconds."""
        data = asdict(self)
        seconds = data.pop("recoveries")
        times = {"recovery_p50_ms": median(seconds) * 1000, "recovery_max_ms": max(seconds) * 1000} if seconds else {}
        return {**data, **times}


def keep(path: Path, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put rows in the place of those of the same runs and columns, and answer all that are kept."""
    new = list(rows)
    replaced = {(one["column"], one["run"]) for one in new}
    old = json.loads(path.read_text("utf-8")) if path.exists() else []
    kept = [one for one in old if (one["column"], one["run"]) not in replaced] + new
    path.write_text("[\n" + ",\n".join(json.dumps(one) for one in kept) + "\n]\n", "utf-8")
    return kept
