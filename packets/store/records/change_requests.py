"""Records of requests to correct what only CMS may change (R31)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.change_requests import Answer, ChangeRequest, RequestState
from packets.store.tables import change_requests

FACTS = ("aco_id", "year", "legal_name", "field", "current_value", "corrected_value", "explanation")


class ChangeRequestRecords:
    """Requests by number; one may be open for a field of an ACO."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, request: ChangeRequest) -> ChangeRequest:
        """Record a request; answer it with its number."""
        values = {name: getattr(request, name) for name in (*FACTS, "filed_by", "state")}
        made = change_requests.insert().values(
            **values, filed_at_utc=request.filed_at, answer="", answered_by=None, answered_at_utc=None
        )
        number = self._connection.scalar(made.returning(change_requests.c.request_id))
        return replace(request, request_id=number or 0)

    def answer(self, request_id: int, answer: Answer, now: datetime) -> bool:
        """Record the answer to an open request. False when it was answered before."""
        changed = self._connection.execute(
            change_requests.update()
            .where(change_requests.c.request_id == request_id, change_requests.c.state == RequestState.OPEN)
            .values(state=answer.state, answer=answer.text, answered_by=answer.by, answered_at_utc=now)
        )
        return changed.rowcount == 1

    def get(self, request_id: int) -> ChangeRequest | None:
        """The request, or None."""
        row = self._row(request_id)
        return _read(row) if row else None

    def of_aco(self, aco_id: str, year: int) -> list[ChangeRequest]:
        """Every request of an ACO in a year, newest first."""
        asked = change_requests.select().where(change_requests.c.aco_id == aco_id, change_requests.c.year == year)
        return [_read(row) for row in self._connection.execute(asked.order_by(change_requests.c.request_id.desc()))]

    def queue(self, *, answered: bool) -> list[ChangeRequest]:
        """The open requests of every ACO, oldest first; or those that were answered, newest first."""
        number = change_requests.c.request_id
        is_open = change_requests.c.state == RequestState.OPEN
        asked = change_requests.select().where(~is_open if answered else is_open)
        ordered = asked.order_by(number.desc() if answered else number)
        return [_read(row) for row in self._connection.execute(ordered)]

    def _row(self, request_id: int) -> Any:
        asked = change_requests.select().where(change_requests.c.request_id == request_id)
        return self._connection.execute(asked).one_or_none()


def _read(row: Any) -> ChangeRequest:
    return ChangeRequest(
        request_id=row.request_id,
        **{name: getattr(row, name) for name in FACTS},
        filed_by=row.filed_by,
        filed_at=row.filed_at_utc,
        state=RequestState(row.state),
        answer=row.answer,
        answered_by=row.answered_by or "",
        answered_at=row.answered_at_utc,
    )
