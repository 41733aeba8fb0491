"""The HTTP server in front of the pages: waitress, told where a message ends in one way only (RFC 9112, 6.3; ASVS 4.2.1).

Of a request that is too long nothing is kept, and the application answers from its head. A long one is taken from those only
whom the application lets send it. What keeps crowds from shutting others out is in `web.connections` and
`web.examination_pool`.
"""

from __future__ import annotations

import copy
import resource
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]  # it carries no types
from waitress.parser import HTTPRequestParser, ParsingError  # type: ignore[import-untyped]  # it carries no types
from waitress.receiver import ChunkedReceiver  # type: ignore[import-untyped]  # it carries no types
from waitress.server import create_server  # type: ignore[import-untyped]  # it carries no types
from waitress.task import WSGITask  # type: ignore[import-untyped]  # it carries no types
from waitress.utilities import BadRequest, RequestEntityTooLarge  # type: ignore[import-untyped]  # it carries no types

from packets.proxy_addresses import UNIX, Network, is_among
from web.auth.origin import Origin
from web.connections import CONNECTIONS, LONG_BODIES, SPARE_CONNECTIONS, close_overdue, is_idle, is_long, make_room, now
from web.examination_pool import Dispatcher
from web.request_limits import (
    ADMITTED,
    CHUNK_LINE_BYTES,
    CROWDED,
    DISCARDED_BYTES,
    FILE_BYTES,
    FORM_BYTES,
    HEAD_BYTES,
    HEAD_ONLY,
    TOO_LONG,
    find_limit,
)

THREADS = 4
OPEN_FILES = 4096
ACCEPTED_AT_ONCE = 50
SWITCH_SECONDS = 0.0005
"""After so long a thread that computes lets another one go on (`esm serve`). A page asks the database a hundred times, and after
each answer it waits for the thread that makes somebody's signature: at Python's own 5 ms for half a second in all."""


