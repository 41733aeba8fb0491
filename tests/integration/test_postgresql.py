"""PostgreSQL: one writer at a time, what was recorded stays, and a lost connection neither loses nor doubles an act."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import databases
import servers
from connections import Door
from packets.audit.log import Act, Entry, chain_problems
from packets.errors import ConflictError, InputError, OutcomeUnknownError, OvertakenError, StoreError
from packets.jobs.queue import enqueue
from packets.model.calendar import PerformanceYear
from packets.model.people import Role
from packets.store.database import Database
from packets.store.engines import WRITERS
from packets.store.grants import APPEND_ONLY, apply_grants
from packets.store.records import Records
from packets.store.records.ceremonies import IntentState
from web.demo import holder
from worlds import World, build_world

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CHANGES = ("UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE")
COLUMNS = {
    "audit": "actor",
    "revisions": "event",
    "signatures": "name",
    "checkpoints": "digest",
    "retention_extensions": "authority",
    "copy_retrievals": "sheet_digest",
    "copy_retrieved": "digest",
}
SLOT, ROLE = "AuthorizedSigner", Role.ACO_EXECUTIVE


@pytest.fixture
def name() -> str:
    """A database with the newest schema."""
    return databases.create_database()


@pytest.fixture
def database(name: str) -> Iterator[Database]:
    database = Database(databases.postgresql_url(name))
    yield database
    database.close()


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door(servers.shared("postgresql")["port"])
    yield door
    door.close()


@pytest.fixture
def far(name: str, door: Door) -> Iterator[Database]:
    """The database, reached through the door."""
    database = Database(f"postgresql://postgres@127.0.0.1:{door.port}/{name}")
    yield database
    database.close()


def entries(database: Database) -> list[Entry]:
    """The log, which is one chain."""
    with database.read() as records:
        found = list(records.journal.entries())
    assert chain_problems(found) == []
    return found


def acts(database: Database) -> list[str]:
    """The subjects that the log tells of."""
    return [one.subject for one in entries(database)]


def test_many_writers_at_once_make_one_chain(database: Database) -> None:
    """Eight threads, twenty-five entries each: the log does not fork, and none is lost."""

    def write(writer: int) -> None:
        for number in range(25):
            with database.write() as records:
                records.journal.log(Act.YEAR_OPEN, "TEST", f"{writer}/{number}", NOW)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(acts(database)) == sorted(f"{writer}/{number}" for writer in range(8) for number in range(25))


def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    """What is committed in the middle of a look is seen by the next look."""
    with database.read() as records:
        assert records.years.numbers() == []
        with database.write() as others:
            others.years.add(PerformanceYear(2027, ()), NOW)
        assert records.years.numbers() == []

    with database.read() as records:
        assert records.years.numbers() == [2027]


def test_the_lease_of_a_job_outlasts_a_long_transaction(database: Database) -> None:
    """While a writer holds the records, a worker claims a job and prolongs its lease."""
    with database.write() as records:
        job_id = enqueue(records, "count", {}, "a key", NOW).job_id
    with database.write():
        with database.queue() as jobs:
            job = jobs.claim("me", ["count"], NOW, NOW + timedelta(seconds=30))
        assert job is not None
        assert job.job_id == job_id
        with database.queue() as jobs:
            assert jobs.beat(job.claim, NOW, NOW + timedelta(seconds=60)) is not None


def test_a_job_that_another_worker_is_claiming_is_passed_over(database: Database) -> None:
    """Two workers look at the same moment: each takes one, and neither waits."""
    with database.write() as records:
        for number in range(2):
            enqueue(records, "count", {}, str(number), NOW + timedelta(seconds=number))
    now = NOW + timedelta(minutes=1)

    with database.queue() as mine:
        first = mine.claim("me", ["count"], now, now)
        with database.queue() as theirs:
            second = theirs.claim("you", ["count"], now, now)
    assert {first and first.key, second and second.key} == {"0", "1"}


def test_a_writer_that_waits_too_long_is_told_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal with a remedy after the time-out, and nothing recorded."""
    monkeypatch.setattr("packets.store.engines.BUSY_MILLISECONDS", 100)
    database = Database(databases.postgresql_url(name))

    with database.write(), pytest.raises(StoreError) as refusal, database.write():
        pass

    assert [one.code for one in refusal.value.problems] == ["database-busy"]
    database.close()


