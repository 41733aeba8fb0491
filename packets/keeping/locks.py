"""Locks in the store: until the date on which a document may be disposed of, and legal holds, which no date ends.

When bytes are stored, nobody knows yet how long the agreement lasts: they are locked for as long as the settings say. This desk
extends locks to what retention has found since. No lock is ever shortened. Folders of files have neither locks nor holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from packets.keeping.retention import Kept, RetentionDesk
from packets.model.retention import end_of
from packets.store.database import Database

Told = Callable[[int, int], None]


@runtime_checkable
class LockingStore(Protocol):
    """A store that locks objects until a date."""

    def retain(self, digest: str, until: datetime) -> bool:
        """Lock an object until a date at least. False when it was locked for as long already."""


@runtime_checkable
class HoldingStore(Protocol):
    """A store that knows legal holds; opened with a key that may set and lift them."""

    def hold(self, digest: str, *, held: bool) -> None:
        """Set or lift a legal hold on an object."""


@dataclass(frozen=True, slots=True)
class LockDesk:
    """Extends locks and sets holds; any number of times, in any order."""

    database: Database
    retention: RetentionDesk

    def extend(self, store: object, told: Told = lambda _done, _all: None) -> int:
        """Extend the lock of every document's bytes to its date; answer how many were extended.

        Raises:
            NotFoundError: the bytes of a record are gone.
            StoreError: the store refuses, or cannot be reached.
        """
        if not isinstance(store, LockingStore):
            return 0
        dates = self.dates()
        extended = 0
        for done, (digest, until) in enumerate(dates.items(), start=1):
            extended += store.retain(digest, until)
            told(done, len(dates))
        return extended

    def dates(self) -> dict[str, datetime]:
        """Until when each digest of a document must be locked: the latest of those that share it, UTC."""
        found: dict[str, datetime] = {}
        for one, digests in self._digests(self.retention.kept()):
            until = end_of(one.schedule.keep_until).astimezone(UTC)
            found |= {digest: max(until, found.get(digest, until)) for digest in digests}
        return found

    def hold(self, stores: Iterable[object], hold_id: int | None = None) -> int:
        """Set on every object the hold that stands on its document; and lift what one hold, which was lifted, has set.

        Args:
            stores: those that know holds are asked, with the key that they were opened with.
            hold_id: the hold that was placed or lifted; all that stand when absent.

        Raises:
            StoreError: a store refuses, or cannot be reached; the job is done again.
        """
        holding = [one for one in stores if isinstance(one, HoldingStore)]
        if not holding:
            return 0
        kept = self.retention.kept()
        held = {digest for _, digests in self._digests([one for one in kept if one.holds]) for digest in digests}
        touched = held if hold_id is None else self._covered(kept, hold_id)
        for store in holding:
            for digest in sorted(touched):
                store.hold(digest, held=digest in held)
        return len(touched)

    def _covered(self, kept: Iterable[Kept], hold_id: int) -> set[str]:
        with self.database.read() as records:
            hold = records.keeping.hold(hold_id)
        if hold is None:
            return set()
        those = [one for one in kept if hold.covers(one.document.aco_id, one.document.document_id)]
        return {digest for _, digests in self._digests(those) for digest in digests}

    def _digests(self, kept: Iterable[Kept]) -> list[tuple[Kept, frozenset[str]]]:
        found = {one.document.document_id: one for one in kept}
        with self.database.read() as records:
            digests = records.dispositions.digests(found)
        return [(found[document_id], ones) for document_id, ones in digests.items()]
