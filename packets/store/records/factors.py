"""Records of second factors: authenticator apps, recovery codes, passkeys; and of challenges that wait for a proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from packets.store.tables import authenticators, challenges, passkeys, recovery_codes


class Purpose(StrEnum):
    """What a challenge is for."""

    SECOND_FACTOR = "second-factor"
    SIGN_IN = "sign-in"
    ENROLL = "enroll"
    STEP_UP = "step-up"


@dataclass(frozen=True, slots=True)
class Authenticator:
    """An authenticator app: its secret, encrypted; the last time step whose code was taken; None until it was confirmed."""

    user_id: str
    secret: str
    last_step: int = 0
    confirmed_at_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey: its public key (COSE, base64url), and how often its authenticator says that it was used."""

    credential_id: str
    user_id: str
    public_key: str
    sign_count: int
    label: str
    added_at_utc: datetime
    used_at_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """Something to be proved once, soon.

    Attributes:
        challenge_digest: SHA-256 of the challenge, or of the secret that stands for it.
        user_id: who is to prove it; None for a sign-in by passkey, which tells who it is.
        nonce: what a challenge for a step-up was derived from, together with document and digest.
        document_id, digest: what a step-up is bound to; empty otherwise.
    """

    challenge_digest: str
    user_id: str | None
    purpose: Purpose
    asked_at_utc: datetime
    nonce: str = ""
    document_id: str = ""
    digest: str = ""
    used_at_utc: datetime | None = None


class FactorRecords:
    """Second factors by person, passkeys by credential, challenges by digest."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put_authenticator(self, authenticator: Authenticator) -> None:
        """Add the authenticator app, or replace it."""
        self.remove_authenticator(authenticator.user_id)
        self._connection.execute(authenticators.insert().values(**_fields(authenticator)))

    def authenticator(self, user_id: str) -> Authenticator | None:
        """The person's authenticator app, confirmed or not, or None."""
        row = self._connection.execute(authenticators.select().where(authenticators.c.user_id == user_id)).one_or_none()
        return Authenticator(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def take_step(self, user_id: str, step: int) -> bool:
        """Take the code of a time step; False when it, or a later one, was taken before."""
        later = authenticators.c.user_id == user_id, authenticators.c.last_step < step
        return self._connection.execute(authenticators.update().where(*later).values(last_step=step)).rowcount == 1

    def remove_authenticator(self, user_id: str) -> None:
        """Remove the person's authenticator app."""
        self._connection.execute(authenticators.delete().where(authenticators.c.user_id == user_id))

    def put_recovery_codes(self, user_id: str, digests: list[str]) -> None:
        """Give the person these recovery codes in place of all that they had."""
        self._connection.execute(recovery_codes.delete().where(recovery_codes.c.user_id == user_id))
        rows = [{"code_digest": one, "user_id": user_id} for one in digests]
        if rows:
            self._connection.execute(recovery_codes.insert(), rows)

    def recovery_codes_left(self, user_id: str) -> int:
        """How many recovery codes the person has not used."""
        mine = recovery_codes.c.user_id == user_id, recovery_codes.c.used_at_utc.is_(None)
        return int(self._connection.scalar(sa.select(sa.func.count()).where(*mine)) or 0)

    def use_recovery_code(self, user_id: str, digest: str, now: datetime) -> bool:
        """Spend a recovery code; False when there is none, or it was spent."""
        mine = recovery_codes.c.user_id == user_id, recovery_codes.c.code_digest == digest
        unused = recovery_codes.update().where(*mine, recovery_codes.c.used_at_utc.is_(None))
        return self._connection.execute(unused.values(used_at_utc=now)).rowcount == 1

    def add_passkey(self, passkey: Passkey) -> None:
        """Record a passkey."""
        self._connection.execute(passkeys.insert().values(**_fields(passkey)))

    def passkey(self, credential_id: str) -> Passkey | None:
        """The passkey, or None."""
        row = self._connection.execute(passkeys.select().where(passkeys.c.credential_id == credential_id)).one_or_none()
        return Passkey(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def passkeys(self, user_id: str) -> list[Passkey]:
        """The person's passkeys, the oldest first."""
        asked = passkeys.select().where(passkeys.c.user_id == user_id).order_by(passkeys.c.added_at_utc)
        return [Passkey(**row._mapping) for row in self._connection.execute(asked)]  # noqa: SLF001  public

    def use_passkey(self, passkey: Passkey, sign_count: int, now: datetime) -> bool:
        """Record a use; False when somebody else's use changed the count meanwhile."""
        same = passkeys.c.credential_id == passkey.credential_id, passkeys.c.sign_count == passkey.sign_count
        update = passkeys.update().where(*same).values(sign_count=sign_count, used_at_utc=now)
        return self._connection.execute(update).rowcount == 1

    def remove_passkey(self, user_id: str, credential_id: str) -> bool:
        """Remove a passkey of a person; False when they have no such one."""
        mine = passkeys.c.user_id == user_id, passkeys.c.credential_id == credential_id
        return self._connection.execute(passkeys.delete().where(*mine)).rowcount == 1

    def ask(self, challenge: Challenge) -> None:
        """Record a challenge."""
        self._connection.execute(challenges.insert().values(**_fields(challenge)))

    def challenge(self, digest: str) -> Challenge | None:
        """The challenge, or None."""
        row: Any = self._connection.execute(
            challenges.select().where(challenges.c.challenge_digest == digest)
        ).one_or_none()
        return Challenge(**{**row._mapping, "purpose": Purpose(row.purpose)}) if row else None  # noqa: SLF001  public

    def spend(self, digest: str, now: datetime) -> bool:
        """Spend a challenge; False when it was spent."""
        unused = challenges.update().where(challenges.c.challenge_digest == digest, challenges.c.used_at_utc.is_(None))
        return self._connection.execute(unused.values(used_at_utc=now)).rowcount == 1

    def sweep(self, before: datetime) -> None:
        """Forget challenges that were asked before then."""
        self._connection.execute(challenges.delete().where(challenges.c.asked_at_utc < before))


def _fields(record: Authenticator | Passkey | Challenge) -> dict[str, object]:
    return {field: getattr(record, field) for field in record.__dataclass_fields__}
