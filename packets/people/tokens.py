"""The desk of API tokens: made for one person, shown once, counted at every use, revoked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from packets.acts import Tale, carry_out
from packets.audit.log import SERVICE, Act
from packets.clock import Clock
from packets.errors import ForbiddenError, InputError, NotFoundError, Problem
from packets.lists.text import cell_fault
from packets.model.tokens import LONGEST_LIFE, ApiToken, Scope, draw_token, is_token, token_digest
from packets.people.access import manages_years
from packets.store.database import Database
from packets.store.records import Records

INTERVAL = timedelta(minutes=1)
LONGEST_LABEL = 100


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """Built once with the services that it needs.

    Whoever runs commands on the service's folder acts as the service itself, unless they name a member of CMS staff.
    """

    database: Database
    clock: Clock

    def create(
        self, user_id: str, label: str, scopes: Iterable[Scope], life: timedelta, actor: str = SERVICE
    ) -> tuple[ApiToken, str]:
        """Make a token; the text is answered here and never again.

        Raises:
            NotFoundError: there is no such person.
            ForbiddenError: the actor is no CMS staff.
            InputError: no scope, no label, or a life that is too long.
        """
        tale = Tale(Act.TOKEN_CREATE, actor, user_id, self.clock())
        chosen, text = frozenset(scopes), draw_token()

        def check(records: Records) -> ApiToken:
            _require_actor(records, actor)
            if records.people.get(user_id) is None:
                raise NotFoundError(_unknown("person", user_id))
            if problems := _problems(label, chosen, life):
                raise InputError(problems)
            return ApiToken(str(uuid.uuid4()), user_id, label, chosen, actor, tale.now, tale.now + life)

        def record(records: Records, token: ApiToken) -> ApiToken:
            records.tokens.add(token, token_digest(text))
            tale.tell(records, token=token.token_id, scopes=sorted(chosen), expires=token.expires_at_utc.isoformat())
            return token

        return carry_out(self.database, tale, check, record), text

    def listed(self, user_id: str = "") -> list[ApiToken]:
        """Every token, of one person or of all, newest first."""
        with self.database.read() as records:
            return records.tokens.all_of(user_id)

    def revoke(self, token_id: str, actor: str = SERVICE) -> ApiToken:
        """End a token; it counts at the next request.

        Raises:
            NotFoundError: there is no such token, or it is revoked already.
            ForbiddenError: the actor is no CMS staff.
        """
        tale = Tale(Act.TOKEN_REVOKE, actor, token_id, self.clock())

        def check(records: Records) -> ApiToken:
            _require_actor(records, actor)
            token = records.tokens.get(token_id)
            if token is None or token.revoked_at_utc is not None:
                raise NotFoundError(_unknown("token that counts", token_id))
            return token

        def record(records: Records, token: ApiToken) -> ApiToken:
            records.tokens.revoke(token_id, tale.now)
            tale.tell(records, user=token.user_id)
            return records.tokens.get(token_id) or token

        return carry_out(self.database, tale, check, record)

    def find(self, text: str) -> ApiToken | None:
        """The token that a caller shows, if it counts, or None."""
        if not is_token(text):
            return None
        with self.database.read() as records:
            token = records.tokens.by_digest(token_digest(text))
        return token if token and token.counts(self.clock()) else None

    def count(self, token: ApiToken) -> int:
        """Note that a token is used; answer how many calls it has made in this minute, this one among them."""
        now = self.clock()
        with self.database.counting() as tokens:
            return tokens.count_call(token.token_id, now, now.replace(second=0, microsecond=0))


def _require_actor(records: Records, actor: str) -> None:
    if actor != SERVICE and not manages_years(records.people.get(actor)):
        sentence = "Only CMS staff make and revoke tokens."
        raise ForbiddenError(Problem("tokens-not-permitted", sentence, "Ask CMS for a token.", actor))


def _problems(label: str, scopes: frozenset[Scope], life: timedelta) -> list[Problem]:
    problems = []
    if not label.strip() or len(label) > LONGEST_LABEL or cell_fault(label):
        sentence = f"The token has no label of 1 to {LONGEST_LABEL} printable characters."
        problems.append(Problem("token-label", sentence, "Say what the token is for.", "label"))
    if not scopes:
        problems.append(Problem("token-scope", "The token is for nothing.", "Give at least one --scope.", "scope"))
    if not timedelta(0) < life <= LONGEST_LIFE:
        sentence = f"A token lasts from one to {LONGEST_LIFE.days} days."
        problems.append(Problem("token-life", sentence, "Give fewer --days.", "days"))
    return problems


def _unknown(what: str, where: str) -> Problem:
    return Problem("not-found", f"There is no such {what}.", "Check the id.", where)
