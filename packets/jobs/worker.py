"""Threads that do jobs: of the serving process (`ESM_QUEUE=embedded`), or of `esm worker`. Stopping them is clean."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from packets.jobs.execution import Executor

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 30.0
THREADS = 2


class Carrier(Protocol):
    """Whatever brings due jobs to handlers. The row in our table is the truth, whoever carries it."""

    def start(self) -> None:
        """Begin to do jobs, in the background."""

    def stop(self) -> bool:
        """Take no new jobs, end those that run at their next step, and wait for that. False when one did not end."""

    @property
    def is_working(self) -> bool:
        """Whether a thread of it is alive."""


@dataclass
class Worker:
    """A carrier without any other service: threads that look for due rows.

    Attributes:
        poll_seconds: how long a thread waits before it looks again when nothing was due.
        patience_seconds: how long `stop` waits for work to come to its next step.
    """

    executor: Executor
    threads: int = THREADS
    poll_seconds: float = POLL_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    _running: list[threading.Thread] = field(default_factory=list, init=False)

    def start(self) -> None:
        """Begin to do jobs, in the background."""
        self.executor.plan()
        for number in range(self.threads):
            thread = threading.Thread(target=self._look, name=f"worker {number + 1}", daemon=True)
            thread.start()
            self._running.append(thread)

    def stop(self) -> bool:
        """Take no new jobs, end those that run at their next step, and wait for that. False when one did not end."""
        self.executor.closing.set()
        for thread in self._running:
            thread.join(self.patience_seconds)
        return not self.is_working

    @property
    def is_working(self) -> bool:
        """Whether a thread of it is alive."""
        return any(thread.is_alive() for thread in self._running)

    def _look(self) -> None:
        while not self.executor.closing.is_set():
            try:
                self.executor.work_off()
            except Exception as error:  # noqa: BLE001  the edge of a process: a database that is away for a while ends no worker
                self.executor.report(None, error)
            self.executor.closing.wait(self.poll_seconds)
