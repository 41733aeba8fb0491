"""A connection pooler in transaction mode before PostgreSQL: the service works through it, and says so where something cannot."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

import servers
from carriers import KIND, Stage, executor_on, wait_until
from packets.audit.log import Act, chain_problems
from packets.errors import InputError, StoreError
from packets.jobs.distribution import Distributed
from packets.jobs.registry import Handler, Registry
from packets.model.jobs import JobState
from packets.settings import Settings
from packets.store.database import Database
from packets.store.records import Records
from web.bootstrap import initialize
from web.carriers import make_carrier
from web.cli import esm
from web.monitoring.examiner import CHECKS, examine
from web.monitoring.findings import State
from web.monitoring.installation import Installation
from worlds import build_world

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OWNER, APP = "esm_owner", "esm_app"
PASSWORDS = {OWNER: "owner-secret", APP: "app-secret"}
TRANSACTION = {"pool_mode": "transaction", "server_round_robin": "1", "default_pool_size": "5"}
"""Round and round, so that a client hardly ever has the same server process twice."""
NEVER = "0 0 29 2 * 0"
ENOUGH_ACTS = 60


@dataclass
class Site:
    """PostgreSQL with passwords, and a pooler before it."""

    folder: Path
    direct: int
    pooled: int

    def url(self, name: str, user: str = APP, *, pooled: bool = True, password: str = "") -> str:
        """The address of a database, through the pooler or past it."""
        secret, port = password or PASSWORDS[user], self.pooled if pooled else self.direct
        return f"postgresql+psycopg://{user}:{secret}@127.0.0.1:{port}/{name}"

    def administer(self, statement: str, name: str = "postgres") -> None:
        """Run a statement as the superuser."""
        with psycopg.connect(
            host=str(self.folder / "postgresql"), port=self.direct, user="postgres", dbname=name, autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def pooler(self, port: int, settings: dict[str, str]) -> Iterator[servers.Server]:
        """A pooler on a port."""
        with servers.pgbouncer(self.folder / "pgbouncer", port, self.direct, settings) as server:
            yield server


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Both servers; roles of an owner, who may create no role, and of the service."""
    folder = Path(tempfile.mkdtemp(prefix="esm-pooler-"))
    folder.chmod(0o711)  # the user of both servers must reach its own folders
    try:
        with _started(folder) as site:
            yield site
    except servers.MissingServerError as error:
        servers.do_without(str(error))
    finally:
        servers.remove(folder)


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[Site]:
    servers.make_cluster(folder / "postgresql")
    servers.require_passwords(folder / "postgresql")
    direct, pooled = servers.free_ports(2)
    site = Site(folder, direct, pooled)
    with servers.run_postgresql(folder / "postgresql", direct, servers.FAST):
        for name, password in PASSWORDS.items():
            site.administer(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        (folder / "pgbouncer").mkdir()
        (folder / "pgbouncer" / "users").write_text("".join(f'"{name}" "{PASSWORDS[name]}"\n' for name in PASSWORDS))
        with site.pooler(pooled, TRANSACTION):
            yield site


@pytest.fixture
def empty(site: Site) -> str:
    """A database without any table."""
    name = f"esm_{uuid.uuid4().hex}"
    site.administer(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    return name


@pytest.fixture
def name(site: Site, empty: str, tmp_path: Path) -> str:
    """A database that was set up through the pooler, by an owner who may create no role."""
    initialize(
        Settings(dir=tmp_path / "set-up", queue="procrastinate", database_url=site.url(empty, OWNER)), sample=True
    )
    granted = run_esm("db", "grants", APP, "--apply", ESM_DATABASE_URL=site.url(empty, OWNER))
    assert granted.exit_code == 0, granted.output
    return empty


@pytest.fixture
def database(site: Site, name: str) -> Iterator[Database]:
    """That database, as the service has it through the pooler."""
    database = Database(site.url(name), wakes=True)
    yield database
    database.close()


def run_esm(*arguments: str, **environment: str) -> Result:
    """A command of the service with these settings."""
    return CliRunner().invoke(esm, arguments, env=environment)


def settings_of(database: Database) -> list[str]:
    """What holds inside a transaction."""
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "seq_page_cost", "random_page_cost")
    with database.read() as records:
        asked = (records._connection.exec_driver_sql(f"SHOW {name}") for name in names)
        return [str(answer.scalar()) for answer in asked]


def test_a_packet_is_signed_and_examined_through_a_pooler(database: Database) -> None:
    """Assembly, every signature, and the checker, each transaction on whichever server process is free."""
    world = build_world(2, database=database)

    done = world.finish(world.first("current"), before_step=3)

    assert done
    assert world.services.checker.run().problems == []


def test_the_demonstration_and_fsck_run_through_a_pooler(site: Site, empty: str, tmp_path: Path) -> None:
    """The whole main job as processes of its own, with an address that is the pooler's."""
    environment = {**os.environ, "ESM_DATABASE_URL": site.url(empty, OWNER), "PYTHONPATH": os.pathsep.join(sys.path)}  # noqa: TID251  the processes are other people's
    command = [sys.executable, "-c", "from web.cli import main; main()"]
    for arguments in (["demo", "--acos", "2", "--json"], ["fsck", "--json"]):
        done = subprocess.run(
            [*command, *arguments, "--dir", tmp_path / "data"], env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        answer = json.loads(done.stdout)
    assert answer["problems"] == []
    assert answer["signatures"] > 0


def test_limits_and_costs_hold_inside_a_transaction_and_nowhere_else(site: Site, name: str, database: Database) -> None:
    """They are set with BEGIN, and end with the transaction: another client of the pooler finds nothing of them."""
    direct = Database(site.url(name, pooled=False))
    assert [settings_of(each) for each in (direct, database)] == [["15s", "10min", "0.2", "0.2"]] * 2
    direct.close()
    with psycopg.connect(site.url(name).replace("+psycopg", ""), autocommit=True) as other:
        left = {other.execute("SHOW lock_timeout").fetchone() for _ in range(10)}
    assert left == {("0",)}


def test_a_writer_that_waits_too_long_is_told_so_through_a_pooler(
    site: Site, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock's time-out is in force, and nothing was recorded."""
    monkeypatch.setattr("packets.store.engines.BUSY_MILLISECONDS", 200)
    database = Database(site.url(name))

    with database.write(), pytest.raises(StoreError) as refusal, database.write():
        pass

    assert [problem.code for problem in refusal.value.problems] == ["database-busy"]
    database.close()


@pytest.mark.parametrize(
    "settings",
    [
        TRANSACTION | {"server_reset_query": "DISCARD ALL", "server_reset_query_always": "1"},
        {"pool_mode": "session"},
    ],
    ids=["transaction, reset each time", "session"],
)
def test_one_statement_is_asked_again_and_again(site: Site, name: str, settings: dict[str, str]) -> None:
    """A driver that prepared it after the fifth time would not find it on the next server process."""
    port = servers.free_ports(1)[0]
    with site.pooler(port, settings):
        database = Database(site.url(name).replace(f":{site.pooled}/", f":{port}/"))
        for number in range(15):
            with database.write() as records:
                records.journal.log(Act.YEAR_OPEN, "TEST", str(number), NOW)
        for _ in range(15):
            with database.read() as records:
                assert len(list(records.journal.entries())) == 15
        assert database.is_pooled()
        database.close()


def test_a_pooler_is_told_from_postgresql_itself(site: Site, name: str) -> None:
    """By the number of the process that answers; prepared statements are kept where there is none."""
    direct, pooled = (Database(site.url(name, pooled=pooled)) for pooled in (False, True))
    thresholds = []
    for database in (direct, pooled):
        with database._engine.connect() as connection:
            thresholds.append(connection.connection.driver_connection.prepare_threshold)  # type: ignore[union-attr]

    assert [direct.is_pooled(), pooled.is_pooled()] == [False, True]
    assert thresholds == [5, None]
    assert direct.is_same_as(pooled)
    direct.close()
    pooled.close()


def test_a_worker_is_woken_by_the_direct_address_while_records_go_through_the_pooler(
    site: Site, name: str, database: Database
) -> None:
    """No patrol comes: the call that was made through the pooler reaches whoever listens past it."""
    settings = Settings(
        queue="procrastinate", database_url=site.url(name), queue_database_url=site.url(name, pooled=False)
    )

    def carrier_on(stage: Stage, registry: Registry) -> Distributed:
        carrier = make_carrier(settings, executor_on(stage, registry))
        assert isinstance(carrier, Distributed)
        carrier.patrol = NEVER
        return carrier

    stage, done = Stage(database, carrier_on), list[str]()
    carrier = stage.start(Registry(handlers=(Handler(KIND, lambda run: done.append(run.job.key)),)))
    wait_until(lambda: stage.job(stage.queue("first")), lambda job: job.state is JobState.DONE)
    time.sleep(1)
    began = time.monotonic()
    stage.wait_for(stage.queue("second"), JobState.DONE)

    assert time.monotonic() - began < 3
    assert done == ["first", "second"]
    assert carrier.stop()
    assert stage.told == []


@pytest.mark.parametrize("command", ["worker", "serve"])
def test_without_a_direct_address_a_process_says_so_and_ends(
    site: Site, name: str, tmp_path: Path, command: str
) -> None:
    """One sentence and exit 1, instead of a worker that is never woken."""
    environment = {**os.environ, "ESM_QUEUE": "procrastinate", "PYTHONPATH": os.pathsep.join(sys.path)}  # noqa: TID251  likewise
    port = ["--port", "0"] if command == "serve" else []
    done = subprocess.run(
        [sys.executable, "-c", "from web.cli import main; main()", command, "--dir", tmp_path / "set-up", *port],
        env=environment | {"ESM_DATABASE_URL": site.url(name)},
        capture_output=True,
        check=False,
        timeout=120,
    )

    said = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert said[-1] == (
        "esm: queue-pooled [ESM_DATABASE_URL]: A connection pooler answers, and no worker can be woken through one. "
        "Set ESM_QUEUE_DATABASE_URL to the address of PostgreSQL itself."
    )


def test_the_direct_address_has_to_lead_to_the_same_database(site: Site, name: str, database: Database) -> None:
    """A pooler's address, another database and a server that is away are told apart, and the setting is named."""
    port = servers.free_ports(1)[0]
    addresses = {
        "queue-pooled": site.url(name),
        "queue-elsewhere": site.url("template1", OWNER, pooled=False),
        "database-away": f"postgresql+psycopg://{APP}@127.0.0.1:{port}/{name}",
        "queue-needs-postgresql": "sqlite:////tmp/esm.db",
    }
    stage = Stage(database, lambda _stage, _registry: pytest.fail("it is not started"))
    for code, address in addresses.items():
        settings = Settings(queue="procrastinate", database_url=site.url(name), queue_database_url=address)
        with pytest.raises((InputError, StoreError)) as refusal:
            make_carrier(settings, executor_on(stage, Registry()))
        assert [problem.code for problem in refusal.value.problems] == [code]
        if code != "queue-needs-postgresql":
            assert refusal.value.problems[0].where == "ESM_QUEUE_DATABASE_URL"


def test_the_doctor_sees_limits_through_a_pooler_and_a_queue_that_cannot_listen(
    site: Site, name: str, tmp_path: Path
) -> None:
    """What does not arrive is told; with a direct address there is nothing to tell but that no worker runs."""
    told = []
    for direct in ("", site.url(name, pooled=False)):
        settings = Settings(
            dir=tmp_path / "set-up", queue="procrastinate", database_url=site.url(name), queue_database_url=direct
        )
        installation = Installation(settings)
        findings = examine(installation, {part: CHECKS[part] for part in ("database", "queue")})
        installation.database.close()
        told.append([finding.sentence for finding in findings if finding.state is not State.GOOD])

    shared = [sentence for sentence in told[0] if sentence in told[1]]
    assert not [sentence for sentence in shared if "limit" in sentence]
    assert [sentence for sentence in told[0] if sentence not in shared] == [
        "A connection pooler answers, and no worker can be woken through one."
    ]
    assert [sentence for sentence in told[1] if sentence not in shared] == [
        "No worker of procrastinate has been heard of lately."
    ]


def test_a_pooler_that_is_killed_and_started_again_loses_and_doubles_nothing(site: Site, name: str) -> None:
    """Acts that know themselves by a key go on after it, each recorded once, in one chain."""
    port, recorded = servers.free_ports(1)[0], list[str]()
    database = Database(site.url(name).replace(f":{site.pooled}/", f":{port}/"))
    stop = threading.Event()

    def act(records: Records, subject: str) -> None:
        if subject not in {entry.subject for entry in records.journal.entries()}:
            records.journal.log(Act.YEAR_OPEN, "TEST", subject, NOW)

    def write() -> None:
        number = 0
        while not stop.is_set():
            with contextlib.suppress(StoreError):
                database.surely(partial(act, subject=f"act {number}"))
                recorded.append(f"act {number}")
            number += 1

    writer = threading.Thread(target=write)
    for _ in range(3):
        with site.pooler(port, TRANSACTION) as server:
            if not writer.is_alive():
                writer.start()
            expected = len(recorded) + ENOUGH_ACTS // 3
            ends = time.monotonic() + 60
            while len(recorded) < expected and time.monotonic() < ends:
                time.sleep(0.02)
            server.process.kill()
    with site.pooler(port, TRANSACTION):
        stop.set()
        writer.join(60)
        with database.read() as records:
            entries = list(records.journal.entries())
    database.close()

    assert len(recorded) >= ENOUGH_ACTS
    assert chain_problems(entries) == []
    subjects = [entry.subject for entry in entries]
    assert set(recorded) <= set(subjects)
    assert len(subjects) == len(set(subjects))
