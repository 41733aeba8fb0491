"""procrastinate as a carrier: what it adds to the contract of `test_job_carriers.py`, and what it must never be trusted with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import databases
from carriers import KIND, START, Stage, distributed, executor_on, wait_until, with_engine
from packets.clock import system_clock
from packets.errors import InputError
from packets.jobs.distribution import Distributed, engine_schema
from packets.jobs.queue import enqueue
from packets.jobs.registry import Handler, Periodic, Registry, Run
from packets.model.jobs import JobState
from packets.settings import Settings
from packets.store.database import IN_MEMORY, Database
from packets.store.grants import apply_grants
from packets.store.wakes import LONGEST_KIND, EngineSchema
from web.bootstrap import build_services, initialize
from web.carriers import make_carrier
from web.monitoring.examiner import CHECKS, examine
from web.monitoring.findings import State
from web.monitoring.installation import installation_of
from web.work import build_executor

ONCE_IN_A_LEAP_YEAR = "0 0 29 2 * 0"
TAKEN_OVER_SECONDS = 60


def unpatrolled(stage: Stage, registry: Registry) -> Distributed:
    """A carrier that does only what it is woken for."""
    return Distributed(executor_on(stage, registry), patrol=ONCE_IN_A_LEAP_YEAR, patience_seconds=10)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(with_engine(tmp_path), distributed)
    yield stage
    for carrier in stage.carriers:
        assert carrier.stop()
    stage.database.close()


def ask(database: Database, question: str) -> list[tuple[object, ...]]:
    """What the database answers to a question of the tests."""
    with database._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(question))]


def change(database: Database, *statements: str) -> None:
    """Do something to the database behind the service's back."""
    with database._engine.begin() as connection:
        for one in statements:
            connection.exec_driver_sql(one)


def calls(database: Database) -> list[tuple[object, ...]]:
    """The queue and the status of every call that the engine knows of."""
    return ask(database, "SELECT queue_name, status::text FROM procrastinate.procrastinate_jobs ORDER BY id")


def remember(done: list[str]) -> Registry:
    """Work that writes down its name."""
    return Registry(handlers=(Handler(KIND, lambda run: done.append(run.job.arguments["name"])),))


def test_a_call_is_made_exactly_when_the_act_is_committed(stage: Stage) -> None:
    """Rolled back: neither a row nor a call. Committed: both."""
    with pytest.raises(RuntimeError), stage.database.write() as records:  # noqa: PT012  the transaction is the point
        enqueue(records, KIND, {}, "lost", START)
        raise RuntimeError("the act fails")
    assert calls(stage.database) == []

    stage.queue()
    assert calls(stage.database) == [(KIND, "todo")]


def test_a_worker_is_woken_without_looking_and_leaves_nothing_behind(stage: Stage) -> None:
    """No patrol comes: the call alone brings the job, within a moment; afterwards the engine knows nothing of it."""
    stage.make_carrier, done = unpatrolled, list[str]()
    stage.start(remember(done))
    time.sleep(1)
    began = time.monotonic()
    stage.wait_for(stage.queue(name="here"), JobState.DONE)

    assert time.monotonic() - began < 3
    assert done == ["here"]
    wait_until(lambda: stage.job(stage.queue()), lambda _job: calls(stage.database) == [])


def test_a_row_whose_call_was_lost_is_found(stage: Stage) -> None:
    """Every table of the engine is emptied, as after a restore without them: the rows are the truth."""
    job_id = stage.queue(name="forgotten")
    change(stage.database, "TRUNCATE procrastinate.procrastinate_jobs, procrastinate.procrastinate_workers CASCADE")
    stage.start(remember([]))

    stage.wait_for(job_id, JobState.DONE)


