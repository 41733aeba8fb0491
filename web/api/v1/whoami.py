"""Whose token it is."""

from __future__ import annotations

from packets.model.people import Role
from packets.model.tokens import Scope
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Shape, Time
from web.auth.roles import Audience

noun = Noun("whoami")


class Caller(Shape):
    """The person, and what the token is for."""

    user_id: str
    name: str
    cms_roles: list[Role]
    scopes: list[Scope]
    expires_at: Time


@noun.operation("GET", "/whoami", Audience.SIGNED_IN, Scope.READ, answer=Caller)
def show(asked: Asked) -> Reply:
    """Whose token this is, what it is for, and until when it counts."""
    return Reply(
        Caller(
            user_id=asked.person.user_id,
            name=asked.person.full_name,
            cms_roles=sorted(asked.person.cms_roles),
            scopes=sorted(asked.token.scopes),
            expires_at=asked.token.expires_at_utc,
        )
    )
