"""The signer process: the only one that talks to the hardware module. It signs digests for workers of the same user.

`python -m signing.sources.process --library … --token … --key LABEL --socket …` reads the PIN from its standard input, one line,
says `ready` on its standard output, and serves until it is asked to end (SIGTERM).
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from packets.errors import PacketsError, Problem
from signing.errors import PkiError, SigningError
from signing.sources.wire import Deadline, WireError, receive_message, send_message

Sign = Callable[[str, bytes], bytes]
"""Gives the signature of the key with a label over a digest, or raises SigningError."""

Show = Callable[[str], bytes]
"""Gives the public half of the key with a label, DER, or raises SigningError."""

OWNER_ONLY = 0o177
WORKER_SECONDS = 5.0
"""Seconds in which a worker must have asked and read its answer."""

DIGEST_BYTES = 32


class Exchange(socketserver.BaseRequestHandler):
    """One question of a worker and its answer."""

    server: SignerServer

    def handle(self) -> None:
        """Sign, or say why not; a worker that is slow or gone is left alone."""
        with suppress(OSError, WireError):
            question = receive_message(self.request, Deadline(WORKER_SECONDS))
            answer = answer_to(question, self.server.sign, self.server.show)
            send_message(self.request, answer, Deadline(WORKER_SECONDS))


class SignerServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens on a socket that only its owner can open.

    Args:
        path: of the socket; one that nobody listens on is replaced.
        sign: signs; may be called by several threads.
        show: gives public halves; likewise.

    Raises:
        PkiError: another process listens there, or the path cannot be used.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, sign: Sign, show: Show | None = None) -> None:
        self.sign = sign
        self.show = show or _show_nothing
        self._bound: Path | None = None
        try:
            _clear(path)
            before = os.umask(OWNER_ONLY)
            try:
                super().__init__(str(path), Exchange)
            finally:
                os.umask(before)
        except OSError as error:
            sentence = f"The socket cannot be opened: {error.strerror or error}."
            raise PkiError(Problem("socket-unusable", sentence, "Give a path of its own.", str(path))) from error

    def server_bind(self) -> None:
        """Take the socket; from then on it is ours to remove."""
        super().server_bind()
        self._bound = Path(str(self.server_address))

    def server_close(self) -> None:
        """Stop listening, and remove the socket if it is ours."""
        super().server_close()
        if self._bound is not None:
            self._bound.unlink(missing_ok=True)


def _show_nothing(label: str) -> bytes:
    raise SigningError(Problem("key-unknown", "There is no key with this label.", "Check the label.", label))


def answer_to(question: dict[str, str], sign: Sign, show: Show = _show_nothing) -> dict[str, str]:
    """The answer to a question: a signature, a public key, or a refusal."""
    try:
        if question.get("act") == "public-key":
            return {"public_key": show(question.get("key", "")).hex()}
        return _signed(question, sign)
    except SigningError as error:
        return {"refusal": "; ".join(one.sentence.rstrip(".") for one in error.problems)}


def _signed(question: dict[str, str], sign: Sign) -> dict[str, str]:
    try:
        digest = bytes.fromhex(question.get("digest", ""))
    except ValueError:
        digest = b""
    if question.get("act") != "sign" or len(digest) != DIGEST_BYTES:
        return {"refusal": "this is not a question that it answers"}
    return {"signature": sign(question.get("key", ""), digest).hex()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; 1 when it cannot start."""
    options = _options(arguments)
    try:
        _serve(options, sys.stdin.readline().rstrip("\n"))
    except PacketsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _serve(options: argparse.Namespace, pin: str) -> None:
    try:
        from signing.sources.hardware import HardwareKeys
    except ImportError as error:
        problem = Problem("module-unusable", "The package python-pkcs11 is missing.", "Install the extra `pkcs11`.")
        raise PkiError(problem) from error
    keys = HardwareKeys(options.library, options.token, pin, options.key)
    try:
        with SignerServer(options.socket, keys.sign, keys.public_key) as server:
            _end_on_request(server)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            server.serve_forever()
    finally:
        keys.close()


def _end_on_request(server: SignerServer) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()  # `shutdown` waits for the loop that this signal interrupts

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _clear(path: Path) -> None:
    """Remove a socket that a process left behind when it died."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m signing.sources.process", description=__doc__)
    parser.add_argument("--library", type=Path, required=True, help="the module's PKCS #11 library")
    parser.add_argument("--token", required=True, help="label of the token")
    parser.add_argument("--key", action="append", required=True, help="label of a key that may sign; may be repeated")
    parser.add_argument("--socket", type=Path, required=True, help="the UNIX socket to listen on")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