def test_calls_that_a_dead_worker_held_are_forgotten(stage: Stage) -> None:
    """They would stay for ever, as nobody else may end them."""
    stage.queue(name="anything")
    change(stage.database, "UPDATE procrastinate.procrastinate_jobs SET status = 'doing'")
    stage.start(Registry(handlers=(Handler("something else", lambda _run: None),)))

    job = stage.job(stage.queue("a key", name="anything"))
    assert job.state is JobState.QUEUED
    wait_until(lambda: job, lambda _job: (KIND, "doing") not in calls(stage.database))


def test_a_worker_outlives_its_connections(stage: Stage) -> None:
    """The server ends every connection, as when it starts again: after a moment jobs are done as before."""
    carrier = stage.start(remember([]))
    stage.wait_for(stage.queue("before", name="before"), JobState.DONE)
    ended = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    assert len(ask(stage.database, ended)) >= 2

    stage.wait_for(stage.queue("after", name="after"), JobState.DONE)
    assert carrier.is_working


def test_what_is_periodic_is_called_for_at_its_time(stage: Stage) -> None:
    """Without a patrol: the row asks to be woken when the interval is over, by the clock of the server."""
    stage.make_carrier, done = unpatrolled, list[int]()
    stage.clock = system_clock  # type: ignore[method-assign]
    task = Periodic("tidy up", timedelta(seconds=1), lambda run: done.append(run.job.fence))
    for _ in range(2):
        stage.start(Registry(periodic=(task,)))

    with stage.database.read() as records:
        row = records.jobs.by_key(task.key)
    assert row is not None
    wait_until(lambda: stage.job(row.job_id), lambda job: job.fence >= 2 and job.state is JobState.QUEUED)
    assert done[:2] == [1, 2]


MORTAL = """
import sys, time
from datetime import timedelta
from packets.clock import system_clock
from packets.jobs.distribution import Distributed
from packets.jobs.execution import Executor
from packets.jobs.registry import Handler, Registry
from packets.store.database import Database

def work(run):
    for number in range(1000):
        run.progress(number, 1000)
        time.sleep(0.05)

database = Database(sys.argv[1], wakes=True)
Distributed(Executor(database, Registry((Handler("count", work),)), system_clock, timedelta(seconds=2))).start()
time.sleep(60)
"""


def test_a_worker_that_is_killed_in_mid_job_is_replaced(stage: Stage) -> None:
    """SIGKILL: nothing is said and nothing handed back. The lease is two seconds here, and thirty in earnest."""
    stage.clock = system_clock  # type: ignore[method-assign]
    stage.lease = timedelta(seconds=2)
    url = stage.database._engine.url.render_as_string(hide_password=False)
    mortal = subprocess.Popen([sys.executable, "-c", MORTAL, url])
    try:
        job_id = stage.queue()
        wait_until(lambda: stage.job(job_id), lambda job: job.done > 3)
    finally:
        os.kill(mortal.pid, signal.SIGKILL)
        mortal.wait()
    taken_over = threading.Event()

    def work(run: Run) -> dict[str, int]:
        taken_over.set()
        return {"after": run.job.done}

    stage.start(Registry(handlers=(Handler(KIND, work),)))
    assert taken_over.wait(TAKEN_OVER_SECONDS)
    job = stage.wait_for(job_id, JobState.DONE)
    assert (job.fence, job.attempts) == (2, 2)
    assert job.result["after"] > 3


def test_lease_patrol_and_poll_together_stay_below_a_minute() -> None:
    """A job whose worker died has to wait for all three at most."""
    from packets.jobs import distribution, execution

    assert distribution.EVERY_TEN_SECONDS == "* * * * * */10"
    worst = execution.LEASE.total_seconds() + 10 + distribution.POLL_SECONDS + distribution.PAUSE_SECONDS
    assert worst < TAKEN_OVER_SECONDS


def test_the_engines_schema_is_installed_once_and_led_on_from_version_to_version(stage: Stage) -> None:
    """The same again changes nothing; an older one gets the steps that it lacks; a newer one is left alone."""
    database, here = stage.database, engine_schema()
    database.install_engine(here)
    assert database.engine(60) == (here.version, 0)

    newer = EngineSchema("no SQL at all", {**here.steps, "99_one": "CREATE TABLE one (x text DEFAULT '100%');"})
    for _ in range(2):
        database.install_engine(newer)
    assert ask(database, "SELECT count(*) FROM procrastinate.one") == [(0,)]

    database.install_engine(here)
    assert database.engine(60)[0] == "99_one"


