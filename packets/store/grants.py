"""What the service's own role may do on PostgreSQL: add to the log, the revisions and the signatures, and never change them.

The owner of the tables migrates and grants; the service runs as a role that owns nothing, so that it can neither edit what was
recorded nor switch off the triggers that keep it. On SQLite the triggers are all there is: whoever has the file has everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packets.errors import InputError, Problem
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
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def grant_statements(role: str, schema: str = "public") -> Iterator[str]:
    """SQL for the owner of the tables, to be run after every migration; running it again changes nothing.

    Raises:
        InputError: the name is none that needs no quotes.
    """
    for name in (role, schema):
        if not NAME.fullmatch(name):
            raise InputError(
                Problem("role-invalid", "This cannot be a name.", "Use a-z, 0-9 and _, beginning with a letter.", name)
            )
    yield f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}, PUBLIC"
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM {role}, PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {role}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
    yield _rights_on_engine(role)
    for table in sorted({*metadata.tables, *READ_ONLY}):
        yield f"GRANT {_rights(table)} ON {schema}.{table} TO {role}"


def _rights_on_engine(role: str) -> str:
    """The tables of the engine that carries jobs, where it has some: nothing in them is a record."""
    rights = (
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role};",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {role};",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {role};",
    )
    return f"DO $$ BEGIN IF to_regnamespace('{SCHEMA}') IS NOT NULL THEN {' '.join(rights)} END IF; END $$"


def _rights(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    return "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