def test_a_deadlock_is_told_as_a_conflict_and_an_act_that_may_be_repeated_is(database: Database) -> None:
    """Somebody else's session holds a job's row and then waits for the writers: one of the two is undone."""
    with database.write() as records:
        job_id = enqueue(records, "count", {}, "a key", NOW).job_id
    tries: list[int] = []

    def stop(records: Records) -> bool:
        tries.append(1)
        time.sleep(0.2)
        return records.jobs.stop(job_id)

    def stand_in_the_way() -> None:
        with database._engine.connect() as other, other.begin():
            other.exec_driver_sql("SET LOCAL deadlock_timeout = '10s'")
            other.exec_driver_sql("SELECT 1 FROM jobs FOR UPDATE")
            began.set()
            time.sleep(0.1)
            other.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")

    began = threading.Event()
    for act in ("once", "again"):
        began.clear()
        other = threading.Thread(target=stand_in_the_way)
        other.start()
        assert began.wait(10)
        if act == "once":
            with pytest.raises(OvertakenError), database.write() as records:
                stop(records)
        else:
            assert database.surely(stop)
        other.join()

    assert len(tries) == 3


def test_a_connection_that_is_cut_before_commit_leaves_nothing(far: Database, database: Database, door: Door) -> None:
    """COMMIT never arrives: nobody can know, and nothing was recorded."""
    door.watch = lambda sent: "cut" if b"COMMIT\x00" in sent else "pass"

    with pytest.raises(OutcomeUnknownError), far.write() as records:
        records.journal.log(Act.YEAR_OPEN, "TEST", "lost", NOW)

    assert acts(database) == []


def test_a_commit_whose_answer_is_lost_is_found_and_not_repeated(far: Database, database: Database, door: Door) -> None:
    """COMMIT arrives, its answer does not: the act looks for itself under its key, and finds that it was done."""
    fates = ["deliver and cut"]
    door.watch = lambda sent: fates.pop() if b"COMMIT\x00" in sent and fates else "pass"

    def open_the_year(records: Records) -> str:
        if 2027 in records.years.numbers():
            return "was there"
        records.years.add(PerformanceYear(2027, ()), NOW)
        records.journal.log(Act.YEAR_OPEN, "TEST", "2027", NOW)
        return "opened"

    assert far.surely(open_the_year) == "was there"
    assert acts(database) == ["2027"]


@pytest.mark.parametrize("fate", ["cut", "deliver and cut"])
def test_a_signature_whose_commit_is_lost_is_recorded_once(far: Database, door: Door, fate: str) -> None:
    """The connection goes at the COMMIT that records a signature, before or after it was done: one signature, one entry."""
    world = build_world(2, database=far)
    sample = world.first("current")
    document = world.document(sample, "provider-supplier-list")
    request = world.request(document, SLOT, ROLE, holder(sample, ROLE))
    fates = [fate]
    door.watch = _TheRecord(fates)

    signed = world.services.ceremony.sign(request)

    assert fates == []
    assert [one.slot for one in signed.signatures] == [SLOT]
    assert len([one for one in entries(world.services.database) if one.act is Act.DOCUMENT_SIGN]) == 1
    assert world.services.checker.run().problems == []
    assert _states(world) == [IntentState.COMMITTED]
    assert world.services.ceremony.sign(request) == signed


class _TheRecord:
    """Knows the COMMIT of the transaction that inserted a signature."""

    def __init__(self, fates: list[str]) -> None:
        self._fates = fates
        self._seen = False

    def __call__(self, sent: bytes) -> str:
        self._seen = self._seen or b"INSERT INTO signatures" in sent
        return self._fates.pop() if self._seen and b"COMMIT\x00" in sent and self._fates else "pass"


def _states(world: World) -> list[IntentState]:
    with world.services.database.read() as records:
        return [IntentState(one["state"]) for one in records.ledger.intents()]


def test_a_database_that_is_away_is_told_as_such() -> None:
    """Nobody listens: a refusal with a remedy, not a fault."""
    port = servers.free_ports(1)[0]
    database = Database(f"postgresql+psycopg://postgres@127.0.0.1:{port}/esm")

    with pytest.raises(StoreError) as refusal, database.read():
        pass

    assert [one.code for one in refusal.value.problems] == ["database-away"]


