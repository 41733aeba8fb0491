"""Records of password accounts, of links that reset a password, and of identities at a provider of single sign-on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.store.tables import accounts, identities, resets


@dataclass(frozen=True, slots=True)
class Account:
    """A password account: its hash, and whether the password is long enough to be the only factor."""

    user_id: str
    password_hash: str
    stands_alone: bool = True


@dataclass(frozen=True, slots=True)
class Reset:
    """A link to choose a new password, by the digest of its secret; the mail that carries it has the message's number."""

    token_digest: str
    user_id: str
    message_id: int
    asked_at_utc: datetime
    used_at_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is at a provider of single sign-on."""

    issuer: str
    subject: str
    user_id: str
    linked_at_utc: datetime


class AccountRecords:
    """Accounts by user ID, resets by the digest of their secret, identities by issuer and subject."""

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

    def add_reset(self, reset: Reset) -> None:
        """Record a link to choose a new password."""
        self._connection.execute(resets.insert().values(**_fields(reset)))

    def reset(self, token_digest: str) -> Reset | None:
        """The reset, or None."""
        row = self._connection.execute(resets.select().where(resets.c.token_digest == token_digest)).one_or_none()
        return Reset(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def reset_of(self, message_id: int) -> Reset | None:
        """The reset whose link the mail of a message carries, or None."""
        row = self._connection.execute(resets.select().where(resets.c.message_id == message_id)).one_or_none()
        return Reset(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def use_resets(self, user_id: str, now: datetime) -> None:
        """Make every link of a person useless."""
        unused = resets.update().where(resets.c.user_id == user_id, resets.c.used_at_utc.is_(None))
        self._connection.execute(unused.values(used_at_utc=now))

    def link(self, identity: Identity) -> None:
        """Record who a person is at a provider."""
        self._connection.execute(identities.insert().values(**_fields(identity)))

    def identity(self, issuer: str, subject: str) -> Identity | None:
        """Who somebody at a provider is here, or None."""
        asked = identities.select().where(identities.c.issuer == issuer, identities.c.subject == subject)
        row = self._connection.execute(asked).one_or_none()
        return Identity(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def is_linked(self, issuer: str, user_id: str) -> bool:
        """Whether a person is known at a provider already."""
        asked = sa.select(sa.exists().where(identities.c.issuer == issuer, identities.c.user_id == user_id))
        return bool(self._connection.scalar(asked))

    def sweep(self, before: datetime) -> None:
        """Forget links that were asked for before then."""
        self._connection.execute(resets.delete().where(resets.c.asked_at_utc < before))


def _fields(record: Account | Reset | Identity) -> dict[str, object]:
    return {field: getattr(record, field) for field in record.__dataclass_fields__}
