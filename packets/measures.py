"""What this process has measured since it began: durations in buckets, for whoever watches the service. Kept in memory only."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets; a last one takes the rest."""
Labels = tuple[str, ...]


@dataclass
class Row:
    """Durations under one set of labels: how many in each bucket, and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    total: float = 0.0


class Durations:
    """Durations by labels. Safe to share between threads.

    Args:
        name: by which they are shown.
        told: what is measured.
        labels: the names of the labels; their values must come from closed sets.
    """

    def __init__(self, name: str, told: str, labels: tuple[str, ...]) -> None:
        self.name, self.told, self.labels = name, told, labels
        self._rows: dict[Labels, Row] = {}
        self._lock = threading.Lock()

    def observe(self, seconds: float, *labels: str) -> None:
        """Note a duration."""
        with self._lock:
            row = self._rows.setdefault(labels, Row())
            row.counts[bisect_left(SECONDS, seconds)] += 1
            row.total += seconds

    def rows(self) -> Mapping[Labels, Row]:
        """What was noted so far."""
        with self._lock:
            return {labels: Row(list(row.counts), row.total) for labels, row in self._rows.items()}


REQUESTS = Durations(
    "esm_request_seconds", "Requests by route, as the application answered them.", ("method", "route", "status")
)
TIME_STAMPS = Durations("esm_time_stamp_seconds", "Questions to time-stamp authorities.", ("authority", "outcome"))
JOBS = Durations("esm_job_seconds", "Attempts at jobs, by how they ended.", ("kind", "outcome"))
