"""`esm worker`: the jobs that run outside requests, in a process of its own; `esm serve` does them in threads of its own."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import structlog

from packets.jobs.worker import THREADS, Carrier
from packets.model.jobs import Job
from web.bootstrap import Services
from web.carriers import make_carrier
from web.cli.folder import folder_option, open_folder_when_ready, wait_option
from web.logs import configure_logs
from web.measuring import HERE, showing_metrics
from web.work import build_executor


@click.command()
@folder_option
@click.option(
    "--threads", type=click.IntRange(1, 32), default=THREADS, show_default=True, help="How many jobs at the same time."
)
@click.option(
    "--processes",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="How many processes, one for a processor.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Show what this process measures on this port of 127.0.0.1, to whoever has ESM_METRICS_TOKEN; 0 takes a free one.",
)
@wait_option
def worker(folder: Path, threads: int, processes: int, metrics_port: int | None, seconds: int) -> None:
    """Do jobs until it is stopped with Ctrl-C. As many processes as you like may work on one database."""
    services = open_folder_when_ready(folder, seconds)
    configure_logs(services.settings.log_level)
    wait_for_request = listen_for_request()
    with measured(services, metrics_port), helping(folder, processes - 1), working(services, threads=threads):
        keep_what_is_there()
        click.echo("Doing jobs; Ctrl-C stops.", err=True)
        wait_for_request()
    services.database.close()


@contextmanager
def measured(services: Services, port: int | None) -> Iterator[None]:
    """What is measured is shown on a port, if one was named, for as long as the block runs."""
    if port is None:
        yield
        return
    with showing_metrics(services, port) as chosen:
        click.echo(f"Measures are at http://{HERE}:{chosen}/metrics.", err=True)
        yield


@contextmanager
def working(services: Services, *, threads: int = THREADS, enabled: bool = True) -> Iterator[Carrier]:
    """Jobs are done in the background for as long as the block runs; what runs at its end is handed back."""
    one = make_carrier(services.settings, build_executor(services, _log), threads)
    if enabled:
        one.start()
    try:
        yield one
    finally:
        one.stop()


@contextmanager
def helping(folder: Path, count: int) -> Iterator[None]:
    """So many further worker processes for as long as the block runs; they end as `esm worker` does."""
    command = [sys.executable, "-c", "from web.cli import main; main()", "worker", "--dir", str(folder.absolute())]
    helpers = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(count)]  # noqa: S603  our own command
    try:
        yield
    finally:
        for one in helpers:
            one.terminate()
        for one in helpers:
            one.wait()


def keep_what_is_there() -> None:
    """What was made until now stays for good: looking through it for garbage would hold up a request or a job now and then."""
    gc.collect()
    gc.freeze()


def listen_for_request() -> Callable[[], None]:
    """From now on Ctrl-C and SIGTERM are only noted; what is answered blocks until the first of them.

    They are noted where the system delivers them, in whichever thread, and not by a handler in Python: that one runs when this
    thread comes to its next instruction, which it never does when the signal came just before it began to block.
    """
    hears, tells = os.pipe()
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells)
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: None)

    def wait() -> None:
        os.read(hears, 1)

    return wait


def end_politely() -> None:
    """End on SIGTERM as on Ctrl-C: by leaving every block."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _log(job: Job | None, error: Exception) -> None:
    told = (
        {"job_id": job.job_id, "kind": job.kind, "attempt": job.attempts, "request_id": job.request_id} if job else {}
    )
    structlog.get_logger().error("job failed", **told, exc_info=error)
