"""`esm db grants` on a real PostgreSQL: one transaction on a service at work, by an owner who may create no role."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import databases
import servers
from carriers import KIND, START
from packets.errors import InputError
from packets.jobs.distribution import engine_schema
from packets.jobs.queue import enqueue
from packets.store.database import Database
from packets.store.engines import make_engine
from packets.store.grants import APPEND_ONLY, apply_grants, grant_script
from web.cli import esm

READERS, RUNS, ENOUGH_READS = 4, 12, 2_000


def run_grants(*arguments: str, url: str = "") -> Result:
    """The command, with the address of an owner."""
    return CliRunner().invoke(esm, ["db", "grants", *arguments], env={"ESM_DATABASE_URL": url})


def administer(name: str, *statements: str, user: str = "postgres") -> list[tuple[object, ...]]:
    """Run statements on a database, and answer what the last one says."""
    engine = make_engine(databases.postgresql_url(name, user))
    with engine.begin() as connection:
        for statement in statements:
            answer = connection.execute(sa.text(statement))
        rows = [tuple(row) for row in answer] if answer.returns_rows else []
    engine.dispose()
    return rows


def may(name: str, role: str, table: str, right: str) -> bool:
    """Whether a role has a right on a table."""
    return administer(name, f"SELECT has_table_privilege('{role}', '{table}', '{right}')") == [(True,)]


@pytest.fixture
def owner() -> str:
    """A role that owns databases, and may create no role."""
    role = f"owner_{uuid.uuid4().hex[:12]}"
    administer("postgres", f"CREATE ROLE {role} LOGIN NOCREATEROLE")
    return role


@pytest.fixture
def role() -> str:
    """A role that owns nothing."""
    role = f"app_{uuid.uuid4().hex[:12]}"
    administer("postgres", f"CREATE ROLE {role} LOGIN")
    return role


@pytest.fixture
def name(owner: str) -> str:
    """A database that its owner has migrated."""
    name = databases.create_empty_database()
    administer("postgres", f"ALTER DATABASE {name} OWNER TO {owner}")
    database = Database(databases.postgresql_url(name, owner))
    with closing(database):
        database.upgrade()
        database.install_engine(engine_schema())
    return name


@pytest.fixture
def application(name: str, owner: str, role: str) -> Iterator[Database]:
    """That database as the service has it."""
    apply_grants(databases.postgresql_url(name, owner), role)
    database = Database(databases.postgresql_url(name, role), wakes=True)
    yield database
    database.close()


def test_a_service_at_work_is_never_refused_while_grants_run(
    application: Database, name: str, owner: str, role: str
) -> None:
    """Thousands of reads by four threads, while psql is given the script again and again without an option."""
    script, stop = grant_script(role), threading.Event()
    reads, refused = [0] * READERS, list[Exception]()

    def read(reader: int) -> None:
        while not stop.is_set():
            try:
                with application.read() as records:
                    records.documents.get("nothing")
                    records.accounts.get("nobody")
            except Exception as error:  # noqa: BLE001  any refusal counts
                refused.append(error)
            reads[reader] += 1

    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    runs, ends = 0, time.monotonic() + 120
    while runs < RUNS or (sum(reads) < ENOUGH_READS and time.monotonic() < ends):
        done = servers.psql(name, script, owner)
        assert (done.stderr, done.stdout.splitlines()[-1]) == ("", "COMMIT")
        runs += 1
    stop.set()
    for reader in readers:
        reader.join()

    assert refused == []
    assert sum(reads) >= ENOUGH_READS


def test_an_owner_who_may_create_no_role_grants_to_one_that_exists(name: str, owner: str, role: str) -> None:
    """As on managed databases; psql says no error, and the role has its rights."""
    printed = run_grants(role)
    done = servers.psql(name, printed.output, owner)

    assert (printed.exit_code, done.returncode, done.stderr) == (0, 0, "")
    assert may(name, role, "audit", "INSERT")
    assert not may(name, role, "audit", "UPDATE")


def test_a_role_that_is_missing_is_told_with_what_an_administrator_does(name: str, owner: str) -> None:
    """By the command and by psql; nothing was changed."""
    missing = f"missing_{uuid.uuid4().hex[:8]}"

    told = run_grants(missing, "--apply", url=databases.postgresql_url(name, owner))
    done = servers.psql(name, grant_script(missing), owner)

    assert isinstance(told.exception, InputError)
    problem = told.exception.problems[0]
    assert (problem.code, f'CREATE ROLE "{missing}" LOGIN' in problem.remedy) == ("role-missing", True)
    assert f"{missing}: There is no such role, and the owner may not create it." in done.stderr
    assert done.stdout.splitlines()[-1] == "ROLLBACK"


def test_an_owner_who_may_makes_the_role_that_is_missing(name: str, owner: str) -> None:
    """It can sign in, and again changes nothing."""
    administer("postgres", f"ALTER ROLE {owner} CREATEROLE")
    fresh = f"fresh_{uuid.uuid4().hex[:8]}"

    for _ in range(2):
        told = run_grants(fresh, "--apply", url=databases.postgresql_url(name, owner))
        assert told.exit_code == 0, told.output

    assert administer(name, "SELECT count(*) FROM documents", user=fresh) == [(0,)]


@pytest.mark.parametrize("pattern", ['it\'s "odd"; DROP TABLE audit -- {}', "Grüße-{}@tenant", "ESM App {}"])
def test_names_that_need_quotes_are_quoted(name: str, pattern: str) -> None:
    """Role and schema both; what is inside a name stays a name."""
    odd = pattern.format(uuid.uuid4().hex[:8])
    apply_grants(databases.postgresql_url(name), odd)
    done = servers.psql(name, grant_script(odd))

    assert (done.stderr, done.stdout.splitlines()[-1]) == ("", "COMMIT")
    assert administer(name, "SELECT count(*) FROM audit") == [(0,)]
    with pytest.raises(InputError) as refusal:
        apply_grants(databases.postgresql_url(name), odd, schema=odd)
    assert refusal.value.problems[0].code == "schema-outdated"


@pytest.mark.parametrize("role", ["", "public", "none", "pg_monitor", "a$b", "a\nb", "a\x00b", "é" * 32])
def test_names_that_postgresql_keeps_or_cuts_are_refused(role: str) -> None:
    """Rights that were given to "public" would be everybody's."""
    with pytest.raises(InputError) as refusal:
        grant_script(role)

    assert refusal.value.problems[0].code == "role-invalid"


