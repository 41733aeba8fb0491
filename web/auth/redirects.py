"""Where to go after signing in: only to a page of this service, whatever the address says (open redirects are refused)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect


def safe_target(wanted: str, otherwise: str) -> str:
    """The wanted target if it is the address of one of our own pages, else the other one.

    Args:
        wanted: what the request asked for; anything at all.
        otherwise: a path of our own.
    """
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return otherwise
    printable = wanted.isprintable() and "\\" not in wanted
    local = wanted.startswith("/") and not wanted.startswith("//") and not parts.scheme and not parts.netloc
    return wanted if printable and local and _is_page(parts.path) else otherwise


def _is_page(path: str) -> bool:
    try:
        current_app.url_map.bind("localhost").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    return True
