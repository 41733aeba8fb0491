"""What a confined process cannot do: reach a network, start a program or a process, send a signal, take more than it was given.

The kernel keeps the restrictions (seccomp, resource limits); nothing in the process can lift them again. On a processor whose
numbers of system calls are not known here there are the limits only, and `restrict` says so.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
import signal
import struct
from contextlib import suppress
from enum import IntEnum

SIGNAL_AT_PARENTS_END, NO_NEW_PRIVILEGES, SECCOMP, FILTER = 1, 38, 22, 2
"""Options of prctl(2)."""

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
"""Of the kernel's filter machine: load a word, jump, answer."""

NUMBER, ARCHITECTURE = 0, 4
"""Where a system call's number and its architecture stand in what a filter sees."""

OTHER_NUMBERING = 0x40000000
"""From here on, x86-64 counts its calls in another way, which would slip through."""

ENDED_FIRST = "900"
"""When the machine is short of memory, the kernel ends a confined process before the service or its database."""


class Stage(IntEnum):
    """Who is restricted: the server that forks, then each of its forks."""

    SERVER = 0
    FORK = 1


ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""By machine: its number in the kernel."""

CALLS: dict[Stage, dict[str, tuple[int, ...]]] = {
    # socket, connect, execve, execveat, ptrace, io_uring_setup, process_vm_readv, process_vm_writev, pidfd_getfd
    Stage.SERVER: {
        "x86_64": (41, 42, 59, 322, 101, 425, 310, 311, 438),
        "aarch64": (198, 203, 221, 281, 117, 425, 270, 271, 438),
    },
    # clone, clone3, kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal; fork and vfork on x86-64
    Stage.FORK: {
        "x86_64": (56, 435, 62, 200, 234, 129, 297, 424, 57, 58),
        "aarch64": (220, 435, 129, 130, 131, 138, 240, 424),
    },
}
"""The system calls that are refused from a stage on, by machine."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def restrict(stage: Stage) -> bool:
    """Refuse this process, and all that it forks, the system calls of a stage; False where that cannot be had."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = _filter(ARCHITECTURES[machine], CALLS[stage][machine])
    program = _Program(len(code) // 8, code)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(SECCOMP, FILTER, ctypes.byref(program), 0, 0) == 0)


def end_with_parent() -> None:
    """Have the kernel end this process as soon as the one that forked it has ended."""
    ctypes.CDLL(None).prctl(SIGNAL_AT_PARENTS_END, signal.SIGKILL, 0, 0, 0)


def set_limits(*, seconds: int, memory: int, disk: int) -> None:
    """Limit this process from now on: processor seconds, bytes of memory on top, bytes of each file that it writes.

    The kernel says with a signal of its own that the seconds are over; whoever ignores that is ended a second later.
    """
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  nothing is imported any more here
        has = int(file.read().split()[0]) * resource.getpagesize()
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123  the same
        file.write(ENDED_FIRST)
    for what, limit, last in (
        (resource.RLIMIT_AS, has + memory, has + memory),
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_FSIZE, disk, disk),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(what, (limit, last))


def _filter(architecture: int, refused: tuple[int, ...]) -> bytes:
    """Write the filter: another architecture is killed, refused calls answer EPERM, everything else goes on."""
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
