"""Messages between a worker and the signer process: four bytes of length, big-endian, then canonical JSON."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from packets.canonical import canonical_json

LENGTH_BYTES = 4
LONGEST = 4096
"""Bytes of the longest message; a digest, a label and a signature need a few hundred."""


class WireError(ValueError):
    """What came is no message."""


class Deadline:
    """A moment by which an exchange must be over, however slowly its bytes come.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def apply(self, connection: socket.socket) -> None:
        """Let the connection's next call end by then.

        Raises:
            TimeoutError: it is over.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)


def send_message(connection: socket.socket, message: dict[str, str], deadline: Deadline) -> None:
    """Send a message.

    Raises:
        OSError: the other side is gone, or does not read in time.
    """
    body = canonical_json(message)
    deadline.apply(connection)
    connection.sendall(len(body).to_bytes(LENGTH_BYTES, "big") + body)


def receive_message(connection: socket.socket, deadline: Deadline) -> dict[str, str]:
    """Receive a message: an object with texts.

    Raises:
        OSError: the other side is gone, or does not write in time.
        WireError: what came is no message.
    """
    length = int.from_bytes(_receive(connection, LENGTH_BYTES, deadline), "big")
    if length > LONGEST:
        raise WireError(f"a message of {length} bytes")
    return parse_message(_receive(connection, length, deadline))


def parse_message(body: bytes) -> dict[str, str]:
    """The message in a body.

    Raises:
        WireError: it is no object with texts.
    """
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError("no JSON") from error
    if not isinstance(message, dict) or not all(isinstance(one, str) for one in message.values()):
        raise WireError("no object with texts")
    return message


def _receive(connection: socket.socket, length: int, deadline: Deadline) -> bytes:
    received = bytearray()
    while len(received) < length:
        deadline.apply(connection)
        part = connection.recv(length - len(received))
        if not part:
            raise WireError("the end of the connection")
        received += part
    return bytes(received)
