"""Records of signatures that were prepared and wait for their value from somebody who holds the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.model.people import Role
from packets.store.tables import prepared_signatures


@dataclass(frozen=True, slots=True)
class PreparedSignature:
    """A signature without its value.

    Attributes:
        viewed_digest: of the revision on which it goes.
        digest: what is to be signed: SHA-256, hex.
        state: what finishing it needs; it is neither secret nor trusted.
    """

    prepared_id: str
    document_id: str
    slot: str
    user_id: str
    role: Role
    viewed_digest: str
    digest: str
    state: str
    prepared_at_utc: datetime


class PreparedRecords:
    """Prepared signatures by their id."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, prepared: PreparedSignature) -> None:
        """Record a prepared signature."""
        values = {name: getattr(prepared, name) for name in PreparedSignature.__dataclass_fields__}
        self._connection.execute(prepared_signatures.insert().values(**values))

    def get(self, prepared_id: str) -> PreparedSignature | None:
        """The prepared signature, or None."""
        asked = prepared_signatures.select().where(prepared_signatures.c.prepared_id == prepared_id)
        row = self._connection.execute(asked).one_or_none()
        if row is None:
            return None
        values = {name: getattr(row, name) for name in PreparedSignature.__dataclass_fields__}
        return PreparedSignature(**{**values, "role": Role(row.role)})

    def forget(self, before: datetime) -> None:
        """Dispose of those that were prepared before then: nobody can finish them any more."""
        old = prepared_signatures.c.prepared_at_utc < before
        self._connection.execute(prepared_signatures.delete().where(old))
