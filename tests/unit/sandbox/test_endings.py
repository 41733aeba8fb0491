"""How a confined process ended decides what is told, and a limit, a crash and a busy machine are never taken for each other."""

from __future__ import annotations

import signal

import pytest

from packets.errors import BusyError, InputError, PacketsError
from packets.sandbox.endings import Ending, ExitCode, refusal_of

SECONDS = 30
ENDINGS: list[tuple[Ending, type[PacketsError], str]] = [
    (Ending(-signal.SIGXCPU, 30.0, overdue=False), InputError, "time-limit"),
    (Ending(-signal.SIGKILL, 31.0, overdue=False), InputError, "time-limit"),
    (Ending(-signal.SIGKILL, 30.2, overdue=True), InputError, "time-limit"),
    (Ending(-signal.SIGKILL, 4.0, overdue=True), BusyError, "machine-busy"),
    (Ending(-signal.SIGKILL, 4.0, overdue=False), BusyError, "machine-busy"),
    (Ending(ExitCode.NOT_STARTED, 0.0, overdue=False), BusyError, "machine-busy"),
    (Ending(ExitCode.DISK_FULL, 1.0, overdue=False), BusyError, "machine-busy"),
    (Ending(ExitCode.MEMORY_USED_UP, 1.0, overdue=False), InputError, "memory-limit"),
    (Ending(ExitCode.FILE_TOO_LARGE, 1.0, overdue=False), InputError, "disk-limit"),
    (Ending(ExitCode.BROKEN, 1.0, overdue=False), InputError, "reader-crashed"),
    (Ending(ExitCode.ANSWERED, 1.0, overdue=False), InputError, "reader-crashed"),
    *(
        (Ending(-number, 1.0, overdue=False), InputError, "reader-crashed")
        for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGSYS, signal.SIGALRM)
    ),
]


@pytest.mark.parametrize(("ending", "kind", "code"), ENDINGS, ids=str)
def test_each_end_has_its_refusal(ending: Ending, kind: type[PacketsError], code: str) -> None:
    """With the remedy that fits: what is too large is made smaller, what was unlucky is tried again."""
    error = refusal_of(ending, SECONDS)
    assert type(error) is kind
    [problem] = error.problems
    assert problem.code == code
    assert ("smaller" in problem.remedy) is code.endswith("-limit")


def test_a_busy_machine_is_a_503_and_worth_another_try() -> None:
    """So that a job does the same again instead of refusing a file."""
    assert BusyError.status_hint == 503
    assert not issubclass(BusyError, InputError)
