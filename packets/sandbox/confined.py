"""Asking for work on something from outside, to be done in a confined process of its own.

Whatever a hostile file does, it does to a process that has nothing: no network, no keys, no database, no other program, a
few seconds and some memory. What comes back is read by the type that the work declares, and becomes nothing else.
"""

from __future__ import annotations

import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from packets.errors import InputError, InternalError
from packets.sandbox.endings import CRASHED, Ending, UnreadableAnswerError, refusal_of
from packets.sandbox.sandbox import USUAL, Allowance, Answer, Incident, WarmUp
from packets.sandbox.schema import MismatchError, answer_type, codec_of
from packets.sandbox.wire import LONGEST_MESSAGE, WorkFailedError, read_message

MEGABYTE = 1 << 20
REPORT_SECONDS = 30
"""Seconds for the server to report the end of a process that should have ended."""
LAST_SECONDS = 10
"""Seconds for the server to end itself."""
REPORT_BYTES = 4096


class ServerEndedError(Exception):
    """The server ended before it reported how a process of its own did."""


@dataclass(slots=True)
class ConfinedSandbox:
    """Confined processes, forked by one server, which is started when it is first needed and again when it has died.

    Attributes:
        report: is told of every incident; the log of the process, as a rule.
    """

    report: Callable[[Incident], None]
    _server: subprocess.Popen[bytes] | None = None
    _control: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _owner: int = 0
    _restricted: bool = False

    @property
    def is_restricted(self) -> bool:
        """Whether networks and other programs are out of reach here, as far as the kernel can do that."""
        with self._lock:
            self._connect()
        return self._restricted

    def run(
        self,
        work: Callable[..., Answer],
        *arguments: Any,
        allowance: Allowance = USUAL,
        needs: Iterable[Callable[..., Any]] = (),
        warm: WarmUp = (),
        returns: Any = None,
        **options: Any,
    ) -> Answer:
        """Work as `Sandbox.run` does."""
        declared = answer_type(work) if returns is None else returns
        codec_of(declared)  # a type whose values do not cross is found before anything is started
        request = {
            "modules": sorted({one.__module__ for one in (work, *needs)}),
            "work": (work.__module__, work.__name__),
            "calls": [(one.__module__, one.__name__, text) for one, text in warm],
            "seconds": allowance.seconds,
            "patience": allowance.patience,
            "memory": allowance.memory_mb * MEGABYTE,
            "disk": allowance.disk_mb * MEGABYTE,
        }
        question = pickle.dumps((work, declared, arguments, options), pickle.HIGHEST_PROTOCOL)
        ending, message = self._try_twice(request, question, allowance.patience)
        return cast("Answer", self._conclude(work, declared, ending, message, allowance.seconds))

    def close(self) -> None:
        """End the server."""
        with self._lock:
            self._disconnect()

    def _conclude(
        self, work: Callable[..., Any], declared: Any, ending: Ending, message: bytearray, seconds: int
    ) -> Any:
        """Return the answer, or raise what whoever asked is told; tell the log of what is not the work's own refusal."""
        name = f"{work.__module__}.{work.__qualname__}"
        if not (ending.has_answered and message):
            refusal = refusal_of(ending, seconds)
            self.report(Incident(name, refusal.problems[0].code, str(ending)))
            raise refusal
        try:
            return read_message(message, declared)
        except WorkFailedError as error:
            self.report(Incident(name, CRASHED.code, str(error)))
            raise InputError(CRASHED) from error
        except MismatchError as error:
            unreadable = UnreadableAnswerError()
            self.report(Incident(name, unreadable.problem.code, str(error)))
            raise unreadable from error

    def _try_twice(self, request: dict[str, Any], question: bytes, patience: float) -> tuple[Ending, bytearray]:
        """Have the work done; once more when the server ended in the middle of it."""
        try:
            return self._try(request, question, patience)
        except ServerEndedError:
            try:
                return self._try(request, question, patience)
            except ServerEndedError as error:
                message = "The process that starts others for the service has ended."
                raise InternalError(message) from error

    def _try(self, request: dict[str, Any], question: bytes, patience: float) -> tuple[Ending, bytearray]:
        deadline = time.monotonic() + patience + REPORT_SECONDS
        control, line, report = self._ask(request)
        with report:
            with line:
                message = _exchange(line, question, deadline)
            try:
                report.settimeout(max(1.0, deadline - time.monotonic()))
                return Ending(**json.loads(report.recv(REPORT_BYTES))), message
            except (OSError, ValueError) as error:
                with self._lock:
                    if self._control is control:
                        self._disconnect()
                raise ServerEndedError from error

    def _ask(self, request: dict[str, Any]) -> tuple[socket.socket, socket.socket, socket.socket]:
        """Ask the server for a process; returns the way to the server, to the process, and to the report of its end."""
        line, theirs = socket.socketpair()
        report, reports = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, reports, self._lock:
            try:
                control = self._connect()
                socket.send_fds(control, [json.dumps(request).encode()], [theirs.fileno(), reports.fileno()])
            except (OSError, ValueError) as error:
                self._disconnect()
                line.close()
                report.close()
                raise ServerEndedError from error
        return control, line, report

    def _connect(self) -> socket.socket:
        """Return the way to a server of this very process: a fork of ours must not share its parent's."""
        if self._control is None or self._owner != os.getpid():
            self._disconnect()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._server = subprocess.Popen(  # noqa: S603  our own module, no shell
                    [sys.executable, "-m", "packets.sandbox.server", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=_plain_environment(),
                )
            self._restricted = bool(json.loads(ours.recv(MEGABYTE))["restricted"])
            self._control, self._owner = ours, os.getpid()
        return self._control

    def _disconnect(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            if self._owner == os.getpid():
                _end(self._server)
            else:  # it belongs to the process that we were forked from
                self._server.returncode = 0
        self._control = self._server = None


def _end(server: subprocess.Popen[bytes]) -> None:
    """Wait until the server has ended itself, which it does when nobody asks any more."""
    try:
        server.wait(LAST_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _plain_environment() -> dict[str, str]:
    """Return where Python finds what it imports, and none of our settings and secrets."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LANG": "C.UTF-8", "TZ": "UTC"}


def _exchange(line: socket.socket, question: bytes, deadline: float) -> bytearray:
    """Send the question and read what comes; the end of the process says whether that is all of it."""
    message = bytearray()
    with suppress(OSError):
        line.settimeout(max(1.0, deadline - time.monotonic()))
        line.sendall(question)
        while len(message) <= LONGEST_MESSAGE and (part := line.recv(MEGABYTE)):
            message += part
            line.settimeout(max(1.0, deadline - time.monotonic()))
    return message
