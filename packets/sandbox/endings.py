"""How a confined process ended, as the server saw it, and what people are told of that."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import IntEnum

from packets.errors import BusyError, InputError, InternalError, PacketsError, Problem

HELP = "If it happens again, tell the help desk."


class ExitCode(IntEnum):
    """How a confined process ends itself."""

    ANSWERED = 0
    BROKEN = 1
    MEMORY_USED_UP = 65
    FILE_TOO_LARGE = 66
    DISK_FULL = 67
    NOT_STARTED = 68


TIME_LIMIT = Problem(
    "time-limit", "This takes more computing time than is allowed.", "Split it, or make it smaller, and try again."
)
MEMORY_LIMIT = Problem(
    "memory-limit", "This takes more memory than is allowed.", "Split it, or make it smaller, and try again."
)
DISK_LIMIT = Problem(
    "disk-limit", "This takes more room on the disk than is allowed.", "Split it, or make it smaller, and try again."
)
CRASHED = Problem(
    "reader-crashed",
    "The program that works on this stopped in the middle. That may be a fault of the program.",
    f"Try again; where it is a file, save it anew first. {HELP}",
)
TOO_SLOW = Problem("machine-busy", "This took too long on this machine.", f"Try again in a few minutes. {HELP}")
ENDED_BY_MACHINE = Problem(
    "machine-busy",
    "The machine stopped this, as a rule because it is short of memory.",
    f"Try again in a few minutes. {HELP}",
)
DISK_FULL = Problem("machine-busy", "The disk of the machine is full.", f"Try again later. {HELP}")
BY_CODE: dict[int, tuple[type[PacketsError], Problem]] = {
    -signal.SIGXCPU: (InputError, TIME_LIMIT),
    -signal.SIGKILL: (BusyError, ENDED_BY_MACHINE),
    ExitCode.MEMORY_USED_UP: (InputError, MEMORY_LIMIT),
    ExitCode.FILE_TOO_LARGE: (InputError, DISK_LIMIT),
    ExitCode.DISK_FULL: (BusyError, DISK_FULL),
    ExitCode.NOT_STARTED: (BusyError, ENDED_BY_MACHINE),
}
"""What is told of an end; of every other one it is told that the program crashed."""


class UnreadableAnswerError(InternalError):
    """A confined process answered something else than its work declares."""

    def __init__(self) -> None:
        """Say what can be said to whoever asked."""
        super().__init__("A process of the service gave an answer that cannot be read.")


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a confined process.

    Attributes:
        code: its exit code; the signal that ended it, negative.
        seconds: of the processor that it took.
        overdue: whether the server ended it, because it had been running for too long.
    """

    code: int
    seconds: float
    overdue: bool

    @property
    def has_answered(self) -> bool:
        """Whether it came to its end."""
        return self.code == ExitCode.ANSWERED

    def __str__(self) -> str:
        if self.code >= 0:
            return f"exit code {self.code}"
        return f"signal {-self.code}{', overdue' if self.overdue else ''}"


def refusal_of(ending: Ending, seconds: int) -> PacketsError:
    """Return what whoever asked is told of work that came to no answer.

    Args:
        ending: how its process ended.
        seconds: of the processor that it was allowed.
    """
    if ending.code == -signal.SIGKILL and ending.seconds >= seconds:
        return InputError(TIME_LIMIT)
    if ending.overdue:
        return BusyError(TOO_SLOW)
    kind, problem = BY_CODE.get(ending.code, (InputError, CRASHED))
    return kind(problem)
