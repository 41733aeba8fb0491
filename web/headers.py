"""Headers of every answer: only our own scripts run; nothing is framed, guessed, referred to or cached that should not be."""

from __future__ import annotations

from flask import Response, g, request

NOTHING_BUT_OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SHOWS_A_DOCUMENT = NOTHING_BUT_OURS + "; object-src 'self'; frame-src 'self'"
IS_A_DOCUMENT = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; frame-ancestors 'self'"
)
"""A browser's own PDF reader puts a page around the file and styles it inline."""

ONE_HOUR = 3600
ONE_YEAR = 31_536_000

KEPT = {"static": f"public, max-age={ONE_HOUR}", "look.show": f"public, max-age={ONE_YEAR}, immutable"}
"""What a browser may keep: files without a digest in their name for an hour, those with one for ever."""


def embed_document() -> None:
    """Say that this page shows a document inside it."""
    g.content_policy = SHOWS_A_DOCUMENT


def is_document() -> None:
    """Say that this answer is the document itself, which our own pages may show inside them."""
    g.content_policy = IS_A_DOCUMENT


def guard(response: Response) -> Response:
    """Put the headers on an answer."""
    headers = response.headers
    policy = g.get("content_policy", NOTHING_BUT_OURS)
    headers["Content-Security-Policy"] = policy
    headers["X-Frame-Options"] = "SAMEORIGIN" if policy is IS_A_DOCUMENT else "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cache-Control"] = (
        KEPT.get(request.endpoint or "", "no-store") if response.status_code in {200, 304} else "no-store"
    )
    if request.is_secure:
        headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}"
    return response
