"""The HTTP server in front of the pages: waitress, told where a message ends in one way only (RFC 9112, 6.3; ASVS 4.2.1)."""

from __future__ import annotations

import socket
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]  # it carries no types
from waitress.parser import HTTPRequestParser, ParsingError  # type: ignore[import-untyped]  # it carries no types
from waitress.server import create_server  # type: ignore[import-untyped]  # it carries no types

THREADS = 4
CONNECTIONS = 800
"""So many browsers may keep a connection open, below the 1,024 files that most systems give a process. With waitress's own 100
the hundred and first would wait until somebody else has been idle for two minutes."""
SWITCH_SECONDS = 0.0005
"""After so long a thread that computes lets another one go on (`esm serve`). A page asks the database a hundred times, and after
each answer it waits for the thread that makes somebody's signature: at Python's own 5 ms for half a second in all."""


class OneFraming(HTTPRequestParser):  # type: ignore[misc]  # it carries no types
    """Reads a request, unless it says both how long it is and that it comes in chunks.

    waitress would read the chunks and go on with what follows as the next request; a proxy in front that reads the length would
    have let that next request through without looking at it.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request.

        Raises:
            ParsingError: answered with 400, and the connection ends.
        """
        super().parse_header(header_plus)
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            message = "The length of the request is told in two ways."
            raise ParsingError(message)


class Channel(HTTPChannel):  # type: ignore[misc]  # it carries no types
    """A connection whose requests are read so."""

    parser_class = OneFraming


def make_server(app: Flask, door: socket.socket) -> Any:
    """A server on a socket that listens already; `run()` serves until `close()`."""
    server = create_server(
        app, sockets=[door], threads=THREADS, connection_limit=CONNECTIONS, asyncore_use_poll=True, ident=None
    )
    server.channel_class = Channel
    return server
