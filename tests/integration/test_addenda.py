"""Another Requestor or Custodian after the agreement was signed: an addendum is due, raised, signed, and next time again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from packets.audit.log import Act
from packets.documents.reproduction import reproduce
from packets.errors import ConflictError, ForbiddenError, PacketsError
from packets.model.contact_rules import fields_of
from packets.model.documents import Document, Event, Status
from packets.model.people import Contact, Role
from packets.sample.year import SampleAco
from signing.facts import expected_of
from signing.verify import verify_pdf
from web.demo import holder
from worlds import World, build_world

AGREEMENT, KIND = "data-use-agreement", "data-use-agreement-addendum"


@pytest.fixture
def world() -> World:
    """The current ACO has signed everything, CMS too."""
    world = build_world(2)
    world.finish(world.first("current"))
    return world


def place(sample: SampleAco) -> tuple[str, int]:
    return sample.aco.aco_id, sample.aco.performance_year


def hand_over(world: World, sample: SampleAco, role: Role, successor: Role) -> SampleAco:
    """Whoever holds `successor` takes over `role`; the sample as it is then."""
    person = next(one.person for one in sample.contacts if one.role is successor)
    person = replace(person, may_sign_electronically=True)
    contacts = tuple(Contact(role, person) if one.role is role else one for one in sample.contacts)
    with world.services.database.write() as records:
        records.people.put(person)
        records.acos.put_contacts(*place(sample), contacts)
    return replace(sample, contacts=contacts)


def raise_one(world: World, sample: SampleAco, role: Role = Role.DUA_REQUESTOR) -> Document:
    return world.services.agreements.raise_addendum(*place(sample), KIND, holder(sample, role))


def sign_all(world: World, sample: SampleAco, document: Document) -> Document:
    for slot in world.services.catalog[KIND].slots:
        document = world.sign(document, slot, sample)
    return document


def test_nothing_is_due_while_the_signers_hold_their_roles(world: World) -> None:
    """No notice on the page, and raising one is refused and told to the log."""
    sample = world.first("current")
    view = world.services.agreements.look_up(*place(sample))
    assert (view.changed, view.notice_by, view.addenda) == ({}, None, ())
    with pytest.raises(ConflictError) as refusal:
        raise_one(world, sample)
    assert [one.code for one in refusal.value.problems] == ["addendum-not-due"]
    with world.services.database.read() as records:
        assert list(records.journal.entries())[-1].act is Act.DUA_RAISE_ADDENDUM


def test_another_custodian_is_to_be_told_within_fifteen_days(world: World) -> None:
    """From the day on which Step 1 put the change on record; a change of somebody else before it does not count."""
    sample, desk = world.first("current"), world.services.contacts
    executive, compliance = holder(sample, Role.ACO_EXECUTIVE), holder(sample, Role.COMPLIANCE_CONTACT)
    with world.services.database.write() as records:
        successor = records.people.get(compliance)
        assert successor is not None
        records.people.put(replace(successor, may_sign_electronically=True))
    for role, given in ((Role.PUBLIC_CONTACT, {"phone": "410-555-0199"}), (Role.DUA_CUSTODIAN, fields_of(successor))):
        world.clock.advance(timedelta(days=10))
        line = desk.look_up(*place(sample)).line(role)
        assert line.person is not None
        desk.save(*place(sample), role, {**fields_of(line.person), **given}, line.version, executive)
        desk.submit(*place(sample), attested=True, seen=desk.look_up(*place(sample)).version, user_id=executive)
    view = world.services.agreements.look_up(*place(sample))
    assert list(view.changed) == [Role.DUA_CUSTODIAN]
    assert view.notice_by == date(2026, 12, 21)
    assert view.addenda == (KIND,)


@pytest.mark.parametrize("role", [Role.DUA_CUSTODIAN, Role.DUA_REQUESTOR])
def test_an_addendum_is_signed_by_the_people_of_today_and_by_cms(world: World, role: Role) -> None:
    """It names who is replaced, is executed and verifies like any document, and nothing is due afterwards."""
    before = world.first("current")
    sample = hand_over(world, before, role, Role.COMPLIANCE_CONTACT)
    document = raise_one(world, sample)
    facts = json.loads(world.services.objects.get(document.data_digest))
    assert [(one["role"], one["user_id"]) for one in facts["addendum"]["changes"]] == [(role, holder(before, role))]
    document = sign_all(world, sample, document)
    assert [one.event for one in document.revisions][-2:] == [Event.COUNTERSIGNED, Event.EXECUTED]
    head = world.services.objects.get(document.head_digest)
    assert verify_pdf(head, world.services.pki.trust, expected=expected_of(document)).passed
    assert reproduce(world.services.assembler, head).reproduced
    assert world.services.agreements.look_up(*place(sample)).notice_by is None
    assert world.services.checker.run().problems == []


def test_several_addenda_follow_one_another_in_a_year(world: World) -> None:
    """An executed one makes room for the next; each is a line of its own on the packet."""
    sample = hand_over(world, world.first("current"), Role.DUA_CUSTODIAN, Role.COMPLIANCE_CONTACT)
    first = sign_all(world, sample, raise_one(world, sample))
    sample = hand_over(world, sample, Role.DUA_CUSTODIAN, Role.MEDICAL_DIRECTOR)
    second = sign_all(world, sample, raise_one(world, sample))
    assert (first.occurrence, second.occurrence) == (1, 2)
    view = world.services.reading.packet(holder(sample, Role.ACO_EXECUTIVE), *place(sample))
    lines = [(one.document, one.status) for one in view.steps if one.document_type.kind == KIND]
    assert lines == [(first, Status.EXECUTED), (second, Status.EXECUTED)]
    assert world.services.checker.run().problems == []


def test_the_database_holds_one_addendum_of_a_number_that_counts(world: World) -> None:
    """The rule is a constraint."""
    sample = hand_over(world, world.first("current"), Role.DUA_CUSTODIAN, Role.COMPLIANCE_CONTACT)
    document = raise_one(world, sample)
    with pytest.raises(sa.exc.IntegrityError), world.services.database.write() as records:
        records.documents.add(replace(document, document_id="another"), world.clock())


def test_while_one_is_under_way_no_other_is_raised(world: World) -> None:
    """The page offers none, and the desk refuses."""
    sample = hand_over(world, world.first("current"), Role.DUA_CUSTODIAN, Role.COMPLIANCE_CONTACT)
    raise_one(world, sample)
    assert world.services.agreements.look_up(*place(sample)).addenda == ()
    with pytest.raises(ConflictError) as refusal:
        raise_one(world, sample)
    assert [one.code for one in refusal.value.problems] == ["addendum-under-way"]


def test_an_addendum_whose_occasion_is_gone_cannot_be_signed(world: World) -> None:
    """The earlier Custodian came back before anybody signed."""
    before = world.first("current")
    document = raise_one(world, hand_over(world, before, Role.DUA_CUSTODIAN, Role.COMPLIANCE_CONTACT))
    hand_over(world, before, Role.DUA_CUSTODIAN, Role.DUA_CUSTODIAN)
    with pytest.raises(PacketsError) as refusal:
        world.sign(document, world.services.catalog[KIND].slots[0], before)
    assert "addendum-not-due" in [one.code for one in refusal.value.problems]


def test_an_addendum_has_no_window(world: World) -> None:
    """Custodians change all year: it is raised and signed long after the days of signing."""
    sample = hand_over(world, world.first("current"), Role.DUA_CUSTODIAN, Role.COMPLIANCE_CONTACT)
    world.clock.advance(timedelta(days=120))
    assert sign_all(world, sample, raise_one(world, sample)).executed_at is not None
    assert "window-broken" not in [one.code for one in world.services.checker.run().problems]


def test_only_the_people_of_today_raise_it(world: World) -> None:
    """Not the Executive, and not the one who was replaced."""
    before = world.first("current")
    sample = hand_over(world, before, Role.DUA_CUSTODIAN, Role.COMPLIANCE_CONTACT)
    for user_id in (holder(sample, Role.ACO_EXECUTIVE), holder(before, Role.DUA_CUSTODIAN)):
        with pytest.raises(ForbiddenError):
            world.services.agreements.raise_addendum(*place(sample), KIND, user_id)


def test_it_is_no_step_and_holds_up_nothing() -> None:
    """A new ACO signs Steps 5 and 6 with an addendum open; it is not prepared with the packet."""
    world = build_world(2)
    sample = world.first("new")
    world.finish(sample, before_step=5)
    changed = hand_over(world, sample, Role.DUA_CUSTODIAN, Role.COMPLIANCE_CONTACT)
    raise_one(world, changed)
    for document_type in world.types(changed)[3:]:
        document = world.document(changed, document_type.kind)
        for slot in document_type.slots:
            document = world.sign(document, slot, changed)
        assert document.executed_at is not None
    assert KIND not in [one.kind for one in world.services.assembler.assemble_packet(*place(sample))]
