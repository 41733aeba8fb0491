"""Sessions, kept on the server: a random secret in the browser's cookie, its digest here (ASVS 7.2.4, 7.4.1).

The secret changes at each sign-in and each step-up. The one before counts for half a minute more, so that a form that was sent
twice, or a second tab, does not end the session.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ConflictError, Problem
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.sessions import SessionRecord
from web.auth.origin import Method, Origin, digest_of_secret

TOKEN_BYTES = 32
TOUCH_EVERY = timedelta(seconds=30)
"""A session's last use is written at most so often, so that reading pages does not write to the database each time."""
GRACE = timedelta(seconds=30)
"""How long the secret before the last one counts."""
MOST_OPEN = 10
"""So many sessions can a person have at once; opening one more ends the one that was used longest ago (ASVS 7.1.2)."""
KNOWN_FOR = timedelta(days=180)
"""How long a browser is known after somebody has signed in with it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser.

    Attributes:
        handle: by which it is named on pages; it opens nothing.
        ends_at: when it ends if nothing is done; never later than `ends_at_last`.
    """

    handle: str
    user_id: str
    method: Method
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime
    ends_at_last: datetime
    agent: str
    address: str


@dataclass(frozen=True, slots=True)
class SessionDesk:
    """Where sessions are opened, found and ended; built once with the services that it needs.

    Attributes:
        idle: a session ends after so long without a request.
        absolute: a session ends after so long in any case.
    """

    database: Database
    clock: Clock
    idle: timedelta
    absolute: timedelta

    def open(self, user_id: str, method: Method = Method.PASSWORD, origin: Origin = Origin()) -> str:  # noqa: B008  frozen
        """Start a session for a person who has proved who they are; answer the secret that the cookie carries."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self.clock()
        agent, address = origin.shown_agent, origin.address
        record = SessionRecord(
            digest_of_secret(token), str(uuid.uuid4()), user_id, now, now, method=method, agent=agent, address=address
        )
        with self.database.write() as records:
            self._make_room(records, user_id, now)
            records.sessions.open(record)
            records.journal.log(Act.ACCOUNT_SIGN_IN, user_id, user_id, now, method=str(method))
        return token

    def _make_room(self, records: Records, user_id: str, now: datetime) -> None:
        """End what a person has used longest ago, until one more session may be opened."""
        found = records.sessions.of_person(user_id)
        good = [one for one in found if self._is_good(one, one.session_digest, now)]
        for one in good[MOST_OPEN - 1 :]:
            records.sessions.close(one.session_digest)
            records.journal.log(Act.ACCOUNT_SIGN_OUT, user_id, user_id, now, crowded_out=True)

    def find(self, token: str, *, touch: bool = True) -> Session | None:
        """The session, if it is still good; unless `touch` is false, it was used just now."""
        now, digest = self.clock(), digest_of_secret(token)
        with self.database.read() as records:
            record = records.sessions.find(digest)
        if record is None or not self._is_good(record, digest, now):
            return None
        if touch and now - record.seen_at_utc > TOUCH_EVERY:
            with self.database.write() as records:
                records.sessions.touch(record.session_digest, now)
        return self._shown(record, now if touch else record.seen_at_utc)

    def rotate(self, token: str, method: Method | None = None) -> str | None:
        """Give a session a new secret, and perhaps a better method; the cookie must carry it. None when it is over."""
        fresh, now, digest = secrets.token_urlsafe(TOKEN_BYTES), self.clock(), digest_of_secret(token)
        with self.database.write() as records:
            record = records.sessions.find(digest)
            if record is None or not self._is_good(record, digest, now):
                return None
            records.sessions.rotate(record, digest, digest_of_secret(fresh), now, method or record.method)
        return fresh

    def close(self, token: str) -> None:
        """End a session, and tell the log."""
        now = self.clock()
        with self.database.write() as records:
            record = records.sessions.find(digest_of_secret(token))
            if record is not None:
                records.sessions.close(record.session_digest)
                records.journal.log(Act.ACCOUNT_SIGN_OUT, record.user_id, record.user_id, now)

    def of_person(self, user_id: str) -> list[Session]:
        """A person's sessions that are still good, the one used last first."""
        now = self.clock()
        with self.database.read() as records:
            found = records.sessions.of_person(user_id)
        return [self._shown(one, one.seen_at_utc) for one in found if self._is_good(one, one.session_digest, now)]

    def close_one(self, user_id: str, handle: str) -> None:
        """End one of a person's sessions.

        Raises:
            ConflictError: they have no such session any more.
        """
        now = self.clock()
        with self.database.write() as records:
            found = [one for one in records.sessions.of_person(user_id) if one.session_id == handle]
            if not found:
                sentence = "This session is over already."
                raise ConflictError(Problem("session-over", sentence, "Look at the list of your sessions."))
            records.sessions.close(found[0].session_digest)
            records.journal.log(Act.ACCOUNT_SIGN_OUT, user_id, user_id, now, elsewhere=True)

    def close_everywhere(self, user_id: str) -> int:
        """End all sessions of a person, and forget their browsers; answers how many sessions."""
        now = self.clock()
        with self.database.write() as records:
            count = records.sessions.close_all(user_id)
            records.sessions.forget_browsers(user_id)
            records.journal.log(Act.ACCOUNT_SIGN_OUT, user_id, user_id, now, everywhere=True, sessions=count)
        return count

    def remember_browser(self, user_id: str, known: str) -> str:
        """Note that a person has signed in with a browser; the secret that its cookie carries."""
        now, token = self.clock(), known
        with self.database.write() as records:
            if not known or not records.sessions.knows(digest_of_secret(known), user_id):
                token = secrets.token_urlsafe(TOKEN_BYTES)
            records.sessions.know(digest_of_secret(token), user_id, now)
        return token

    def is_known(self, user_id: str, browser: str) -> bool:
        """Whether a person has signed in with a browser before."""
        if not browser:
            return False
        with self.database.read() as records:
            return records.sessions.knows(digest_of_secret(browser), user_id)

    def is_known_to_anybody(self, browser: str) -> bool:
        """Whether somebody has signed in with a browser before."""
        if not browser:
            return False
        with self.database.read() as records:
            return records.sessions.knows(digest_of_secret(browser))

    def sweep(self) -> int:
        """Remove sessions that are over; answers how many."""
        now = self.clock()
        with self.database.write() as records:
            return records.sessions.sweep(now - self.idle, now - self.absolute, now - KNOWN_FOR)

    def _is_good(self, record: SessionRecord, digest: str, now: datetime) -> bool:
        if digest != record.session_digest and (record.rotated_at_utc is None or now - record.rotated_at_utc > GRACE):
            return False
        return now - record.seen_at_utc <= self.idle and now - record.opened_at_utc <= self.absolute

    def _shown(self, record: SessionRecord, seen_at: datetime) -> Session:
        last = record.opened_at_utc + self.absolute
        return Session(
            handle=record.session_id,
            user_id=record.user_id,
            method=Method(record.method),
            opened_at=record.opened_at_utc,
            seen_at=seen_at,
            ends_at=min(seen_at + self.idle, last),
            ends_at_last=last,
            agent=record.agent,
            address=record.address,
        )
