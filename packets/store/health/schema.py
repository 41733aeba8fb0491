"""Facts that both databases tell: the tables and columns that are there, the newest record, and bytes that must be stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.store.tables import audit, documents, metadata


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the records say of themselves.

    Attributes:
        newest: when the newest entry of the log was written; None when there is none.
        documents: how many documents were ever recorded.
        digest: of the newest document whose bytes must be in the object store; empty when there is none.
    """

    newest: datetime | None
    documents: int
    digest: str


def missing_parts(connection: sa.Connection) -> list[str]:
    """Name the tables, and the columns of tables, that the program knows and the database has not."""
    inspector = sa.inspect(connection)
    present = set(inspector.get_table_names())
    missing = [f"the table {name}" for name in sorted(metadata.tables) if name not in present]
    for name in sorted(set(metadata.tables) & present):
        columns = {column["name"] for column in inspector.get_columns(name)}
        wanted = sorted(column.name for column in metadata.tables[name].columns if column.name not in columns)
        missing += [f"the column {name}.{column}" for column in wanted]
    return missing


def record_facts(connection: sa.Connection) -> RecordFacts:
    """Read the newest entry, the number of documents and one digest."""
    newest = connection.scalar(sa.select(audit.c.at_utc).order_by(audit.c.sequence.desc()).limit(1))
    count = int(connection.scalar(sa.select(sa.func.count()).select_from(documents)) or 0)
    kept = sa.select(documents.c.head_digest).where(documents.c.disposed_at_utc.is_(None))
    digest = connection.scalar(kept.order_by(documents.c.created_at_utc.desc()).limit(1))
    return RecordFacts(newest, count, digest or "")
