"""Waking workers from inside a transaction: what procrastinate's own schema has to do with ours.

The engine keeps its tables in a schema of its own, so that `pg_dump --schema`, grants and eyes can tell them apart. A row of
`jobs` that is queued calls the engine's function in the same transaction: neither is there without the other. Nothing of ours
is in those tables but the id and the kind of a job; emptied, they fill again from our rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from packets.errors import InputError, Problem

SCHEMA = "procrastinate"
WAKE = "esm.wake"
"""The engine's task that looks at one row."""
LONGEST_KIND = 40
"""In bytes: the name of a channel of PostgreSQL ends at 63, and the engine puts 23 before the kind."""
OPTION = "wakes_workers"

_DEFER = sa.text("""
    SELECT procrastinate.procrastinate_defer_jobs_v1(ARRAY[ROW(
        CAST(:kind AS varchar), CAST(:task AS varchar), 0, NULL, NULL,
        jsonb_build_object('job_id', CAST(:job_id AS text)), CAST(:due_at AS timestamptz)
    )]::procrastinate.procrastinate_job_to_defer_v1[])""")
_VERSION = sa.text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :schema")
_WORKERS = sa.text(
    "SELECT count(*) FROM procrastinate.procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
)
_KEEP_TO_SCHEMA = """
DO $$ DECLARE one regprocedure; BEGIN
FOR one IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'procrastinate'::regnamespace LOOP
EXECUTE format('ALTER FUNCTION %s SET search_path = procrastinate, pg_temp', one); END LOOP; END $$"""
"""The engine names its tables without their schema; its functions find them whoever calls."""


@dataclass(frozen=True, slots=True)
class EngineSchema:
    """The engine's schema, as its package brings it: whole, and step by step.

    Attributes:
        whole: SQL for a database that has none yet.
        steps: SQL from version to version, in the order of their names; the last name is the version of the whole.
    """

    whole: str
    steps: Mapping[str, str]

    @property
    def version(self) -> str:
        """The newest version."""
        return max(self.steps)

    def after(self, version: str) -> list[str]:
        """The names of the steps that lead on from a version."""
        return sorted(name for name in self.steps if name > version)


def wake(connection: sa.Connection, job_id: str, kind: str, due_at: datetime | None) -> None:
    """Have a worker that knows the kind look at a job, once this transaction has committed; where nobody is to be woken, nothing.

    Args:
        connection: in the transaction that queues the job.
        job_id: which job.
        kind: of the job; a worker listens for the kinds that it can do.
        due_at: not before this time; None means at once.
    """
    if connection.get_execution_options().get(OPTION):
        connection.execute(_DEFER, {"kind": kind, "task": WAKE, "job_id": job_id, "due_at": due_at})


def engine_version(connection: sa.Connection) -> str:
    """The version of the engine's schema in this database; empty when there is none.

    It stands as the comment of the schema, so that dumps carry it and everybody may read it.
    """
    return connection.scalar(_VERSION, {"schema": SCHEMA}) or ""


def living_workers(connection: sa.Connection, seconds: float) -> int:
    """How many workers of the engine have been heard of within so many seconds."""
    return int(connection.scalar(_WORKERS, {"seconds": seconds}) or 0)


def install(connection: sa.Connection, schema: EngineSchema) -> None:
    """Bring the engine's schema to the newest version; one that is newer than this program is left alone.

    Raises:
        InputError: there is such a schema, and it is somebody else's.
    """
    version = engine_version(connection)
    if not version and connection.scalar(sa.text("SELECT to_regnamespace(:schema)"), {"schema": SCHEMA}):
        sentence = f"There is a schema {SCHEMA} in the database that this service did not make."
        raise InputError(Problem("engine-schema-foreign", sentence, "Give the service a database of its own.", SCHEMA))
    texts = [schema.steps[name] for name in schema.after(version)] if version else [schema.whole]
    if not version:
        _run(connection, f"CREATE SCHEMA {SCHEMA}")
    if texts:
        _run(connection, f"SET LOCAL search_path TO {SCHEMA}", *texts)
        _run(connection, _KEEP_TO_SCHEMA, f"COMMENT ON SCHEMA {SCHEMA} IS '{max(schema.version, version)}'")
        _run(connection, "SET LOCAL search_path TO DEFAULT")


def _run(connection: sa.Connection, *texts: str) -> None:
    """Scripts of several statements, as they stand: a percent sign in them is no parameter."""
    raw = cast("Any", connection.connection.driver_connection)
    for text in texts:
        raw.execute(text)
