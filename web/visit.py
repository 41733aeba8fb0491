"""What a view knows of the request under way: the services, who is visiting, and the roles that they hold where they look.

The gate (`web.auth.gate`) fills it in before any view runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from packets.model.people import Person, Role
from web.auth.origin import Origin
from web.auth.passkeys import RelyingParty
from web.auth.sessions import Session
from web.bootstrap import Services

EXTENSION = "esm-packets"
LONGEST_NUMBER = 5
"""Nobody has pages with so many digits."""


class Counted(Protocol):
    """A part of something long."""

    @property
    def count(self) -> int:
        """How much there is in all."""


Part = TypeVar("Part", bound=Counted)


def attach(app: Flask, services: Services) -> None:
    """Give the application its services."""
    app.extensions[EXTENSION] = services


def services() -> Services:
    """The services of the running application."""
    return cast("Services", current_app.extensions[EXTENSION])


def guest() -> Person | None:
    """Whoever is signed in, or None for an anonymous visitor."""
    return cast("Person | None", g.get("visitor"))


def visitor() -> Person:
    """Whoever is signed in. The gate has made sure that somebody is, on every route that is not open to anyone."""
    return cast("Person", g.visitor)


def roles() -> frozenset[Role]:
    """The roles that the visitor holds at the ACO that the address names, and at CMS."""
    return cast("frozenset[Role]", g.get("roles", frozenset()))


def session() -> Session | None:
    """The session of whoever is signed in."""
    return cast("Session | None", g.get("session"))


def origin() -> Origin:
    """From where the request comes."""
    return Origin(request.remote_addr or "", request.headers.get("User-Agent", ""))


def relying_party() -> RelyingParty:
    """For whom passkeys are: the address of the settings; where there is none, and not in production, the one that was used."""
    settings = services().settings
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        return RelyingParty(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")
    if settings.mode == "production":
        return RelyingParty("", "")
    parts = urlsplit(request.host_url)
    return RelyingParty(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def asked(name: str) -> str:
    """What stands in the address under a name, without what no page can show: control characters and lone surrogates."""
    return "".join(one for one in request.args.get(name, "") if one.isprintable()).strip()


def typed(name: str) -> str:
    """What was sent in a form under a name, without what no page can show."""
    return "".join(one for one in request.form.get(name, "") if one.isprintable()).strip()


def asked_page() -> int:
    """The number of the page that the address asks for; the first one where it names none."""
    number = asked("page")
    return max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < LONGEST_NUMBER else 1


def turn_to(lines: int, look: Callable[[int], Part]) -> tuple[int, int, Part]:
    """The number of the page that the address asks for, that of the last one, and what stands on the page.

    Args:
        lines: so many stand on a page.
        look: finds what stands on a page, given how many lines are to be passed over, and counts all of them.
    """
    number = asked_page()
    found = look((number - 1) * lines)
    last = max(1, -(-found.count // lines))
    return (number, last, found) if number <= last else (last, last, look((last - 1) * lines))


def request_id() -> str:
    """The number under which the log tells of this request."""
    return cast("str", g.get("request_id", ""))
