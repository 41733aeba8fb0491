"""A data use agreement closed by CMS: what the ACO certified is recorded, and nothing is done under the agreement any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from browsing import Browser, Site, open_site
from packets.audit.log import Act, Outcome
from packets.documents.voiding import VoidRequest
from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError
from packets.model.agreements import DataOutcome
from packets.model.calendar import Activity
from packets.model.people import Role
from packets.notices.topics import Topic
from packets.sample.year import SampleAco, sample_year
from packets.years.closing import ClosingRequest
from packets.years.enrollment import Enrollment
from web.demo import holder
from worlds import START, World, build_world

KIND = "data-use-agreement"
LEFT = ClosingRequest("destroyed", START.date().isoformat(), "The ACO leaves the program.")


@pytest.fixture
def world() -> World:
    """Contacts are confirmed and the extension is asked for; nothing is signed."""
    return build_world(2)


def place(world: World) -> tuple[str, int]:
    aco = world.first("current").aco
    return aco.aco_id, aco.performance_year


def close(world: World, request: ClosingRequest = LEFT, by: str = "") -> None:
    world.services.closing.close(*place(world), request, by or world.agency(Role.CMS_STAFF))


def codes(act: Callable[[], object], kind: type[PacketsError]) -> list[str]:
    with pytest.raises(kind) as refusal:
        act()
    return [one.code for one in refusal.value.problems]


def sign_first(world: World, sample: SampleAco, kind: str) -> None:
    world.sign(world.document(sample, kind), world.services.catalog[kind].slots[0], sample)


@pytest.mark.requirement("R74")
def test_what_is_closed_is_told_and_allows_nothing_more(world: World) -> None:
    """Log and standing; no extension, confirmation, signature or data; CMS is kept from nothing."""
    sample, desk = world.first("current"), world.services.agreements
    world.finish(sample, before_step=4)
    void_what_is_half_signed(world, sample)
    assert place(world)[0] in to_be_signed(world)
    close(world)
    assert place(world)[0] not in to_be_signed(world)
    view = desk.look_up(*place(world))
    assert view.standing.closure is not None
    assert (view.standing.closure.outcome, view.problem and view.problem.code) == (DataOutcome.DESTROYED, "dua-closed")
    with world.services.database.read() as records:
        entry = [one for one in records.journal.entries() if one.act is Act.DUA_CLOSE][-1]
    assert (entry.outcome, entry.details["number"]) == (Outcome.DONE, view.standing.number)
    custodian, requestor = (holder(sample, one) for one in (Role.DUA_CUSTODIAN, Role.DUA_REQUESTOR))
    assert codes(lambda: desk.extend(*place(world), "2027-12-31", requestor), InputError) == ["dua-closed"]
    confirm = lambda: desk.confirm_contacts(*place(world), view.contacts_digest, custodian)  # noqa: E731
    assert codes(confirm, ConflictError) == ["dua-closed"]
    assert "dua-closed" in codes(lambda: sign_first(world, sample, KIND), PacketsError)
    executive = holder(sample, Role.ACO_EXECUTIVE)
    take = (Act.LIST_DOWNLOAD, *place(world))
    taken = lambda: desk.refuse_expired(*take, executive, frozenset({Role.ACO_EXECUTIVE}))  # noqa: E731
    assert codes(taken, ForbiddenError) == ["dua-closed"]
    desk.refuse_expired(*take, world.agency(Role.CMS_STAFF), frozenset({Role.CMS_STAFF}))
    assert codes(lambda: close(world), ConflictError) == ["dua-closed"]
    assert world.services.checker.run().problems == []


def to_be_signed(world: World) -> set[str]:
    """Which ACOs would be reminded to sign, seven days before it is due."""
    opened = world.year.year
    day = opened.window(Activity.SIGN, world.first("current").aco.cohort).due_on - timedelta(days=7)
    planned = world.services.reminders.plan(day)
    return {one.reminder.aco_id for one in planned if one.reminder.subject == Activity.SIGN}


def void_what_is_half_signed(world: World, sample: SampleAco) -> None:
    """Nobody's signature is left hanging: until it is countersigned or voided, the agreement is not closed."""
    sign_first(world, sample, KIND)
    assert codes(lambda: close(world), ConflictError) == ["dua-half-signed"]
    half = world.document(sample, KIND)
    assert [one.document_id for one in world.services.closing.half_signed(*place(world))] == [half.document_id]
    staff = world.agency(Role.CMS_STAFF)
    world.services.voiding.void(VoidRequest(half.document_id, "It leaves.", staff, half.head_digest))


