"""A batch: documents that the CMS signatory countersigns together, after one re-authentication for exactly this set (R3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from packets.canonical import digest_of
from packets.errors import Problem
from packets.model.people import Role

TIME_TO_START = timedelta(minutes=5)
"""A re-authentication starts a batch within this time, once."""
TIME_TO_FINISH = timedelta(hours=24)
"""So long after the re-authentication a batch that was started may still sign; what is left then is skipped."""
MOST_DOCUMENTS = 1000
DOCUMENTS_IN_A_SHARD, MOST_SHARDS = 8, 4
"""A large batch is several jobs, so that several processes can work on it."""


class ItemState(StrEnum):
    """A document of a batch waits for its turn, was signed, or was skipped with reasons."""

    WAITING = "waiting"
    SIGNED = "signed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One document of a batch.

    Attributes:
        digest: the revision whose facts stood on the sheet; nothing else is signed.
        opened: when the batch was started, the signatory had been shown the whole document, not only its line on the sheet.
        reasons: why it was skipped.
    """

    document_id: str
    digest: str
    slot: str
    role: Role
    opened: bool = False
    state: ItemState = ItemState.WAITING
    reasons: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """A set of documents, the sheet on which their facts were shown, and what became of them.

    Attributes:
        sheet_digest: digest of the sheet, which is kept in the object store.
        step_up_id: the re-authentication that started it; empty until then.
    """

    batch_id: str
    user_id: str
    created_at: datetime
    sheet_digest: str
    items: tuple[BatchItem, ...]
    step_up_id: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def set_digest(self) -> str:
        """Digest of exactly this set: document ids and digests, sorted. The re-authentication is bound to it."""
        return digest_of(sorted([one.document_id, one.digest] for one in self.items))

    @property
    def job_keys(self) -> tuple[str, ...]:
        """Keys of the jobs that work on it: one for each shard."""
        shards = min(MOST_SHARDS, -(-len(self.items) // DOCUMENTS_IN_A_SHARD))
        return tuple(f"batch/{self.batch_id}/{number}" for number in range(shards))

    def shard(self, number: int) -> tuple[BatchItem, ...]:
        """The items that one of its jobs works on."""
        return self.items[number :: len(self.job_keys)]

    def count(self, state: ItemState) -> int:
        """How many documents are in that state."""
        return sum(one.state is state for one in self.items)

    def item(self, document_id: str) -> BatchItem | None:
        """The item of a document, or None."""
        return next((one for one in self.items if one.document_id == document_id), None)
