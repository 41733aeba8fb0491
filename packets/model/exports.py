"""An export: records that a person takes away as one file, which a job makes and which is kept for some days (R4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packets.model.jobs import Job, JobState


class ExportState(StrEnum):
    """How far an export is, for people."""

    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    READY = "ready"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Finished:
    """The file of an export.

    Attributes:
        digest: SHA-256 of the file, hex.
        size: in bytes.
        held: how many documents are in it; those that were disposed of since it was asked for are not.
        expires_at: it is removed after this time.
    """

    digest: str
    size: int
    held: int
    ready_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """Records that somebody asked for.

    Attributes:
        asked: the question that found them, part by part, as the search form sends it.
        chosen: how many documents it found.
        finished: its file; None until there is one.
        removed_by: who removed it, the service when its days were over; empty while it stands.
    """

    export_id: str
    user_id: str
    asked_at: datetime
    asked: Mapping[str, str]
    chosen: int
    finished: Finished | None = None
    removed_at: datetime | None = None
    removed_by: str = ""

    def state(self, job: Job | None) -> ExportState:
        """How far it is, with the job that makes it."""
        if self.removed_at is not None:
            return ExportState.REMOVED
        if self.finished is not None:
            return ExportState.READY
        if job is None or job.state in {JobState.FAILED, JobState.STOPPED}:
            return ExportState.FAILED
        return ExportState.WAITING if job.state is JobState.QUEUED else ExportState.RUNNING
