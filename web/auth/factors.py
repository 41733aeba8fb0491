"""Second factors of a person: the authenticator app, recovery codes, and which passkeys there are.

Adding or removing one asks for the password again; the page does that. The person is told by a notice each time.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.errors import ConflictError, ForbiddenError, NotFoundError, Problem
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.factors import Authenticator, Passkey
from web.auth.limits import CODE, Guard
from web.auth.notes import tell_person
from web.auth.origin import Method, digest_of_secret
from web.auth.secret_box import SecretBox
from web.auth.totp import DIGITS, SECRET_BYTES, matching_step

RECOVERY_CODES, RECOVERY_BYTES = 10, 15
"""Fifteen random bytes are 120 bits, so that a plain digest keeps them (NIST SP 800-63B-4, 3.1.2)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person can prove who they are with.

    Attributes:
        password: whether there is one.
        stands_alone: whether it is long enough to be the only factor.
        app: whether an authenticator app was set up and confirmed.
    """

    password: bool
    stands_alone: bool
    app: bool
    recovery_codes: int
    passkeys: tuple[Passkey, ...]

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone does not sign in."""
        return self.app or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class FactorDesk:
    """Where second factors are set up, checked and removed; built once with the services that it needs."""

    database: Database
    clock: Clock
    box: SecretBox
    guard: Guard

    def standing(self, user_id: str) -> Standing:
        """What a person has."""
        with self.database.read() as records:
            return standing_of(records, user_id)

    def begin_app(self, user_id: str) -> bytes:
        """Make a secret for an authenticator app; it counts once a code of it was given. The one before is replaced.

        Raises:
            ConflictError: an app is set up already.
        """
        secret = secrets.token_bytes(SECRET_BYTES)
        with self.database.write() as records:
            if standing_of(records, user_id).app:
                raise ConflictError(_app_is_there())
            records.factors.put_authenticator(Authenticator(user_id, self.box.close(secret, user_id)))
        return secret

    def begun_app(self, user_id: str) -> bytes | None:
        """The secret of an app that is being set up, or None."""
        with self.database.read() as records:
            kept = records.factors.authenticator(user_id)
        return self.box.open(kept.secret, user_id) if kept and kept.confirmed_at_utc is None else None

    def confirm_app(self, user_id: str, code: str) -> list[str]:
        """Take an app into use, with its first code; answer recovery codes, which are shown this once.

        Raises:
            ForbiddenError: the code is wrong.
            ConflictError: no app is being set up.
            TooManyTriesError: there were too many wrong codes.
        """
        self.guard.admit((CODE, user_id))
        now, codes = self.clock(), new_recovery_codes()
        with self.database.write() as records:
            kept = records.factors.authenticator(user_id)
            if kept is None or kept.confirmed_at_utc is not None:
                raise ConflictError(_app_is_there())
            step = matching_step(self.box.open(kept.secret, user_id), code, now)
            if step is None:
                raise ForbiddenError(wrong_code())
            records.factors.put_authenticator(Authenticator(user_id, kept.secret, step, now))
            records.factors.put_recovery_codes(user_id, [digest_of_secret(one) for one in codes])
            records.journal.log(Act.ACCOUNT_FACTOR_ADD, user_id, user_id, now, factor="app")
            tell_person(records, user_id, "app-added", now)
        self.guard.forget((CODE, user_id))
        return [_readable(one) for one in codes]

    def renew_recovery_codes(self, user_id: str) -> list[str]:
        """New recovery codes in place of all others; they are shown this once.

        Raises:
            ConflictError: there is no second factor that they could stand in for.
        """
        now, codes = self.clock(), new_recovery_codes()
        with self.database.write() as records:
            if not standing_of(records, user_id).has_second_factor:
                sentence = "There is no second factor that recovery codes could stand in for."
                raise ConflictError(
                    Problem("no-second-factor", sentence, "Add a passkey or an authenticator app first.")
                )
            records.factors.put_recovery_codes(user_id, [digest_of_secret(one) for one in codes])
            records.journal.log(Act.ACCOUNT_FACTOR_ADD, user_id, user_id, now, factor="recovery-codes")
            tell_person(records, user_id, "recovery-codes-renewed", now)
        return [_readable(one) for one in codes]

    def check_code(self, user_id: str, code: str, *, recovery: bool = True) -> Method:
        """Take a code of the app, or a recovery code, once; answer which it was.

        Raises:
            ForbiddenError: it is wrong or was used before; the log tells.
            TooManyTriesError: there were too many wrong codes.
        """
        self.guard.admit((CODE, user_id))
        now, method = self.clock(), None
        with self.database.write() as records:
            method = self._taken(records, user_id, code, recovery=recovery)
            if method is None:
                records.journal.log(Act.ACCOUNT_SIGN_IN, user_id, user_id, now, Outcome.REFUSED, factor="code")
            elif method is Method.RECOVERY_CODE:
                left = records.factors.recovery_codes_left(user_id)
                records.journal.log(Act.ACCOUNT_FACTOR_REMOVE, user_id, user_id, now, factor="recovery-code", left=left)
                tell_person(records, user_id, "recovery-code-used", now)
        if method is None:
            raise ForbiddenError(wrong_code())
        self.guard.forget((CODE, user_id))
        return method

    def _taken(self, records: Records, user_id: str, code: str, *, recovery: bool) -> Method | None:
        given = "".join(code.split()).replace("-", "").upper()
        if len(given) != DIGITS:
            digest = digest_of_secret(given)
            spent = recovery and records.factors.use_recovery_code(user_id, digest, self.clock())
            return Method.RECOVERY_CODE if spent else None
        kept = records.factors.authenticator(user_id)
        if kept is None or kept.confirmed_at_utc is None:
            return None
        step = matching_step(self.box.open(kept.secret, user_id), given, self.clock())
        return Method.CODE if step is not None and records.factors.take_step(user_id, step) else None

    def remove_app(self, user_id: str) -> None:
        """Remove the authenticator app.

        Raises:
            NotFoundError: there is none.
            ConflictError: the password is too short to stay behind alone.
        """
        now = self.clock()
        with self.database.write() as records:
            standing = standing_of(records, user_id)
            if not standing.app:
                raise NotFoundError(Problem("no-app", "There is no authenticator app.", "Look at your account again."))
            require_enough_left(standing, len(standing.passkeys))
            records.factors.remove_authenticator(user_id)
            drop_useless_codes(records, user_id)
            records.journal.log(Act.ACCOUNT_FACTOR_REMOVE, user_id, user_id, now, factor="app")
            tell_person(records, user_id, "app-removed", now)

    def remove_all(self, user_id: str, actor: str) -> int:
        """Remove every second factor of somebody who has lost them, and end their sessions; answers how many there were.

        The person signs in with the password alone afterwards; where it is too short for that, by a link to a new one.
        """
        now = self.clock()
        with self.database.write() as records:
            standing = standing_of(records, user_id)
            for one in standing.passkeys:
                records.factors.remove_passkey(user_id, one.credential_id)
            records.factors.remove_authenticator(user_id)
            records.factors.put_recovery_codes(user_id, [])
            records.sessions.close_all(user_id)
            records.sessions.forget_browsers(user_id)
            count = len(standing.passkeys) + standing.app
            records.journal.log(Act.ACCOUNT_FACTOR_REMOVE, actor, user_id, now, factor="all", count=count)
            tell_person(records, user_id, "factors-removed", now)
        return count


