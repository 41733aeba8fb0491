"""What PostgreSQL adds to the states of a schema: roles, schemas inside a database, other programs' tables beside ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

import databases
from packets.errors import PacketsError, SchemaError
from packets.store.database import Database
from packets.store.grants import grant_statements
from packets.store.schema_state import SchemaState

ROLE = "esm_app"
FOREIGN = (
    "CREATE TABLE orders (id int)",
    "CREATE TABLE alembic_version (version_num text)",
    "INSERT INTO alembic_version VALUES ('0022')",
)


@pytest.fixture
def name() -> str:
    """A database with the newest schema."""
    return databases.create_database()


@pytest.fixture
def application(name: str) -> Iterator[Database]:
    """The database as a role has it that was granted nothing."""
    run(name, f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    with closing(Database(databases.postgresql_url(name, ROLE))) as database:
        yield database


def run(name: str, *statements: str) -> None:
    """Run SQL as the owner."""
    address = databases.postgresql_url(name).replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def state(database: Database) -> SchemaState:
    """How the database is."""
    return database.inspect_schema().state


def test_a_role_without_grants_is_told_to_be_granted_some(name: str, application: Database) -> None:
    """Before the first statement fails, and the table is named; after `esm db grants` it works."""
    report = application.inspect_schema()
    assert report.state is SchemaState.FORBIDDEN
    assert report.problem is not None
    assert "esm db grants" in report.problem.remedy
    run(name, *grant_statements(ROLE))
    assert state(application) is SchemaState.READY


def test_a_table_that_an_upgrade_made_and_nobody_granted_is_told(name: str, application: Database) -> None:
    """Also by a service that is running: a statement that is refused is explained by the schema."""
    run(name, *grant_statements(ROLE), f"REVOKE ALL ON exports FROM {ROLE}")
    assert state(application) is SchemaState.FORBIDDEN
    with pytest.raises(SchemaError, match="table exports"), application.read() as records:
        records.exports.get("one")


def test_a_schema_that_the_role_may_not_use_is_told(name: str, application: Database) -> None:
    """It is not taken for an empty database."""
    run(name, *grant_statements(ROLE), f"REVOKE USAGE ON SCHEMA public FROM PUBLIC, {ROLE}")
    assert state(application) is SchemaState.FORBIDDEN


def test_a_role_that_may_not_create_tables_does_not_upgrade(application: Database) -> None:
    """One sentence, and nothing was changed."""
    empty = databases.create_empty_database()
    run(empty, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with closing(Database(databases.postgresql_url(empty, ROLE))) as database:
        with pytest.raises(PacketsError) as refusal:
            database.upgrade()
        assert [problem.code for problem in refusal.value.problems] == ["database-forbidden"]
        assert state(database) is SchemaState.EMPTY
    assert application is not None


def test_another_programs_database_is_not_touched() -> None:
    """Although its Alembic names a revision that we have too."""
    foreign = databases.create_empty_database()
    run(foreign, *FOREIGN)
    with closing(Database(databases.postgresql_url(foreign))) as database:
        assert state(database) is SchemaState.FOREIGN
        with pytest.raises(SchemaError, match="schema-foreign"):
            database.upgrade()
        with database._engine.connect() as connection:
            assert (
                connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar() == 2
            )


def test_a_schema_of_another_program_beside_ours_does_not_matter(name: str) -> None:
    """Neither do tables that an extension made."""
    run(name, "CREATE SCHEMA other", "CREATE TABLE other.audit (id int)", "CREATE TABLE beside (id int)")
    with closing(Database(databases.postgresql_url(name))) as database:
        assert state(database) is SchemaState.READY


def test_a_database_that_was_restored_in_part_is_told(name: str) -> None:
    """A dump without some tables has the revision of the whole."""
    run(name, "DROP TABLE outbox CASCADE")
    with closing(Database(databases.postgresql_url(name))) as database:
        report = database.inspect_schema()
    assert (report.state, "outbox is missing" in str(report.problem)) == (SchemaState.INCOMPLETE, True)


def test_an_upgrade_that_meets_what_it_did_not_expect_changes_nothing() -> None:
    """A table of a later schema is there already: the migration is refused, and the database says why."""
    made = databases.create_empty_database()
    with closing(Database(databases.postgresql_url(made))) as database:
        run(made, "CREATE TABLE alembic_version (version_num text)")
        assert state(database) is SchemaState.EMPTY
        database.upgrade()
        run(made, "UPDATE alembic_version SET version_num = '0022'")
        assert state(database) is SchemaState.OLDER
        with pytest.raises(SchemaError) as refusal:
            database.upgrade()
        assert [problem.code for problem in refusal.value.problems] == ["schema-not-upgraded"]
        assert "schema_upgrades" in str(refusal.value)
        assert database.inspect_schema().found == "0022"
