"""Records of sessions, and of browsers in which somebody has signed in before. Keys are digests: no secret is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.store.tables import known_browsers, sessions


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A signed-in browser.

    Attributes:
        session_id: by which pages name it; it opens nothing.
        previous_digest, rotated_at_utc: of the secret that it had before the last one, which counts a little longer.
        method: how the person proved who they are.
        agent, address: what the browser calls itself, and from where it came; for the person's own list.
    """

    session_digest: str
    session_id: str
    user_id: str
    opened_at_utc: datetime
    seen_at_utc: datetime
    previous_digest: str | None = None
    rotated_at_utc: datetime | None = None
    method: str = "password"
    agent: str = ""
    address: str = ""


class SessionRecords:
    """Sessions by the digest of their secret."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def open(self, session: SessionRecord) -> None:
        """Record a signed-in browser."""
        values = {field: getattr(session, field) for field in SessionRecord.__dataclass_fields__}
        self._connection.execute(sessions.insert().values(**values))

    def find(self, digest: str) -> SessionRecord | None:
        """The session whose secret is, or was before the last one, the one with that digest."""
        either = sa.or_(sessions.c.session_digest == digest, sessions.c.previous_digest == digest)
        row = self._connection.execute(sessions.select().where(either)).one_or_none()
        return SessionRecord(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def of_person(self, user_id: str) -> list[SessionRecord]:
        """A person's sessions, the one used last first."""
        asked = sessions.select().where(sessions.c.user_id == user_id).order_by(sessions.c.seen_at_utc.desc())
        return [SessionRecord(**row._mapping) for row in self._connection.execute(asked)]  # noqa: SLF001  public

    def touch(self, digest: str, now: datetime) -> None:
        """Record that the session was just used."""
        self._connection.execute(sessions.update().where(sessions.c.session_digest == digest).values(seen_at_utc=now))

    def rotate(self, session: SessionRecord, presented: str, fresh: str, now: datetime, method: str) -> None:
        """Give the session a new secret; the one that was presented counts a little longer."""
        mine = sessions.update().where(sessions.c.session_digest == session.session_digest)
        self._connection.execute(
            mine.values(
                session_digest=fresh, previous_digest=presented, rotated_at_utc=now, seen_at_utc=now, method=method
            )
        )

    def close(self, digest: str) -> None:
        """End a session."""
        self._connection.execute(sessions.delete().where(sessions.c.session_digest == digest))

    def close_all(self, user_id: str, but: str = "") -> int:
        """End every session of a person, but the one with a digest; answers how many."""
        asked = sessions.delete().where(sessions.c.user_id == user_id, sessions.c.session_digest != but)
        return int(self._connection.execute(asked).rowcount)

    def know(self, token_digest: str, user_id: str, now: datetime) -> None:
        """Record that a person has signed in with this browser."""
        self._connection.execute(known_browsers.delete().where(known_browsers.c.token_digest == token_digest))
        self._connection.execute(
            known_browsers.insert().values(token_digest=token_digest, user_id=user_id, seen_at_utc=now)
        )

    def knows(self, token_digest: str, user_id: str | None = None) -> bool:
        """Whether a person, or anybody, has signed in with this browser before."""
        asked = [known_browsers.c.token_digest == token_digest]
        if user_id is not None:
            asked.append(known_browsers.c.user_id == user_id)
        return bool(self._connection.scalar(sa.select(sa.exists().where(*asked))))

    def forget_browsers(self, user_id: str) -> None:
        """No browser of the person is known any more."""
        self._connection.execute(known_browsers.delete().where(known_browsers.c.user_id == user_id))

    def sweep(self, idle_since: datetime, opened_before: datetime, known_before: datetime) -> int:
        """Remove what opens nothing any more; answers how many sessions."""
        over = sa.or_(sessions.c.seen_at_utc < idle_since, sessions.c.opened_at_utc < opened_before)
        removed = self._connection.execute(sessions.delete().where(over)).rowcount
        self._connection.execute(known_browsers.delete().where(known_browsers.c.seen_at_utc < known_before))
        return int(removed)
