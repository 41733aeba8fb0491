"""Records of the ceremony: step-ups (fresh re-authentication for one act) and intents (written before signing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from packets.model.people import Role
from packets.store.tables import intents, step_ups


class IntentState(StrEnum):
    """An intent is open until its signature is recorded (committed) or it is given up (abandoned)."""

    OPEN = "open"
    COMMITTED = "committed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class StepUp:
    """Proof that a person re-authenticated to sign exactly these bytes; it counts once.

    Attributes:
        document_id, digest: what it is bound to: a document and its bytes, or a batch and the digest of its set.
        derived_from: the re-authentication for a batch from which this proof, for one of its documents, was derived.
        method: how the person proved who they are, e.g. `passkey`.
    """

    step_up_id: str
    user_id: str
    document_id: str
    digest: str
    at_utc: datetime
    used_at_utc: datetime | None = None
    derived_from: str = ""
    method: str = "password"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a person is about to sign, recorded before it is signed (DESIGN 4)."""

    intent_id: str
    idempotency_key: str
    document_id: str
    slot: str
    user_id: str
    role: Role
    viewed_digest: str
    step_up_id: str
    opened_at_utc: datetime
    state: IntentState = IntentState.OPEN


class CeremonyRecords:
    """Step-ups and intents by their ids."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add_step_up(self, step_up: StepUp) -> None:
        """Record a re-authentication."""
        values = {field: getattr(step_up, field) for field in StepUp.__dataclass_fields__}
        self._connection.execute(step_ups.insert().values(**values))

    def step_up(self, step_up_id: str) -> StepUp | None:
        """The re-authentication, or None."""
        row = self._connection.execute(step_ups.select().where(step_ups.c.step_up_id == step_up_id)).one_or_none()
        return StepUp(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def use_step_up(self, step_up_id: str, now: datetime) -> bool:
        """Spend a re-authentication. False when it was spent before."""
        unused = step_ups.update().where(step_ups.c.step_up_id == step_up_id, step_ups.c.used_at_utc.is_(None))
        return self._connection.execute(unused.values(used_at_utc=now)).rowcount == 1

    def open_intent(self, intent: Intent) -> None:
        """Record an intent."""
        values = {field: getattr(intent, field) for field in Intent.__dataclass_fields__}
        self._connection.execute(intents.insert().values(**values))

    def intent(self, idempotency_key: str) -> Intent | None:
        """The intent with that key, or None."""
        row = self._connection.execute(
            intents.select().where(intents.c.idempotency_key == idempotency_key)
        ).one_or_none()
        return _intent(row) if row else None

    def open_since(self, before: datetime) -> list[Intent]:
        """Intents that were opened before then and came to no end, oldest first."""
        asked = intents.select().where(intents.c.state == IntentState.OPEN, intents.c.opened_at_utc < before)
        return [_intent(row) for row in self._connection.execute(asked.order_by(intents.c.opened_at_utc))]

    def being_signed(self, document_id: str, since: datetime) -> bool:
        """Whether a signature of a document was begun after `since` and has not come to its end."""
        begun = sa.and_(intents.c.document_id == document_id, intents.c.opened_at_utc > since)
        asked = sa.select(sa.exists().where(begun, intents.c.state == IntentState.OPEN))
        return bool(self._connection.scalar(asked))

    def close_intent(self, intent_id: str, state: IntentState, now: datetime) -> bool:
        """Move an open intent to its end. False when it was not open."""
        still_open = intents.update().where(intents.c.intent_id == intent_id, intents.c.state == IntentState.OPEN)
        return self._connection.execute(still_open.values(state=state, closed_at_utc=now)).rowcount == 1


def _intent(row: Any) -> Intent:
    values = {field: getattr(row, field) for field in Intent.__dataclass_fields__}
    return Intent(**{**values, "role": Role(row.role), "state": IntentState(row.state)})
