"""An editor of Step 1 put in place by CMS: only while nobody of the ACO can do it, in a slot that signs nothing (R11, R22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from browsing import Browser, Site, open_site
from callers import Caller, caller, refused
from packets.audit.log import Act, Entry, Outcome
from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError
from packets.model.calendar import agency_day
from packets.model.contact_rules import fields_of
from packets.model.people import Person, Role
from packets.people.directory import Right
from packets.people.placements import EDITORS, PLACED
from web.demo import holder
from worlds import World, build_world

WHY = "The ACO wrote on its letterhead."
NEWCOMER = "NEW1"


@pytest.fixture
def world() -> World:
    """Step 1 of the current ACO is submitted; somebody new is in the directory."""
    world = build_world(2)
    welcome(world)
    return world


def place_of(world: World) -> tuple[str, int]:
    aco = world.first("current").aco
    return aco.aco_id, aco.performance_year


def welcome(world: World) -> Person:
    """Somebody of the ACO who holds no slot yet."""
    sample = world.first("current")
    model = next(one.person for one in sample.contacts if one.role is Role.CMS_LIAISON)
    person = replace(model, user_id=NEWCOMER, given_name="Nora", family_name="Newcomer", may_sign_electronically=False)
    with world.services.database.write() as records:
        records.people.put(person)
    return person


def leave(world: World, *roles: Role) -> None:
    """Whoever holds these slots has left: their user IDs are inactive."""
    sample = world.first("current")
    for user_id in {one.person.user_id for one in sample.contacts if one.role in roles}:
        world.services.directory.deactivate(user_id, "Left the organization")


def place(world: World, role: str = "cms-liaison", reason: str = WHY, by: str = "", **given: str) -> None:
    desk, with_whom = world.services.placements, {**fields_of(welcome(world)), **given}
    actor = by or world.agency(Role.CMS_STAFF)
    desk.place(*place_of(world), role, with_whom, reason, desk.look_up(*place_of(world)).version, actor)


def codes(act: Callable[[], object], kind: type[PacketsError]) -> set[str]:
    with pytest.raises(kind) as refusal:
        act()
    return {one.code for one in refusal.value.problems}


def told(world: World, act: Act = Act.CONTACT_PLACE) -> list[Entry]:
    with world.services.database.read() as records:
        return [one for one in records.journal.entries() if one.act is act]


@pytest.mark.requirement("R11")
def test_cms_fills_no_slot_while_one_editor_is_left(world: World) -> None:
    """Whichever of the six it is; the refusal names them, and is in the log."""
    leave(world, *EDITORS)
    last = holder(world.first("current"), Role.APPLICATION_CONTACT_PRIMARY)
    world.services.directory.grant(last, Right(active=True))
    left = world.services.placements.look_up(*place_of(world)).active
    assert {one.person.user_id for one in left} == {last}
    assert codes(lambda: place(world), ConflictError) == {"editor-there"}
    assert [(one.outcome, one.details["reasons"]) for one in told(world)] == [(Outcome.REFUSED, ["editor-there"])]


@pytest.mark.requirement("R11", "R22", "R35")
def test_the_one_who_was_put_in_place_edits_step_one_and_the_aco_confirms_it_anew(world: World) -> None:
    """On record at once with who, why and for whom; whoever held the slot is out; the confirmation is open until they submit."""
    leave(world, *EDITORS)
    assert [one.aco_id for one in world.services.placements.unattended(2027)] == [place_of(world)[0]]
    place(world)
    found = world.services.placements.look_up(*place_of(world))
    assert (found.unattended, [one.person.user_id for one in found.active]) == (False, [NEWCOMER])
    assert found.newest is not None
    assert (found.newest.role, found.newest.reason, found.newest.holder) == (Role.CMS_LIAISON, WHY, NEWCOMER)
    assert world.services.placements.unattended(2027) == []
    entry = told(world)[-1]
    assert (entry.outcome, entry.details["holder"]) == (Outcome.DONE, NEWCOMER)
    sheet = world.services.contacts.look_up(*place_of(world))
    assert not sheet.step_one.contacts_submitted
    assert sheet.line(Role.CMS_LIAISON).draft is None
    line = sheet.line(Role.PUBLIC_CONTACT)
    assert line.person is not None
    given = {**fields_of(line.person), "phone": "410-555-0199"}
    world.services.contacts.save(*place_of(world), "public-contact", given, line.version, NEWCOMER)
    assert codes(lambda: place(world), ConflictError) == {"editor-there"}


def test_the_list_says_of_every_aco_what_its_own_page_says(world: World) -> None:
    """On the last day before recertification somebody can edit, on the day after it nobody; a deactivated user ID cannot."""
    today, sample = agency_day(world.clock()), world.first("current")
    people = sorted({one.person.user_id for one in sample.contacts if one.role in EDITORS})
    for kept, days, expected in (
        (people[:1], 0, True),
        (people[:1], -1, False),
        (people[1:2], 30, True),
        ([], 0, False),
    ):
        for user_id in people:
            due = today + timedelta(days=days if user_id in kept else -1)
            world.services.directory.recertify(user_id, due.isoformat())
        active = {
            one.aco.aco_id: world.services.placements.look_up(one.aco.aco_id, 2027).active for one in world.year.acos
        }
        listed = [one.aco_id for one in world.services.placements.unattended(2027)]
        assert listed == sorted(aco_id for aco_id, found in active.items() if not found)
        assert (sample.aco.aco_id not in listed) is expected


@pytest.mark.requirement("R13", "R18")
def test_cms_puts_nobody_where_they_would_sign(world: World) -> None:
    """Three slots only; none of them is a designee's."""
    leave(world, *EDITORS)
    for role in ("aco-executive", "authorized-to-sign-primary", "dua-custodian", "public-contact", "nothing"):
        assert codes(lambda role=role: place(world, role), InputError) == {"slot-not-placed"}  # type: ignore[misc]
    assert {one.role for one in PLACED} == {
        Role.CMS_LIAISON,
        Role.APPLICATION_CONTACT_PRIMARY,
        Role.APPLICATION_CONTACT_SECONDARY,
    }
    assert not any(one.designee for one in PLACED)


