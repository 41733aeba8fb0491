"""Records of the audit log and of the outbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.audit.log import Act, Entry, Outcome, chain
from packets.audit.merkle import Frontier
from packets.store.tables import audit, checkpoints, outbox
from packets.tracing import traced

ENTRIES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint of the log that was signed and stored.

    Attributes:
        size: number of the last entry that it covers.
        frontier: the tree over the entries, from which the next one grows.
        digest: of its statement.
        object_digest: of the signed bundle in the object store.
    """

    size: int
    frontier: Frontier
    digest: str
    object_digest: str
    at_utc: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """Something that people are to be told, queued by the act that it tells of; `failure` says why they were not."""

    message_id: int
    topic: str
    payload: Mapping[str, Any]
    queued_at_utc: datetime
    failure: str = ""


class JournalRecords:
    """The log grows at its end only; nothing here changes or removes an entry."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._newest: Entry | None = None
        """The entry that this transaction wrote last: nobody else can have written one after it."""

    def log(
        self, act: Act, actor: str, subject: str, now: datetime, outcome: Outcome = Outcome.DONE, **details: Any
    ) -> Entry:
        """Add an entry in the transaction of the act that it tells of; it names the request in which that is done."""
        last = self._newest or self._last()
        details |= {"request": traced()} if traced() else {}
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

    def numbered(self, sequences: Sequence[int]) -> Iterator[Entry]:
        """The entries with these numbers, in their order, read some hundred at a time."""
        wanted = sorted(sequences)
        for at in range(0, len(wanted), ENTRIES_AT_ONCE):
            some = audit.c.sequence.in_(wanted[at : at + ENTRIES_AT_ONCE])
            found = self._connection.execute(audit.select().where(some).order_by(audit.c.sequence)).all()
            yield from map(_entry, found)

    def digests(self, after: int) -> Iterator[tuple[int, str]]:
        """Number and digest of every entry after a number, in their order."""
        asked = sa.select(audit.c.sequence, audit.c.digest).where(audit.c.sequence > after).order_by(audit.c.sequence)
        return ((row.sequence, row.digest) for row in self._connection.execute(asked))

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        """Record a checkpoint that was signed and stored."""
        peaks = [one.hex() for one in checkpoint.frontier.peaks]
        values = {name: getattr(checkpoint, name) for name in ("size", "digest", "object_digest", "at_utc")}
        self._connection.execute(checkpoints.insert().values(**values, peaks=peaks))

    def checkpoints(self) -> list[KeptCheckpoint]:
        """Every checkpoint, the first one first."""
        return [_checkpoint(row) for row in self._connection.execute(checkpoints.select().order_by(checkpoints.c.size))]

    def last_checkpoint(self) -> KeptCheckpoint | None:
        """The newest checkpoint, or None."""
        newest = checkpoints.select().order_by(checkpoints.c.size.desc()).limit(1)
        row = self._connection.execute(newest).one_or_none()
        return _checkpoint(row) if row else None

    def queue(self, topic: str, payload: Mapping[str, Any], now: datetime) -> int:
        """Put a message in the outbox; it is sent after this transaction, or never. Answers its number."""
        values = {"topic": topic, "payload": dict(payload), "queued_at_utc": now, "failure": ""}
        key: Any = self._connection.execute(outbox.insert().values(**values)).inserted_primary_key
        return int(key[0])

    def waiting(self, most: int) -> list[Message]:
        """The oldest messages that nobody was told of yet."""
        asked = outbox.select().where(outbox.c.sent_at_utc.is_(None)).order_by(outbox.c.message_id).limit(most)
        return [_message(row) for row in self._connection.execute(asked)]

    def count_waiting(self) -> int:
        """How many messages nobody was told of yet."""
        asked = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.sent_at_utc.is_(None))
        return int(self._connection.scalar(asked) or 0)

    def take(self, message_id: int, now: datetime) -> bool:
        """Take a message out of the outbox; False when somebody else did. It counts when this transaction commits."""
        asked = outbox.update().where(outbox.c.message_id == message_id, outbox.c.sent_at_utc.is_(None))
        return self._connection.execute(asked.values(sent_at_utc=now)).rowcount == 1

    def fail(self, message_id: int, failure: str) -> None:
        """Record why nobody could be told of a message that was taken."""
        asked = outbox.update().where(outbox.c.message_id == message_id)
        self._connection.execute(asked.values(failure=failure))

    def failed(self, most: int) -> list[Message]:
        """The newest messages that nobody could be told of."""
        asked = outbox.select().where(outbox.c.failure != "").order_by(outbox.c.message_id.desc()).limit(most)
        return [_message(row) for row in self._connection.execute(asked)]

    def _last(self) -> Entry | None:
        row = self._connection.execute(audit.select().order_by(audit.c.sequence.desc()).limit(1)).one_or_none()
        return _entry(row) if row else None


def _entry(row: Any) -> Entry:
    values = {field: getattr(row, field) for field in Entry.__dataclass_fields__}
    return Entry(**{**values, "act": Act(row.act), "outcome": Outcome(row.outcome)})


def _checkpoint(row: Any) -> KeptCheckpoint:
    frontier = Frontier(row.size, tuple(bytes.fromhex(one) for one in row.peaks))
    return KeptCheckpoint(row.size, frontier, row.digest, row.object_digest, row.at_utc)


def _message(row: Any) -> Message:
    return Message(**{field: getattr(row, field) for field in Message.__dataclass_fields__})
