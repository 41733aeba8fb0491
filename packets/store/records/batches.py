"""Records of batches of countersignatures, and of what became of each document in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.errors import Problem
from packets.model.batches import Batch, BatchItem, ItemState
from packets.model.people import Role
from packets.store.tables import batch_items, batches

ITEM = ("document_id", "digest", "slot", "opened")


class BatchRecords:
    """Batches by their id, by the re-authentication that started them, or by whose they are."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, batch: Batch) -> None:
        """Record a batch that is not started yet."""
        values = {"batch_id": batch.batch_id, "user_id": batch.user_id, "sheet_digest": batch.sheet_digest}
        self._connection.execute(batches.insert().values(**values, created_at_utc=batch.created_at))
        rows = [
            {name: getattr(one, name) for name in ITEM}
            | {"batch_id": batch.batch_id, "position": position, "role": one.role, "state": one.state, "reasons": []}
            for position, one in enumerate(batch.items)
        ]
        self._connection.execute(batch_items.insert(), rows)

    def get(self, batch_id: str) -> Batch | None:
        """The batch with its items in their order, or None."""
        return self._one(batches.c.batch_id == batch_id)

    def item_started_by(self, step_up_id: str, document_id: str) -> BatchItem | None:
        """A document's item in the batch that a re-authentication started, or None."""
        joined = batch_items.select().join(batches, batches.c.batch_id == batch_items.c.batch_id)
        this = (batches.c.step_up_id == step_up_id, batch_items.c.document_id == document_id)
        row = self._connection.execute(joined.where(*this)).one_or_none()
        return _item(row) if row else None

    def of_person(self, user_id: str, most: int) -> list[Batch]:
        """The newest batches that a person has started."""
        mine = sa.and_(batches.c.user_id == user_id, batches.c.started_at_utc.is_not(None))
        asked = sa.select(batches.c.batch_id).where(mine).order_by(batches.c.started_at_utc.desc()).limit(most)
        found = (self.get(one) for one in self._connection.scalars(asked).all())
        return [one for one in found if one is not None]

    def start(self, batch_id: str, step_up_id: str, now: datetime, opened: Collection[str]) -> bool:
        """Record that a batch is started, and which of its documents had been opened whole. False when it was before."""
        fresh = batches.update().where(batches.c.batch_id == batch_id, batches.c.started_at_utc.is_(None))
        values = {"step_up_id": step_up_id, "started_at_utc": now}
        if self._connection.execute(fresh.values(**values)).rowcount == 0:
            return False
        mine = batch_items.update().where(batch_items.c.batch_id == batch_id)
        self._connection.execute(mine.where(batch_items.c.document_id.in_(opened)).values(opened=True))
        return True

    def close_item(
        self, batch_id: str, document_id: str, state: ItemState, reasons: Collection[Problem], now: datetime
    ) -> bool:
        """Record what became of a document. False when that was recorded before."""
        this = (batch_items.c.batch_id == batch_id, batch_items.c.document_id == document_id)
        waiting = batch_items.update().where(*this, batch_items.c.state == ItemState.WAITING)
        values = {"state": state, "reasons": [asdict(one) for one in reasons], "closed_at_utc": now}
        return self._connection.execute(waiting.values(**values)).rowcount == 1

    def finish(self, batch_id: str, now: datetime) -> bool:
        """Record that nothing waits any more. False when that was recorded before."""
        unfinished = batches.update().where(batches.c.batch_id == batch_id, batches.c.finished_at_utc.is_(None))
        return self._connection.execute(unfinished.values(finished_at_utc=now)).rowcount == 1

    def _one(self, which: sa.ColumnElement[bool]) -> Batch | None:
        row = self._connection.execute(batches.select().where(which)).one_or_none()
        if row is None:
            return None
        asked = batch_items.select().where(batch_items.c.batch_id == row.batch_id).order_by(batch_items.c.position)
        return _batch(row, self._connection.execute(asked).all())


def _batch(row: Any, items: Any) -> Batch:
    return Batch(
        batch_id=row.batch_id,
        user_id=row.user_id,
        created_at=row.created_at_utc,
        sheet_digest=row.sheet_digest,
        items=tuple(map(_item, items)),
        step_up_id=row.step_up_id or "",
        started_at=row.started_at_utc,
        finished_at=row.finished_at_utc,
    )


def _item(row: Any) -> BatchItem:
    values = {name: getattr(row, name) for name in ITEM}
    reasons = tuple(Problem(**one) for one in row.reasons)
    return BatchItem(**values, role=Role(row.role), state=ItemState(row.state), reasons=reasons)
