"""Legal holds and dispositions as they stand in the records: who asked for what, why, and how far it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: while it stands, none of the documents that it covers is disposed of, whatever the date.

    Attributes:
        aco_id: all documents of the ACO, those that are made later too; empty when documents are named.
        document_ids: the documents that are named.
        reason, authority: why, and who ordered it or where it is written.
        lifted_at: None while it stands.
    """

    hold_id: int
    aco_id: str
    document_ids: tuple[str, ...]
    reason: str
    authority: str
    placed_by: str
    placed_at: datetime
    lifted_by: str = ""
    lift_reason: str = ""
    lifted_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it was not lifted."""
        return self.lifted_at is None

    def covers(self, aco_id: str, document_id: str) -> bool:
        """Whether it is about a document, standing or not."""
        return self.aco_id == aco_id if self.aco_id else document_id in self.document_ids


class DispositionState(StrEnum):
    """Where a disposition is; it ends completed or given up, and what is given up leaves everything kept."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    BEGUN = "begun"
    COMPLETED = "completed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class DispositionItem:
    """A document that is to be disposed of, and the date until which it had to be kept when that was proposed."""

    document_id: str
    keep_until: date


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved, when, with which proof of fresh re-authentication."""

    user_id: str
    at: datetime
    step_up_id: str


@dataclass(frozen=True, slots=True)
class Disposition:
    """Documents that one person proposes to dispose of, and two others approve.

    Attributes:
        approvals: at most two, by people other than the proposer and each other.
        begun_at: from here on there is no way back: the documents are no longer served.
        stopped_by, stop_reason: who gave it up and why; the service does when a document may no longer be disposed of.
        certificate_digest: of the sealed certificate in the object store, empty before the end.
    """

    disposition_id: str
    proposed_by: str
    reason: str
    proposed_at: datetime
    items: tuple[DispositionItem, ...]
    approvals: tuple[Approval, ...] = ()
    begun_at: datetime | None = None
    completed_at: datetime | None = None
    certificate_digest: str = ""
    stopped_at: datetime | None = None
    stopped_by: str = ""
    stop_reason: str = ""

    @property
    def state(self) -> DispositionState:
        """Where it is."""
        if self.stopped_at:
            return DispositionState.STOPPED
        if self.completed_at:
            return DispositionState.COMPLETED
        if self.begun_at:
            return DispositionState.BEGUN
        return DispositionState.APPROVED if len(self.approvals) > 1 else DispositionState.PROPOSED

    @property
    def set_digest(self) -> str:
        """SHA-256 of what is to be disposed of: an approval is bound to exactly these documents and dates."""
        lines = (f"{one.document_id} {one.keep_until.isoformat()}" for one in self.items)
        return hashlib.sha256("\n".join([self.disposition_id, *sorted(lines)]).encode()).hexdigest()
