"""Step 4 before its signatures: contacts confirmed once more, extension asked for; and what an expired agreement blocks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError
from packets.model.people import Role
from packets.sample.year import SampleAco
from packets.years.enrollment import Enrollment
from web.demo import holder
from worlds import World, build_world

KIND = "data-use-agreement"
END = "2027-12-31"


@pytest.fixture
def world() -> World:
    """Step 1 is submitted; nothing of Step 4 is done."""
    return build_world(2, agreement=False)


def place(sample: SampleAco) -> tuple[str, int]:
    return sample.aco.aco_id, sample.aco.performance_year


def confirm(world: World, sample: SampleAco, role: Role = Role.DUA_CUSTODIAN) -> None:
    desk = world.services.agreements
    desk.confirm_contacts(*place(sample), desk.look_up(*place(sample)).contacts_digest, holder(sample, role))


def extend(world: World, sample: SampleAco, until: str = END, role: Role = Role.DUA_REQUESTOR) -> None:
    world.services.agreements.extend(*place(sample), until, holder(sample, role))


def rename(world: World, sample: SampleAco, role: Role) -> None:
    """Another telephone number for one contact, as the ACO would enter it."""
    with world.services.database.write() as records:
        contacts = records.acos.contacts(*place(sample))
        changed = [
            replace(one, person=replace(one.person, phone="410-555-0199")) if one.role is role else one
            for one in contacts
        ]
        records.acos.put_contacts(*place(sample), changed)


def refused(world: World, sample: SampleAco, slot: int = 0) -> list[str]:
    """Codes with which signing the agreement is refused; none when it is signed."""
    document = world.document(sample, KIND)
    try:
        world.sign(document, world.services.catalog[KIND].slots[slot], sample)
    except PacketsError as error:
        return [one.code for one in error.problems]
    return []


@pytest.mark.requirement("R23", "R74")
def test_the_agreement_is_signed_only_after_contacts_and_extension(world: World) -> None:
    """Both gates at once, then one, then none; either of the two people may do either."""
    sample = world.first("current")
    world.finish(sample, before_step=4)
    assert refused(world, sample) == ["dua-contacts-unconfirmed", "dua-extension-missing"]
    confirm(world, sample, Role.DUA_REQUESTOR)
    assert refused(world, sample) == ["dua-extension-missing"]
    extend(world, sample, role=Role.DUA_CUSTODIAN)
    assert refused(world, sample) == []


@pytest.mark.requirement("R23")
def test_a_change_of_any_contact_asks_for_a_new_confirmation(world: World) -> None:
    """What was confirmed is what the document prints: the smallest change reopens it, and the log keeps both confirmations."""
    sample = world.first("current")
    world.finish(sample, before_step=4)
    confirm(world, sample)
    extend(world, sample)
    rename(world, sample, Role.PUBLIC_CONTACT)
    assert refused(world, sample) == ["dua-contacts-changed"]
    confirm(world, sample)
    assert refused(world, sample) == []
    with world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.act is Act.DUA_CONFIRM_CONTACTS]
    assert [(one.actor, one.details["role"]) for one in told] == [
        (holder(sample, Role.DUA_CUSTODIAN), "dua-custodian")
    ] * 2


@pytest.mark.requirement("R23")
def test_contacts_that_changed_since_they_were_seen_are_not_confirmed(world: World) -> None:
    """The digest of what was shown is sent along: nobody confirms what they did not see."""
    sample = world.first("current")
    seen = world.services.agreements.look_up(*place(sample)).contacts_digest
    rename(world, sample, Role.DUA_CUSTODIAN)
    with pytest.raises(ConflictError) as refusal:
        world.services.agreements.confirm_contacts(*place(sample), seen, holder(sample, Role.DUA_CUSTODIAN))
    assert [one.code for one in refusal.value.problems] == ["contacts-changed"]


@pytest.mark.requirement("R23")
def test_missing_contacts_are_not_confirmed(world: World) -> None:
    """Every empty required slot is named (E1)."""
    sample = world.first("current")
    with world.services.database.write() as records:
        contacts = records.acos.contacts(*place(sample))
        records.acos.put_contacts(*place(sample), [one for one in contacts if one.role is not Role.MEDICAL_DIRECTOR])
    with pytest.raises(InputError) as refusal:
        confirm(world, sample)
    assert [(one.code, one.where) for one in refusal.value.problems] == [("contact-missing", Role.MEDICAL_DIRECTOR)]


@pytest.mark.requirement("R23", "R74")
@pytest.mark.parametrize("role", [Role.ACO_EXECUTIVE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.CMS_LIAISON])
def test_nobody_else_confirms_or_extends(world: World, role: Role) -> None:
    """Permission matrix 1.7; the refusals are in the log."""
    sample = world.first("current")
    with pytest.raises(ForbiddenError):
        confirm(world, sample, role)
    with pytest.raises(ForbiddenError):
        extend(world, sample, role=role)
    with world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.outcome is Outcome.REFUSED]
    assert [(one.act, one.details) for one in told] == [
        (Act.DUA_CONFIRM_CONTACTS, {"reasons": ["agreement-not-permitted"]}),
        (Act.DUA_EXTEND, {"reasons": ["agreement-not-permitted"]}),
    ]


@pytest.mark.requirement("R8", "R74", "E19")
def test_neither_is_done_outside_the_days_of_signing(world: World) -> None:
    """After the due date CMS has to grant more time first."""
    sample = world.first("current")
    world.clock.advance(timedelta(days=60))
    for act in (confirm, extend):
        with pytest.raises(ForbiddenError) as refusal:
            act(world, sample)
        assert [one.code for one in refusal.value.problems] == ["window-closed"]


@pytest.mark.requirement("R74")
def test_an_unsigned_agreement_is_made_again_with_the_day_that_was_asked_for(world: World) -> None:
    """A shorter extension than the offered one changes the facts; asking for the same day again changes nothing."""
    sample = world.first("current")
    before = world.document(sample, KIND)
    extend(world, sample)
    assert world.document(sample, KIND).document_id == before.document_id
    extend(world, sample, "2027-06-30")
    with world.services.database.read() as records:
        after = records.documents.current(*place(sample), KIND)
        old = records.documents.get(before.document_id)
    assert after is not None
    assert old is not None
    assert (after.document_id != before.document_id, old.voided_at) == (True, world.clock())
    facts = json.loads(world.services.objects.get(after.data_digest))
    assert facts["dua"] == {"number": sample.aco.dua.number, "expires_on": "2026-12-31", "extended_to": "2027-06-30"}


@pytest.mark.requirement("R74")
def test_after_the_first_signature_the_extension_is_fixed(world: World) -> None:
    """409 with the reason; the day stays as it was signed."""
    sample = world.first("current")
    world.finish(sample, before_step=4)
    confirm(world, sample)
    extend(world, sample, "2027-06-30")
    assert refused(world, sample) == []
    with pytest.raises(ConflictError) as refusal:
        extend(world, sample)
    assert [one.code for one in refusal.value.problems] == ["extension-fixed"]
    assert world.services.agreements.look_up(*place(sample)).standing.extended_to == date(2027, 6, 30)


@pytest.mark.requirement("R3", "R19", "R74")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_new_day_holds_once_cms_has_countersigned(world: World, order: tuple[int, int]) -> None:
    """Requestor and Custodian in either order, CMS last; until then the old day holds."""
    sample = world.first("current")
    world.finish(sample, before_step=4)
    confirm(world, sample)
    extend(world, sample, "2027-09-30")
    seen = []
    for slot in (*order, 2):
        seen.append(world.services.agreements.look_up(*place(sample)).standing.expires_on)
        assert refused(world, sample, slot) == []
    standing = world.services.agreements.look_up(*place(sample)).standing
    assert seen == [date(2026, 12, 31)] * 3
    assert (standing.expires_on, standing.under_way) == (date(2027, 9, 30), False)


@pytest.mark.requirement("R23")
def test_contacts_that_change_after_the_aco_signed_do_not_keep_cms_from_countersigning(world: World) -> None:
    """What comes after the signatures of the ACO is told by an addendum."""
    sample = world.first("current")
    world.finish(sample, before_step=4)
    confirm(world, sample)
    extend(world, sample)
    assert refused(world, sample, 0) == refused(world, sample, 1) == []
    rename(world, sample, Role.PUBLIC_CONTACT)
    assert refused(world, sample, 2) == []
    with pytest.raises(ConflictError) as refusal:
        confirm(world, sample)
    assert [one.code for one in refusal.value.problems] == ["agreement-signed"]


@pytest.mark.requirement("R74")
@pytest.mark.parametrize(("stated", "begins"), [(2026, 2027), (2028, 2028)])
def test_next_year_begins_with_the_expiry_in_force(stated: int, begins: int) -> None:
    """What was executed here counts before an older day that CMS states; a later one is kept."""
    world = build_world(1)
    sample = world.year.acos[0]
    world.finish(sample)
    dua = replace(sample.aco.dua, expires_on=date(stated, 12, 31), extended_to=date(stated + 1, 12, 31))
    staff = world.agency(Role.CMS_STAFF)
    world.services.enrollment.open_year(replace(world.year.year, year=2028), staff)
    aco = replace(sample.aco, performance_year=2028, dua=dua)
    world.services.enrollment.enroll(Enrollment(aco, sample.contacts, {}), staff)
    with world.services.database.read() as records:
        enrolled = records.acos.get(aco.aco_id, 2028)
    assert enrolled is not None
    assert (enrolled.dua.expires_on, enrolled.dua.extended_to) == (date(begins, 12, 31), date(begins + 1, 12, 31))


@pytest.mark.requirement("R74")
def test_the_list_of_a_year_begins_with_the_agreement_that_ends_first() -> None:
    """Days left by the expiry in force, for every ACO of the year."""
    world = build_world(3)
    world.finish(world.first("new"), before_step=5)
    lines = world.services.agreements.list_year(world.year.year.year)
    assert [one.days_left for one in lines] == [45, 45, 410]
    assert lines[-1].aco.aco_id == world.first("new").aco.aco_id
    assert [one.standing.executed for one in lines] == [False, False, True]
