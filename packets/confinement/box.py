"""Asking for work on something from outside, to be done in a confined process of its own.

Whatever a hostile file does, it does to a process that has nothing: no network, no keys, no database, no other program, a
few seconds and some memory. What comes back is data: only plain classes of this service are ever made from it.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from packets import errors
from packets.confinement.server import BROKEN, DONE, REFUSED
from packets.errors import InputError, PacketsError, Problem

MEGABYTE = 1 << 20
GRACE_SECONDS = 10
"""Seconds of waiting beyond the processor's: a busy machine is not the file's fault."""

PLAIN = {
    "builtins": {
        "list",
        "dict",
        "tuple",
        "set",
        "frozenset",
        "bytearray",
        "bytes",
        "str",
        "int",
        "float",
        "bool",
        "complex",
    },
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "pathlib": {"PosixPath", "PurePosixPath", "Path"},
    "zoneinfo": {"ZoneInfo._unpickle", "ZoneInfo"},
    "copyreg": {"__newobj__", "__newobj_ex__"},
}
"""What an answer may be made of, besides classes of ours that only hold data."""

OURS = ("packets.lists.", "packets.model.", "packets.year_files.", "packets.render.", "packets.errors")
HOLDERS = {("packets.lists.findings", "Findings")}
"""Classes of ours that hold data and are neither dataclasses nor enumerations."""

Answer = TypeVar("Answer")
Warmth: TypeAlias = Iterable[tuple[Callable[[str], object], str]]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one piece of work may take: processor seconds, megabytes of memory, megabytes of each file that it writes."""

    seconds: int = 30
    memory_mb: int = 1024
    disk_mb: int = 0


class Box(Protocol):
    """Where work on something from outside is done."""

    @property
    def walls(self) -> bool:
        """Whether it is confined."""

    def run(
        self,
        work: Callable[..., Answer],
        *arguments: Any,
        allowance: Allowance = Allowance(),
        needs: Iterable[Callable[..., Any]] = (),
        warm: Warmth = (),
        **options: Any,
    ) -> Answer:
        """What a function of a module answers; its refusals are raised here.

        Args:
            work: a function that can be found by its name.
            arguments: its arguments.
            allowance: what it may take.
            needs: further functions whose modules it needs, so that they are imported once and not each time.
            warm: functions that the server calls with a text, once, before it forks; they must not touch what is from outside.
            options: its named arguments.

        Raises:
            PacketsError: what it refuses.
            InputError: it took too much, or died.
        """


class OpenBox:
    """No box: the work is done in this process."""

    walls = False

    def run(
        self,
        work: Callable[..., Answer],
        *arguments: Any,
        allowance: Allowance = Allowance(),  # noqa: ARG002  nobody holds it to that
        needs: Iterable[Callable[..., Any]] = (),  # noqa: ARG002  they are here
        warm: Warmth = (),  # noqa: ARG002  whoever needs it does it
        **options: Any,
    ) -> Answer:
        """As `Box.run`, without limits."""
        return work(*arguments, **options)


@dataclass(slots=True)
class ClosedBox:
    """Confined processes, forked by one server, which is started when it is first needed and again when it has died."""

    _server: subprocess.Popen[bytes] | None = None
    _control: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _owner: int = 0
    _walls: bool = False

    @property
    def walls(self) -> bool:
        """Whether networks and other programs are out of reach here, as far as the kernel can do that."""
        with self._lock:
            self._connect()
        return self._walls

    def run(
        self,
        work: Callable[..., Answer],
        *arguments: Any,
        allowance: Allowance = Allowance(),
        needs: Iterable[Callable[..., Any]] = (),
        warm: Warmth = (),
        **options: Any,
    ) -> Answer:
        """As `Box.run`."""
        modules = sorted({one.__module__ for one in (work, *needs)})
        calls = [(one.__module__, one.__name__, text) for one, text in warm]
        question = pickle.dumps((work, arguments, options), pickle.HIGHEST_PROTOCOL)
        with self._ask(modules, calls, allowance) as line:
            answer = _exchange(line, question, allowance.seconds + GRACE_SECONDS)
        return cast("Answer", _read(answer))

    def close(self) -> None:
        """End the server."""
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            if self._owner == os.getpid():
                self._server.wait(GRACE_SECONDS)
            else:  # it belongs to the process that we were forked from
                self._server.returncode = 0
        self._control = self._server = None

    def _ask(self, modules: list[str], calls: list[tuple[str, str, str]], allowance: Allowance) -> socket.socket:
        asked = {
            "modules": modules,
            "calls": calls,
            "seconds": allowance.seconds,
            "patience": allowance.seconds + GRACE_SECONDS,
            "memory": allowance.memory_mb * MEGABYTE,
            "disk": allowance.disk_mb * MEGABYTE,
        }
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for last in (False, True):
                try:
                    socket.send_fds(self._connect(), [json.dumps(asked).encode()], [theirs.fileno()])
                except OSError:
                    self.close()
                    if last:
                        ours.close()
                        raise
                else:
                    break
        return ours

    def _connect(self) -> socket.socket:
        """The way to a server of this very process: a fork of ours must not share its parent's."""
        if self._control is None or self._owner != os.getpid():
            self.close()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._server = subprocess.Popen(  # noqa: S603  our own module, no shell
                    [sys.executable, "-m", "packets.confinement.server", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=_plain_environment(),
                )
            self._walls = bool(json.loads(ours.recv(MEGABYTE))["walls"])
            self._control, self._owner = ours, os.getpid()
        return self._control


def _plain_environment() -> dict[str, str]:
    """None of our settings and secrets; where Python finds what it imports."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LANG": "C.UTF-8", "TZ": "UTC"}


def _exchange(line: socket.socket, question: bytes, patience: float) -> bytes:
    """Send the question and read the answer; what comes is empty when the process died."""
    line.settimeout(patience)
    try:
        line.sendall(question)
        parts = []
        while part := line.recv(MEGABYTE):
            parts.append(part)
    except OSError:
        return b""
    return b"".join(parts)


def _read(answer: bytes) -> Any:
    """The answer, or the refusal in it.

    Raises:
        PacketsError: the work was refused.
        InputError: the process took too much, or died.
    """
    try:
        kind, content = answer[:1], answer[1:]
        if kind == DONE:
            return _PlainData(io.BytesIO(content)).load()
        if kind == REFUSED:
            raise _refusal(*_PlainData(io.BytesIO(content)).load())
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError, ValueError) as error:
        raise _gone() from error
    raise _gone("MemoryError" if answer == BROKEN + b"MemoryError" else answer[1:].decode("utf-8", "replace"))


def _refusal(module: str, name: str, problems: tuple[Problem, ...], count: int) -> PacketsError:
    found = getattr(errors, name, None) if module == errors.__name__ else None
    kind = found if isinstance(found, type) and issubclass(found, PacketsError) else InputError
    return kind(problems, count=count)


def _gone(what: str = "") -> InputError:
    sentence = "This takes too much time or memory to read, or breaks what reads it."
    return InputError(Problem("confinement-ended", sentence, "Make it anew, or smaller, and try again.", what[:60]))


class _PlainData(pickle.Unpickler):
    """Makes nothing but plain data and those classes of ours that only hold data."""

    def find_class(self, module: str, name: str) -> Any:
        """The class of that name, if it may be made.

        Raises:
            pickle.UnpicklingError: it may not.
        """
        if name in PLAIN.get(module, ()):
            return super().find_class(module, name)
        if module.startswith(OURS):
            found = super().find_class(module, name)
            plain = isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum | str))
            if plain or (module, name) in HOLDERS:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no data")
