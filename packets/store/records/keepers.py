"""Records of what the keepers found: their runs, and until when the newest archival time-stamp of each file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.store.tables import documents, keeper_runs, protections

FIXITY, RENEWAL = "fixity", "renewal"


@dataclass(frozen=True, slots=True)
class KeeperRun:
    """One run over everything that is kept, and what it found as JSON types."""

    kind: str
    began_at: datetime
    ended_at: datetime
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptProtection:
    """Until when the newest archival time-stamp of an executed document holds, as it was last looked at.

    Attributes:
        head_digest: of the file that was looked at.
        digest: the weaker digest in it, e.g. `sha256`.
    """

    document_id: str
    head_digest: str
    digest: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ProtectedDocument:
    """An executed document that counts, and what is known of its protection; None when nobody has looked yet."""

    document_id: str
    aco_id: str
    performance_year: int
    kind: str
    protection: KeptProtection | None


class KeeperRecords:
    """Runs by kind; protections by document."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add_run(self, run: KeeperRun) -> None:
        """Record a run that has come to its end."""
        values = {
            "kind": run.kind,
            "began_at_utc": run.began_at,
            "ended_at_utc": run.ended_at,
            "report": dict(run.report),
        }
        self._connection.execute(keeper_runs.insert().values(**values))

    def runs(self, kind: str, most: int) -> list[KeeperRun]:
        """The newest runs of a kind, newest first."""
        asked = keeper_runs.select().where(keeper_runs.c.kind == kind)
        rows = self._connection.execute(asked.order_by(keeper_runs.c.run_id.desc()).limit(most))
        return [KeeperRun(row.kind, row.began_at_utc, row.ended_at_utc, row.report) for row in rows]

    def protect(self, found: KeptProtection) -> None:
        """Record what protects a file now."""
        this = protections.c.document_id == found.document_id
        values = {"head_digest": found.head_digest, "digest": found.digest, "ends_at_utc": found.ends_at}
        if self._connection.execute(protections.update().where(this).values(**values)).rowcount == 0:
            self._connection.execute(protections.insert().values(document_id=found.document_id, **values))

    def protection(self, document_id: str) -> KeptProtection | None:
        """What was found of a document's protection, or None."""
        row = self._connection.execute(
            protections.select().where(protections.c.document_id == document_id)
        ).one_or_none()
        return KeptProtection(row.document_id, row.head_digest, row.digest, row.ends_at_utc) if row else None

    def protected(self) -> list[ProtectedDocument]:
        """Executed documents that count: those that nobody has looked at first, then those that end first."""
        joined = documents.outerjoin(protections, protections.c.document_id == documents.c.document_id)
        told = (protections.c.head_digest.label("looked_at"), protections.c.digest, protections.c.ends_at_utc)
        counting = documents.c.executed_at_utc.is_not(None), documents.c.voided_at_utc.is_(None)
        kept = documents.c.disposed_at_utc.is_(None)
        asked = sa.select(documents, *told).select_from(joined).where(*counting, kept)
        first = protections.c.ends_at_utc.is_not(None)
        rows = self._connection.execute(asked.order_by(first, protections.c.ends_at_utc, documents.c.document_id))
        return [_protected(row) for row in rows]


def _protected(row: Any) -> ProtectedDocument:
    found = None
    if row.ends_at_utc is not None:
        found = KeptProtection(row.document_id, row.looked_at, row.digest, row.ends_at_utc)
    return ProtectedDocument(row.document_id, row.aco_id, row.year, row.kind, found)
