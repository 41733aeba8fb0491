"""What a view knows of the request under way: the services, who is visiting, and the roles that they hold where they look.

The gate (`web.auth.gate`) fills it in before any view runs.
"""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from packets.model.people import Person, Role
from web.auth.origin import Origin
from web.auth.passkeys import RelyingParty
from web.auth.sessions import Session
from web.bootstrap import Services

EXTENSION = "esm-packets"


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


def request_id() -> str:
    """The number under which the log tells of this request."""
    return cast("str", g.get("request_id", ""))
