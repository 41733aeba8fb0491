"""Forms count only from our own pages and in the session that they were made for (ASVS 3.5.1)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import g, request
from flask import session as form_cookie

from packets.errors import ForbiddenError, Problem
from web.visit import services

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN, BOUND_TO = "csrf_token", "session"


def protect_forms() -> None:
    """Refuse unsafe requests of other sites, and drop the secret of the forms when the session changed.

    Raises:
        ForbiddenError: the browser says that another site sent the form.
    """
    if request.method not in SAFE and not _is_from_here():
        sentence = "This form was sent by another site."
        raise ForbiddenError(Problem("form-of-another-site", sentence, "Open the page here and send it once more."))
    session = g.get("session")
    handle = session.handle if session else ""
    if form_cookie.get(BOUND_TO, "") != handle:
        form_cookie.pop(TOKEN, None)
        form_cookie[BOUND_TO] = handle


def _is_from_here() -> bool:
    """Whether the browser says nothing against it; older browsers say nothing, and the token decides.

    `Origin: null` is what browsers send with our own forms, because of our `Referrer-Policy: no-referrer`.
    """
    if site := request.headers.get("Sec-Fetch-Site", ""):
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin", "null")
    return origin == "null" or _origin_of(origin) in {
        _origin_of(services().settings.public_url),
        _origin_of(request.host_url),
    }


def _origin_of(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc.lower()
