"""Threads for files that anybody may send to be examined, apart from those that serve everything else.

The queue is bounded, no network has more than its share of it, and only one file of a network is examined at a time: a crowd at
one address leaves a thread for everybody else.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]  # it carries no types

from packets.proxy_addresses import Network
from web.auth.origin import Origin
from web.proxies import find_client
from web.request_limits import is_examination

THREADS = 2
QUEUE = 8
QUEUE_OF_NETWORK = 4
RETRY_SECONDS = 10
"""After so long a client that was turned away may try again."""


class Task(Protocol):
    """Work for a thread."""

    def service(self) -> None:
        """Do it."""

    def cancel(self) -> None:
        """Give it up."""


@dataclass
class ExaminationPool:
    """A bounded queue of examinations, and the threads that do them.

    Attributes:
        waiting: the network of each one that waits, and its work, in order.
        running: networks of those under way.
    """

    threads: int = THREADS
    waiting: deque[tuple[str, Task]] = field(default_factory=deque)
    running: list[str] = field(default_factory=list)
    ended: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def start(self) -> None:
        """Start the threads."""
        for number in range(self.threads):
            threading.Thread(target=self._work, name=f"examination-{number}", daemon=True).start()

    def offer(self, network: str, task: Task) -> bool:
        """Queue an examination; answer whether there was a place for it."""
        with self.changed:
            share = sum(1 for other, _ in self.waiting if other == network)
            if len(self.waiting) >= QUEUE or share >= QUEUE_OF_NETWORK:
                return False
            self.waiting.append((network, task))
            self.changed.notify_all()
        return True

    def end(self) -> None:
        """Take no more, and give up what waits."""
        with self.changed:
            self.ended = True
            dropped = [task for _, task in self.waiting]
            self.waiting.clear()
            self.changed.notify_all()
        for task in dropped:
            task.cancel()

    def _work(self) -> None:
        for network, task in self._tasks():
            try:
                task.service()
            except Exception:  # noqa: BLE001  the thread goes on with the next one
                structlog.get_logger().exception("examination")
            finally:
                with self.changed:
                    self.running.remove(network)
                    self.changed.notify_all()

    def _tasks(self) -> Iterator[tuple[str, Task]]:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.ended or self._next() is not None)
                index = self._next()
                if self.ended or index is None:
                    return
                network, task = self.waiting[index]
                del self.waiting[index]
                self.running.append(network)
            yield network, task

    def _next(self) -> int | None:
        """Find the first one that waits and whose network has no other one under way."""
        networks = (network for network, _ in self.waiting)
        return next((index for index, network in enumerate(networks) if network not in self.running), None)


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # it carries no types
    """Hands requests to threads: examinations to their own pool, everything else to the others.

    Args:
        threads: how many serve everything else.
        proxies: who is believed about the client's address.
    """

    def __init__(self, threads: int, proxies: frozenset[Network | str]) -> None:
        super().__init__()
        self._proxies = proxies
        self.pool = ExaminationPool()
        self.pool.start()
        self.set_thread_count(threads)

    def add_task(self, task: Any) -> None:
        """Queue the first request of a connection. One that finds the pool full is answered by the others, who refuse it."""
        request = task.requests[0]
        if request.error is None and request.too_long is None and is_examination(request.command, request.path):
            address, _ = find_client(task.addr[0], request.headers.get("X_FORWARDED_FOR", ""), self._proxies)
            if self.pool.offer(Origin(address).network, task):
                return
            request.crowded = True
        super().add_task(task)

    def ask(self, task: Task) -> None:
        """Queue a question about a request whose body is still to come."""
        super().add_task(task)

    def shutdown(self, *arguments: Any, **options: Any) -> Any:
        """End all threads."""
        self.pool.end()
        return super().shutdown(*arguments, **options)
