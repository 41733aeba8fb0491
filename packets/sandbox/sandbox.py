"""Where work on something from outside is done, what it may take, and what is told of it when it comes to no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

GRACE_SECONDS = 10
"""Seconds of waiting beyond the processor's: a busy machine is not the file's fault."""

Answer = TypeVar("Answer")
WarmUp: TypeAlias = Iterable[tuple[Callable[[str], object], str]]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one piece of work may take: processor seconds, megabytes of memory, megabytes of each file that it writes."""

    seconds: int = 30
    memory_mb: int = 1024
    disk_mb: int = 0
    grace_seconds: int = GRACE_SECONDS

    @property
    def patience(self) -> int:
        """Seconds after which the work is ended, however little of the processor it had."""
        return self.seconds + self.grace_seconds


USUAL = Allowance()
"""For what is uploaded."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Confined work that came neither to an answer nor to a refusal of its own, for the log; holds no value.

    Attributes:
        work: the work function.
        code: of what whoever asked was told.
        detail: how the process ended, the class and place of an error, or what of the answer could not be read.
    """

    work: str
    code: str
    detail: str


class Sandbox(Protocol):
    """Where work on something from outside is done."""

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
        """Return what a function of a module answers; its refusals are raised here.

        Args:
            work: a function that can be found by its name.
            arguments: its arguments.
            allowance: what it may take.
            needs: further functions whose modules it needs, so that they are imported once and not each time.
            warm: functions that the server calls with a text, once, before it forks; they must not touch what is from outside.
            returns: the type of the answer, where it is another one than the function declares.
            options: its named arguments.

        Raises:
            PacketsError: what it refuses.
            InputError: it took too much, or crashed.
            BusyError: the machine is short of time, memory or disk.
            InternalError: its answer cannot be read.
        """


class UnconfinedSandbox:
    """No sandbox: the work is done in this process."""

    def run(
        self,
        work: Callable[..., Answer],
        *arguments: Any,
        allowance: Allowance = USUAL,  # noqa: ARG002  nobody holds it to that
        needs: Iterable[Callable[..., Any]] = (),  # noqa: ARG002  they are here
        warm: WarmUp = (),  # noqa: ARG002  whoever needs it does it
        returns: Any = None,  # noqa: ARG002  nothing has to be read
        **options: Any,
    ) -> Answer:
        """Work as `Sandbox.run` does, without limits."""
        return work(*arguments, **options)
