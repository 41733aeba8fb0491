"""What the service's own role may do on PostgreSQL: add to the log, the revisions and the signatures, and never change them.

The owner of the tables migrates and grants; the service runs as a role that owns nothing, so that it can neither edit what was
recorded nor switch off the triggers that keep it. On SQLite the triggers are all there is: whoever has the file has everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from packets.errors import InputError, PacketsError, Problem
from packets.store.engines import POSTGRESQL, begin_writing, make_engine
from packets.store.refusals import refusals
from packets.store.tables import metadata
from packets.store.wakes import SCHEMA

APPEND_ONLY = (
    "audit",
    "revisions",
    "signatures",
    "checkpoints",
    "retention_extensions",
    "copy_retrievals",
    "copy_retrieved",
)
"""Kept by triggers too."""
READ_ONLY = ("alembic_version", "schema_upgrades")
LONGEST_NAME = 63
GRANTING = 0x45534D_0002
"""The key of the lock that keeps two runs apart: PostgreSQL refuses to change the rights of a table twice at the same time."""
LOCK_MILLISECONDS = 5_000
NO_ROLE, MIGHTY_ROLE = "ES001", "ES002"
"""SQLSTATE of our own refusals inside the script."""
UNDEFINED, FORBIDDEN = {"42P01", "3F000"}, "42501"


def grant_script(role: str, schema: str = "public") -> str:
    """Write the SQL for the owner of the tables as one transaction, so that a service at work is never refused what it needs.

    Raises:
        InputError: a name cannot be used.
    """
    return "\n".join(f"{statement};" for statement in ("BEGIN", *grant_statements(role, schema), "COMMIT"))


def grant_statements(role: str, schema: str = "public") -> Iterator[str]:
    """List the statements of one transaction, to be run after every migration; running them again changes nothing.

    Tables that only another version of the service knows keep the rights that they have.

    Raises:
        InputError: a name cannot be used.
    """
    name, place = _quote_role(role), _quote(schema)
    yield f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"
    yield _make_role(role)
    yield f"REVOKE ALL ON {_tables(place, _every_table())} FROM {name}, PUBLIC"
    yield f"REVOKE CREATE ON SCHEMA {place} FROM {name}, PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {place} TO {name}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {place} TO {name}"
    changing = set(_every_table()) - {*READ_ONLY, *APPEND_ONLY}
    yield f"GRANT SELECT ON {_tables(place, READ_ONLY)} TO {name}"
    yield f"GRANT SELECT, INSERT ON {_tables(place, APPEND_ONLY)} TO {name}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_tables(place, changing)} TO {name}"
    yield _grant_engine(name)
    yield _refuse_mighty_role(role, place)


def apply_grants(url: str, role: str, schema: str = "public") -> None:
    """Run the statements in one transaction on the database of an address that is the owner's.

    Raises:
        InputError: a name cannot be used, the database is not PostgreSQL, or it refuses.
        StoreError: the database cannot be reached, or somebody else is granting for too long.
    """
    statements = list(grant_statements(role, schema))
    engine = make_engine(url)
    if engine.dialect.name != POSTGRESQL:
        sentence = "Only PostgreSQL has roles to grant to."
        raise InputError(Problem("grants-need-postgresql", sentence, "Name the database.", "ESM_DATABASE_URL"))
    try:
        with refusals(), _grant_refusals(role), engine.connect() as connection, begin_writing(connection):
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    finally:
        engine.dispose()


@contextmanager
def _grant_refusals(role: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        if problem := _explain(getattr(error.orig, "sqlstate", ""), role):
            raise InputError(problem) from error
        raise


def _explain(state: str, role: str) -> Problem | None:
    if state == NO_ROLE:
        return _missing_role(role)
    if state == MIGHTY_ROLE:
        return _mighty_role(role)
    if state in UNDEFINED:
        return Problem("schema-outdated", "A table is missing.", "Run `esm db upgrade` as the owner first.", role)
    if state == FORBIDDEN:
        sentence = "Only the owner of the tables may grant rights on them."
        return Problem("grants-refused", sentence, "Connect as the owner, who ran `esm db upgrade`.", role)
    return None


def _missing_role(role: str) -> Problem:
    remedy = f"Have an administrator run CREATE ROLE {_quote(role)} LOGIN, then run this again."
    return Problem("role-missing", "There is no such role, and the owner may not create it.", remedy, role)


def _mighty_role(role: str) -> Problem:
    sentence = (
        "This role could change what was recorded: it is a superuser, owns the tables, or belongs to a role that may."
    )
    return Problem("role-too-mighty", sentence, "Name a role that owns nothing and belongs to no other.", role)


def _make_role(role: str) -> str:
    return f"""DO $grants$ BEGIN
  PERFORM pg_advisory_xact_lock({GRANTING});
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {_literal(role)}) THEN
    BEGIN
      CREATE ROLE {_quote(role)} LOGIN;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL; -- another database's owner was faster
      WHEN insufficient_privilege THEN {_raise(NO_ROLE, _missing_role(role))};
    END;
  END IF;
END $grants$"""  # nosec B608  names and texts are quoted


def _refuse_mighty_role(role: str, place: str) -> str:
    """Look, before the commit, whether rights that are not ours to revoke let the role change what was recorded."""
    tables = ", ".join(_literal(f"{place}.{table}") for table in APPEND_ONLY)
    name = _literal(role)
    return f"""DO $grants$ BEGIN
  IF EXISTS (
    SELECT FROM pg_class WHERE oid = ANY (ARRAY[{tables}]::regclass[]) AND (
      pg_has_role({name}, relowner, 'MEMBER') OR has_any_column_privilege({name}, oid, 'UPDATE')
      OR has_table_privilege({name}, oid, 'DELETE, TRUNCATE, TRIGGER'))
  ) THEN
    {_raise(MIGHTY_ROLE, _mighty_role(role))};
  END IF;
END $grants$"""  # nosec B608  likewise


def _raise(state: str, problem: Problem) -> str:
    said = f"MESSAGE = {_literal(f'{problem.where}: {problem.sentence}')}, HINT = {_literal(problem.remedy)}"
    return f"RAISE EXCEPTION USING ERRCODE = '{state}', {said}"


def _grant_engine(name: str) -> str:
    """The schema of the engine that carries jobs, where there is one: nothing in it is a record."""
    return f"""DO $grants$ BEGIN
  IF to_regnamespace('{SCHEMA}') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA {SCHEMA} TO {name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {name};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {name};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO {name};
  END IF;
END $grants$"""


def _every_table() -> list[str]:
    return sorted({*metadata.tables, *READ_ONLY})


def _tables(place: str, tables: Iterable[str]) -> str:
    return ", ".join(f"{place}.{table}" for table in sorted(tables))


def _quote_role(role: str) -> str:
    """Quote a name that PostgreSQL does not keep for itself; it takes even the quoted "public" for everybody."""
    if role in {"public", "none"} or role.startswith("pg_"):
        raise _unusable(role)
    return _quote(role)


def _quote(name: str) -> str:
    """Quote a name; one with a dollar sign could end the quotes around a block."""
    if not name or not name.isprintable() or "$" in name or len(name.encode()) > LONGEST_NAME:
        raise _unusable(name)
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unusable(name: str) -> PacketsError:
    remedy = f"Use up to {LONGEST_NAME} characters without $, and none of public, none and pg_…."
    return InputError(Problem("role-invalid", "This cannot be the name of a role or a schema.", remedy, name))
