"""The window of a whole cohort is moved by CMS staff, with a reason; what was signed and who has an extension stay."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from packets.audit.log import Act, Outcome
from packets.errors import ForbiddenError, InputError, NotFoundError
from packets.model.aco import Cohort
from packets.model.calendar import Activity, Window
from packets.model.documents import Status
from packets.model.people import Role
from worlds import World, build_world

KIND = "provider-supplier-list"
YEAR = 2027


pytestmark = pytest.mark.usefixtures("every_database")


@pytest.fixture
def world() -> World:
    return build_world(2)


def move(
    world: World, *, begins: str = "", due: str = "", reason: str = "A flood", by: str = "", **named: str
) -> Window:
    place = {"cohort": "current", "activity": "sign-documents"} | named
    staff = by or world.agency(Role.CMS_STAFF)
    return world.services.cohort_windows.move(YEAR, place["cohort"], place["activity"], begins, due, reason, staff)


def status(world: World, cohort: str = "current") -> Status:
    sample = world.first(cohort)
    return world.services.reading.packet(world.agency(Role.CMS_STAFF), sample.aco.aco_id, YEAR).steps[0].status


def window(world: World, cohort: Cohort = Cohort.CURRENT) -> Window:
    return world.services.cohort_windows.look_up(YEAR)[0].window(Activity.SIGN, cohort)


@pytest.mark.requirement("R7", "R8", "E19")
def test_a_later_due_date_opens_signing_again_for_the_cohort_and_not_for_the_other(world: World) -> None:
    """Past due before, ready after; the other cohort's window is untouched."""
    world.document(world.first("current"), KIND)
    world.document(world.first("new"), KIND)
    other = window(world, Cohort.NEW)
    world.clock.now = max(window(world).closes_at, other.closes_at)
    assert (status(world), status(world, "new")) == (Status.PAST_DUE, Status.PAST_DUE)

    assert move(world, due="2026-12-31").due_on == date(2026, 12, 31)

    assert (status(world), status(world, "new")) == (Status.READY, Status.PAST_DUE)
    assert window(world, Cohort.NEW) == other


@pytest.mark.requirement("R8")
def test_an_earlier_due_date_ends_signing_and_changes_nothing_that_was_signed(world: World) -> None:
    """The signed document stays executed; the others are past due from midnight of the new day."""
    sample = world.first("current")
    signed = world.finish(sample, before_step=3)[0]
    world.document(world.first("new"), KIND)
    move(world, due="2026-11-16", cohort="new")
    move(world, due="2026-11-16")
    assert status(world, "new") is Status.READY
    world.clock.now = datetime(2026, 11, 17, 5, 0, tzinfo=UTC)
    assert status(world, "new") is Status.PAST_DUE
    assert status(world) is Status.EXECUTED
    assert world.document(sample, KIND) == signed


@pytest.mark.requirement("R8")
def test_an_extension_and_a_moved_window_stay_two_things(world: World) -> None:
    """The later of the two counts for the ACO; moving the cohort's window takes no extension away."""
    sample = world.first("current")
    staff = world.agency(Role.CMS_STAFF)
    world.services.deadlines.extend(sample.aco.aco_id, YEAR, "sign-documents", "2026-12-28", "Illness", staff)
    move(world, due="2026-12-15")

    def due() -> date:
        found = world.services.deadlines.look_up(sample.aco.aco_id, YEAR)
        return next(one.due_on for one in found.windows if one.activity is Activity.SIGN)

    assert due() == date(2026, 12, 28)
    move(world, due="2027-01-04")
    assert due() == date(2027, 1, 4)
    move(world, due="2026-12-15")
    assert due() == date(2026, 12, 28)


@pytest.mark.parametrize(
    ("begins", "due", "reason", "codes"),
    [
        ("", "2026-11-15", "-", {"day-past"}),
        ("2026-12-20", "", "-", {"window-crossed"}),
        ("", "", "-", {"window-unchanged"}),
        ("soon", "later", " ", {"day-unusable", "reason-missing"}),
        ("", "2036-12-04", "x" * 501, {"day-too-far", "reason-too-long"}),
    ],
)
def test_everything_that_is_wrong_is_told_at_once_and_the_window_stays(
    world: World, begins: str, due: str, reason: str, codes: set[str]
) -> None:
    """A due date moves to no day that is over; a reason is necessary; slips of the year are found."""
    before = window(world)
    with pytest.raises(InputError) as refusal:
        move(world, begins=begins, due=due, reason=reason)
    assert {one.code for one in refusal.value.problems} == codes
    assert window(world) == before


def test_what_is_not_there_is_refused(world: World) -> None:
    """No such cohort or activity, both told; no such year."""
    with pytest.raises(InputError) as refusal:
        move(world, cohort="old", activity="dance")
    assert {one.code for one in refusal.value.problems} == {"cohort-invalid", "activity-unknown"}
    with pytest.raises(NotFoundError, match="year-unknown"):
        world.services.cohort_windows.move(2030, "new", "sign-documents", "", "2029-12-01", "-", "ABCD")


def test_a_due_date_that_is_over_may_still_move_later_but_not_earlier(world: World) -> None:
    """After the window: nearer days that are over as well are refused."""
    world.clock.now = window(world).closes_at + timedelta(days=10)
    with pytest.raises(InputError, match="day-past"):
        move(world, due="2026-12-01")
    assert move(world, due="2026-12-29").due_on == date(2026, 12, 29)


@pytest.mark.requirement("R8")
def test_only_cms_staff_move_windows_and_the_page_has_every_move_with_its_reason(world: World) -> None:
    """The signatory, the ACO and unknown people are refused; every try is in the log; moves are told newest first."""
    executive = next(one.person.user_id for one in world.first("current").contacts)
    for user_id in (world.agency(Role.CMS_SIGNATORY), executive, "NOBO"):
        with pytest.raises(ForbiddenError, match="window-not-permitted"):
            move(world, due="2026-12-31", by=user_id)
    move(world, due="2026-12-31", reason="First")
    move(world, due="2027-01-05", reason="Second")

    _, moves = world.services.cohort_windows.look_up(YEAR)
    assert [one.reason for one in moves] == ["Second", "First"]
    assert (moves[0].before.due_on, moves[0].window.due_on) == (date(2026, 12, 31), date(2027, 1, 5))
    assert moves[0].moved_by == world.agency(Role.CMS_STAFF)
    with world.services.database.read() as records:
        told = [one.outcome for one in records.journal.entries() if one.act is Act.WINDOW_MOVE]
    assert told == [Outcome.REFUSED] * 3 + [Outcome.DONE] * 2


def test_the_acos_that_have_more_time_are_told(world: World) -> None:
    """One message for each ACO of the cohort whose due date is later now; none when it moves earlier."""
    from packets.store.tables import outbox

    def queued() -> list[tuple[str, str]]:
        with world.services.database._engine.connect() as connection:
            rows = connection.execute(outbox.select().order_by(outbox.c.message_id)).all()
        return [(row.topic, row.payload["aco_id"]) for row in rows]

    move(world, due="2026-12-31")
    told = [("window-extended", world.first("current").aco.aco_id)]
    assert queued() == told
    move(world, due="2026-12-20")
    assert queued() == told
