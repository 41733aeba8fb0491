"""Password accounts and sessions (NIST SP 800-63B-4: slow hash, limited failures; ASVS 7.2.4: a new token at each sign-in).

An unknown user, a wrong password and a locked account are answered alike, in words and in time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.errors import ForbiddenError, InputError, Problem
from packets.store.database import Database
from packets.store.records.accounts import Account, SessionRecord

FAILURES_ALLOWED = 10
LOCK = timedelta(minutes=10)
SHORTEST_PASSWORD, LONGEST_PASSWORD, LEAST_VARIETY = 15, 256, 5
TOKEN_BYTES = 32
TOUCH_EVERY = timedelta(seconds=30)
"""A session's last use is written at most so often, so that reading pages does not write to the database each time."""


@dataclass(frozen=True)
class AccountDesk:
    """Where passwords are checked and sessions are kept; built once with the services that it needs.

    Attributes:
        idle: a session ends after so long without a request.
        absolute: a session ends after so long in any case.
    """

    database: Database
    clock: Clock
    idle: timedelta
    absolute: timedelta

    @cached_property
    def _hasher(self) -> PasswordHasher:
        return PasswordHasher()

    @cached_property
    def _nobodys_hash(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    def set_password(self, user_ids: Iterable[str], password: str) -> None:
        """Give these accounts a password. Accounts set together share one hash: for sample accounts that share a password."""
        hashed = self._hasher.hash(password)
        with self.database.write() as records:
            for user_id in user_ids:
                records.accounts.put(Account(user_id, hashed))

    def give_password(self, user_id: str, password: str, actor: str) -> None:
        """Set a person's password, end their sessions, and tell the log.

        Raises:
            InputError: the password is too weak.
        """
        self.check_strength(password)
        hashed, now = self._hasher.hash(password), self.clock()
        with self.database.write() as records:
            records.accounts.put(Account(user_id, hashed))
            records.accounts.close_sessions(user_id)
            records.journal.log(Act.ACCOUNT_PASSWORD, actor, user_id, now)

    @staticmethod
    def check_strength(password: str) -> None:
        """Length is what counts (NIST SP 800-63B, 3.1.1.2); characters are free.

        Raises:
            InputError: it is too short, too long, or one character again and again.
        """
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or len(set(password)) < LEAST_VARIETY:
            sentence = (
                f"The password has not {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, or too few different ones."
            )
            raise InputError(Problem("password-weak", sentence, "Choose a longer one, e.g. several words.", "password"))

    def check_password(self, user_id: str, password: str) -> None:
        """Check a person's password.

        Raises:
            ForbiddenError: wrong user ID, wrong password, or too many failures; the answer does not say which.
        """
        now = self.clock()
        with self.database.read() as records:
            account = records.accounts.get(user_id)
        locked = account is not None and account.locked_until_utc is not None and now < account.locked_until_utc
        matches = self._matches(account.password_hash if account else self._nobodys_hash, password)
        right = matches and account is not None and not locked
        if account is not None and not locked and (account.failures or not right):
            self._remember(user_id, right=right, now=now)
        if not right:
            raise ForbiddenError(_wrong())

    def open_session(self, user_id: str) -> str:
        """Start a session for a person whose password was right; answer the secret that the cookie carries."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self.clock()
        with self.database.write() as records:
            records.accounts.open_session(SessionRecord(_digest(token), user_id, now, now))
            records.journal.log(Act.ACCOUNT_SIGN_IN, user_id, user_id, now)
        return token

    def find_session(self, token: str) -> str | None:
        """The user ID of a session that is still good, or None."""
        now, digest = self.clock(), _digest(token)
        with self.database.read() as records:
            session = records.accounts.session(digest)
        if session is None or now - session.seen_at_utc > self.idle or now - session.opened_at_utc > self.absolute:
            return None
        if now - session.seen_at_utc > TOUCH_EVERY:
            with self.database.write() as records:
                records.accounts.touch_session(digest, now)
        return session.user_id

    def close_session(self, token: str) -> None:
        """End a session."""
        with self.database.write() as records:
            records.accounts.close_session(_digest(token))

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    def _remember(self, user_id: str, *, right: bool, now: datetime) -> None:
        """Count a wrong password, or forget the ones before a right one; counted in one transaction, so that none is lost."""
        with self.database.write() as records:
            account = records.accounts.get(user_id)
            if account is None or (right and not account.failures):
                return
            failures = 0 if right else account.failures + 1
            locked_until = now + LOCK if failures >= FAILURES_ALLOWED else None
            kept = replace(account, failures=0 if locked_until else failures, locked_until_utc=locked_until)
            records.accounts.put(kept)
            if not right:
                records.journal.log(Act.ACCOUNT_SIGN_IN, user_id, user_id, now, Outcome.REFUSED, failures=failures)


def _wrong() -> Problem:
    """One answer, so that nobody learns which user IDs exist."""
    minutes = int(LOCK.total_seconds() // 60)
    remedy = (
        f"Check both and try again. After {FAILURES_ALLOWED} wrong passwords an account rests for {minutes} minutes."
    )
    return Problem("sign-in-wrong", "The user ID or the password is wrong.", remedy)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