def standing_of(records: Records, user_id: str) -> Standing:
    """What a person has to prove who they are with, within a transaction."""
    account, app = records.accounts.get(user_id), records.factors.authenticator(user_id)
    return Standing(
        password=account is not None,
        stands_alone=account is not None and account.stands_alone,
        app=app is not None and app.confirmed_at_utc is not None,
        recovery_codes=records.factors.recovery_codes_left(user_id),
        passkeys=tuple(records.factors.passkeys(user_id)),
    )


def require_enough_left(standing: Standing, left: int) -> None:
    """Refuse to leave a short password behind alone.

    Raises:
        ConflictError: nothing but a short password would be left.
    """
    if not left and standing.password and not standing.stands_alone:
        sentence = "Without a second factor your password is too short."
        raise ConflictError(Problem("password-too-short-alone", sentence, "Choose a longer password first."))


def drop_useless_codes(records: Records, user_id: str) -> None:
    """Recovery codes go with the last second factor."""
    if not standing_of(records, user_id).has_second_factor:
        records.factors.put_recovery_codes(user_id, [])


def new_recovery_codes() -> list[str]:
    """Recovery codes, as they are compared."""
    return [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode("ascii") for _ in range(RECOVERY_CODES)]


def wrong_code() -> Problem:
    """One answer for a wrong code and for one that was used before."""
    remedy = "Wait for the next code of your app, or use a recovery code that you have not used yet."
    return Problem("code-wrong", "The code is wrong, or it was used already.", remedy, "code")


def _readable(code: str) -> str:
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def _app_is_there() -> Problem:
    remedy = "Open your account again; to change the app, remove the one that is set up."
    return Problem("app-set-up", "No authenticator app is being set up.", remedy)
