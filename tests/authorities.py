"""A time-stamp authority of another service behind a real socket, and what can stand between it and us."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import tsp

from packets.clock import Clock
from signed_files import keys
from signing.timestamps import LocalTimeStampAuthority

INDEPENDENT = "independent"
Answer = Callable[["Wire", bytes], None]


class Wire(BaseHTTPRequestHandler):
    """One request and its answer over HTTP, byte by byte if need be."""

    def do_POST(self) -> None:
        """Hand the request over."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        assert isinstance(server, Door)
        server.answer(self, body)

    def reply(self, body: bytes, *, status: int = 200, length: int | None = None) -> None:
        """Answer; another length than the body's is a lie."""
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *args: object, **more: object) -> None:
        """Say nothing."""


class Door(ThreadingHTTPServer):
    """A server that answers every request in one way."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Wire)
        self.answer = answer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone away is no error of the server."""


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a running server."""
    with Door(answer) as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.server_port}/"
        finally:
            door.shutdown()
            thread.join()


@contextmanager
def independent_authority(clock: Clock) -> Iterator[str]:
    """The address of an honest authority under somebody else's root. `/?later=N` lets its clock lie by N seconds."""

    def answer(wire: Wire, body: bytes) -> None:
        later = timedelta(seconds=int(wire.path.partition("later=")[2] or 0))
        authority = LocalTimeStampAuthority(keys(INDEPENDENT).timestamps, lambda: clock() + later)
        wire.reply(authority.answer(tsp.TimeStampReq.load(body)).dump())

    with serving(answer) as address:
        yield address


def ask(address: str, body: bytes) -> bytes:
    """What an authority answers, as it is on the wire."""
    host, _, path = address.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request("POST", f"/{path}", body, {"Content-Type": "application/timestamp-query"})
        return connection.getresponse().read()
    finally:
        connection.close()
