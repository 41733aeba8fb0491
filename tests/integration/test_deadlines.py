"""More time for one ACO: granted by CMS staff with a reason, never taken back, and it counts at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from packets.audit.log import Act, Outcome
from packets.errors import ForbiddenError, InputError, NotFoundError
from packets.model.calendar import Activity
from packets.model.documents import Status
from packets.model.people import Role
from signing.policy import Refusal
from web.demo import choose_signer
from worlds import World, build_world

KIND = "provider-supplier-list"
LATER = "2026-12-31"


@pytest.fixture
def world() -> World:
    return build_world(2)


def extend(
    world: World, *, activity: str = "sign-documents", due_on: str = LATER, reason: str = "A flood", by: str = ""
) -> None:
    sample = world.first("current")
    staff = by or world.agency(Role.CMS_STAFF)
    world.services.deadlines.extend(sample.aco.aco_id, sample.aco.performance_year, activity, due_on, reason, staff)


def status(world: World) -> Status:
    sample = world.first("current")
    staff = world.agency(Role.CMS_STAFF)
    view = world.services.reading.packet(staff, sample.aco.aco_id, sample.aco.performance_year)
    return view.steps[0].status


@pytest.mark.requirement("R8", "E19")
def test_after_the_due_date_an_extension_opens_signing_again() -> None:
    """Past due, then granted: the packet says ready, and the signature is taken."""
    world = build_world(2)
    sample = world.first("current")
    document = world.document(sample, KIND)
    world.clock.now = world.year.year.window(Activity.SIGN, sample.aco.cohort).closes_at
    assert status(world) is Status.PAST_DUE

    extend(world)

    assert status(world) is Status.READY
    slot = world.services.catalog[KIND].slots[0]
    assert world.sign(document, slot, sample).executed_at is not None


@pytest.mark.requirement("R8")
def test_an_extension_ends_at_midnight_of_its_day_and_is_the_acos_alone(world: World) -> None:
    """One second later it is past due again; another ACO of the cohort has the old due date."""
    extend(world)
    with world.services.database.read() as records:
        mine = records.years.for_aco(world.first("current").aco)
        cohort = records.years.get(world.year.year.year)
    assert mine is not None
    assert cohort is not None
    window = mine.window(Activity.SIGN, world.first("current").aco.cohort)
    assert window.due_on == date(2026, 12, 31)
    assert cohort.window(Activity.SIGN, window.cohort).due_on < window.due_on

    world.document(world.first("current"), KIND)
    world.clock.now = window.closes_at - timedelta(seconds=1)
    assert status(world) is Status.READY
    world.clock.advance(timedelta(seconds=1))
    assert status(world) is Status.PAST_DUE


@pytest.mark.requirement("R8")
def test_other_activities_keep_their_due_dates(world: World) -> None:
    """More time to sign is no more time to upload corrections."""
    before = world.services.deadlines.look_up(world.first("current").aco.aco_id, world.year.year.year)
    extend(world)
    after = world.services.deadlines.look_up(world.first("current").aco.aco_id, world.year.year.year)

    moved = [one.activity for one, other in zip(before.windows, after.windows, strict=True) if one != other]
    assert moved == [Activity.SIGN]
    assert [one.reason for one in after.extensions] == ["A flood"]


@pytest.mark.requirement("R8")
def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_recorded(world: World) -> None:
    """An activity that does not exist, no day, no reason."""
    with pytest.raises(InputError) as refusal:
        extend(world, activity="dance", due_on="soon", reason=" ")

    assert [one.code for one in refusal.value.problems] == ["activity-unknown", "day-unusable", "reason-missing"]
    found = world.services.deadlines.look_up(world.first("current").aco.aco_id, world.year.year.year)
    assert found.extensions == ()


@pytest.mark.parametrize(
    ("due_on", "code"),
    [
        ("2026-12-01", "day-not-later"),
        ("2025-12-31", "day-past"),
        ("2036-12-31", "day-too-late"),
        ("2026-02-30", "day-unusable"),
    ],
)
def test_a_day_must_be_later_and_near(world: World, due_on: str, code: str) -> None:
    """Time is never shortened, and a slip of the year is found."""
    with pytest.raises(InputError) as refusal:
        extend(world, due_on=due_on)
    assert code in {one.code for one in refusal.value.problems}


def test_a_second_extension_moves_on_from_the_first(world: World) -> None:
    """The same day again is refused; both stay on record."""
    extend(world)
    with pytest.raises(InputError, match="day-not-later"):
        extend(world)
    extend(world, due_on="2027-01-15", reason="Another flood")

    found = world.services.deadlines.look_up(world.first("current").aco.aco_id, world.year.year.year)
    assert [one.reason for one in found.extensions] == ["A flood", "Another flood"]


@pytest.mark.requirement("R8")
def test_only_cms_staff_grant_more_time_and_the_log_tells_of_every_try(world: World) -> None:
    """The ACO's own people, the CMS signatory and unknown users are refused; each try is an entry."""
    executive = choose_signer(world.services.catalog[KIND].slots[0], world.first("current"), world.year, 0)[1]
    for user_id in (executive, world.agency(Role.CMS_SIGNATORY), "NOBO"):
        with pytest.raises(ForbiddenError):
            extend(world, by=user_id)
    extend(world)

    with world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.act is Act.WINDOW_EXTEND]
    assert [one.outcome for one in told] == [Outcome.REFUSED] * 3 + [Outcome.DONE]
    assert told[-1].details["reason"] == "A flood"


def test_an_aco_that_is_not_in_the_year_is_not_found(world: World) -> None:
    """No window, no extension."""
    with pytest.raises(NotFoundError):
        world.services.deadlines.extend("A0000", 2027, "sign-documents", LATER, "-", world.agency(Role.CMS_STAFF))


@pytest.mark.requirement("R8")
def test_the_policy_sees_the_extension(world: World) -> None:
    """What is asked before the ceremony agrees with the ceremony."""
    sample = world.first("current")
    document = world.document(sample, KIND)
    world.clock.now = world.year.year.window(Activity.SIGN, sample.aco.cohort).closes_at
    slot = world.services.catalog[KIND].slots[0]
    role, user_id = choose_signer(slot, sample, world.year, document.step)

    def decision() -> object:
        from signing.options import signing_options

        with world.services.database.read() as records:
            options = signing_options(records, world.services.catalog, user_id, document, world.clock())
        return next(one.decision for one in options if one.role is role)

    assert isinstance(decision(), Refusal)
    extend(world)
    assert not isinstance(decision(), Refusal)
