"""procrastinate on PostgreSQL wakes workers and hands them out; what is to be done, and who holds it, our rows alone say.

A queued row calls the engine in its own transaction (`packets.store.wakes`). The engine tells one listening worker, which claims
that row by lease and fence like every other carrier; when the row is not to be had, the call is over and nothing happened. So a
call may be lost, doubled or late without harm. Every few seconds one patrol, deferred once among all workers, looks for rows that
can be claimed, whose worker died or whose call went astray, and calls for them again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager

from packets.jobs.execution import Executor
from packets.jobs.worker import PATIENCE_SECONDS, THREADS
from packets.store.database import Database
from packets.store.wakes import SCHEMA, WAKE, EngineSchema

PATROL = "esm.patrol"
EVERY_TEN_SECONDS, EVERY_SECOND = "* * * * * */10", "* * * * * *"
MOST_CALLS = 100
"""In one patrol; those that are left are called for by the next one."""
SILENCE_SECONDS = 60.0
"""A worker of the engine that was not heard of for so long holds nothing any more."""
POLL_SECONDS, LOOK_SECONDS, PAUSE_SECONDS = 5.0, 0.1, 1.0
CONNECTIONS = 4


def engine_schema() -> EngineSchema:
    """The schema of the engine that is installed."""
    folder = Path(SchemaManager.get_migrations_path())
    return EngineSchema(SchemaManager.get_schema(), {one.stem: one.read_text("utf-8") for one in folder.glob("*.sql")})


@dataclass
class Distributed:
    """A carrier that is woken by the engine (`packets.jobs.worker.Carrier`).

    Attributes:
        threads: how many jobs at the same time.
        patrol: when a patrol is due, as a line of cron that begins with minutes and ends with seconds.
        direct: the database by the address that the engine uses, without a pooler; None means as the records are reached.
    """

    executor: Executor
    threads: int = THREADS
    patrol: str = EVERY_TEN_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    direct: Database | None = None
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to do jobs, in the background."""
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # what matters is reported, in our own words
        self.executor.plan()
        self._thread = threading.Thread(target=self._keep_serving, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> bool:
        """Take no new jobs, end those that run at their next step, and wait for that. False when one did not end."""
        self.executor.closing.set()
        if self._thread is not None:
            self._thread.join(self.patience_seconds)
        return not self.is_working

    @property
    def is_working(self) -> bool:
        """Whether its thread is alive."""
        return self._thread is not None and self._thread.is_alive()

    def _keep_serving(self) -> None:
        """A database that is away for a while ends no worker."""
        while not self.executor.closing.is_set():
            try:
                asyncio.run(self._serve())
            except Exception as error:  # noqa: BLE001  the edge of a process
                self.executor.report(None, error)
            self.executor.closing.wait(PAUSE_SECONDS)

    async def _serve(self) -> None:
        """Work until the process closes, or until the engine gives up because its connections broke."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(self.threads + 1, "worker"))
        app = self._app()
        async with app.open_async():
            work = asyncio.create_task(
                app.run_worker_async(
                    queues=[PATROL, *sorted(self.executor.registry.kinds)],
                    concurrency=self.threads,
                    fetch_job_polling_interval=POLL_SECONDS,
                    stalled_worker_timeout=SILENCE_SECONDS,
                    install_signal_handlers=False,
                    delete_jobs="always",
                )
            )
            while not (self.executor.closing.is_set() or work.done()):
                await asyncio.wait({work}, timeout=LOOK_SECONDS)
            work.cancel()  # the engine ends by itself when its jobs have
            with contextlib.suppress(asyncio.CancelledError):
                await work

    def _app(self) -> procrastinate.App:
        reached_by = (self.direct or self.executor.database).reached_by
        reached_by["options"] = f"{reached_by.get('options', '')} -c search_path={SCHEMA}".strip()
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(kwargs=reached_by, min_size=1, max_size=CONNECTIONS)
        )

        @app.task(name=WAKE)
        def wake(job_id: str) -> None:
            with self._reporting():
                self.executor.do_one(job_id)

        @app.periodic(cron=self.patrol)
        @app.task(name=PATROL, queue=PATROL, queueing_lock=PATROL, priority=1)
        async def patrol(timestamp: int) -> None:  # noqa: ARG001  the engine gives it
            await self._look_after(app)

        return app

    async def _look_after(self, app: procrastinate.App) -> None:
        """Forget what dead workers held of the engine's own, and call for every row that can be claimed."""
        for one in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENCE_SECONDS):
            with contextlib.suppress(exceptions.ConnectorException):  # it has just ended after all
                await app.job_manager.finish_job(one, Status.FAILED, delete_job=True)
        with self._reporting():
            for job_id, kind in await asyncio.to_thread(self._due):
                with contextlib.suppress(exceptions.AlreadyEnqueued):
                    await app.configure_task(WAKE, queue=kind, queueing_lock=job_id).defer_async(job_id=job_id)

    def _due(self) -> list[tuple[str, str]]:
        now = self.executor.clock()
        with self.executor.database.read() as records:
            return records.jobs.due(self.executor.registry.kinds, now, most=MOST_CALLS)

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  a call may come to nothing; the row waits for the next one
            self.executor.report(None, error)
