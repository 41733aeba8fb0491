"""The process that forks confined ones: it has imported what they need, is restricted itself, and says how each of them ended.

It ends when the process that asks it ends, and its forks end with it. Every request comes with two connections: one goes to a
fork and to nobody else, which reads its work there, answers, and is gone; on the other the server reports the end of that fork.
"""

from __future__ import annotations

import errno
import gc
import importlib
import json
import os
import pickle
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from traceback import walk_tb
from typing import Any, NoReturn

from packets.errors import PacketsError
from packets.sandbox.endings import Ending, ExitCode
from packets.sandbox.restrictions import Stage, end_with_parent, restrict, set_limits
from packets.sandbox.schema import answer_type, codec_of
from packets.sandbox.wire import ANSWER, FAILURE, UNWRITABLE, Failure, refusal_message, write_message

MESSAGE = 65536
MOST_PLACES = 6
EXIT_CODES = {
    errno.EFBIG: ExitCode.FILE_TOO_LARGE,
    errno.ENOSPC: ExitCode.DISK_FULL,
    errno.EDQUOT: ExitCode.DISK_FULL,
    errno.ENOMEM: ExitCode.MEMORY_USED_UP,
}
MOST_CAUSES = 20


@dataclass(slots=True)
class Fork:
    """A confined process under way: where its end is reported, and when it has been running for too long."""

    report: socket.socket
    deadline: float
    overdue: bool = False


def main() -> None:
    """Serve the connection that stands on the descriptor in the first argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ends, wakeups = _notice_ends()
    forks: dict[int, Fork] = {}
    control.send(json.dumps({"restricted": restrict(Stage.SERVER)}).encode())
    serving = True
    while serving:
        ready, _, _ = select.select([control, ends], [], [], _pause(forks))
        if ends in ready:
            ends.recv(MESSAGE)
            _report_ends(forks)
        _end_overdue(forks)
        if control in ready:
            serving = _start(control, (ends, wakeups), forks)


def _notice_ends() -> tuple[socket.socket, socket.socket]:
    """Return what can be read from as soon as a fork has ended, and what signals are written to."""
    reads, writes = socket.socketpair()
    os.set_blocking(writes.fileno(), False)
    signal.set_wakeup_fd(writes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reads, writes


def _pause(forks: dict[int, Fork]) -> float | None:
    """Return how long nothing has to be done unless somebody asks."""
    deadlines = [fork.deadline for fork in forks.values() if not fork.overdue]
    return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None


def _report_ends(forks: dict[int, Fork]) -> None:
    while forks:
        pid, status, usage = os.wait4(-1, os.WNOHANG)
        if pid == 0:
            return
        fork = forks.pop(pid)
        seconds = usage.ru_utime + usage.ru_stime
        _report(fork.report, Ending(os.waitstatus_to_exitcode(status), seconds, fork.overdue))


def _report(report: socket.socket, ending: Ending) -> None:
    with suppress(OSError), report:  # whoever asked may be gone
        report.send(json.dumps(asdict(ending)).encode())


def _end_overdue(forks: dict[int, Fork]) -> None:
    now = time.monotonic()
    for pid, fork in forks.items():
        if not fork.overdue and fork.deadline <= now:
            fork.overdue = True
            os.kill(pid, signal.SIGKILL)


def _start(control: socket.socket, ends: tuple[socket.socket, socket.socket], forks: dict[int, Fork]) -> bool:
    """Fork for the next request; False when nobody asks any more."""
    message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, 2)
    if not message:
        return False
    request = json.loads(message)
    line, report = (socket.socket(fileno=one) for one in descriptors)
    for name in request["modules"]:
        importlib.import_module(name)
    _learn_answer(*request["work"])
    for call in request["calls"]:
        _call_once(*call)
    gc.freeze()
    try:
        pid = os.fork()
    except OSError:
        _report(report, Ending(ExitCode.NOT_STARTED, 0.0, overdue=False))
        line.close()
        return True
    if pid == 0:
        signal.set_wakeup_fd(-1)  # asyncio has done so already since Python 3.12, where a module imports it
        for one in (control, *ends, report, *(fork.report for fork in forks.values())):
            one.close()  # nobody's end is for a fork to tell
        _work_and_leave(line, request)
    forks[pid] = Fork(report, time.monotonic() + request["patience"])
    line.close()
    return True


@cache
def _learn_answer(module: str, name: str) -> None:
    """Do once what every fork would do again: make out how the work's answers are written."""
    with suppress(TypeError):  # then whoever asks says what is answered
        codec_of(answer_type(getattr(importlib.import_module(module), name)))


@cache
def _call_once(module: str, name: str, text: str) -> None:
    getattr(importlib.import_module(module), name)(text)


def _work_and_leave(line: socket.socket, request: dict[str, Any]) -> NoReturn:
    """Live a fork's whole life."""
    code = ExitCode.BROKEN
    gc.disable()  # nothing outlives this one piece of work
    try:
        end_with_parent()
        set_limits(seconds=request["seconds"], memory=request["memory"], disk=request["disk"])
        restrict(Stage.FORK)
        with line.makefile("rb") as stream:
            question = pickle.load(stream)  # noqa: S301  from the process that we belong to  # nosec B301
        for part in _reply(*question):
            line.sendall(part)
        code = ExitCode.ANSWERED
    except BaseException as error:  # noqa: BLE001  the exit code tells what became of it
        code = _exit_code(error)
    os._exit(code)


def _reply(work: Any, declared: Any, arguments: Any, options: Any) -> Iterable[bytes | bytearray]:
    """Do the work and write what comes of it.

    Raises:
        BaseException: a limit was reached, which the exit code tells.
    """
    mark = FAILURE
    try:
        answer = work(*arguments, **options)
        mark = UNWRITABLE
        return list(write_message(ANSWER, declared, answer))
    except PacketsError as error:
        return refusal_message(error)
    except Exception as error:
        if _exit_code(error) is not ExitCode.BROKEN:
            raise
        return write_message(mark, Failure, Failure(type(error).__name__, _place(error)))


def _exit_code(error: BaseException | None) -> ExitCode:
    """Return the code for a limit that was reached, also where a library made another error of it."""
    for _ in range(MOST_CAUSES):
        if error is None:
            break
        if isinstance(error, MemoryError):
            return ExitCode.MEMORY_USED_UP
        if isinstance(error, OSError) and error.errno in EXIT_CODES:
            return EXIT_CODES[error.errno]
        error = error.__cause__ or error.__context__
    return ExitCode.BROKEN


def _place(error: Exception) -> str:
    """Return where in the code an error was raised, the innermost place first, without any value."""
    frames = [(frame, line) for frame, line in walk_tb(error.__traceback__)]
    places = (f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}:{line}" for frame, line in reversed(frames))
    return " < ".join(islice(places, MOST_PLACES))


if __name__ == "__main__":
    main()
