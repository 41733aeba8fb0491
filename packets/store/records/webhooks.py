"""Records of webhook endpoints and of what was sent to them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.webhooks import Endpoint, HookDelivery, HookEvent, HookState
from packets.store.tables import webhook_deliveries, webhook_endpoints


class WebhookRecords:
    """Endpoints and deliveries by their ids."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, endpoint: Endpoint) -> None:
        """Record a new endpoint."""
        values = {one.name: getattr(endpoint, one.name) for one in fields(Endpoint)}
        kept = {**values, "events": " ".join(sorted(endpoint.events))}
        self._connection.execute(webhook_endpoints.insert().values(**kept))

    def get(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint, if it has not ended, or None."""
        this = (webhook_endpoints.c.endpoint_id == endpoint_id, webhook_endpoints.c.ended_at_utc.is_(None))
        row = self._connection.execute(webhook_endpoints.select().where(*this)).one_or_none()
        return _endpoint(row) if row else None

    def registered(self, aco_id: str | None, year: int | None) -> list[Endpoint]:
        """The endpoints of an ACO in a year, or of CMS, oldest first."""
        these = (webhook_endpoints.c.aco_id == aco_id, webhook_endpoints.c.year == year)
        whose = these if aco_id else (webhook_endpoints.c.aco_id.is_(None),)
        return self._listed(sa.and_(*whose))

    def listening(self, aco_id: str, year: int, event: HookEvent) -> list[Endpoint]:
        """Every endpoint that is told of this event about this ACO: the ACO's own, and those of CMS."""
        own = sa.and_(webhook_endpoints.c.aco_id == aco_id, webhook_endpoints.c.year == year)
        found = self._listed(sa.or_(own, webhook_endpoints.c.aco_id.is_(None)))
        return [one for one in found if event in one.events]

    def rotate(self, endpoint: Endpoint, now: datetime) -> bool:
        """Count the secret's generation on. False when somebody else did."""
        this = (webhook_endpoints.c.endpoint_id == endpoint.endpoint_id, webhook_endpoints.c.ended_at_utc.is_(None))
        same = webhook_endpoints.c.generation == endpoint.generation
        values = {"generation": endpoint.generation + 1, "rotated_at_utc": now}
        return self._connection.execute(webhook_endpoints.update().where(*this, same).values(**values)).rowcount == 1

    def end(self, endpoint_id: str, now: datetime) -> bool:
        """Tell an endpoint nothing any more. False when it had ended."""
        this = (webhook_endpoints.c.endpoint_id == endpoint_id, webhook_endpoints.c.ended_at_utc.is_(None))
        return self._connection.execute(webhook_endpoints.update().where(*this).values(ended_at_utc=now)).rowcount == 1

    def queue(self, delivery: HookDelivery) -> None:
        """Record a message to an endpoint; one for each message of the outbox and event."""
        values = {one.name: getattr(delivery, one.name) for one in fields(HookDelivery)}
        self._connection.execute(webhook_deliveries.insert().values(**values))

    def delivery(self, delivery_id: str) -> HookDelivery | None:
        """The delivery, or None."""
        asked = webhook_deliveries.select().where(webhook_deliveries.c.delivery_id == delivery_id)
        row = self._connection.execute(asked).one_or_none()
        return _delivery(row) if row else None

    def sent_to(self, endpoint_id: str, *, after: str, most: int) -> list[HookDelivery]:
        """What was sent to an endpoint, by id, those after a given one."""
        table = webhook_deliveries
        asked = table.select().where(table.c.endpoint_id == endpoint_id, table.c.delivery_id > after)
        return [_delivery(row) for row in self._connection.execute(asked.order_by(table.c.delivery_id).limit(most))]

    def attempted(self, delivery_id: str, status: int, error: str, ended: HookState | None, now: datetime) -> None:
        """Record an attempt: the answer, or why there was none, and whether it was the last one."""
        table = webhook_deliveries
        values: dict[str, Any] = {"attempts": table.c.attempts + 1, "status": status, "error": error}
        if ended is not None:
            values |= {"state": ended, "ended_at_utc": now}
        waiting = (table.c.delivery_id == delivery_id, table.c.state == HookState.QUEUED)
        self._connection.execute(table.update().where(*waiting).values(**values))

    def requeue(self, delivery_id: str) -> bool:
        """Have a delivery that came to its end sent again. False when it is queued."""
        table = webhook_deliveries
        ended = (table.c.delivery_id == delivery_id, table.c.state != HookState.QUEUED)
        values = {"state": HookState.QUEUED, "ended_at_utc": None, "error": ""}
        return self._connection.execute(table.update().where(*ended).values(**values)).rowcount == 1

    def states(self) -> dict[HookState, int]:
        """How many deliveries there are in each state."""
        table = webhook_deliveries
        asked = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
        return {HookState(state): count for state, count in self._connection.execute(asked)}

    def _listed(self, which: sa.ColumnElement[bool]) -> list[Endpoint]:
        table = webhook_endpoints
        asked = table.select().where(which, table.c.ended_at_utc.is_(None))
        return [
            _endpoint(row)
            for row in self._connection.execute(asked.order_by(table.c.created_at_utc, table.c.endpoint_id))
        ]


def _endpoint(row: Any) -> Endpoint:
    values = {one.name: getattr(row, one.name) for one in fields(Endpoint)}
    return Endpoint(**{**values, "events": frozenset(map(HookEvent, row.events.split()))})


def _delivery(row: Any) -> HookDelivery:
    values = {one.name: getattr(row, one.name) for one in fields(HookDelivery)}
    return HookDelivery(**{**values, "event": HookEvent(row.event), "state": HookState(row.state)})
