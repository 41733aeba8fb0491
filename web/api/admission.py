"""The gate of the API: a token, the person whose it is, what they may do at this moment. Cookies open nothing here.

Everything is asked anew at each call: whether the token counts, whether the person's user ID is active, which roles they hold
where the address leads. Somebody else's ACO or document is answered like one that does not exist.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request

from packets.errors import ForbiddenError, PacketsError, Problem
from packets.model.calendar import agency_day
from packets.model.tokens import ApiToken
from web.api.operations import Operation
from web.auth.gate import find_roles
from web.auth.roles import Audience, audience_of, require
from web.visit import services

SCHEME = "Bearer "
OPERATION = "operation"


class TokenNeededError(PacketsError):
    """There is no token that counts."""

    status_hint = 401
    headers = {"WWW-Authenticate": 'Bearer realm="esm-packets"'}  # noqa: RUF012  never changed


class TooManyCallsError(PacketsError):
    """The token has made too many calls in this minute."""

    status_hint = 429

    def __init__(self, seconds: int) -> None:
        sentence = "This token has made more calls in this minute than it may."
        super().__init__(Problem("calls-too-many", sentence, "Wait as long as Retry-After says."))
        self.headers = {"Retry-After": str(seconds)}


def admit_call() -> None:
    """Let a call through to its operation, or refuse.

    Raises:
        TokenNeededError: no token, or one that does not count, or whose person's user ID is not active.
        TooManyCallsError: too many calls in this minute.
        ForbiddenError: the token or the person's roles are not for this.
        NotFoundError: the address names what does not exist, or is not theirs to see.
    """
    g.visitor = None
    if request.endpoint is None or audience_of(current_app, request.endpoint) is Audience.ANYONE:
        return
    operation: Operation = vars(current_app.view_functions[request.endpoint])[OPERATION]
    g.token = _require_token()
    _limit(g.token)
    if operation.scope not in g.token.scopes:
        sentence = f"The token is not for this; it lacks the scope {operation.scope}."
        raise ForbiddenError(Problem("scope-missing", sentence, "Ask for a token with that scope."))
    g.roles = find_roles(g.visitor, _address())
    require(operation.audience, g.roles)


def _address() -> dict[str, Any]:
    """What the address names, as texts."""
    return {name: str(one) if name.endswith("_id") else one for name, one in (request.view_args or {}).items()}


def _require_token() -> ApiToken:
    given = request.headers.get("Authorization", "")
    token = services().tokens.find(given.removeprefix(SCHEME)) if given.startswith(SCHEME) else None
    person = services().reading.person(token.user_id) if token else None
    if token is None or person is None or not person.is_active(agency_day(services().clock())):
        sentence = "There is no token that counts, or its person's user ID is not active."
        raise TokenNeededError(Problem("token-needed", sentence, "Send Authorization: Bearer with a token."))
    g.visitor = person
    return token


def _limit(token: ApiToken) -> None:
    if services().tokens.count(token) > services().settings.api_calls_per_minute:
        raise TooManyCallsError(60 - services().clock().second)