def test_the_engines_functions_find_their_tables_whoever_calls(stage: Stage) -> None:
    """Its tables stand in a schema of their own, which is not where our connections look."""
    settings = ask(
        stage.database,
        "SELECT DISTINCT proconfig::text FROM pg_proc WHERE pronamespace = 'procrastinate'::regnamespace",
    )
    assert settings == [('{"search_path=procrastinate, pg_temp"}',)]
    assert ask(stage.database, "SELECT to_regclass('procrastinate_jobs')") == [(None,)]


def test_a_schema_of_that_name_that_is_somebody_elses_is_refused() -> None:
    """Nothing of theirs is touched."""
    database = databases.postgresql()
    change(database, "CREATE SCHEMA procrastinate")
    with pytest.raises(InputError) as refusal:
        database.install_engine(engine_schema())
    database.close()

    assert [one.code for one in refusal.value.problems] == ["engine-schema-foreign"]


def test_the_role_of_the_service_may_call_and_be_called(stage: Stage) -> None:
    """`esm db grants` covers the engine's schema too: the role that owns nothing queues, is woken, and does the job."""
    role = f"app_{os.getpid()}"
    name = stage.database._engine.url.database
    assert name is not None
    apply_grants(databases.postgresql_url(name), role)
    owner, stage.database = stage.database, Database(databases.postgresql_url(name, role), wakes=True)
    owner.close()
    stage.make_carrier = unpatrolled
    stage.start(remember([]))

    stage.wait_for(stage.queue(name="by the role"), JobState.DONE)


def test_the_engine_is_refused_where_there_is_no_postgresql() -> None:
    """A service that would wake nobody does not start."""
    with pytest.raises(InputError) as refusal:
        Database(IN_MEMORY, wakes=True)
    assert [one.code for one in refusal.value.problems] == ["queue-needs-postgresql"]


def test_a_missing_engine_is_told_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra, as the driver is."""
    monkeypatch.setitem(sys.modules, "packets.jobs.distribution", None)
    with pytest.raises(InputError) as refusal:
        initialize(Settings(dir=tmp_path, queue="procrastinate", database_url=postgresql_address()), sample=True)
    assert [one.code for one in refusal.value.problems] == ["engine-missing"]


def postgresql_address() -> str:
    """An empty database on the session's server."""
    return databases.postgresql_url(databases.create_empty_database())


def test_a_service_is_set_up_with_the_engine_and_examined(tmp_path: Path) -> None:
    """`esm db upgrade` makes both schemas; the doctor misses workers until there is one, and a schema that is gone."""
    settings = Settings(dir=tmp_path, queue="procrastinate", database_url=postgresql_address())
    initialize(settings, sample=True)
    services = build_services(settings)

    def found() -> list[tuple[State, str]]:
        return [(one.state, one.sentence) for one in examine(installation_of(services), {"queue": CHECKS["queue"]})][1:]

    assert found() == [(State.WATCH, "No worker of procrastinate has been heard of lately.")]
    carrier = make_carrier(settings, build_executor(services))
    assert isinstance(carrier, Distributed)
    assert all(len(kind.encode()) <= LONGEST_KIND for kind in carrier.executor.registry.kinds)
    carrier.start()
    ends = time.monotonic() + 10
    while found() != [(State.GOOD, "procrastinate has 1 worker.")] and time.monotonic() < ends:
        time.sleep(0.05)
    assert found() == [(State.GOOD, "procrastinate has 1 worker.")]
    assert carrier.stop()

    change(services.database, "DROP SCHEMA procrastinate CASCADE")
    assert found()[0][0] is State.BROKEN
    services.database.close()
