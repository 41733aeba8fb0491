"""`esm worker` and the jobs of `esm serve`, as processes: they begin, do what is due, and end when they are asked to."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from packets.clock import system_clock
from packets.jobs.execution import LEASE
from packets.jobs.queue import enqueue
from packets.jobs.worker import PATIENCE_SECONDS, THREADS
from packets.settings import Settings
from web.bootstrap import build_services, initialize
from web.cli.worker import working
from web.measuring import showing_metrics
from web.work import build_executor

COMMAND = (sys.executable, "-c", "from web.cli import main; main()")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a schema and keys."""
    initialize(Settings(dir=tmp_path), sample=True)
    return tmp_path


@pytest.fixture
def process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [*COMMAND, "worker", "--dir", str(folder)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield started
    started.kill()
    started.communicate()


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_when_it_is_asked_to(process: subprocess.Popen[str], way: signal.Signals) -> None:
    """It says that it works, and ends without an error."""
    assert process.stderr is not None
    assert process.stderr.readline() == "Doing jobs; Ctrl-C stops.\n"
    process.send_signal(way)

    out, err = process.communicate(timeout=2 * THREADS * PATIENCE_SECONDS)
    assert (process.returncode, out, err) == (0, "", "")


BLOCKED = """
import signal, threading, time
from web.cli.worker import listen_for_request
wait = listen_for_request()
other = threading.Thread(target=time.sleep, args=(60,), daemon=True)
other.start()
threading.Timer(0.5, lambda: signal.pthread_kill(other.ident, signal.{way})).start()
wait()
"""


@pytest.mark.parametrize("way", ["SIGTERM", "SIGINT"])
def test_a_request_to_end_is_heard_whichever_thread_the_system_gives_it_to(way: str) -> None:
    """The main thread is blocked and comes to no instruction at which Python would run a handler."""
    done = subprocess.run([sys.executable, "-c", BLOCKED.format(way=way)], timeout=30, check=False)
    assert done.returncode == 0


def test_a_dead_workers_job_is_taken_over_within_a_minute() -> None:
    """The lease is what a successor waits for."""
    assert timedelta(seconds=10) < LEASE < timedelta(minutes=1)


def test_jobs_are_not_done_where_the_settings_leave_them_to_others(folder: Path) -> None:
    """`ESM_QUEUE=worker`: the serving process begins nothing."""
    services = build_services(Settings(dir=folder, queue="worker"), system_clock)
    with working(services, enabled=False) as worker:
        assert not worker.is_working
    assert build_executor(services).do_one() is None
    with working(services) as worker:
        assert worker.is_working
    assert not worker.is_working
    services.database.close()


def test_a_worker_shows_what_it_measures_on_loopback_to_whoever_has_the_token(folder: Path) -> None:
    """The same text as `/metrics` of the pages; nothing else without the token but that the process lives."""
    services = build_services(Settings(dir=folder, metrics_token=SecretStr("watcher")))
    with services.database.write() as records:
        enqueue(records, "checkpoint", {}, "a-checkpoint", system_clock())
    build_executor(services).work_off()
    with showing_metrics(services, 0) as port:
        assert look(port, "/metrics") == (403, "")
        assert look(port, "/metrics", "wrong") == (403, "")
        assert look(port, "/", "watcher") == (404, "")
        assert look(port, "/healthz") == (200, "ok\n")
        health = [sys.executable, "-I", "docs/deploy/healthcheck", str(port)]
        assert subprocess.run(health, check=False).returncode == 0
        status, text = look(port, "/metrics", "watcher")
    assert status == 200
    assert 'esm_job_seconds_count{kind="checkpoint",outcome="done"}' in text
    assert 'esm_jobs{kind="checkpoint",state="done"} 1' in text
    services.database.close()


def look(port: int, path: str, token: str = "") -> tuple[int, str]:
    """What is answered, and the text when it is one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text if response.status == 200 else ""


def test_a_port_for_measures_wants_a_token_that_opens_it(folder: Path) -> None:
    """Else nobody could look; the command says so and does not begin."""
    done = subprocess.run(
        [*COMMAND, "worker", "--dir", str(folder), "--metrics-port", "0"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "metrics-closed" in done.stderr