def test_everything_that_is_wrong_with_a_closing_is_told_at_once(world: World) -> None:
    """Then nothing is closed; only CMS staff close."""
    tomorrow = (START.date() + timedelta(days=1)).isoformat()
    for day, code in (("soon", "day-unusable"), (tomorrow, "day-to-come"), ("0026-11-16", "day-too-early")):
        wrong = ClosingRequest("lost", day, " ")
        assert codes(lambda wrong=wrong: close(world, wrong), InputError) == [  # type: ignore[misc]
            "outcome-missing",
            code,
            "reason-missing",
        ]
    for one in (world.agency(Role.CMS_SIGNATORY), holder(world.first("current"), Role.DUA_REQUESTOR)):
        assert codes(lambda one=one: close(world, by=one), ForbiddenError) == ["closing-not-permitted"]  # type: ignore[misc]
    assert world.services.agreements.look_up(*place(world)).standing.closure is None


def test_it_is_closed_in_every_year_that_has_its_number(world: World) -> None:
    """In the next year too, when CMS enrolls the ACO with the same one; another number is another agreement."""
    sample, staff = world.first("current"), world.agency(Role.CMS_STAFF)
    close(world)
    following = sample_year(START.year + 2, 2, now=START).year
    next_year = following.year
    world.services.enrollment.open_year(following, staff)
    aco = replace(sample.aco, performance_year=next_year)
    world.services.enrollment.enroll(Enrollment(aco, sample.contacts, {}), staff)
    assert world.services.agreements.look_up(aco.aco_id, next_year).standing.closure is not None
    with world.services.database.read() as records:
        assert records.agreements.closure(aco.aco_id, "another") is None


def test_the_aco_is_told_and_not_reminded_of_the_end(world: World) -> None:
    """Requestor, Custodian, Executive and Liaison; the reminders of other agreements go on."""
    before = reminded(world)
    close(world)
    world.services.notices.write()
    for role in (Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN, Role.ACO_EXECUTIVE, Role.CMS_LIAISON):
        topics = {one.topic for one in world.services.notices.inbox(holder(world.first("current"), role)).notices}
        assert "dua-closed" in topics, role
    assert reminded(world) == before - {world.first("current").aco.aco_id} != before


def reminded(world: World) -> set[str]:
    """Which ACOs would be reminded of the end of their agreement, ten days before the first one ends."""
    day = min(one.aco.dua.expires_on for one in world.year.acos) - timedelta(days=10)
    ends = {Topic.DUA_EXPIRING, Topic.DUA_EXPIRED}
    return {one.reminder.aco_id for one in world.services.reminders.plan(day) if one.topic in ends}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, for its agreements are closed."""
    made = open_site(tmp_path_factory.mktemp("closing"), assembled=False)
    yield made
    made.world.services.database.close()


@pytest.fixture(scope="module")
def staff(site: Site) -> Browser:
    return site.enter(site.world.agency(Role.CMS_STAFF))


@pytest.mark.requirement("R74")
def test_a_page_closes_an_agreement(site: Site, staff: Browser) -> None:
    """What was typed stays in a refused form; closed, everybody of the ACO reads why, and nothing is offered."""
    packet = f"/packets/{site.current.aco.aco_id}/2027"
    assert f'href="{packet}/agreement/closing"' in staff.get(f"{packet}/agreement").text
    staff.get(f"{packet}/agreement/closing")
    wrong = staff.post(f"{packet}/agreement/closing", {"reason": "They leave <i>", "certified_on": "2099-01-01"})
    assert wrong.status_code == 422
    for part in ("outcome-missing", "day-to-come", 'value="They leave &lt;i&gt;"', 'href="#certified_on"'):
        assert part in wrong.text
    given = {"reason": "They leave <i>", "certified_on": LEFT.certified_on, "outcome": "returned"}
    done = staff.post(f"{packet}/agreement/closing", given)
    assert done.status_code == 303, done.text
    assert "The agreement is closed" in staff.get(done.location).text
    page = site.enter(site.holder(Role.DUA_REQUESTOR)).get(f"{packet}/agreement").text
    for part in ("They leave &lt;i&gt;", "All data were returned to CMS", "Closed"):
        assert part in page
    assert "<form" not in page.split("<main", 1)[1].split("</main>")[0]
    assert "was closed on November 16, 2026" in site.enter(site.holder(Role.ACO_EXECUTIVE)).get(packet).text
    assert "Closed" in staff.get("/agreements/2027").text
    assert "closed before" in staff.get(f"{packet}/agreement/closing").text
