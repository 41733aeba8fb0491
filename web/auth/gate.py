"""The gate: runs before every view, finds out who is visiting and lets in whom the route is for.

Somebody else's ACO or document is answered like one that does not exist (R37): the same page, the same status.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from packets.documents.reading import not_yours
from packets.model.calendar import agency_day
from packets.model.people import Person, Role
from packets.people.access import Action, may
from packets.store.records import Records
from web.auth.cookies import session_token
from web.auth.roles import Audience, audience_of, require
from web.auth.sessions import Session
from web.visit import services

WARNS = "session.ending"
SETTING_UP = frozenset({"account", "session"})
"""What is open to somebody who has to add a second factor first."""


def admit() -> ResponseReturnValue | None:
    """Let the visitor through to the view, send them to sign in, or refuse.

    Raises:
        NotFoundError: the ACO or the document does not exist, or is not theirs to see.
        ForbiddenError: they may see it, but the route is not for them.
    """
    g.session = find_session()
    g.visitor = find_visitor(g.session)
    if request.endpoint is None:
        return None
    audience = audience_of(current_app, request.endpoint)
    if audience is Audience.ANYONE:
        return None
    if g.visitor is None:
        return redirect(url_for("session.ask", next=_way_back()), 303)
    if services().accounts.lacks_second_factor(g.session) and request.blueprint not in SETTING_UP:
        return redirect(url_for("account.show"), 303)
    g.roles = find_roles(g.visitor, request.view_args or {})
    require(audience, g.roles)
    return None


def find_session() -> Session | None:
    """The session that the browser names, if it is still good. The page that warns of its end does not prolong it."""
    token = session_token()
    return services().accounts.sessions.find(token, touch=request.endpoint != WARNS) if token else None


def find_visitor(session: Session | None) -> Person | None:
    """Whoever the session belongs to, if their user ID is still active (R15)."""
    person = services().reading.person(session.user_id) if session else None
    today = agency_day(services().clock())
    return person if person and person.is_active(today) else None


def find_roles(person: Person, address: dict[str, Any]) -> frozenset[Role]:
    """The roles that a person holds at CMS and at the ACO that the address names, directly or by a document.

    Raises:
        NotFoundError: the address names one that they may not see.
    """
    if not address.keys() & {"aco_id", "document_id"}:
        return person.cms_roles
    with services().database.read() as records:
        place = _place(records, address)
        held = records.acos.roles_of(person.user_id, *place) if place else frozenset()
    roles = held | person.cms_roles
    if not may(Action.VIEW_PACKET, roles) and not may(Action.VIEW_ARCHIVE, roles):
        raise not_yours(str(address.get("document_id") or address["aco_id"]))
    return roles


def _place(records: Records, address: dict[str, Any]) -> tuple[str, int] | None:
    """The ACO and the year that the address is about."""
    if "document_id" not in address:
        return address["aco_id"], address["year"]
    document = records.documents.get(address["document_id"])
    return (document.aco_id, document.performance_year) if document else None


def _way_back() -> str | None:
    """Where to go after signing in: the page that was asked for, or the page of the form that was sent."""
    return request.full_path.rstrip("?") if request.path != "/" else None
