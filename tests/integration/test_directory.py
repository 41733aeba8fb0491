"""The directory: people are added, granted and revoked; what changes counts at the next request, and the log tells of all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from browsing import Site, open_site
from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from packets.model.people import Person, Role
from packets.people.directory import Right
from signing.options import signing_options
from signing.policy import Refusal
from worlds import PASSWORD, World, build_world


@pytest.fixture
def world() -> World:
    return build_world(2)


def newcomer(world: World, user_id: str = "NEW1") -> Person:
    return replace(world.year.agency[0], user_id=user_id, given_name="Ada", cms_roles=frozenset({Role.ARCHIVIST}))


def told(world: World, user_id: str) -> list[tuple[Act, Outcome]]:
    with world.services.database.read() as records:
        return [(one.act, one.outcome) for one in records.journal.entries(user_id)]


@pytest.mark.requirement("R15", "R21")
def test_a_person_is_added_granted_revoked_and_deactivated_and_each_is_an_entry(world: World) -> None:
    """The directory has what was said last; nothing is forgotten by the log."""
    desk = world.services.directory
    desk.add(newcomer(world))
    assert desk.grant("NEW1", Right(frozenset({Role.CMS_STAFF}), signs=True)).may_sign_electronically
    assert desk.revoke("NEW1", Right(frozenset({Role.ARCHIVIST}), signs=True)).cms_roles == {Role.CMS_STAFF}
    assert not desk.deactivate("NEW1", "Left").account_active
    assert desk.grant("NEW1", Right(active=True)).account_active
    assert desk.get("NEW1").cms_roles == {Role.CMS_STAFF}
    assert told(world, "NEW1") == [
        (act, Outcome.DONE)
        for act in (Act.USER_ADD, Act.USER_GRANT, Act.USER_REVOKE, Act.USER_DEACTIVATE, Act.USER_GRANT)
    ]


def test_refusals_name_everything_and_are_told(world: World) -> None:
    """A known user ID, fields that cannot be, nobody, nothing to grant, no reason, no permission."""
    desk = world.services.directory
    wrong = replace(newcomer(world, "BAD?5"), given_name=" ", title="x" * 301, email="=1")
    with pytest.raises(InputError) as refusal:
        desk.add(replace(wrong, cms_roles=frozenset({Role.ACO_EXECUTIVE})))
    codes = {one.code for one in refusal.value.problems}
    assert codes == {"user-id-invalid", "field-missing", "field-too-long", "cell-formula", "role-unknown"}
    desk.add(newcomer(world))
    with pytest.raises(ConflictError, match="user-known"):
        desk.add(newcomer(world))
    with pytest.raises(NotFoundError, match="user-unknown"):
        desk.grant("NOBO", Right(signs=True))
    with pytest.raises(InputError, match="right-missing"):
        desk.revoke("NEW1", Right())
    with pytest.raises(InputError, match="reason-missing"):
        desk.deactivate("NEW1", " ")
    with pytest.raises(ForbiddenError, match="directory-not-permitted"):
        desk.grant("NEW1", Right(signs=True), world.agency(Role.ARCHIVIST))
    assert [one[1] for one in told(world, "NEW1")] == [Outcome.DONE, *[Outcome.REFUSED] * 4]


@pytest.mark.requirement("R15", "E4")
def test_a_revoked_entitlement_counts_for_the_next_question(world: World) -> None:
    """The policy permits, then refuses, for the same person and document."""
    sample = world.first("current")
    document = world.document(sample, "provider-supplier-list")
    executive = next(one.person.user_id for one in sample.contacts if one.role is Role.ACO_EXECUTIVE)

    def refused() -> bool:
        with world.services.database.read() as records:
            options = signing_options(records, world.services.catalog, executive, document, world.clock())
        return all(isinstance(one.decision, Refusal) for one in options)

    assert not refused()
    world.services.directory.revoke(executive, Right(signs=True))
    assert refused()
    world.services.directory.grant(executive, Right(signs=True))
    assert not refused()
    world.services.directory.deactivate(executive, "Left")
    assert refused()


@pytest.mark.requirement("R15")
def test_a_deactivated_user_is_out_at_the_next_request(tmp_path: Path) -> None:
    """The open session shows the sign-in page, also after the user ID is active again; the password works then."""
    site: Site = open_site(tmp_path)
    staff = site.world.agency(Role.CMS_STAFF)
    browser = site.enter(staff)
    assert browser.get("/").status_code == 200
    site.world.services.directory.deactivate(staff, "Left")
    assert browser.get("/").status_code == 303
    site.world.services.directory.grant(staff, Right(active=True))
    assert browser.get("/").status_code == 303
    assert site.browser().sign_in(staff).status_code == 303


def test_a_role_that_was_revoked_is_gone_at_the_next_request(tmp_path: Path) -> None:
    """The archivist's archive is closed while they are signed in."""
    site = open_site(tmp_path)
    archivist = site.world.agency(Role.ARCHIVIST)
    browser = site.enter(archivist)
    assert browser.get("/records").status_code == 200
    site.world.services.directory.revoke(archivist, Right(frozenset({Role.ARCHIVIST})))
    assert browser.get("/archive").status_code == 403


def test_a_password_is_long_ends_sessions_and_is_told_without_being_told(tmp_path: Path) -> None:
    """The log says that it was set and by whom, never what it is."""
    site = open_site(tmp_path)
    staff, accounts = site.world.agency(Role.CMS_STAFF), site.world.services.accounts
    browser = site.enter(staff)
    for weak in ("short", "a" * 40, "x" * 300):
        with pytest.raises(InputError, match="password-weak"):
            accounts.give_password(staff, weak, "service")
    assert browser.get("/").status_code == 200
    accounts.give_password(staff, "correct horse battery", "service")
    assert browser.get("/").status_code == 303
    with pytest.raises(ForbiddenError):
        accounts.check_password(staff, PASSWORD)
    accounts.check_password(staff, "correct horse battery")
    with site.world.services.database.read() as records:
        entry = next(one for one in records.journal.entries(staff) if one.act is Act.ACCOUNT_PASSWORD)
    assert (entry.actor, dict(entry.details)) == ("service", {})
