"""What a confined process cannot do: reach a network, start a program, take more time, memory or disk than it was given.

The kernel holds the walls (seccomp, resource limits); nothing in the process can take them down again. On a processor whose
numbers of system calls are not known here there is no wall against networks, and `raise_walls` says so.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
import struct

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
"""Options of prctl(2)."""

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
"""Of the kernel's filter machine: load a word, jump, answer."""

NUMBER, ARCHITECTURE = 0, 4
"""Where a system call's number and its architecture stand in what a filter sees."""

OTHER_NUMBERING = 0x40000000
"""From here on, x86-64 counts its calls in another way, which would slip through."""

CALLS: dict[str, tuple[int, tuple[int, ...]]] = {
    # socket, connect, execve, execveat, ptrace, io_uring_setup
    "x86_64": (0xC000003E, (41, 42, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 203, 221, 281, 117, 425)),
}
"""By machine: its number in the kernel, and the system calls that are refused there."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def raise_walls() -> bool:
    """Refuse this process, and all that it forks, networks and other programs; False where that cannot be had."""
    known = CALLS.get(platform.machine())
    if known is None:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = _filter(*known)
    program = _Program(len(code) // 8, code)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(SECCOMP, FILTER, ctypes.byref(program), 0, 0) == 0)


def set_limits(*, seconds: int, memory: int, disk: int) -> None:
    """Limit this process from now on: processor seconds, bytes of memory on top, bytes of each file that it writes."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  nothing is imported any more here
        has = int(file.read().split()[0]) * resource.getpagesize()
    for what, limit in (
        (resource.RLIMIT_AS, has + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def _filter(architecture: int, refused: tuple[int, ...]) -> bytes:
    """The filter: another architecture is killed, refused calls answer EPERM, everything else goes on."""
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, len(refused) + 1, 0, OTHER_NUMBERING),
        *((EQUAL, len(refused) - place, 0, call) for place, call in enumerate(refused)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
