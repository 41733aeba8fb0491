"""An upgrade is whole or not at all: killed at any statement, begun twice at once, begun before the database is up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import servers
from packets.settings import Settings
from packets.store.database import Database
from packets.store.schema_state import SchemaState
from schema import migrate
from upgrades.old_databases import KINDS, Rows, opened, rows_of, settings_on
from upgrades.old_folders import REPOSITORY, unpack

FIRST = "0001"
KILLED = """
import os, signal, sys
import sqlalchemy as sa
from web.cli import main
left = int(sys.argv.pop(1))
@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def strike(connection, *_):
    global left
    left -= bool(connection.engine.url.database)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
main()
if os.environ.get("COUNT"):
    print(-left)
"""
"""`esm`, killed by the system right after so many statements on its database; never, where the number is 0."""
COUNTED = KILLED.replace("main()\nif", "\ntry:\n    main()\nexcept SystemExit:\n    pass\nif")
PLACES = (0.02, 0.3, 0.6, 0.9, 1.0)
"""Shares of all statements; the last one is followed by COMMIT only."""


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A folder at the first schema, with the data of a released version as far as that schema can hold them."""
    settings = settings_on(unpack("0.1.0", tmp_path / "data"), request.param)
    with closing(Database(settings.database)) as database:
        migrate(database, FIRST)
    return settings


def start(settings: Settings, program: str, *words: str, **more: str) -> subprocess.Popen[str]:
    """`esm db upgrade` in a process of its own."""
    command = [sys.executable, "-c", program, *words, "db", "upgrade", "--dir", str(settings.dir)]
    given = {"ESM_DATABASE_URL": settings.database_url, "PYTHONPATH": str(REPOSITORY), **more}
    environment = {**os.environ, **given}  # noqa: TID251  for a process of its own
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def state_of(settings: Settings) -> tuple[SchemaState, str, Rows]:
    """State, revision and rows of the database."""
    with closing(Database(settings.database)) as database, opened(settings) as connection:
        report = database.inspect_schema()
        return report.state, report.found, rows_of(connection)


def test_an_upgrade_that_is_killed_has_changed_nothing_and_is_done_the_next_time(settings: Settings) -> None:
    """SIGKILL at its beginning, in its middle, and with nothing left but COMMIT."""
    with closing(Database(settings.database)) as database:
        before = state_of(settings)
        database.upgrade()
        whole = state_of(settings)
        migrate(database, FIRST)
    count = int(_count(settings))
    with closing(Database(settings.database)) as database:
        migrate(database, FIRST)
    assert count > 100
    for share in PLACES:
        killed = start(settings, KILLED, str(max(1, int(count * share))))
        assert killed.wait(120) == -signal.SIGKILL, killed.communicate()
        killed.communicate()
        assert state_of(settings) == before, share
    done = start(settings, KILLED, "0")
    said, errors = done.communicate(timeout=120)
    assert (done.returncode, "it was 0001" in said) == (0, True), errors
    assert state_of(settings) == whole


def test_of_two_upgrades_at_once_one_is_done_and_both_end_well(settings: Settings) -> None:
    """The other one finds the newest schema."""
    both = [start(settings, KILLED, "0") for _ in range(2)]
    answers = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0], answers
    assert sorted("it was 0001" in said for said, _ in answers) == [False, True]
    assert state_of(settings)[0] is SchemaState.READY


def test_an_upgrade_waits_for_a_database_that_is_not_up_yet(tmp_path: Path) -> None:
    """As in containers that are started together; it says so once, and without `--wait` it does not wait."""
    try:
        servers.make_cluster(tmp_path / "cluster")
    except servers.MissingServerError as error:
        servers.shared("postgresql")
        pytest.fail(str(error))
    [port] = servers.free_ports(1)
    address = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    settings = Settings(dir=tmp_path / "data", database_url=address)
    hasty = start(settings, KILLED, "0")
    assert "esm: database-away" in hasty.communicate(timeout=60)[1]
    assert hasty.returncode == 1
    patient = _waiting(settings, 100)
    assert patient.stderr is not None
    assert patient.stderr.readline().startswith("The database does not answer yet")
    with servers.run_postgresql(tmp_path / "cluster", port, servers.FAST):
        said, errors = patient.communicate(timeout=120)
        assert (patient.returncode, "The schema is up to date" in said) == (0, True), errors
        assert "does not answer" not in errors


def test_an_upgrade_that_waited_long_enough_says_what_it_waited_for(tmp_path: Path) -> None:
    """With the refusal of a database that is away."""
    settings = Settings(dir=tmp_path / "data", database_url="postgresql+psycopg://nobody@127.0.0.1:9/none")
    vain = _waiting(settings, 2)
    _, errors = vain.communicate(timeout=60)
    assert (vain.returncode, "esm: database-away" in errors) == (1, True), errors


def _waiting(settings: Settings, seconds: int) -> subprocess.Popen[str]:
    program = KILLED.replace("main()\n", f"sys.argv += ['--wait', '{seconds}']\nmain()\n", 1)
    return start(settings, program, "0")


def _count(settings: Settings) -> str:
    """How many statements the whole upgrade has on its database."""
    counted = start(settings, COUNTED, "0", COUNT="1")
    said, errors = counted.communicate(timeout=120)
    assert counted.returncode == 0, errors
    return said.splitlines()[-1]
