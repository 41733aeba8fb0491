"""Answers only to the names under which people know the service, so that no link or passkey is ever made for a forged one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PROBES = ("/healthz", "/readyz")
"""Asked by machines, by whatever address they have."""
WORDS = b"This service is not reached under that name.\n"
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class KnownHosts:
    """WSGI: refuses requests whose `Host` is neither the public one nor this machine's own.

    Args:
        app: the application.
        public_url: address of the web front end; without one every name is taken.
    """

    def __init__(self, app: App, public_url: str) -> None:
        self._app = app
        self._host = urlsplit(public_url).hostname

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer the request, or refuse it."""
        if self._host is None or environ.get("PATH_INFO") in PROBES or self._knows(environ.get("HTTP_HOST", "")):
            return self._app(environ, start_response)
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
        start_response("400 Bad Request", [*headers, ("Cache-Control", "no-store")])
        return [WORDS]

    def _knows(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
        except ValueError:
            return False
        return not (parts.path or parts.username) and parts.hostname in {self._host, *LOOPBACK}
