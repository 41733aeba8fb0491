"""The migration of Step 1, with data in the tables, and what its constraints refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from packets.model.people import Role
from packets.store.database import Database
from packets.store.tables import change_requests
from schema import migrate
from worlds import START, World, build_world

BEFORE = "0011"


@pytest.fixture
def world(new_database: Callable[[], Database]) -> World:
    """A year on each database."""
    return build_world(2, database=new_database())


@pytest.mark.requirement("R77", "R31")
def test_step_one_goes_down_and_up_and_leaves_the_rest(world: World) -> None:
    """Drafts, requests and days of recertification are lost on the way down; people, ACOs and documents are not."""
    sample, database = world.first("current"), world.services.database
    place, executive = (sample.aco.aco_id, sample.aco.performance_year), sample.contacts[0].person
    document = world.document(sample, "provider-supplier-list")
    world.services.change_requests.file(*place, "city", "Elsewhere", "We have moved.", executive.user_id)
    world.services.enrollment.register([replace(executive, recertification_due_on=date(2027, 1, 31))])

    migrate(database, BEFORE)
    migrate(database, "head")

    with database.read() as records:
        assert records.people.get(executive.user_id) == executive
        assert records.acos.get(*place) == sample.aco
        assert records.change_requests.of_aco(*place) == []
        found = records.documents.get(document.document_id)
    assert found == replace(document, sections_digest=None)
    [same] = [one for one in world.services.assembler.refresh(*place) if one.kind == document.kind] or [document]
    assert same.document_id == document.document_id


@pytest.mark.parametrize(
    "change",
    [
        {"state": "dancing"},
        {"state": "refused", "answered_by": "QA00", "answered_at_utc": START, "answer": ""},
        {"state": "granted"},
        {"explanation": ""},
        {"filed_by": "NOBO"},
    ],
)
@pytest.mark.requirement("R31")
def test_the_database_refuses_change_requests_that_cannot_be(world: World, change: dict[str, object]) -> None:
    """Another state, a refusal without a reason, an answer by nobody, no explanation, nobody who asks."""
    sample = world.first("current")
    values = {
        "aco_id": sample.aco.aco_id, "year": sample.aco.performance_year, "legal_name": "-", "field": "city",
        "current_value": "-", "corrected_value": "-", "explanation": "-", "filed_by": world.agency(Role.CMS_STAFF),
        "filed_at_utc": START, "state": "open", "answer": "", "answered_by": None, "answered_at_utc": None,
    }  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), world.services.database._engine.begin() as connection:
        connection.execute(change_requests.insert().values(**{**values, **change}))


@pytest.mark.requirement("R31")
def test_the_database_holds_one_open_request_for_a_field(world: World) -> None:
    """However fast two people are."""
    sample = world.first("current")
    executive = sample.contacts[0].person.user_id
    place = (sample.aco.aco_id, sample.aco.performance_year)
    request = world.services.change_requests.file(*place, "city", "Elsewhere", "We have moved.", executive)
    with pytest.raises(sa.exc.IntegrityError), world.services.database.write() as records:
        records.change_requests.add(request)
