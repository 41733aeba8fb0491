"""Records of password accounts and of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.store.tables import accounts, sessions


@dataclass(frozen=True, slots=True)
class Account:
    """A password account: its hash, and how often in a row a password was wrong."""

    user_id: str
    password_hash: str
    failures: int = 0
    locked_until_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A signed-in browser. The key is a digest: the cookie's secret is never stored."""

    session_digest: str
    user_id: str
    opened_at_utc: datetime
    seen_at_utc: datetime


class AccountRecords:
    """Accounts by user ID, sessions by the digest of their secret."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, account: Account) -> None:
        """Add the account, or replace it."""
        self._connection.execute(accounts.delete().where(accounts.c.user_id == account.user_id))
        self._connection.execute(accounts.insert().values(**_fields(account)))

    def get(self, user_id: str) -> Account | None:
        """The account, or None."""
        row = self._connection.execute(accounts.select().where(accounts.c.user_id == user_id)).one_or_none()
        return Account(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def open_session(self, session: SessionRecord) -> None:
        """Record a signed-in browser."""
        self._connection.execute(sessions.insert().values(**_fields(session)))

    def session(self, session_digest: str) -> SessionRecord | None:
        """The session, or None."""
        row = self._connection.execute(
            sessions.select().where(sessions.c.session_digest == session_digest)
        ).one_or_none()
        return SessionRecord(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def touch_session(self, session_digest: str, now: datetime) -> None:
        """Record that the session was just used."""
        self._connection.execute(
            sessions.update().where(sessions.c.session_digest == session_digest).values(seen_at_utc=now)
        )

    def close_sessions(self, user_id: str) -> None:
        """End every session of a person."""
        self._connection.execute(sessions.delete().where(sessions.c.user_id == user_id))

    def close_session(self, session_digest: str) -> None:
        """End a session."""
        self._connection.execute(sessions.delete().where(sessions.c.session_digest == session_digest))


def _fields(record: Account | SessionRecord) -> dict[str, object]:
    return {field: getattr(record, field) for field in record.__dataclass_fields__}
