"""An old and a new version of the service at once: migrations add, and what is under way survives them (docs/operations.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from packets.audit.log import chain_problems
from packets.store.database import Database
from packets.store.schema_state import OLDEST_PROGRAM
from schema import migrate
from worlds import World, build_world

PREVIOUS = OLDEST_PROGRAM
"""The newest migration of the oldest version that may go on working on this schema, as upgrades write down."""


@pytest.fixture
def world(new_database: Callable[[], Database]) -> World:
    """A year on each database."""
    return build_world(2, database=new_database())


def columns_of(database: Database) -> dict[str, dict[str, Any]]:
    """Every column of every table, as the database has it."""
    with database._engine.connect() as connection:
        look = sa.inspect(connection)
        return {
            f"{table}.{column['name']}": dict(column)
            for table in look.get_table_names()
            for column in look.get_columns(table)
        }


def test_what_the_version_before_writes_and_reads_is_still_there_and_enough(world: World) -> None:
    """No column is gone, of another type, or stricter; a new one in an old table may be left out."""
    database = world.services.database
    new = columns_of(database)
    migrate(database, PREVIOUS)
    old = columns_of(database)
    migrate(database, "head")

    tables = {name.split(".")[0] for name in old}
    gone = {name for name in old if name not in new}
    stricter = {name for name in old.keys() & new.keys() if old[name]["nullable"] and not new[name]["nullable"]}
    others = {name for name in old.keys() & new.keys() if str(old[name]["type"]) != str(new[name]["type"])}
    needed = {
        name
        for name in new.keys() - old.keys()
        if name.split(".")[0] in tables and not new[name]["nullable"] and new[name]["default"] is None
    }
    assert gone | stricter | others | needed == set()


def test_a_half_signed_document_survives_the_way_down_and_up_and_is_signed_to_its_end(world: World) -> None:
    """Data in flight: signatures, an intent that a crash left open, queued jobs and messages; the log stays one chain."""
    sample = world.first("current")
    world.finish(sample, before_step=4)
    document = world.document(sample, "data-use-agreement")
    first, *others = world.types(sample)[2].slots
    document = world.sign(document, first, sample)
    database = world.services.database
    with database.read() as records:
        before = (records.ledger.signatures(), records.ledger.intents(), list(records.journal.entries()))

    migrate(database, PREVIOUS)
    migrate(database, "head")

    with database.read() as records:
        after = (records.ledger.signatures(), records.ledger.intents(), list(records.journal.entries()))
        assert chain_problems(after[2]) == []
    assert after == before
    for slot in others:
        document = world.sign(document, slot, sample)
    assert document.executed_at is not None
    assert world.services.checker.run().problems == []


def test_triggers_are_back_after_the_way_down_and_up(world: World) -> None:
    """What was recorded cannot be changed, whichever way the schema has gone."""
    database = world.services.database
    world.services.checkpoints.make()
    migrate(database, PREVIOUS)
    migrate(database, "head")
    for statement in ("UPDATE audit SET actor = 'XXXX'", "DELETE FROM checkpoints", "DELETE FROM audit"):
        with pytest.raises(sa.exc.IntegrityError), database._engine.begin() as connection:
            connection.exec_driver_sql(statement)
