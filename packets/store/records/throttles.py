"""Records of how often something was tried, by a key that names what and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.store.tables import throttles


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many tries since a time; none is taken until another time."""

    key: str
    count: int
    since_utc: datetime
    until_utc: datetime | None = None


class ThrottleRecords:
    """Throttles by key."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> Throttle | None:
        """The throttle, or None when nothing was tried."""
        row = self._connection.execute(throttles.select().where(throttles.c.key == key)).one_or_none()
        return Throttle(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def put(self, throttle: Throttle) -> None:
        """Add the throttle, or replace it."""
        self.remove(throttle.key)
        values = {field: getattr(throttle, field) for field in Throttle.__dataclass_fields__}
        self._connection.execute(throttles.insert().values(**values))

    def remove(self, key: str) -> None:
        """Forget what was tried."""
        self._connection.execute(throttles.delete().where(throttles.c.key == key))

    def sweep(self, before: datetime, now: datetime) -> None:
        """Forget what was tried last before then and holds nothing up."""
        over = sa.or_(throttles.c.until_utc.is_(None), throttles.c.until_utc < now)
        self._connection.execute(throttles.delete().where(throttles.c.since_utc < before, over))