def test_a_text_that_postgresql_cannot_keep_is_refused(database: Database) -> None:
    """A null character is no fault of the service."""
    with pytest.raises(InputError) as refusal, database.write() as records:
        records.documents.view("no\x00where", "TEST", "0" * 64, NOW)

    assert [one.code for one in refusal.value.problems] == ["text-not-storable"]


@pytest.mark.parametrize("url", ["mysql://here/esm", "no address", "postgresql+asyncpg://here/esm"])
def test_another_database_is_refused_at_the_start(url: str) -> None:
    """Only the two that are tested."""
    with pytest.raises(InputError) as refusal:
        Database(url)

    assert [one.code for one in refusal.value.problems] == ["database-url-invalid"]


@pytest.fixture
def application(name: str) -> Iterator[Database]:
    """The database as the service's own role has it, after `esm db grants`."""
    apply_grants(databases.postgresql_url(name), "esm_app")
    database = Database(databases.postgresql_url(name, "esm_app"))
    yield database
    database.close()


def test_the_application_role_can_do_the_whole_work(application: Database) -> None:
    """A packet from assembly to its end, and the checker, with the rights of `esm db grants`; it cannot migrate."""
    world = build_world(2, database=application)

    done = world.finish(world.first("current"), before_step=3)

    assert done
    assert world.services.checker.run().problems == []


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        *CHANGES,
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "DROP TABLE {table} CASCADE",
        "DROP TRIGGER {table}_append_only ON {table}",
    ],
)
def test_the_application_role_cannot_change_what_was_recorded(
    application: Database, table: str, statement: str
) -> None:
    """It has no right to, whatever the triggers say."""
    with pytest.raises(sa.exc.ProgrammingError) as refusal, application._engine.begin() as connection:
        connection.exec_driver_sql(statement.format(table=table, column=COLUMNS[table]))

    assert getattr(refusal.value.orig, "sqlstate", "") == "42501"


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", CHANGES)
def test_not_even_the_owner_changes_what_was_recorded_by_mistake(
    database: Database, table: str, statement: str
) -> None:
    """The triggers hold for everybody who does not switch them off."""
    with pytest.raises(sa.exc.IntegrityError), database._engine.begin() as connection:
        connection.exec_driver_sql(statement.format(table=table, column=COLUMNS[table]))


def test_a_dump_is_rehearsed_into_an_empty_database(database: Database, name: str, tmp_path: Path) -> None:
    """pg_dump and pg_restore, as docs/operations.md says: the checker finds nothing amiss, and the triggers hold again."""
    world = build_world(2, database=database)
    world.finish(world.first("current"), before_step=3)
    new = databases.create_empty_database()
    servers.dump_and_restore(name, new, tmp_path / "dump")

    restored = Database(databases.postgresql_url(new))
    found = replace(world.services.checker, database=restored).run()
    with pytest.raises(sa.exc.IntegrityError), restored._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit")
    restored.close()

    assert found.problems == []
    assert found.signatures > 0


def test_killed_servers_lose_nothing_that_was_acknowledged() -> None:
    """The postmaster is killed with SIGKILL in the middle of writing, again and again, with fsync on (C5)."""
    folder = Path(tempfile.mkdtemp(prefix="esm-kill-")) / "server"
    folder.parent.chmod(0o711)  # PostgreSQL's user must reach it
    servers.make_cluster(folder)
    port = servers.free_ports(1)[0]
    told: list[str] = []
    try:
        for round_number in range(3):
            with servers.run_postgresql(folder, port, {"fsync": "on"}) as server:
                database = Database(f"postgresql://postgres@127.0.0.1:{port}/postgres")
                database.upgrade()
                assert set(told) <= set(acts(database))
                killer = threading.Timer(0.3, server.process.kill)
                killer.start()
                _write_until_it_dies(database, f"round {round_number}", told)
                database.close()
    finally:
        servers.remove(folder.parent)
    assert len(told) > 30


def _write_until_it_dies(database: Database, name: str, told: list[str]) -> None:
    for number in range(100_000):
        try:
            with database.write() as records:
                records.journal.log(Act.YEAR_OPEN, "TEST", f"{name}/{number}", NOW)
        except (StoreError, ConflictError):
            return
        told.append(f"{name}/{number}")
    raise AssertionError("the server did not die")