def test_another_schema_than_public_holds_the_tables(owner: str, role: str) -> None:
    """Migrated, granted and used where the address says that names are looked for."""
    name = databases.create_empty_database()
    administer("postgres", f"ALTER DATABASE {name} OWNER TO {owner}")
    administer(name, f'CREATE SCHEMA "ESM records" AUTHORIZATION {owner}')
    where = "&options=-csearch_path%3D%22ESM%5C%20records%22"
    with closing(Database(databases.postgresql_url(name, owner) + where)) as database:
        database.upgrade()
    apply_grants(databases.postgresql_url(name, owner), role, "ESM records")

    with closing(Database(databases.postgresql_url(name, role) + where)) as database:
        with database.write() as records:
            enqueue(records, KIND, {}, "a key", START)
        with database.read() as records:
            assert records.jobs.by_key("a key") is not None
    assert administer(name, "SELECT to_regclass('public.jobs')") == [(None,)]


def test_readers_and_writers_with_open_transactions_are_not_waited_for(
    application: Database, name: str, owner: str, role: str
) -> None:
    """Nor do later ones queue behind the grants: rights are changed without a lock on the tables."""
    with application.read() as reading:
        assert reading.jobs.by_key("a key") is None
        with application.write() as writing:
            enqueue(writing, KIND, {}, "a key", START)
            began = time.monotonic()
            apply_grants(databases.postgresql_url(name, owner), role)
            assert time.monotonic() - began < 4


