"""Every earlier schema is brought to the newest one, with rows in its tables, on both databases."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

import databases
from packets.store.database import Database
from packets.store.migrator import known_schemas
from packets.store.schema_state import SchemaState
from schema import migrate
from upgrades.old_databases import KINDS, opened, rows_of, settings_on
from upgrades.old_folders import unpack

KEPT = ("audit", "revisions", "signatures", "step_ups", "people", "acos", "performance_years", "windows", "list_rows")
"""Tables of the first schema whose rows every later one has."""


@pytest.mark.parametrize("kind", KINDS)
def test_each_schema_is_known_for_what_it_is_and_is_upgraded_with_its_rows(kind: str, tmp_path: Path) -> None:
    """Step by step down from a released version's data; from each step a copy goes up to the newest schema."""
    settings = settings_on(unpack("0.1.0", tmp_path / "data"), kind)
    known, tried = known_schemas(), []
    with opened(settings) as connection:
        before = rows_of(connection)
    for revision in reversed(known.revisions[: known.revisions.index("0022") + 1]):
        with closing(Database(settings.database)) as database:
            if revision != "0022":
                migrate(database, revision)
            report = database.inspect_schema()
            assert (report.state, report.found) == (SchemaState.OLDER, revision)
            copied = settings.model_copy(update={"database_url": _copy(database, kind, tmp_path / f"{revision}.db")})
        with closing(Database(copied.database)) as copy, opened(copied) as connection:
            assert copy.upgrade().found == revision
            assert copy.inspect_schema().state is SchemaState.READY
            after = rows_of(connection)
        for table in KEPT:
            assert _keys(after[table]) == _keys(before[table]), (revision, table)
        tried.append(revision)
    assert tried[-1] == known.revisions[0]
    assert len(tried) == 22


def _copy(database: Database, kind: str, file: Path) -> str:
    """The address of a database with the same content."""
    if kind == "sqlite":
        database.snapshot(file)
        return f"sqlite:///{file}"
    with closing(databases.copy_of(database)) as copy:
        return copy._engine.url.render_as_string(hide_password=False)


def _keys(rows: list[dict[str, object]]) -> list[str]:
    """What tells a row from the others, and what was signed: the first column, and digests."""
    return sorted(str([row[name] for name in row if name == next(iter(row)) or name == "digest"]) for row in rows)