class NoBuffer:
    """Takes a body and keeps nothing of it."""

    def append(self, _piece: bytes) -> None:
        """Forget it."""

    def __len__(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""


class BoundedParser(HTTPRequestParser):  # type: ignore[misc]  # it carries no types
    """Reads a request, unless it says both how long it is and that it comes in chunks, or is too long for its address.

    waitress would read the chunks and go on with what follows as the next request; a proxy in front that reads the length would
    have let that next request through without looking at it.

    Attributes:
        too_long: where it is too long, how many bytes it might have had; its body is not read.
        crowded: whether it brings a file to be examined and there is no place for it.
        discards: whether its body is read and not kept.
    """

    adj: Any
    body_rcv: Any
    error: Any
    headers: dict[str, str]
    too_long: int | None = None
    crowded = False
    discards = False

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request, and find out how long its body may be.

        Raises:
            ParsingError: answered with 400, and the connection ends.
        """
        super().parse_header(header_plus)
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            message = "The length of the request is told in two ways."
            raise ParsingError(message)
        if self.body_rcv is not None:
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = find_limit(self.command, self.path) + 1

    def received(self, data: bytes) -> int:
        """Take what has come; answer how much of it belongs to this request."""
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.refuse_body()
        elif self.error is None and isinstance(self.body_rcv, ChunkedReceiver) and self._has_endless_line():
            self.error, self.completed = BadRequest("A line between the chunks is too long."), True
        if self.discards and self.completed and self.error is None:
            self.drop_body()
        return consumed

    @property
    def is_long(self) -> bool:
        """Whether a body is on its way that may be longer than a form."""
        longer = self.content_length > FORM_BYTES or self.chunked
        return bool(self.body_rcv is not None and not self.discards and longer and self.limit > FORM_BYTES)

    @property
    def limit(self) -> int:
        """How many bytes the body may have."""
        return int(self.adj.max_request_body_size) - 1

    def refuse_body(self) -> None:
        """Let the application say that the body is too long."""
        self.error = None
        self.too_long = self.limit if self.too_long is None else self.too_long
        self.discard_body()

    def discard_body(self) -> None:
        """Keep nothing of the body. One that ends is read, because many clients read the answer only when they have sent all."""
        if self.discards or self.expect_continue or self.content_length > DISCARDED_BYTES:
            self.drop_body()
            return
        self.body_rcv.getbuf().close()
        self.body_rcv.buf = NoBuffer()
        self.adj.max_request_body_size = DISCARDED_BYTES
        self.discards, self.completed = True, False

    def drop_body(self) -> None:
        """Go on as if there were no body; the connection ends with the answer."""
        if self.body_rcv is not None:
            self.body_rcv.getbuf().close()
        self.body_rcv, self.chunked = None, False
        self.completed, self.expect_continue = True, False
        self.headers |= {"CONTENT_LENGTH": "0", "CONNECTION": "close"}
        self.headers.pop("CONTENT_TYPE", None)

    def _has_endless_line(self) -> bool:
        return max(len(self.body_rcv.control_line), len(self.body_rcv.trailer)) > CHUNK_LINE_BYTES


class MarkedTask(WSGITask):  # type: ignore[misc]  # it carries no types
    """A request with what was found out before it: its body was too long, or there is no place for its file."""

    def get_environment(self) -> dict[str, Any]:
        """Build what the application sees of the request."""
        environ: dict[str, Any] = super().get_environment()
        environ |= {TOO_LONG: self.request.too_long, CROWDED: self.request.crowded}
        return environ


class HeadTask:
    """Asks the application whether somebody may send a long body, before it is taken."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def service(self) -> None:
        """Show it the head; without its consent the request goes on without a body, and the application says why."""
        channel = self._channel
        head = copy.copy(channel.request)
        head.body_rcv, head.headers = None, {**head.headers, "CONTENT_LENGTH": "0"}
        environ = WSGITask(channel, head).get_environment() | {HEAD_ONLY: True}
        try:
            answer = channel.server.application(environ, lambda *_given: None)
            getattr(answer, "close", lambda: None)()
        finally:
            channel.go_on(admitted=environ.get(ADMITTED) is True)

    def cancel(self) -> None:
        """Nobody waits for it any more."""


class Channel(HTTPChannel):  # type: ignore[misc]  # it carries no types
    """A connection whose requests are read so.

    Attributes:
        network: whose it is, as limits count; connections of a proxy are nobody's.
        began: when the request that is on its way began, or the connection.
        served: whether a request was answered on it.
        paused: whether a body waits for the application's consent.
    """

    parser_class = BoundedParser
    task_class = MarkedTask
    request: Any

    def __init__(self, server: Any, sock: socket.socket, addr: Any, *arguments: Any, **options: Any) -> None:
        proxied = is_among(str(addr[0]), server.proxies)
        self.network = f"proxy {sock.fileno()}" if proxied else Origin(str(addr[0])).network
        self.began, self.served, self.paused = now(), False, False
        self._asked: BoundedParser | None = None
        super().__init__(server, sock, addr, *arguments, **options)
        make_room(server.active_channels.values(), CONNECTIONS, is_idle)

    def readable(self) -> bool:
        """Whether more may be read."""
        return not self.paused and bool(super().readable())

    def received(self, data: bytes) -> bool:
        """Take what has come; a long body waits until the application has seen the head."""
        before = self.request
        taken = bool(super().received(data))
        request = self.request
        self.served = self.served or bool(self.requests)
        if request is not None and request is not before:
            self.began = now()
        if request is not None and request is not self._asked and request.is_long:
            self._asked = request
            make_room(filter(is_long, list(self.server.active_channels.values())), LONG_BODIES, is_long)
            if request.limit > FILE_BYTES:
                self.paused = True
                self.server.task_dispatcher.ask(HeadTask(self))
        return taken

    def go_on(self, *, admitted: bool) -> None:
        """Read the body, or answer without it."""
        with self.requests_lock:
            if not admitted:
                self.request.discard_body()
            if self.request.completed:
                self.requests.append(self.request)
                self.request = None
                self.server.add_task(self)
            self.paused = False
        self.began = now()
        self.server.pull_trigger()


def make_server(app: Flask, door: socket.socket, proxies: frozenset[Network | str] = frozenset()) -> Any:
    """Make a server on a socket that listens already; `run()` serves until `close()`.

    Args:
        app: the application.
        door: the socket.
        proxies: who is believed about the client's address.
    """
    _allow_open_files()
    server = create_server(
        app,
        sockets=[door],
        _dispatcher=Dispatcher(THREADS, proxies),
        connection_limit=CONNECTIONS + SPARE_CONNECTIONS,
        asyncore_use_poll=True,
        ident=None,
        max_request_header_size=HEAD_BYTES,
        cleanup_interval=1,
        clear_untrusted_proxy_headers=False,  # `web.proxies` decides
    )
    server.channel_class, server.proxies = Channel, proxies
    server.maintenance = partial(_close_overdue, server)
    server.handle_accept = partial(_accept, server, server.handle_accept)
    if door.family == socket.AF_UNIX:
        server.fix_addr = lambda _address: (UNIX, None)
    return server


def _accept(server: Any, accept: Callable[[], None]) -> None:
    """Accept whoever waits, and not one for each look at all connections."""
    for _ in range(ACCEPTED_AT_ONCE):
        before = len(server.active_channels)
        accept()
        if len(server.active_channels) == before:
            return


def _close_overdue(server: Any, moment: float) -> None:
    close_overdue(list(server.active_channels.values()), moment)


def _allow_open_files() -> None:
    """Let the process open a file for each connection and one for each body beside it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
