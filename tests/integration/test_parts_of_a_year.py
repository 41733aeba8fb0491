"""Preparing a year is shared out in parts that are told as one."""

from __future__ import annotations

import pytest

from packets.jobs.execution import Executor
from packets.model.jobs import JobState
from packets.store.records.jobs import JobFilter
from packets.years import preparation
from web.work import build_registry
from worlds import World, build_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A year whose parts have three documents."""
    monkeypatch.setattr(preparation, "DOCUMENTS_IN_A_PART", 3)
    return build_world(2)


def test_a_year_is_shared_out_and_nobody_asks_twice(world: World) -> None:
    """Eight documents are three jobs; asked for again while they run, they are the same three; when all are done, it is over."""
    desk, year = world.services.preparation, world.year.year.year
    staff = next(one.user_id for one in world.year.agency if "cms-staff" in one.cms_roles)

    asked = desk.ask(year, staff)
    assert [len(one.arguments["documents"]) for one in asked.jobs] == [3, 3, 2]
    assert {one.job_id for one in desk.ask(year, staff).jobs} == {one.job_id for one in asked.jobs}
    assert (asked.done, asked.total, asked.is_over) == (0, 8, False)

    executor = Executor(world.services.database, build_registry(world.services), world.services.clock)
    assert executor.do_one(asked.jobs[1].job_id) is not None
    half_way = desk.newest(year)
    assert half_way is not None
    assert (half_way.done, half_way.total, half_way.is_over) == (3, 8, False)

    for one in asked.jobs:
        executor.do_one(one.job_id)
    over = desk.newest(year)
    assert over is not None
    assert (over.done, over.is_over, over.problems, over.errors) == (8, True, [], [])
    assert desk.missing(year) == []


def test_what_could_not_be_prepared_in_any_part_is_told(world: World) -> None:
    """Problems of all parts stand together, and a part that failed does not hide them."""
    desk, year = world.services.preparation, world.year.year.year
    wanted = [("A9999", "participant-list")] * 3 + desk.documents(year)[:1]
    with world.services.database.write() as records:
        preparation.enqueue_documents(records, year, wanted, "CMS1", world.services.clock())
    executor = Executor(world.services.database, build_registry(world.services), world.services.clock)
    with world.services.database.read() as records:
        jobs = records.jobs.some(JobFilter(kind=preparation.PREPARE), after="", most=10)
    for one in jobs:
        executor.do_one(one.job_id)

    told = desk.newest(year)
    assert told is not None
    assert {one.state for one in told.jobs} == {JobState.DONE}
    assert len(told.problems) == 3