@pytest.mark.requirement("R15", "R22", "R27")
def test_everything_that_is_wrong_with_a_placement_is_told_at_once(world: World) -> None:
    """Contact, user ID and reason; then nothing is on record and nobody is told."""
    leave(world, *EDITORS)
    wrong = {"email": "nora@gmail.com", "phone": "1", "user_id": ""}
    found = codes(lambda: place(world, reason=" ", **wrong), InputError)
    assert {"contact-field-missing", "reason-missing"} < found
    assert len(found) == 4
    assert codes(lambda: place(world, user_id="ZZZZ"), InputError) == {"user-id-unknown"}
    assert codes(lambda: place(world, user_id=holder(world.first("current"), Role.ACO_EXECUTIVE)), InputError) == {
        "user-id-inactive"
    }
    staff = world.agency(Role.CMS_STAFF)
    assert codes(lambda: place(world, user_id=staff), InputError) == {"user-id-of-cms"}
    assert world.services.placements.look_up(*place_of(world)).newest is None
    with world.services.database.read() as records:
        assert "contact-placed" not in {one.topic for one in records.journal.waiting(1000)}


def test_only_staff_put_somebody_in_place_and_against_what_they_saw(world: World) -> None:
    """Not the signatory, not the newcomer themselves; a slot that was changed meanwhile is looked at again."""
    leave(world, *EDITORS)
    for one in (world.agency(Role.CMS_SIGNATORY), NEWCOMER):
        assert codes(lambda one=one: place(world, by=one), ForbiddenError) == {"placement-not-permitted"}  # type: ignore[misc]
    desk, staff = world.services.placements, world.agency(Role.CMS_STAFF)
    given = fields_of(welcome(world))
    assert codes(lambda: desk.place(*place_of(world), "cms-liaison", given, WHY, "0" * 64, staff), ConflictError) == {
        "contacts-changed"
    }


