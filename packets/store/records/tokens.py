"""Records of API tokens and of calls that may be sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.tokens import ApiToken, Scope
from packets.store.tables import api_calls, api_tokens

UNDER_WAY = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A call that creates something: what was asked, and the answer once there is one.

    Attributes:
        request_digest: of everything that was asked.
        status: of the answer; 0 while there is none.
    """

    token_id: str
    key: str
    request_digest: str
    begun_at_utc: datetime
    status: int = UNDER_WAY
    headers: Mapping[str, str] | None = None
    body: str = ""


class TokenRecords:
    """Tokens by their id or digest, calls by token and key."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, token: ApiToken, digest: str) -> None:
        """Record a new token."""
        values = {name: getattr(token, name) for name in ApiToken.__dataclass_fields__}
        kept = {**values, "scopes": " ".join(sorted(token.scopes)), "token_digest": digest, "calls": 0}
        self._connection.execute(api_tokens.insert().values(**kept))

    def get(self, token_id: str) -> ApiToken | None:
        """The token of that id, or None."""
        return self._one(api_tokens.c.token_id == token_id)

    def by_digest(self, digest: str) -> ApiToken | None:
        """The token with that digest, or None."""
        return self._one(api_tokens.c.token_digest == digest)

    def all_of(self, user_id: str = "") -> list[ApiToken]:
        """Every token, of one person or of all, newest first."""
        asked = api_tokens.select().order_by(api_tokens.c.created_at_utc.desc(), api_tokens.c.token_id)
        if user_id:
            asked = asked.where(api_tokens.c.user_id == user_id)
        return [_token(row) for row in self._connection.execute(asked)]

    def revoke(self, token_id: str, now: datetime) -> bool:
        """Record that a token no longer counts. False when it did not before."""
        held = api_tokens.update().where(api_tokens.c.token_id == token_id, api_tokens.c.revoked_at_utc.is_(None))
        return self._connection.execute(held.values(revoked_at_utc=now)).rowcount == 1

    def count_call(self, token_id: str, now: datetime, since: datetime) -> int:
        """Note that a token was used; answer how many calls there were since the interval began, this one among them."""
        fresh = sa.or_(api_tokens.c.used_at_utc.is_(None), api_tokens.c.used_at_utc < since)
        counted = sa.case((fresh, 1), else_=api_tokens.c.calls + 1)
        this = api_tokens.c.token_id == token_id
        self._connection.execute(api_tokens.update().where(this).values(calls=counted, used_at_utc=now))
        return int(self._connection.scalar(sa.select(api_tokens.c.calls).where(this)) or 0)

    def call(self, token_id: str, key: str) -> Call | None:
        """The call with that key, or None."""
        this = (api_calls.c.token_id == token_id, api_calls.c.key == key)
        row = self._connection.execute(api_calls.select().where(*this)).one_or_none()
        return Call(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name

    def begin_call(self, call: Call) -> None:
        """Record a call that is under way, in the place of one that came to nothing."""
        self.forget_call(call.token_id, call.key)
        values = {name: getattr(call, name) for name in Call.__dataclass_fields__}
        self._connection.execute(api_calls.insert().values(**{**values, "headers": dict(call.headers or {})}))

    def answer_call(self, call: Call, status: int, headers: Mapping[str, str], body: str) -> None:
        """Record the answer of a call that is under way."""
        this = (api_calls.c.token_id == call.token_id, api_calls.c.key == call.key)
        begun = (api_calls.c.status == UNDER_WAY, api_calls.c.begun_at_utc == call.begun_at_utc)
        values = {"status": status, "headers": dict(headers), "body": body}
        self._connection.execute(api_calls.update().where(*this, *begun).values(**values))

    def forget_call(self, token_id: str, key: str) -> None:
        """Let a key be used again."""
        self._connection.execute(api_calls.delete().where(api_calls.c.token_id == token_id, api_calls.c.key == key))

    def forget_calls(self, before: datetime) -> None:
        """Dispose of calls that nobody sends again."""
        self._connection.execute(api_calls.delete().where(api_calls.c.begun_at_utc < before))

    def _one(self, which: sa.ColumnElement[bool]) -> ApiToken | None:
        row = self._connection.execute(api_tokens.select().where(which)).one_or_none()
        return _token(row) if row else None


def _token(row: Any) -> ApiToken:
    values = {name: getattr(row, name) for name in ApiToken.__dataclass_fields__}
    return ApiToken(**{**values, "scopes": frozenset(map(Scope, row.scopes.split()))})
