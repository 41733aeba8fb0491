"""A door in front of a server, for tests: it passes bytes on until it is told to cut, to stall, or to change them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

PIECE = 65536


class Door:
    """Listens on the loopback and passes everything on to a server there.

    `watch` sees what the client sends, and answers what becomes of it: `"pass"`; `"cut"`: it never arrives, and both ends are
    closed; `"deliver and cut"`: it arrives, and the answer does not; `"stall"`: it arrives, and nothing ever comes back.
    `change` may alter what the server answers.
    """

    def __init__(self, port: int, watch: Callable[[bytes], str] = lambda _sent: "pass") -> None:
        self.watch = watch
        self.change: Callable[[bytes], bytes] = lambda got: got
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                silent = threading.Event()
                threading.Thread(target=self._carry, args=(client, server, silent), daemon=True).start()
                threading.Thread(target=self._return, args=(client, server, silent), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket, silent: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while sent := client.recv(PIECE):
                fate = self.watch(sent)
                if fate != "pass":
                    silent.set()
                if fate != "cut":
                    server.sendall(sent)
                if fate in {"cut", "deliver and cut"}:
                    _close(client)
                    break
        # What was delivered is answered before the server sees that nobody listens any more.
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _return(self, client: socket.socket, server: socket.socket, silent: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while got := server.recv(PIECE):
                if not silent.is_set():
                    client.sendall(self.change(got))
        _close(client)
        _close(server)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
