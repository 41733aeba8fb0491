"""Reminders in a whole year: who still has to act is told, by day, once, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packets.model.calendar import AGENCY_ZONE, Activity
from packets.model.people import Role
from packets.notices.reminders import Planned
from packets.notices.schedule import reminder_day
from packets.notices.topics import DUA_PEOPLE, EDITORS, Topic
from packets.store.database import Database
from web.demo import holder
from worlds import World, build_world

DUE = date(2026, 12, 10)


@pytest.fixture
def world() -> World:
    return build_world(2)


def at(world: World, day: date, hour: int = 9) -> None:
    """Move the clock to a day, by the clocks of CMS."""
    world.clock.now = datetime(day.year, day.month, day.day, hour, tzinfo=AGENCY_ZONE).astimezone(UTC)


def planned(world: World, cohort: str, day: date) -> dict[str, Planned]:
    """What is owed for the ACO of a cohort, by subject."""
    aco_id = world.first(cohort).aco.aco_id
    return {one.reminder.subject: one for one in world.services.reminders.plan(day) if one.reminder.aco_id == aco_id}


@pytest.mark.requirement("R7")
def test_whoever_still_may_sign_something_is_reminded_until_it_is_signed(world: World) -> None:
    """First all five, then the two of the Data Use Agreement, then nobody."""
    sample = world.first("current")
    assert planned(world, "current", DUE)[Activity.SIGN].roles == frozenset(
        {Role.ACO_EXECUTIVE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY, *DUA_PEOPLE}
    )
    world.finish(sample, before_step=4)
    assert planned(world, "current", DUE)[Activity.SIGN].roles == DUA_PEOPLE
    document_type = next(one for one in world.types(sample) if one.step == 4)
    document = world.sign(world.document(sample, document_type.kind), document_type.slots[0], sample)
    assert planned(world, "current", DUE)[Activity.SIGN].roles == {Role.DUA_CUSTODIAN}
    world.sign(document, document_type.slots[1], sample)
    assert Activity.SIGN not in planned(world, "current", DUE)


@pytest.mark.requirement("R7", "R35")
def test_step_one_is_reminded_of_until_it_is_submitted() -> None:
    """Contacts and organization data, to the six who edit them."""
    world = build_world(2, step_one=False)
    found = planned(world, "current", DUE)
    assert found[Activity.CONTACTS].roles == found[Activity.ORGANIZATION].roles == EDITORS
    assert Activity.DESIGNATE not in found
    world.submit_step_one(world.first("current"))
    assert not {Activity.CONTACTS, Activity.ORGANIZATION} & planned(world, "current", DUE).keys()


def test_the_list_is_reminded_of_until_it_is_signed(world: World) -> None:
    """It ends for corrections with the signature (R69)."""
    assert Activity.CORRECTIONS in planned(world, "current", DUE)
    world.finish(world.first("current"), before_step=3)
    assert Activity.CORRECTIONS not in planned(world, "current", DUE)


def test_nobody_is_reminded_before_the_window_opens(world: World) -> None:
    """When it opens the stage that was reached last is told at once."""
    window = world.year.year.window(Activity.SIGN, world.first("current").aco.cohort)
    assert Activity.SIGN not in planned(world, "current", window.begins_on - timedelta(days=1))
    due = window.due_on - timedelta(days=30)
    assert planned(world, "current", due)[Activity.SIGN].reminder.days == 30


@pytest.mark.requirement("R8")
def test_an_extension_moves_the_reminders_of_that_aco_alone(world: World) -> None:
    """Told of the new date when it was granted; then the stages that lie ahead of it."""
    sample, staff = world.first("current"), world.agency(Role.CMS_STAFF)
    at(world, DUE)
    world.services.reminders.remind()
    world.services.deadlines.extend(sample.aco.aco_id, 2027, "sign-documents", "2026-12-18", "A flood", staff)
    assert Activity.SIGN not in planned(world, "current", DUE)
    assert planned(world, "current", date(2026, 12, 11))[Activity.SIGN].reminder.days == 7
    assert planned(world, "current", date(2026, 12, 18))[Activity.SIGN].reminder.days == 0
    assert planned(world, "new", date(2026, 12, 18)).keys() <= {"data-use-agreement"}


@pytest.mark.requirement("R8")
def test_whoever_was_told_that_a_window_moved_is_not_reminded_of_the_new_date_as_well(world: World) -> None:
    """The notice of the move stands for the reminder of that day; the later ones come as ever."""
    at(world, DUE)
    staff = world.agency(Role.CMS_STAFF)
    world.services.cohort_windows.move(2027, "current", "sign-documents", "", "2026-12-18", "A flood", staff)
    assert Activity.SIGN not in planned(world, "current", DUE)
    assert planned(world, "current", date(2026, 12, 11))[Activity.SIGN].reminder.days == 7


@pytest.mark.requirement("R3", "R7")
def test_cms_is_reminded_once_for_all_documents_that_wait_for_it(world: World) -> None:
    """One reminder with a count, to the signatory; none when nothing waits."""
    due = world.year.year.window(Activity.COUNTERSIGN, world.first("current").aco.cohort).due_on

    def for_cms() -> list[Planned]:
        return [one for one in world.services.reminders.plan(due) if not one.reminder.aco_id]

    assert for_cms() == []
    sample = world.first("current")
    world.finish(sample, before_step=4)
    document_type = next(one for one in world.types(sample) if one.step == 4)
    document = world.document(sample, document_type.kind)
    for slot in document_type.slots[:2]:
        document = world.sign(document, slot, sample)
    assert [(one.count, one.roles) for one in for_cms()] == [(1, frozenset({Role.CMS_SIGNATORY}))]

    at(world, due)
    world.services.reminders.remind()
    world.services.notices.write()
    inbox = world.services.notices.inbox(world.agency(Role.CMS_SIGNATORY))
    assert [one.topic for one in inbox.notices] == [Topic.DEADLINE_NEAR]
    assert "wait for CMS to countersign: 1." in " ".join(inbox.notices[0].letter.text.split())


def test_the_data_use_agreement_that_is_executed_runs_until_its_new_date(world: World) -> None:
    """Until then its old end is warned of; afterwards it is quiet for a year."""
    sample = world.first("current")
    ends_on = sample.aco.dua.expires_on
    found = planned(world, "current", ends_on)
    assert (found["data-use-agreement"].topic, found["data-use-agreement"].reminder.days) == (Topic.DUA_EXPIRING, 0)
    assert planned(world, "current", ends_on + timedelta(days=1))["data-use-agreement"].topic is Topic.DUA_EXPIRED
    world.finish(sample)
    assert "data-use-agreement" not in planned(world, "current", ends_on)
    later = sample.aco.dua.extended_to
    assert planned(world, "current", later - timedelta(days=60))["data-use-agreement"].reminder.days == 60


@pytest.mark.requirement("R7")
def test_a_reminder_reaches_whoever_has_to_act_in_words_with_the_day(world: World) -> None:
    """From the plan to the inbox; the archivist and others hear nothing."""
    at(world, DUE)
    assert world.services.reminders.remind() > 0
    world.services.notices.write()
    custodian = holder(world.first("current"), Role.DUA_CUSTODIAN)
    subjects = [one.letter.subject for one in world.services.notices.inbox(custodian).notices]
    assert f"{world.first('current').aco.aco_id}: Read and sign documents, due December 10, 2026" in subjects
    assert world.services.notices.inbox(world.agency(Role.ARCHIVIST)).total == 0


@pytest.mark.requirement("R7")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(0, 24 * 45), min_size=1, max_size=12).map(sorted))
def test_however_often_and_whenever_passes_run_nobody_is_reminded_twice(world: World, hours: list[int]) -> None:
    """At most one reminder for each stage, and at most one for each subject and pass; a second pass adds nothing."""
    given_before: set[object] = set()
    with world.services.database.read() as records:
        given_before |= records.notices.reminded(2027)
    for hour in hours:
        world.clock.now = datetime(2026, 11, 1, 5, tzinfo=UTC) + timedelta(hours=hour)
        plan = world.services.reminders.plan()
        assert not {one.reminder for one in plan} & given_before
        subjects = [(one.reminder.aco_id, one.reminder.subject) for one in plan]
        assert len(subjects) == len(set(subjects))
        assert world.services.reminders.remind() == len(plan)
        assert world.services.reminders.remind() == 0
        given_before |= {one.reminder for one in plan}
        assert all(reminder_day(world.clock()) <= one.reminder.due_on for one in plan if one.reminder.days >= 0)


def test_two_processes_that_plan_at_the_same_time_give_one_reminder(tmp_path: Path) -> None:
    """The record of the reminder decides, in the transaction that queues it."""
    world = build_world(2, database=Database(f"sqlite:///{tmp_path / 'esm.db'}"))
    at(world, DUE)
    desk = world.services.reminders
    plan = desk.plan()
    queue: Callable[[Planned], bool] = desk._queue
    assert all(map(queue, plan))
    assert not any(map(queue, plan))
    with world.services.database.read() as records:
        assert len(records.journal.waiting(1000)) == len(plan)
