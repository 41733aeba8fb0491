"""Handing one message over: to the address that was judged, without redirections, within limits of time and size."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import urllib3

from packets.webhooks.addresses import Target

SECONDS = 10.0
ANSWER_LIMIT = 16 * 1024
"""Bytes of an answer that are read; what a receiver says is of no use, but a connection is ended in good order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, 0 when there was no answer; and why that is no success, empty when it is one."""

    status: int
    error: str


def send(target: Target, headers: Mapping[str, str], body: bytes, *, seconds: float = SECONDS) -> Answer:
    """Send a message once; everything that goes wrong is told in the answer."""
    host = target.host if ":" not in target.host else f"[{target.host}]"
    told = {**headers, "Host": f"{host}:{target.port}", "Content-Type": "application/json", "User-Agent": "esm-packets"}
    limits = urllib3.Timeout(connect=seconds / 2, read=seconds, total=seconds)
    try:
        with _pool(target) as pool:
            reply = pool.urlopen(
                "POST",
                target.path,
                body=body,
                headers=told,
                timeout=limits,
                retries=False,
                redirect=False,
                preload_content=False,
                assert_same_host=False,
            )
            try:
                return _answer(reply, time.monotonic() + seconds)
            finally:
                reply.close()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        return Answer(0, f"No answer: {type(error).__name__}.")


def _pool(target: Target) -> urllib3.HTTPConnectionPool:
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(target.address, target.port, maxsize=1)
    context = ssl.create_default_context()
    return urllib3.HTTPSConnectionPool(
        target.address,
        target.port,
        maxsize=1,
        ssl_context=context,
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _answer(reply: urllib3.BaseHTTPResponse, deadline: float) -> Answer:
    read = 0
    while piece := reply.read1(ANSWER_LIMIT):
        read += len(piece)
        if read > ANSWER_LIMIT or time.monotonic() > deadline:
            break
    if 200 <= reply.status < 300:  # noqa: PLR2004  HTTP's own numbers
        return Answer(reply.status, "")
    return Answer(reply.status, f"The receiver answered {reply.status}.")
