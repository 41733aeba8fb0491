"""No entry, no act: when the log cannot be written, nothing is changed, whatever was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from packets.audit.log import Act
from packets.model.people import Role
from packets.store.database import Database
from web.demo import holder
from worlds import World, build_world

KIND, SLOT, ROLE = "provider-supplier-list", "AuthorizedSigner", Role.ACO_EXECUTIVE
STATES = ("documents", "signatures", "revisions", "people", "outbox", "jobs", "checkpoints")


def sign(world: World) -> None:
    """A signature."""
    sample = world.first("current")
    document = world.document(sample, KIND)
    request = world.request(document, SLOT, ROLE, holder(sample, ROLE))
    close_the_log(world.services.database)
    world.services.ceremony.sign(request)


def assemble(world: World) -> None:
    """A document."""
    close_the_log(world.services.database)
    world.document(world.first("current"), "participant-list")


def step_up(world: World) -> None:
    """A re-authentication."""
    sample = world.first("current")
    document = world.document(sample, KIND)
    close_the_log(world.services.database)
    world.services.ceremony.step_up(holder(sample, ROLE), document.document_id, document.head_digest)


def revoke(world: World) -> None:
    """A change of the directory."""
    close_the_log(world.services.database)
    person = next(one for one in world.year.people if one.user_id == holder(world.first("current"), ROLE))
    world.services.directory.deactivate(person.user_id, "left the ACO", world.agency(Role.CMS_STAFF))


ACTS: list[Callable[[World], None]] = [sign, assemble, step_up, revoke]


def close_the_log(database: Database) -> None:
    """From now on the database refuses every new entry, as a full or broken one does."""
    with database._engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql(
            "CREATE TRIGGER closed BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the log cannot be written'); END"
        )


def state(database: Database) -> dict[str, list[object]]:
    """Every row of every table in which an act leaves something."""
    with database._engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1, 2")]  # noqa: S608  names of ours
            for name in STATES
        }


@pytest.mark.parametrize("act", ACTS, ids=lambda one: one.__name__)
def test_an_act_whose_entry_cannot_be_written_does_not_happen(
    act: Callable[[World], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same transaction carries both: the act is refused, and every record is as it was."""
    world = build_world(2)
    database = world.services.database
    before: list[dict[str, list[object]]] = []
    real = close_the_log

    def close_and_look(closed: Database) -> None:
        real(closed)
        before.append(state(closed))

    monkeypatch.setitem(globals(), "close_the_log", close_and_look)
    with pytest.raises(sa.exc.IntegrityError):
        act(world)
    assert before == [state(database)]
    with database._engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER closed")
    world.services.reconciler.run(timedelta(seconds=-1))
    assert world.services.checker.run().problems == []
    with database.read() as records:
        assert {one["state"] for one in records.ledger.intents()} <= {"abandoned"}


def test_the_events_of_the_log_are_a_closed_set_of_subjects_and_actions() -> None:
    """`subject:action`; each is said somewhere in the service, and none is said twice."""
    values = [str(one) for one in Act]
    assert all(re.fullmatch(r"[a-z-]+:[a-z-]+", one) for one in values)
    assert len(set(values)) == len(values)
