"""Records of how long documents are kept: the dates that were found, extensions, and legal holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from packets.model.holds import Hold
from packets.model.retention import Extension, Facts, Ground, KeptDocument
from packets.store.tables import (
    acos,
    documents,
    hold_documents,
    holds,
    retention_dates,
    retention_extensions,
    revisions,
    signatures,
)


class KeepingRecords:
    """What is kept, for how long, and what is held."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def kept(self, document_ids: Iterable[str] | None = None) -> list[KeptDocument]:
        """The documents that were not disposed of, voided ones too, by ACO, year and step: all, or some of them."""
        return self._kept(*([] if document_ids is None else [documents.c.document_id.in_(sorted(document_ids))]))

    def kept_of(self, agreement_end: date, recorded: date) -> list[KeptDocument]:
        """As `kept`, of agreement periods that end by a day, and without those of which a later date than one was recorded."""
        open_dates = sa.or_(retention_dates.c.keep_until.is_(None), retention_dates.c.keep_until <= recorded)
        return self._kept(acos.c.end_date <= agreement_end, open_dates)

    def kept_under(self, standing: Iterable[Hold]) -> list[KeptDocument]:
        """As `kept`, of those that these holds may be about."""
        found = list(standing)
        named = sorted({one for hold in found for one in hold.document_ids})
        whole = sorted({hold.aco_id for hold in found if hold.aco_id})
        return self._kept(sa.or_(documents.c.document_id.in_(named), documents.c.aco_id.in_(whole))) if found else []

    def count(self) -> int:
        """How many documents were not disposed of."""
        asked = sa.select(sa.func.count()).select_from(documents).where(documents.c.disposed_at_utc.is_(None))
        return self._connection.scalar(asked) or 0

    def _kept(self, *which: sa.ColumnElement[bool]) -> list[KeptDocument]:
        newest = (
            sa.select(signatures.c.document_id, sa.func.max(signatures.c.signed_at_utc).label("signed"))
            .group_by(signatures.c.document_id)
            .subquery()
        )
        of = documents.join(acos, sa.and_(acos.c.aco_id == documents.c.aco_id, acos.c.year == documents.c.year))
        of = of.outerjoin(newest, newest.c.document_id == documents.c.document_id)
        of = of.outerjoin(retention_dates, retention_dates.c.document_id == documents.c.document_id)
        made = sa.select(revisions.c.document_id, sa.func.max(revisions.c.at_utc).label("stored"))
        stored = made.group_by(revisions.c.document_id).subquery()
        of = of.outerjoin(stored, stored.c.document_id == documents.c.document_id)
        told = (
            stored.c.stored,
            acos.c.legal_name,
            acos.c.end_date,
            acos.c.dua_extended_to,
            newest.c.signed,
            retention_dates.c.keep_until,
        )
        asked = sa.select(documents, *told).select_from(of).where(documents.c.disposed_at_utc.is_(None), *which)
        ordered = asked.order_by(documents.c.aco_id, documents.c.year, documents.c.step, documents.c.created_at_utc)
        return [_kept(row) for row in self._connection.execute(ordered)]

    def record_date(self, document_id: str, keep_until: date) -> bool:
        """Record until when a document is kept. False when a date as late was found before: it only grows."""
        this = retention_dates.c.document_id == document_id
        if self._connection.scalar(sa.select(retention_dates.c.keep_until).where(this)) is None:
            self._connection.execute(retention_dates.insert().values(document_id=document_id, keep_until=keep_until))
            return True
        later = retention_dates.update().where(this, retention_dates.c.keep_until < keep_until)
        return self._connection.execute(later.values(keep_until=keep_until)).rowcount == 1

    def extensions(self) -> list[Extension]:
        """Everything that makes records be kept longer, oldest first."""
        asked = retention_extensions.select().order_by(retention_extensions.c.extension_id)
        return [_extension(row) for row in self._connection.execute(asked)]

    def extend(
        self, aco_id: str, document_id: str, ground: Ground, day: date, authority: str, by: str, now: datetime
    ) -> None:
        """Record that records of an ACO, or one document, are kept longer; it is never taken back."""
        values = {"aco_id": aco_id, "document_id": document_id, "ground": ground, "day": day, "authority": authority}
        self._connection.execute(retention_extensions.insert().values(**values, recorded_by=by, recorded_at_utc=now))

    def holds(self, *, standing: bool = False) -> list[Hold]:
        """Every legal hold, newest first, or those that stand."""
        asked = holds.select().order_by(holds.c.hold_id.desc())
        if standing:
            asked = asked.where(holds.c.lifted_at_utc.is_(None))
        named: dict[int, list[str]] = {}
        for row in self._connection.execute(hold_documents.select().order_by(hold_documents.c.document_id)):
            named.setdefault(row.hold_id, []).append(row.document_id)
        return [_hold(row, named.get(row.hold_id, [])) for row in self._connection.execute(asked)]

    def hold(self, hold_id: int) -> Hold | None:
        """The hold with that number, or None."""
        return next((one for one in self.holds() if one.hold_id == hold_id), None)

    def place_hold(
        self, aco_id: str, document_ids: Iterable[str], reason: str, authority: str, by: str, now: datetime
    ) -> int:
        """Record a hold on an ACO's documents, or on some documents; its number."""
        values = {"aco_id": aco_id, "reason": reason, "authority": authority, "placed_by": by, "placed_at_utc": now}
        added = self._connection.execute(holds.insert().values(**values, lifted_by="", lift_reason=""))
        key: Any = added.inserted_primary_key
        rows = [{"hold_id": int(key[0]), "document_id": one} for one in sorted(set(document_ids))]
        if rows:
            self._connection.execute(hold_documents.insert(), rows)
        return int(key[0])

    def lift_hold(self, hold_id: int, reason: str, by: str, now: datetime) -> bool:
        """Record that a hold no longer stands. False when it did not."""
        standing = holds.update().where(holds.c.hold_id == hold_id, holds.c.lifted_at_utc.is_(None))
        values = {"lifted_by": by, "lift_reason": reason, "lifted_at_utc": now}
        return self._connection.execute(standing.values(**values)).rowcount == 1


def _kept(row: Any) -> KeptDocument:
    signed: datetime | None = row.signed
    return KeptDocument(
        document_id=row.document_id,
        aco_id=row.aco_id,
        performance_year=row.year,
        kind=row.kind,
        occurrence=row.occurrence,
        legal_name=row.legal_name,
        executed=row.executed_at_utc is not None,
        voided=row.voided_at_utc is not None,
        facts=Facts(row.end_date, row.dua_extended_to, signed, row.keep_until, row.stored),
    )


def _extension(row: Any) -> Extension:
    told = {name: getattr(row, name) for name in ("extension_id", "aco_id", "document_id", "day", "authority")}
    return Extension(**told, ground=Ground(row.ground), recorded_by=row.recorded_by, recorded_at=row.recorded_at_utc)


def _hold(row: Any, named: list[str]) -> Hold:
    told = {name: getattr(row, name) for name in ("hold_id", "aco_id", "reason", "authority", "placed_by", "lifted_by")}
    times = {"placed_at": row.placed_at_utc, "lifted_at": row.lifted_at_utc}
    return Hold(**told, **times, document_ids=tuple(named), lift_reason=row.lift_reason)
