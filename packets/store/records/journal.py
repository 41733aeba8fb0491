"""Records of the audit log and of the outbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.audit.log import Act, Entry, Outcome, chain
from packets.store.tables import audit, outbox


class JournalRecords:
    """The log grows at its end only; nothing here changes or removes an entry."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._newest: Entry | None = None
        """The entry that this transaction wrote last: nobody else can have written one after it."""

    def log(
        self, act: Act, actor: str, subject: str, now: datetime, outcome: Outcome = Outcome.DONE, **details: Any
    ) -> Entry:
        """Add an entry in the transaction of the act that it tells of."""
        last = self._newest or self._last()
        entry = chain(last, at_utc=now, act=act, actor=actor, subject=subject, outcome=outcome, details=details)
        values = {field: getattr(entry, field) for field in Entry.__dataclass_fields__}
        self._connection.execute(audit.insert(), values)
        self._newest = entry
        return entry

    def entries(self, subject: str | None = None) -> Iterator[Entry]:
        """The log in its order, or what it tells of one subject."""
        asked = audit.select().order_by(audit.c.sequence)
        if subject is not None:
            asked = asked.where(audit.c.subject == subject)
        return map(_entry, self._connection.execute(asked))

    def queue(self, topic: str, payload: Mapping[str, Any], now: datetime) -> None:
        """Put a message in the outbox; it is sent after this transaction, or never."""
        self._connection.execute(outbox.insert().values(topic=topic, payload=dict(payload), queued_at_utc=now))

    def _last(self) -> Entry | None:
        row = self._connection.execute(audit.select().order_by(audit.c.sequence.desc()).limit(1)).one_or_none()
        return _entry(row) if row else None


def _entry(row: Any) -> Entry:
    values = {field: getattr(row, field) for field in Entry.__dataclass_fields__}
    return Entry(**{**values, "act": Act(row.act), "outcome": Outcome(row.outcome)})
