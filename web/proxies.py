"""Believes what a proxy says of the client, where the proxy is one that the settings name; from anybody else it is removed.

This is the only place that decides: the HTTP server below hands on every header as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from packets.proxy_addresses import Network, is_among, parse_address

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
UNUSED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX", "HTTP_X_FORWARDED_BY", "HTTP_X_REAL_IP")
"""Headers that say the same in other ways; believing one would contradict the others."""
BY_PROXY = "esm.by_proxy"
"""In the environment of a request: whether it came through a proxy that is believed."""
MOST_HOPS = 16
SCHEMES = frozenset({"http", "https"})

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def find_client(peer: str, forwarded_for: str, proxies: frozenset[Network | str]) -> tuple[str, int]:
    """Find who asks: the address nearest to us that is not one of the proxies.

    Args:
        peer: who is connected.
        forwarded_for: the header `X-Forwarded-For`, to which each proxy appends whom it has served.
        proxies: who is believed.

    Returns:
        The address, and how many proxies in a row were believed.
    """
    client, hops = str(parse_address(peer) or peer), 0
    entries = _split(forwarded_for)
    while hops < MOST_HOPS and is_among(client, proxies):
        hops += 1
        address = parse_address(entries.pop()) if entries else None
        if address is None:
            break
        client = str(address)
    return client, hops


class TrustedProxies:
    """WSGI: client address, scheme and host as the trusted proxy says.

    Args:
        app: the application.
        proxies: who is believed.
    """

    def __init__(self, app: App, proxies: frozenset[Network | str]) -> None:
        self._app = app
        self._proxies = proxies
        self._warned = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Rewrite the request and hand it on."""
        told = {name: environ.pop(name, "") for name in FORWARDED}
        for name in UNUSED:
            environ.pop(name, None)
        peer = environ.get("REMOTE_ADDR", "")
        client, hops = find_client(peer, told["HTTP_X_FORWARDED_FOR"], self._proxies)
        environ[BY_PROXY] = hops > 0
        if hops:
            environ["REMOTE_ADDR"] = client
            _believe(environ, told, hops)
        elif told["HTTP_X_FORWARDED_FOR"]:
            self._warn(peer)
        return self._app(environ, start_response)

    def _warn(self, peer: str) -> None:
        """Say once that somebody speaks as a proxy; an operator who forgot the setting looks here first."""
        if not self._warned:
            self._warned = True
            structlog.get_logger().warning("proxy not believed", peer=peer, setting="ESM_TRUST_PROXY")


def _believe(environ: dict[str, Any], told: Mapping[str, str], hops: int) -> None:
    scheme = _of_outermost(_split(told["HTTP_X_FORWARDED_PROTO"]), hops).lower()
    if scheme in SCHEMES:
        environ["wsgi.url_scheme"] = scheme
    if host := _of_outermost(_split(told["HTTP_X_FORWARDED_HOST"]), hops):
        environ["HTTP_HOST"] = host


def _of_outermost(entries: Sequence[str], hops: int) -> str:
    """Find what the outermost trusted proxy wrote; what stands before it came from the client."""
    return entries[-min(hops, len(entries))] if entries else ""


def _split(header: str) -> list[str]:
    return [entry.strip() for entry in header.rsplit(",", MOST_HOPS) if entry.strip()]
