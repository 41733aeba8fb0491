"""Accounts: passwords, and the desks of sessions, second factors, passkeys, resets and step-ups around them.

An unknown user ID, a wrong password and a person without one are answered alike, in words and in time, and counted alike
(NIST SP 800-63B-4, ASVS 6.3).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.errors import ForbiddenError, InputError, Problem
from packets.model.people import Person, Role
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.accounts import Account
from packets.store.records.factors import Challenge, Purpose
from web.auth.factors import FactorDesk, Standing, standing_of
from web.auth.limits import (
    CODE,
    KNOWN_BROWSER,
    NETWORK,
    PASSWORD,
    PASSWORD_FROM_NETWORK,
    STEP_UP,
    Guard,
    Try,
    forgive,
)
from web.auth.notes import tell_person
from web.auth.origin import Method, Origin, digest_of_secret
from web.auth.passkeys import LIFETIME, PasskeyDesk
from web.auth.passwords import (
    LEAST_ALONE,
    LEAST_WITH_SECOND_FACTOR,
    composed,
    hash_password,
    is_right,
    nobodys_hash,
    password_problems,
    words_of,
)
from web.auth.sessions import KNOWN_FOR, Session, SessionDesk

TOKEN_BYTES = 32
REMEMBER_CHALLENGES = timedelta(days=1)
SINGLE = frozenset({Method.PASSWORD})
"""Ways to sign in that are one factor."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the installation asks of its people.

    Attributes:
        second_factor: nobody may do anything with a password alone, but add a second factor.
        signatories_by_passkey: CMS signatories sign with a passkey and with nothing else.
    """

    second_factor: bool
    signatories_by_passkey: bool

    def passkey_only(self, person: Person) -> bool:
        """Whether somebody signs with a passkey and with nothing else."""
        return self.signatories_by_passkey and Role.CMS_SIGNATORY in person.cms_roles


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """Where passwords are checked and changed; built once with the services that it needs."""

    database: Database
    clock: Clock
    rules: Rules
    guard: Guard
    sessions: SessionDesk
    factors: FactorDesk
    passkeys: PasskeyDesk

    def set_password(self, user_ids: Iterable[str], password: str) -> None:
        """Give these accounts a password. Accounts set together share one hash: for sample accounts that share a password."""
        hashed, alone = hash_password(password), len(composed(password)) >= LEAST_ALONE
        with self.database.write() as records:
            for user_id in user_ids:
                records.accounts.put(Account(user_id, hashed, alone))

    def give_password(self, user_id: str, password: str, actor: str) -> None:
        """Set a person's password, end their sessions, and tell the log and the person.

        Raises:
            InputError: the password is too weak.
        """
        self.check_strength(password, user_id)
        hashed = hash_password(password)
        with self.database.write() as records:
            self.put_password(records, user_id, password, hashed, actor)
            records.sessions.close_all(user_id)

    def change_password(self, user_id: str, old: str, new: str, token: str) -> str | None:
        """Change one's own password; all other sessions end. Answers the session's new secret.

        Raises:
            ForbiddenError: the old one is wrong.
            InputError: the new one is too weak.
            TooManyTriesError: there were too many wrong ones.
        """
        self.check_password(user_id, old)
        self.check_strength(new, user_id)
        hashed, fresh = hash_password(new), self.sessions.rotate(token)
        with self.database.write() as records:
            self.put_password(records, user_id, new, hashed, user_id)
            records.sessions.close_all(user_id, but=digest_of_secret(fresh or ""))
        return fresh

    def put_password(self, records: Records, user_id: str, password: str, hashed: str, actor: str) -> None:
        """Record a new password, within a transaction: guessing begins anew, browsers are strangers again."""
        now = self.clock()
        records.accounts.put(Account(user_id, hashed, len(composed(password)) >= LEAST_ALONE))
        records.accounts.use_resets(user_id, now)
        records.sessions.forget_browsers(user_id)
        forgive(records, (PASSWORD, user_id), (STEP_UP, user_id), (CODE, user_id))
        records.journal.log(Act.ACCOUNT_PASSWORD, actor, user_id, now)
        tell_person(records, user_id, "password-changed", now)

    def check_strength(self, password: str, user_id: str = "") -> None:
        """Whether somebody may have this password; with a second factor it may be shorter.

        Raises:
            InputError: with what is wrong.
        """
        with self.database.read() as records:
            person = records.people.get(user_id)
            second = standing_of(records, user_id).has_second_factor
        words = words_of(person) if person else (user_id,)
        if problems := password_problems(password, words, LEAST_WITH_SECOND_FACTOR if second else LEAST_ALONE):
            raise InputError(problems)

    def check_password(self, user_id: str, password: str, origin: Origin | None = None) -> None:
        """Check a person's password: at the door, where `origin` says from where they come, or of somebody who is inside.

        Raises:
            ForbiddenError: wrong user ID or wrong password; the answer does not say which.
            TooManyTriesError: there were too many tries, of the account or from the network.
        """
        with self.database.read() as records:
            account = records.accounts.get(user_id)
        tries = self._tries(user_id, account, origin)
        last = self.guard.admit(*tries)
        if is_right(account.password_hash if account else nobodys_hash(), password) and account is not None:
            self.guard.forget(*tries)
            return
        if account is not None:
            self._tell_wrong(user_id, locked=last, inside=origin is None)
        raise ForbiddenError(_wrong())

    def _tries(self, user_id: str, account: Account | None, origin: Origin | None) -> tuple[Try, ...]:
        """By what a try is counted. With a new password guessing begins anew, for networks too."""
        if origin is None:
            return ((STEP_UP, user_id),)
        if self.sessions.is_known(user_id, origin.browser):
            return ((KNOWN_BROWSER, f"{user_id}/{origin.browser}"),)
        password = account.password_hash if account else ""
        from_network = (PASSWORD_FROM_NETWORK, f"{user_id}/{origin.network}/{password}")
        return ((PASSWORD, user_id), from_network, (NETWORK, origin.network))

    def _tell_wrong(self, user_id: str, *, locked: bool, inside: bool) -> None:
        now, act = self.clock(), Act.ACCOUNT_STEP_UP if inside else Act.ACCOUNT_SIGN_IN
        with self.database.write() as records:
            records.journal.log(act, user_id, user_id, now, Outcome.REFUSED, factor="password")
            if locked:
                records.journal.log(Act.ACCOUNT_LOCK, user_id, user_id, now)

    def begin_second_step(self, user_id: str) -> str:
        """The password was right and is not enough: the secret with which the second step goes on, for five minutes."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self.database.write() as records:
            records.factors.ask(Challenge(digest_of_secret(token), user_id, Purpose.SECOND_FACTOR, self.clock()))
        return token

    def in_second_step(self, token: str) -> str | None:
        """Whose second step a secret is for; None when there is none, or it took too long."""
        with self.database.read() as records:
            asked = records.factors.challenge(digest_of_secret(token)) if token else None
        fits = asked and asked.purpose is Purpose.SECOND_FACTOR and asked.used_at_utc is None
        return asked.user_id if asked and fits and self.clock() - asked.asked_at_utc <= LIFETIME else None

    def end_second_step(self, token: str) -> bool:
        """The second step was done: its secret is spent. False when it was spent before."""
        with self.database.write() as records:
            return records.factors.spend(digest_of_secret(token), self.clock())

    def standing(self, user_id: str) -> Standing:
        """What a person can prove who they are with."""
        return self.factors.standing(user_id)

    def lacks_second_factor(self, session: Session) -> bool:
        """Whether somebody may do nothing yet but add a second factor."""
        return self.rules.second_factor and session.method in SINGLE

    def sweep(self) -> None:
        """Remove what opens nothing any more: sessions, challenges, links, tries."""
        now = self.clock()
        self.sessions.sweep()
        with self.database.write() as records:
            records.factors.sweep(now - REMEMBER_CHALLENGES)
            records.accounts.sweep(now - REMEMBER_CHALLENGES)
            records.throttles.sweep(now - KNOWN_FOR, now)


def _wrong() -> Problem:
    """One answer, so that nobody learns which user IDs exist."""
    remedy = "Check both and try again. After some wrong passwords the next try has to wait."
    return Problem("sign-in-wrong", "The user ID or the password is wrong.", remedy)
