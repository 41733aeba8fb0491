"""An upgrade is whole or not at all: killed at any statement, begun twice at once, begun before the database is up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import databases
import servers
from packets.settings import Settings
from packets.store.database import Database
from packets.store.schema_state import SchemaState
from schema import migrate
from upgrades.old_databases import KINDS, Rows, opened, rows_of, settings_on
from upgrades.old_folders import REPOSITORY, unpack
from web.bootstrap import initialize

FIRST = "0001"
KILLED = """
import atexit, os, signal, sys
import sqlalchemy as sa
from web.cli import main
last, count = int(sys.argv.pop(1)), 0
@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def strike(connection, *_):
    global count
    count += bool(connection.engine.url.database)
    if count == last:
        os.kill(os.getpid(), signal.SIGKILL)
atexit.register(lambda: print(count))
main()
"""
"""`esm`, killed by the system right after so many statements on its database; it tells their number where it was not."""
NEVER = "-1"
PLACES = (0.02, 0.3, 0.6, 0.9, 1.0)
"""Shares of all statements; the last one is followed by COMMIT only."""


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A folder at the first schema, with the data of a released version as far as that schema can hold them."""
    settings = settings_on(unpack("0.1.0", tmp_path / "data"), request.param)
    with closing(Database(settings.database)) as database:
        migrate(database, FIRST)
    return settings


def start(settings: Settings, last: str = NEVER, *words: str) -> subprocess.Popen[str]:
    """`esm db upgrade` in a process of its own."""
    return _run(settings, KILLED, last, "db", "upgrade", "--dir", str(settings.dir), *words)


def run_program(settings: Settings, *words: str) -> subprocess.Popen[str]:
    """`esm` on a folder, as a process that goes on."""
    return _run(settings, "from web.cli import main; main()", *words, "--dir", str(settings.dir))


def _run(settings: Settings, program: str, *words: str) -> subprocess.Popen[str]:
    given = {"ESM_DATABASE_URL": settings.database_url, "PYTHONPATH": str(REPOSITORY)}
    environment = {**os.environ, **given}  # noqa: TID251  for a process of its own
    command = [sys.executable, "-c", program, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def state_of(settings: Settings) -> tuple[SchemaState, str, Rows]:
    """State, revision and rows of the database."""
    with closing(Database(settings.database)) as database, opened(settings) as connection:
        report = database.inspect_schema()
        return report.state, report.found, rows_of(connection)


def test_an_upgrade_that_is_killed_has_changed_nothing_and_is_done_the_next_time(settings: Settings) -> None:
    """SIGKILL at its beginning, in its middle, and with nothing left but COMMIT."""
    count = _count(settings)
    assert count > 100
    with closing(Database(settings.database)) as database:
        migrate(database, FIRST)
    before = state_of(settings)
    for share in PLACES:
        killed = start(settings, str(max(1, int(count * share))))
        _, errors = killed.communicate(timeout=120)
        assert killed.returncode == -signal.SIGKILL, errors
        assert state_of(settings) == before, share
    assert _count(settings) == count
    state, _, rows = state_of(settings)
    assert state is SchemaState.READY
    assert [name for name in ("audit", "revisions", "signatures") if rows[name] != before[2][name]] == []


def test_of_two_upgrades_at_once_one_is_done_and_both_end_well(settings: Settings) -> None:
    """The other one finds the newest schema."""
    both = [start(settings) for _ in range(2)]
    answers = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0], answers
    assert sorted("it was 0001" in said for said, _ in answers) == [False, True]
    assert state_of(settings)[0] is SchemaState.READY


@pytest.fixture
def cluster() -> Iterator[Path]:
    """An empty cluster that nobody serves yet, where the user of PostgreSQL may go."""
    servers.shared("postgresql")  # where it is not installed, that is told as everywhere
    above = Path(tempfile.mkdtemp(prefix="esm-late-"))
    above.chmod(0o711)
    servers.make_cluster(above / "cluster")
    yield above / "cluster"
    servers.remove(above)


def test_an_upgrade_waits_for_a_database_that_is_not_up_yet(cluster: Path, tmp_path: Path) -> None:
    """As in containers that are started together; it says so once, and without `--wait` it does not wait."""
    [port] = servers.free_ports(1)
    address = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    settings = Settings(dir=tmp_path / "data", database_url=address)
    hasty = start(settings)
    assert "esm: database-away" in hasty.communicate(timeout=60)[1]
    assert hasty.returncode == 1
    patient = start(settings, NEVER, "--wait", "100")
    assert patient.stderr is not None
    assert patient.stderr.readline().startswith("The database does not answer yet")
    with servers.run_postgresql(cluster, port, servers.FAST):
        said, errors = patient.communicate(timeout=120)
        assert (patient.returncode, "The schema is up to date" in said) == (0, True), errors
        assert "does not answer" not in errors


def test_an_upgrade_that_waited_long_enough_says_what_it_waited_for(tmp_path: Path) -> None:
    """With the refusal of a database that is away."""
    settings = Settings(dir=tmp_path / "data", database_url="postgresql+psycopg://nobody@127.0.0.1:9/none")
    vain = start(settings, NEVER, "--wait", "2")
    _, errors = vain.communicate(timeout=60)
    assert (vain.returncode, "esm: database-away" in errors) == (1, True), errors


@pytest.mark.parametrize(
    ("command", "begun"), [(("serve", "--port", "0"), "Open http://"), (("worker",), "Doing jobs")]
)
def test_what_serves_and_works_waits_for_set_up(command: tuple[str, ...], begun: str, tmp_path: Path) -> None:
    """In containers that are started together, all before the schema is there; without `--wait` they end at once."""
    folder = tmp_path / "data"
    initialize(Settings(dir=folder), sample=True)
    settings = Settings(dir=folder, database_url=databases.postgresql_url(databases.create_empty_database()))
    hasty = run_program(settings, *command)
    assert "esm: schema-empty" in hasty.communicate(timeout=60)[1]
    patient = run_program(settings, *command, "--wait", "100")
    assert patient.stderr is not None
    assert "The database is not ready yet" in patient.stderr.readline()
    start(settings).communicate(timeout=120)
    assert begun in patient.stderr.readline()
    patient.send_signal(signal.SIGTERM)
    patient.communicate(timeout=60)
    assert patient.returncode == 0


def _count(settings: Settings) -> int:
    """Upgrade, and answer how many statements that had on its database."""
    counted = start(settings)
    said, errors = counted.communicate(timeout=120)
    assert (counted.returncode, "it was 0001" in said) == (0, True), errors
    return int(said.splitlines()[-1])
