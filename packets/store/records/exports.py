"""Records of exports, of the documents in them, and of what became of their files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.exports import Export, Finished
from packets.store.tables import documents, export_items, exports


class ExportRecords:
    """Exports by their id or by whose they are."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, export: Export, document_ids: Sequence[str]) -> None:
        """Record what was asked for, and the documents in their order."""
        values = {name: getattr(export, name) for name in ("export_id", "user_id", "chosen")}
        empty = {"digest": "", "size": 0, "held": 0, "removed_by": ""}
        made = exports.insert().values(**values, asked_at_utc=export.asked_at, asked=dict(export.asked), **empty)
        self._connection.execute(made)
        rows = [
            {"export_id": export.export_id, "position": at, "document_id": one} for at, one in enumerate(document_ids)
        ]
        self._connection.execute(export_items.insert(), rows)

    def get(self, export_id: str) -> Export | None:
        """The export, or None."""
        row = self._connection.execute(exports.select().where(exports.c.export_id == export_id)).one_or_none()
        return _export(row) if row else None

    def of_person(self, user_id: str, most: int) -> list[Export]:
        """The newest exports that a person has asked for."""
        asked = exports.select().where(exports.c.user_id == user_id).order_by(exports.c.asked_at_utc.desc())
        return [_export(row) for row in self._connection.execute(asked.limit(most))]

    def standing(self, user_id: str) -> list[Export]:
        """A person's exports that were not removed."""
        mine = exports.select().where(exports.c.user_id == user_id, exports.c.removed_at_utc.is_(None))
        return [_export(row) for row in self._connection.execute(mine.order_by(exports.c.asked_at_utc))]

    def expired(self, now: datetime) -> list[Export]:
        """Exports whose file stands longer than it should: its days are over, or a document in it was disposed of since."""
        disposed = _items_of_export().where(documents.c.disposed_at_utc >= exports.c.ready_at_utc).exists()
        over = sa.or_(exports.c.expires_at_utc <= now, disposed)
        asked = exports.select().where(exports.c.removed_at_utc.is_(None), exports.c.ready_at_utc.is_not(None), over)
        return [_export(row) for row in self._connection.execute(asked)]

    def count_kept(self, export_id: str) -> int:
        """How many of the documents of an export are not disposed of."""
        kept = sa.select(sa.func.count()).select_from(export_items.join(documents))
        these = export_items.c.export_id == export_id, documents.c.disposed_at_utc.is_(None)
        return int(self._connection.scalar(kept.where(*these)) or 0)

    def documents(self, export_id: str, *, untold: bool = False) -> list[str]:
        """The documents of an export in their order; or those of which the log was not told yet."""
        these = [export_items.c.export_id == export_id, *([export_items.c.told_at_utc.is_(None)] if untold else ())]
        asked = sa.select(export_items.c.document_id).where(*these).order_by(export_items.c.position)
        return list(self._connection.scalars(asked))

    def tell(self, export_id: str, document_ids: Sequence[str], now: datetime) -> None:
        """Record that the log was told of these documents."""
        these = export_items.c.export_id == export_id, export_items.c.document_id.in_(document_ids)
        self._connection.execute(export_items.update().where(*these).values(told_at_utc=now))

    def finish(self, export_id: str, finished: Finished) -> bool:
        """Record that the file is there. False when there was one before, or the export was removed."""
        open_ = exports.c.ready_at_utc.is_(None), exports.c.removed_at_utc.is_(None)
        values = {name: getattr(finished, name) for name in ("digest", "size", "held")}
        times = {"ready_at_utc": finished.ready_at, "expires_at_utc": finished.expires_at}
        changed = exports.update().where(exports.c.export_id == export_id, *open_).values(**values, **times)
        return self._connection.execute(changed).rowcount == 1

    def remove(self, export_id: str, by: str, now: datetime) -> bool:
        """Record that the file is given to nobody any more. False when that was recorded before."""
        standing = exports.update().where(exports.c.export_id == export_id, exports.c.removed_at_utc.is_(None))
        return self._connection.execute(standing.values(removed_at_utc=now, removed_by=by)).rowcount == 1


def _items_of_export() -> sa.Select[Any]:
    """Documents of the export of a query around this one."""
    joined = sa.select(export_items.c.document_id).join(
        documents, documents.c.document_id == export_items.c.document_id
    )
    return joined.where(export_items.c.export_id == exports.c.export_id).correlate(exports)


def _export(row: Any) -> Export:
    finished = (
        Finished(row.digest, row.size, row.held, row.ready_at_utc, row.expires_at_utc) if row.ready_at_utc else None
    )
    return Export(
        row.export_id,
        row.user_id,
        row.asked_at_utc,
        row.asked,
        row.chosen,
        finished,
        row.removed_at_utc,
        row.removed_by,
    )
