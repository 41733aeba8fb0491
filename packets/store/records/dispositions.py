"""Records of dispositions, and which bytes no other record needs any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.holds import Approval, Disposition, DispositionItem
from packets.store.records.entries import EntryRecords
from packets.store.tables import checkpoints, corrections, disposition_items, dispositions, documents, loads, revisions

PLACES = ("first", "second")


class DispositionRecords:
    """Dispositions by their id; each step of one is taken once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, disposition: Disposition) -> None:
        """Record what somebody proposes to dispose of."""
        values = {name: getattr(disposition, name) for name in ("disposition_id", "proposed_by", "reason")}
        empty = {"certificate_digest": "", "stopped_by": "", "stop_reason": ""}
        added = dispositions.insert().values(**values, **empty, proposed_at_utc=disposition.proposed_at)
        self._connection.execute(added)
        rows = [
            {"disposition_id": disposition.disposition_id, "document_id": one.document_id, "keep_until": one.keep_until}
            for one in disposition.items
        ]
        self._connection.execute(disposition_items.insert(), rows)

    def get(self, disposition_id: str) -> Disposition | None:
        """The disposition with its documents, or None."""
        row = self._connection.execute(dispositions.select().where(_is(disposition_id))).one_or_none()
        return self._read(row) if row else None

    def newest(self, most: int) -> list[Disposition]:
        """The newest so many, newest first."""
        asked = dispositions.select().order_by(dispositions.c.proposed_at_utc.desc()).limit(most)
        return [self._read(row) for row in self._connection.execute(asked).all()]

    def under_way(self) -> dict[str, str]:
        """The documents of every disposition that has not come to its end, with its id."""
        joined = disposition_items.join(dispositions)
        moving = dispositions.c.completed_at_utc.is_(None), dispositions.c.stopped_at_utc.is_(None)
        asked = sa.select(disposition_items.c.document_id, dispositions.c.disposition_id).select_from(joined)
        return {row.document_id: row.disposition_id for row in self._connection.execute(asked.where(*moving))}

    def of_document(self, document_id: str) -> Disposition | None:
        """The disposition by which a document was disposed of, or None."""
        joined = dispositions.join(disposition_items)
        asked = sa.select(dispositions).select_from(joined).where(disposition_items.c.document_id == document_id)
        row = self._connection.execute(asked.where(dispositions.c.begun_at_utc.is_not(None))).one_or_none()
        return self._read(row) if row else None

    def approve(self, disposition_id: str, approval: Approval, *, first: bool) -> bool:
        """Record an approval in its place. False when that place was taken, or nothing is to be approved any more."""
        place = PLACES[not first]
        values = {
            f"{place}_approver": approval.user_id,
            f"{place}_approved_at_utc": approval.at,
            f"{place}_step_up_id": approval.step_up_id,
        }
        free = dispositions.c[f"{place}_approver"].is_(None), dispositions.c.stopped_at_utc.is_(None)
        return (
            self._connection.execute(dispositions.update().where(_is(disposition_id), *free).values(**values)).rowcount
            == 1
        )

    def begin(self, disposition: Disposition, now: datetime) -> bool:
        """Record that there is no way back: its documents are disposed of. False when that was recorded before."""
        free = dispositions.c.begun_at_utc.is_(None), dispositions.c.stopped_at_utc.is_(None)
        begun = dispositions.update().where(_is(disposition.disposition_id), *free).values(begun_at_utc=now)
        if self._connection.execute(begun).rowcount == 0:
            return False
        those = documents.c.document_id.in_([one.document_id for one in disposition.items])
        self._connection.execute(documents.update().where(those).values(disposed_at_utc=now))
        for one in self._connection.scalars(sa.select(documents.c.document_id).where(those)).all():
            EntryRecords(self._connection).follow(one)
        return True

    def complete(self, disposition_id: str, certificate_digest: str, now: datetime) -> bool:
        """Record that the bytes are gone and the certificate is kept. False when that was recorded before."""
        open_still = dispositions.update().where(_is(disposition_id), dispositions.c.completed_at_utc.is_(None))
        values = {"completed_at_utc": now, "certificate_digest": certificate_digest}
        return self._connection.execute(open_still.values(**values)).rowcount == 1

    def stop(self, disposition_id: str, by: str, reason: str, now: datetime) -> bool:
        """Record that it was given up. False when it has begun, or was given up before."""
        free = dispositions.c.begun_at_utc.is_(None), dispositions.c.stopped_at_utc.is_(None)
        values = {"stopped_at_utc": now, "stopped_by": by, "stop_reason": reason}
        return (
            self._connection.execute(dispositions.update().where(_is(disposition_id), *free).values(**values)).rowcount
            == 1
        )

    def digests(self, document_ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """The digests of some documents' revisions and facts, by document."""
        wanted = sorted(document_ids)
        found: dict[str, set[str]] = {one: set() for one in wanted}
        chains = sa.select(revisions.c.document_id, revisions.c.digest).where(revisions.c.document_id.in_(wanted))
        facts = sa.select(documents.c.document_id, documents.c.data_digest).where(documents.c.document_id.in_(wanted))
        for document_id, digest in (*self._connection.execute(chains), *self._connection.execute(facts)):
            found[document_id].add(digest)
        return {document_id: frozenset(digests) for document_id, digests in found.items()}

    def needed(self, digests: Iterable[str]) -> frozenset[str]:
        """Those of some digests that a record needs which was not disposed of."""
        wanted, kept = sorted(digests), documents.c.disposed_at_utc.is_(None)
        chains = sa.select(revisions.c.digest).select_from(revisions.join(documents)).where(kept)
        facts = sa.select(documents.c.data_digest).where(kept, documents.c.data_digest.in_(wanted))
        found = set(self._connection.scalars(chains.where(revisions.c.digest.in_(wanted))))
        found |= set(self._connection.scalars(facts))
        kept_for_good = dispositions.c.certificate_digest
        for column in (
            kept_for_good,
            checkpoints.c.object_digest,
            loads.c.report_digest,
            loads.c.digest,
            corrections.c.sha256,
        ):
            found |= set(self._connection.scalars(sa.select(column).where(column.in_(wanted))))
        return frozenset(found)

    def disposed(self, digest: str) -> bool:
        """Whether bytes were those of a document that was disposed of, and no other record needs them."""
        gone = documents.c.disposed_at_utc.is_not(None)
        chains = sa.select(revisions.c.digest).select_from(revisions.join(documents))
        facts = sa.select(documents.c.data_digest)
        found = self._connection.scalar(chains.where(gone, revisions.c.digest == digest).limit(1))
        found = found or self._connection.scalar(facts.where(gone, documents.c.data_digest == digest).limit(1))
        return found is not None and not self.needed([digest])

    def _read(self, row: Any) -> Disposition:
        this = disposition_items.c.disposition_id == row.disposition_id
        items = self._connection.execute(
            disposition_items.select().where(this).order_by(disposition_items.c.document_id)
        )
        approvals = tuple(
            Approval(
                getattr(row, f"{place}_approver"),
                getattr(row, f"{place}_approved_at_utc"),
                getattr(row, f"{place}_step_up_id"),
            )
            for place in PLACES
            if getattr(row, f"{place}_approver") is not None
        )
        return Disposition(
            disposition_id=row.disposition_id,
            proposed_by=row.proposed_by,
            reason=row.reason,
            proposed_at=row.proposed_at_utc,
            items=tuple(DispositionItem(one.document_id, one.keep_until) for one in items),
            approvals=approvals,
            begun_at=row.begun_at_utc,
            completed_at=row.completed_at_utc,
            certificate_digest=row.certificate_digest,
            stopped_at=row.stopped_at_utc,
            stopped_by=row.stopped_by,
            stop_reason=row.stop_reason,
        )


def _is(disposition_id: str) -> sa.ColumnElement[bool]:
    return dispositions.c.disposition_id == disposition_id
