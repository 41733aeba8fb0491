"""Retention: what was signed is locked until ten years after its agreement has ended (42 CFR 425.314(b)).

When bytes are stored, nobody knows yet how long the agreement lasts: they are locked for as long as the settings say. This desk
looks up when the agreement ends, and extends the lock where that is later. No lock is ever shortened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol, runtime_checkable

from packets.store.database import Database
from packets.store.objects import ObjectStore

YEARS = 10
Told = Callable[[int, int], None]


@runtime_checkable
class LockingStore(Protocol):
    """A store that locks objects until a date."""

    def retain(self, digest: str, until: datetime) -> bool:
        """Lock an object until a date at least. False when it was locked for as long already."""


@dataclass(frozen=True, slots=True)
class RetentionDesk:
    """Extends locks; any number of times, in any order."""

    database: Database
    store: ObjectStore

    def run(self, told: Told = lambda _done, _all: None) -> int:
        """Extend the lock of every document's bytes to its date; answer how many were extended. Folders of files have no locks.

        Raises:
            NotFoundError: the bytes of a record are gone.
            StoreError: the store refuses, or cannot be reached.
        """
        if not isinstance(self.store, LockingStore):
            return 0
        with self.database.read() as records:
            ends = records.ledger.agreement_ends()
        extended = 0
        for done, (digest, end) in enumerate(ends.items(), start=1):
            extended += self.store.retain(digest, retained_until(end))
            told(done, len(ends))
        return extended


def retained_until(agreement_end: date) -> datetime:
    """The end of the last day on which the records of an agreement must be kept, UTC."""
    try:
        last = agreement_end.replace(year=agreement_end.year + YEARS)
    except ValueError:  # February 29
        last = date(agreement_end.year + YEARS, 3, 1)
    return datetime.combine(last, time(23, 59, 59), UTC)