def test_two_runs_at_the_same_time_both_succeed(name: str, owner: str, role: str) -> None:
    """PostgreSQL itself would refuse one of them: tuple concurrently updated."""
    failed: list[Exception] = []

    def run() -> None:
        try:
            for _ in range(3):
                apply_grants(databases.postgresql_url(name, owner), role)
        except Exception as error:  # noqa: BLE001  any refusal counts
            failed.append(error)

    runs = [threading.Thread(target=run) for _ in range(3)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()

    assert failed == []


@pytest.mark.parametrize("might", ["owner", "superuser", "member of the owner", "writer of everything"])
def test_a_role_that_could_change_what_was_recorded_is_refused(name: str, owner: str, role: str, might: str) -> None:
    """Whatever was granted to it here; and its rights stay as they were."""
    statements = {
        "superuser": f"ALTER ROLE {role} SUPERUSER",
        "member of the owner": f"GRANT {owner} TO {role}",
        "writer of everything": f"GRANT pg_write_all_data TO {role}",
    }
    if might in statements:
        administer("postgres", statements[might])
    mighty = owner if might == "owner" else role

    with pytest.raises(InputError) as refusal:
        apply_grants(databases.postgresql_url(name, owner), mighty)

    assert refusal.value.problems[0].code == "role-too-mighty"
    assert may(name, owner, "audit", "DELETE")
    administer("postgres", f"ALTER ROLE {role} NOSUPERUSER")


def test_the_role_has_what_it_needs_where_public_has_nothing(owner: str, role: str) -> None:
    """A database whose defaults give nobody anything: functions and types of the engine, and numbers of rows."""
    name = databases.create_empty_database()
    administer("postgres", f"ALTER DATABASE {name} OWNER TO {owner}")
    hardened = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON"
    administer(name, f"{hardened} FUNCTIONS FROM PUBLIC", f"{hardened} TYPES FROM PUBLIC")
    with closing(Database(databases.postgresql_url(name, owner))) as database:
        database.upgrade()
        database.install_engine(engine_schema())
    apply_grants(databases.postgresql_url(name, owner), role)

    with closing(Database(databases.postgresql_url(name, role), wakes=True)) as database:
        with database.write() as records:
            enqueue(records, KIND, {}, "a key", START)
        assert database.engine(60)[0] == engine_schema().version


def test_a_table_of_another_version_keeps_its_rights(application: Database, name: str, owner: str, role: str) -> None:
    """The version before may still be at work on it."""
    administer(name, "CREATE TABLE dropped_later (x int)", f"GRANT SELECT ON dropped_later TO {role}", user=owner)
    apply_grants(databases.postgresql_url(name, owner), role)

    with application.read() as records:
        assert records._connection.exec_driver_sql("SELECT count(*) FROM dropped_later").scalar() == 0


def test_rights_that_were_too_wide_are_taken_back(application: Database, name: str, owner: str, role: str) -> None:
    """Of tables and of single columns, from the role and from everybody."""
    for table in APPEND_ONLY:
        administer(name, f"GRANT ALL ON {table} TO {role}, PUBLIC", user=owner)
    administer(name, f"GRANT UPDATE (actor) ON audit TO {role}", "GRANT CREATE ON SCHEMA public TO PUBLIC", user=owner)

    apply_grants(databases.postgresql_url(name, owner), role)

    rights = [may(name, role, table, right) for table in APPEND_ONLY for right in ("UPDATE", "DELETE", "TRUNCATE")]
    assert not any(rights)
    assert administer(name, f"SELECT has_any_column_privilege('{role}', 'audit', 'UPDATE')") == [(False,)]
    assert administer(name, f"SELECT has_schema_privilege('{role}', 'public', 'CREATE')") == [(False,)]
    with application.read() as records:
        assert records.jobs.by_key("a key") is None


def test_an_older_schema_and_a_stranger_are_told_as_such(name: str, owner: str, role: str) -> None:
    """A table that is missing leads to the upgrade; somebody who owns nothing grants nothing."""
    with pytest.raises(InputError) as stranger:
        apply_grants(databases.postgresql_url(name, role), role)
    empty = databases.create_empty_database()
    with pytest.raises(InputError) as older:
        apply_grants(databases.postgresql_url(empty), role)

    assert [error.value.problems[0].code for error in (stranger, older)] == ["grants-refused", "schema-outdated"]
    assert may(name, owner, "audit", "SELECT")


def test_sqlite_has_nobody_to_grant_to(tmp_path: Path) -> None:
    """The command says which database it wants."""
    told = run_grants("esm_app", "--apply", url=f"sqlite:///{tmp_path / 'esm.db'}")

    assert isinstance(told.exception, InputError)
    assert told.exception.problems[0].code == "grants-need-postgresql"
