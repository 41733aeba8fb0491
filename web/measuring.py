"""What a worker has measured, on a port of this machine alone: `/metrics` behind its token, and `/healthz` that it lives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from packets.errors import InputError, Problem
from web.bootstrap import Services
from web.metrics import CONTENT_TYPE, opens, write_metrics

HERE = "127.0.0.1"
PATIENCE = 5
"""Seconds that somebody who asks may stay silent."""


@contextmanager
def showing_metrics(services: Services, port: int) -> Iterator[int]:
    """Answer `GET /metrics` and `GET /healthz` on loopback while the block runs; the port, which the system chooses for 0.

    Raises:
        InputError: there is no token that could open it, or somebody else has the port.
    """
    if not services.settings.metrics_token.get_secret_value():
        sentence = "Nobody could look at what is measured: there is no token."
        raise InputError(Problem("metrics-closed", sentence, "Set ESM_METRICS_TOKEN.", "--metrics-port"))
    try:
        server = ThreadingHTTPServer((HERE, port), _handler(services))
    except OSError as error:
        sentence = f"The port cannot be listened on: {error.strerror or error}."
        raise InputError(Problem("address-unusable", sentence, "Name another one.", f"{HERE}:{port}")) from None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _handler(services: Services) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version, sys_version = "esm", ""

        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._answer(b"ok\n", "text/plain; charset=utf-8")
            elif self.path != "/metrics":
                self.send_error(404)
            elif not opens(services, self.headers.get("Authorization", "")):
                self.send_error(403)
            else:
                self._answer(write_metrics(services).encode(), CONTENT_TYPE)

        def _answer(self, content: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_told: object) -> None:
            """Nobody needs a line for each look."""

    return Handler
