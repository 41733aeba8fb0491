"""The process that forks confined ones: it has imported what they need, does nothing itself, and stands behind the walls as well.

It ends when the process that asks it ends. Every request comes with one end of a connection, which goes to a fork and to nobody
else; the fork reads its work there, answers, and is gone.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import signal
import socket
import sys
from contextlib import suppress
from functools import cache
from typing import Any, NoReturn

from packets.confinement.walls import raise_walls, set_limits
from packets.errors import PacketsError

MESSAGE = 65536
DONE, REFUSED, BROKEN = b"=", b"!", b"?"
"""What an answer begins with."""


def main() -> None:
    """Serve the connection that stands on the descriptor in the first argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.send(json.dumps({"walls": raise_walls()}).encode())
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, 1)
        if not message:
            return
        asked = json.loads(message)
        for name in asked["modules"]:
            importlib.import_module(name)
        _warm_up(asked["calls"])
        gc.freeze()
        if os.fork() == 0:
            control.close()
            _work_and_leave(socket.socket(fileno=descriptors[0]), asked)
        for one in descriptors:
            os.close(one)


def _warm_up(calls: list[list[str]]) -> None:
    """Do once what every fork would do again."""
    for module, name, text in calls:
        _call_once(module, name, text)


@cache
def _call_once(module: str, name: str, text: str) -> None:
    getattr(importlib.import_module(module), name)(text)


def _work_and_leave(line: socket.socket, asked: dict[str, Any]) -> NoReturn:
    """The fork's whole life."""
    code = 1
    gc.disable()  # nothing outlives this one piece of work
    with suppress(BaseException):
        signal.alarm(asked["patience"])
        set_limits(seconds=asked["seconds"], memory=asked["memory"], disk=asked["disk"])
        with line.makefile("rb") as stream:
            work, arguments, options = pickle.load(stream)  # noqa: S301  from the process that we belong to  # nosec B301
        line.sendall(_answer(work, arguments, options))
        code = 0
    os._exit(code)


def _answer(work: Any, arguments: Any, options: Any) -> bytes:
    try:
        return DONE + pickle.dumps(work(*arguments, **options), pickle.HIGHEST_PROTOCOL)
    except PacketsError as error:
        told = (type(error).__module__, type(error).__qualname__, error.problems, error.count)
        return REFUSED + pickle.dumps(told)
    except BaseException as error:  # noqa: BLE001  the asking process tells what became of it
        return BROKEN + type(error).__name__.encode()


if __name__ == "__main__":
    main()