@pytest.mark.requirement("R22")
def test_those_who_are_left_are_told_without_names(world: World) -> None:
    """The holders of the editing slots, the new one among them, and Requestor and Custodian."""
    leave(world, *EDITORS)
    place(world)
    world.services.notices.write()
    notices = world.services.notices.inbox(NEWCOMER).notices
    assert [one.topic for one in notices] == ["contact-placed"]
    assert "CMS Liaison" in notices[0].letter.text
    assert "Newcomer" not in notices[0].letter.text
    assert WHY not in notices[0].letter.text
    custodian = holder(world.first("current"), Role.DUA_CUSTODIAN)
    assert "contact-placed" in {one.topic for one in world.services.notices.inbox(custodian).notices}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, for everybody who edits leaves."""
    made = open_site(tmp_path_factory.mktemp("placed"), assembled=False)
    welcome(made.world)
    yield made
    made.world.services.database.close()


@pytest.fixture(scope="module")
def staff(site: Site) -> Browser:
    return site.enter(site.world.agency(Role.CMS_STAFF))


@pytest.mark.requirement("R11", "R26")
def test_pages_and_api_put_an_editor_in_place(site: Site, staff: Browser) -> None:
    """Offered when it is needed; what was typed stays in the form; told to the ACO with its reason; the API does the same."""
    world, aco = site.world, site.current.aco
    packet, calls = f"/packets/{aco.aco_id}/2027", caller(site, world.agency(Role.CMS_STAFF))
    assert f"{packet}/editor" not in staff.get(f"{packet}/contacts").text
    assert "The ACO can edit Step 1 itself" in staff.get(f"{packet}/editor").text
    assert calls.get("/years/2027/unattended").get_json() == {"items": [], "next": None}
    leave(world, *EDITORS)
    assert f'href="{packet}/editor"' in staff.get(f"{packet}/contacts").text
    assert f'href="{packet}/editor"' in staff.get("/years/2027/unattended").text
    assert [one["aco_id"] for one in calls.get("/years/2027/unattended").get_json()["items"]] == [aco.aco_id]
    given = {**fields_of(welcome(world)), "role": "cms-liaison"}
    staff.get(f"{packet}/editor")
    again = staff.post(f"{packet}/editor", {**given, "phone": "<b>", "reason": ""})
    assert again.status_code == 422
    for part in ("phone-unusable", "reason-missing", 'value="&lt;b&gt;"', 'href="#phone"'):
        assert part in again.text

    api_puts_somebody_in_place(calls, packet, given)
    page = staff.get(f"{packet}/contacts").text
    assert (WHY in page, NEWCOMER in page, f"{packet}/editor" in page) == (True, True, False)
    assert WHY in site.enter(NEWCOMER).get(f"{packet}/contacts").text


def api_puts_somebody_in_place(calls: Caller, packet: str, given: dict[str, str]) -> None:
    """Against what was seen, once for a key; the page's form would be refused from then on."""
    seen = calls.get(f"{packet}/editors")
    assert (seen.get_json()["unattended"], seen.get_json()["slots"]) == (True, [str(one.role) for one in PLACED])
    wanted, tag = {**given, "reason": WHY}, seen.headers["ETag"]
    refused(calls.make(f"{packet}/editors", wanted, If_Match='"other"'), 412, "seen-another")
    refused(calls.make(f"{packet}/editors", {**wanted, "user_id": ""}, If_Match=tag), 422, "contact-field-missing")
    done = calls.make(f"{packet}/editors", wanted, If_Match=tag)
    assert done.status_code == 201, done.text
    assert (done.get_json()["unattended"], done.get_json()["newest"]["reason"]) == (False, WHY)
    refused(calls.make(f"{packet}/editors", wanted, If_Match=done.headers["ETag"]), 409, "editor-there")


@pytest.mark.requirement("R11")
def test_a_page_puts_an_editor_in_place(site: Site, staff: Browser) -> None:
    """When everybody else has left, the one whom the API has put in place among them."""
    packet = f"/packets/{site.current.aco.aco_id}/2027"
    person = replace(welcome(site.world), user_id="NEW2", given_name="Nils")
    with site.world.services.database.write() as records:
        records.people.put(person)
    leave(site.world, *EDITORS)
    site.world.services.directory.deactivate(NEWCOMER, "Left again")
    staff.get(f"{packet}/editor")
    given = {**fields_of(person), "role": "application-contact-primary", "reason": "Again <i>"}
    done = staff.post(f"{packet}/editor", given)
    assert (done.status_code, done.location) == (303, f"{packet}/contacts"), done.text
    assert "Again &lt;i&gt;" in staff.get(f"{packet}/contacts").text
    with site.world.services.database.read() as records:
        held = {one.role: one.person for one in records.acos.contacts(site.current.aco.aco_id, 2027)}
    assert fields_of(held[Role.APPLICATION_CONTACT_PRIMARY]) == fields_of(person)
