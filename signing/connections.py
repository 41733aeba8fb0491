"""Connections to time-stamp authorities, kept open from one question to the next: a handshake costs more than a token.

Proxies are those of the environment, as for every program (`https_proxy`, `no_proxy`).
"""

from __future__ import annotations

import time
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

OK = 200
OPEN_CONNECTIONS = 8
"""To one host; more threads than that wait for their turn no longer than anybody."""


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float, limit: int) -> bytes:
    """Ask once, without following redirections, and read the whole answer.

    Args:
        url: `http://…` or `https://…`.
        body: what to send.
        headers: beside those of HTTP itself.
        seconds: how long to wait for the answer to begin, and then to end.
        limit: bytes of the answer at most.

    Raises:
        OSError: nobody answers in time, the answer is cut short, or it is an error.
        ValueError: the address is not HTTP, or the answer is too long.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError("the address is not http:// or https://")
    try:
        reply = _pool(_proxy_of(url)).request(
            "POST",
            url,
            body=body,
            headers=headers,
            timeout=seconds,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return _read(reply, time.monotonic() + seconds, limit)
        except BaseException:
            reply.close()
            raise
        finally:
            reply.release_conn()
    except urllib3.exceptions.TimeoutError as error:
        raise TimeoutError("timed out") from error
    except urllib3.exceptions.ProtocolError as error:
        cut = any(isinstance(one, urllib3.exceptions.IncompleteRead) for one in error.args)
        raise OSError("the answer was cut short" if cut else f"closed connection: {error}") from error
    except urllib3.exceptions.HTTPError as error:
        raise OSError(f"broken HTTP: {error}") from error


def _read(reply: urllib3.BaseHTTPResponse, deadline: float, limit: int) -> bytes:
    """The whole answer, piece by piece: one that trickles in is not waited for."""
    if reply.status != OK:
        raise OSError(f"HTTP Error {reply.status}")
    body = b""
    while piece := reply.read1(limit):
        body += piece
        if len(body) > limit:
            raise ValueError("the answer is too long")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer takes too long")
    return body


def _proxy_of(url: str) -> str:
    """The proxy for an address; empty when it is asked directly."""
    parts = urlsplit(url)
    return "" if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme, "")


@cache
def _pool(proxy: str) -> urllib3.PoolManager:
    return (
        urllib3.ProxyManager(proxy, maxsize=OPEN_CONNECTIONS)
        if proxy
        else urllib3.PoolManager(maxsize=OPEN_CONNECTIONS)
    )
