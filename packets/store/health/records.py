"""Facts about the records, on both databases: the newest one, how many there are, and bytes that must be stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.store.tables import audit, documents


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the records say of themselves.

    Attributes:
        newest: when the newest entry of the log was written; None when there is none.
        documents: how many documents were ever recorded.
        digest: of the newest document whose bytes must be in the object store; empty when there is none.
        kinds: of all documents.
    """

    newest: datetime | None
    documents: int
    digest: str
    kinds: frozenset[str]


def record_facts(connection: sa.Connection) -> RecordFacts:
    """Read the newest entry, the number of documents, one digest and the kinds."""
    newest = connection.scalar(sa.select(audit.c.at_utc).order_by(audit.c.sequence.desc()).limit(1))
    count = int(connection.scalar(sa.select(sa.func.count()).select_from(documents)) or 0)
    kept = sa.select(documents.c.head_digest).where(documents.c.disposed_at_utc.is_(None))
    digest = connection.scalar(kept.order_by(documents.c.created_at_utc.desc()).limit(1))
    kinds = frozenset(connection.scalars(sa.select(documents.c.kind).distinct()))
    return RecordFacts(newest, count, digest or "", kinds)
