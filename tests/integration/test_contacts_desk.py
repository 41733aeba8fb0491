"""Contact Data: entered slot by slot, submitted together; what it changes, and what it never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError
from packets.model.contact_rules import fields_of
from packets.model.people import SLOTS_BY_ROLE, Contact, Person, Role
from packets.people.contacts import ContactSheet, SlotChangedError
from packets.sample.year import SampleAco
from packets.years.enrollment import Enrollment
from signing.options import signing_options
from signing.policy import Refusal
from web.demo import holder
from worlds import World, build_world

YEAR = 2027
EDITORS = {
    Role.ACO_EXECUTIVE,
    Role.AUTHORIZED_TO_SIGN_PRIMARY,
    Role.AUTHORIZED_TO_SIGN_SECONDARY,
    Role.CMS_LIAISON,
    Role.APPLICATION_CONTACT_PRIMARY,
    Role.APPLICATION_CONTACT_SECONDARY,
}
EXECUTIVE, CUSTODIAN, REQUESTOR = Role.ACO_EXECUTIVE, Role.DUA_CUSTODIAN, Role.DUA_REQUESTOR


@pytest.fixture
def world() -> World:
    return build_world(2)


def aco_id(world: World) -> str:
    return world.first("current").aco.aco_id


def sheet_of(world: World) -> ContactSheet:
    return world.services.contacts.look_up(aco_id(world), YEAR)


def edit(world: World, role: Role, *, by: Role | str = EXECUTIVE, seen: str | None = None, **changed: str) -> None:
    """Save a slot with some fields changed, as somebody who has its newest version before them."""
    line = sheet_of(world).line(role)
    given = {**(fields_of(line.person) if line.person else {}), **changed}
    user_id = holder(world.first("current"), by) if isinstance(by, Role) else by
    world.services.contacts.save(aco_id(world), YEAR, role, given, line.version if seen is None else seen, user_id)


def submit(world: World, *, attested: bool = True, seen: str | None = None, by: Role = EXECUTIVE) -> ContactSheet:
    version = sheet_of(world).version if seen is None else seen
    user_id = holder(world.first("current"), by)
    return world.services.contacts.submit(aco_id(world), YEAR, attested=attested, seen=version, user_id=user_id)


def recorded(world: World, role: Role) -> dict[str, str]:
    with world.services.database.read() as records:
        held = {one.role: one.person for one in records.acos.contacts(aco_id(world), YEAR)}
    return fields_of(held[role]) if role in held else {}


def told(world: World, act: Act) -> list[tuple[Outcome, dict[str, object]]]:
    with world.services.database.read() as records:
        return [(one.outcome, dict(one.details)) for one in records.journal.entries() if one.act is act]


def codes(call: Callable[[], object], kind: type[PacketsError] = InputError) -> set[str]:
    with pytest.raises(kind) as refusal:
        call()
    return {one.code for one in refusal.value.problems}


@pytest.mark.requirement("R12", "R22", "R25", "R28")
def test_a_draft_changes_nothing_on_record_until_it_is_submitted(world: World) -> None:
    """Entered, confirmed, submitted: in this order, and at once."""
    before = recorded(world, Role.MEDICAL_DIRECTOR)
    edit(world, Role.MEDICAL_DIRECTOR, phone="(301) 555-0177", title="Chief Medical Officer")
    assert recorded(world, Role.MEDICAL_DIRECTOR) == before
    assert sheet_of(world).line(Role.MEDICAL_DIRECTOR).changed_fields == {"phone", "title"}

    submit(world)

    after = recorded(world, Role.MEDICAL_DIRECTOR)
    assert after == {**before, "phone": "301-555-0177", "title": "Chief Medical Officer"}
    assert sheet_of(world).changed == ()
    assert told(world, Act.CONTACTS_SUBMIT)[-1] == (Outcome.DONE, {"changed": ["medical-director"]})
    with world.services.database.read() as records:
        assert records.acos.contacts(world.first("new").aco.aco_id, YEAR) == tuple(
            sorted(world.first("new").contacts, key=lambda one: list(Role).index(one.role))
        )


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", list(SLOTS_BY_ROLE))
def test_six_roles_edit_step_one_and_no_others(world: World, role: Role) -> None:
    """Executive, both Authorized to Sign, CMS Liaison, both Application Contacts; every try is an entry of the log."""
    somebody = replace(_person(world, EXECUTIVE), user_id="NEW1")
    world.services.enrollment.register([somebody])
    with world.services.database.write() as records:
        others = [one for one in records.acos.contacts(aco_id(world), YEAR) if one.role is not role]
        records.acos.put_contacts(aco_id(world), YEAR, (*others, Contact(role, somebody)))
    may_edit = role in EDITORS
    if may_edit:
        edit(world, Role.IT_CONTACT_SECONDARY, by="NEW1", **fields_of(replace(somebody, title="Analyst")))
    else:
        assert codes(lambda: edit(world, Role.PUBLIC_CONTACT, by="NEW1"), ForbiddenError) == {"edit-not-permitted"}
        seen = sheet_of(world).version
        desk = world.services.contacts
        refused = codes(
            lambda: desk.submit(aco_id(world), YEAR, attested=True, seen=seen, user_id="NEW1"), ForbiddenError
        )
        assert refused == {"edit-not-permitted"}
    assert told(world, Act.CONTACT_EDIT)[-1][0] is (Outcome.DONE if may_edit else Outcome.REFUSED)


@pytest.mark.requirement("R26", "R27", "E6")
def test_a_contact_that_is_wrong_is_refused_whole_and_nothing_is_kept(world: World) -> None:
    """All that is wrong at once; the log tells the codes and no value."""
    found = codes(lambda: edit(world, Role.PUBLIC_CONTACT, email="info@gmail.com", phone="1", zip_code="x", city=""))
    assert found == {"email-personal", "email-shared", "phone-unusable", "zip-unusable", "contact-field-missing"}
    assert sheet_of(world).changed == ()
    outcome, details = told(world, Act.CONTACT_EDIT)[-1]
    assert (outcome, details) == (Outcome.REFUSED, {"reasons": sorted(found)})


@pytest.mark.requirement("R26")
def test_letters_that_no_document_could_print_are_refused_when_they_are_typed(world: World) -> None:
    """Not weeks later, when the document is prepared."""
    assert codes(lambda: edit(world, Role.PUBLIC_CONTACT, family_name="道一")) == {"glyph-missing"}
    edit(world, Role.PUBLIC_CONTACT, family_name="Παπαδόπουλος")


@pytest.mark.requirement("E4", "R15", "R21")
def test_whoever_is_newly_designated_has_a_fit_user_id(world: World) -> None:
    """Unknown, inactive, without entitlement: each is refused; of another contact only the unknown one is."""
    director = holder(world.first("current"), Role.MEDICAL_DIRECTOR)
    assert codes(lambda: edit(world, CUSTODIAN, user_id="ZZZ9")) == {"user-id-unknown"}
    assert codes(lambda: edit(world, CUSTODIAN, user_id="12")) == {"user-id-malformed"}
    assert codes(lambda: edit(world, CUSTODIAN, user_id="")) == {"contact-field-missing"}
    assert codes(lambda: edit(world, CUSTODIAN, user_id=director)) == {"user-id-not-entitled"}
    assert codes(lambda: edit(world, Role.QUALITY_CONTACT, user_id="ZZZ9")) >= {"user-id-unknown"}
    edit(world, Role.PUBLIC_CONTACT, user_id="")


@pytest.mark.requirement("R22", "R77")
def test_a_designee_who_became_unfit_holds_up_no_other_change_during_the_year(world: World) -> None:
    """Once confirmed, their state is a warning; for the yearly confirmation it must be mended (E4)."""
    world.services.enrollment.register([replace(_person(world, CUSTODIAN), recertification_due_on=date(2026, 11, 1))])
    edit(world, Role.PUBLIC_CONTACT, title="Spokesperson")
    submit(world)
    line = sheet_of(world).line(CUSTODIAN)
    assert (line.problems, [one.code for one in line.warnings]) == ((), ["user-id-inactive"])

    later = _enroll_again(world, world.first("current"), ())
    seen = world.services.contacts.look_up(later, YEAR + 1).version
    executive = holder(world.first("current"), EXECUTIVE)
    again = codes(lambda: world.services.contacts.submit(later, YEAR + 1, attested=True, seen=seen, user_id=executive))
    assert again == {"user-id-inactive"}


def _person(world: World, role: Role) -> Person:
    with world.services.database.read() as records:
        found = records.people.get(holder(world.first("current"), role))
    assert found is not None
    return found


@pytest.mark.requirement("R17", "E5")
def test_a_pair_may_change_places_and_never_becomes_one_person(world: World) -> None:
    """The draft may pass through one person in both slots; what is submitted may not."""
    requestor, custodian = (recorded(world, one) for one in (REQUESTOR, CUSTODIAN))
    edit(world, REQUESTOR, **custodian)
    assert codes(lambda: submit(world)) == {"contacts-same-person"}
    edit(world, CUSTODIAN, **requestor)
    submit(world)
    assert (recorded(world, REQUESTOR), recorded(world, CUSTODIAN)) == (custodian, requestor)


@pytest.mark.requirement("R22", "E1")
def test_a_required_slot_is_not_emptied_and_an_optional_one_may_be(world: World) -> None:
    """Emptying is a draft too."""
    desk, executive = world.services.contacts, holder(world.first("current"), EXECUTIVE)
    optional = Role.QUALITY_CONTACT
    edit(world, optional, **recorded(world, Role.MEDICAL_DIRECTOR))
    submit(world)
    seen = sheet_of(world).line(REQUESTOR).version
    assert codes(lambda: desk.empty(aco_id(world), YEAR, REQUESTOR, seen, executive)) == {"contact-required"}

    desk.empty(aco_id(world), YEAR, optional, sheet_of(world).line(optional).version, executive)
    assert recorded(world, optional)
    submit(world)
    assert recorded(world, optional) == {}


@pytest.mark.requirement("R25")
def test_a_discarded_draft_leaves_the_record(world: World) -> None:
    """As if nothing had been entered; the log keeps both acts."""
    edit(world, Role.PUBLIC_CONTACT, title="Spokesperson")
    line = sheet_of(world).line(Role.PUBLIC_CONTACT)
    executive = holder(world.first("current"), EXECUTIVE)
    world.services.contacts.discard(aco_id(world), YEAR, Role.PUBLIC_CONTACT, line.version, executive)
    assert sheet_of(world).changed == ()
    assert [details["change"] for _, details in told(world, Act.CONTACT_EDIT)] == ["entered", "discarded"]


@pytest.mark.requirement("R22")
def test_of_two_who_edit_at_once_the_second_is_told_and_nothing_is_lost(world: World) -> None:
    """The second one gets the slot as it is now, and their own save is refused."""
    seen = sheet_of(world).line(Role.PUBLIC_CONTACT).version
    edit(world, Role.PUBLIC_CONTACT, title="First")
    with pytest.raises(SlotChangedError) as refusal:
        edit(world, Role.PUBLIC_CONTACT, by=Role.CMS_LIAISON, seen=seen, title="Second")
    assert refusal.value.line.person is not None
    assert refusal.value.line.person.title == "First"
    edit(world, Role.PUBLIC_CONTACT, by=Role.CMS_LIAISON, title="Second")
    assert sheet_of(world).line(Role.PUBLIC_CONTACT).person.title == "Second"  # type: ignore[union-attr]


@pytest.mark.requirement("R28")
def test_what_is_submitted_is_what_was_confirmed(world: World) -> None:
    """The statement is made, and nobody has changed a slot since the page was read."""
    edit(world, Role.PUBLIC_CONTACT, title="First")
    seen = sheet_of(world).version
    assert codes(lambda: submit(world, attested=False)) == {"attestation-missing"}
    edit(world, Role.PUBLIC_CONTACT, title="Second")
    assert codes(lambda: submit(world, seen=seen), ConflictError) == {"contacts-changed"}
    assert recorded(world, Role.PUBLIC_CONTACT)["title"] not in {"First", "Second"}


@pytest.mark.requirement("R14", "R22")
def test_a_changed_designee_signs_a_document_that_was_prepared_anew(world: World) -> None:
    """The old draft is void, the new one names the new person; whoever left the slot may not sign any more."""
    sample = world.first("current")
    before = world.document(sample, "provider-supplier-list")
    old, new = holder(sample, EXECUTIVE), recorded(world, Role.DUA_CUSTODIAN)
    edit(world, EXECUTIVE, **new)
    submit(world)

    with world.services.database.read() as records:
        after = records.documents.current(sample.aco.aco_id, YEAR, "provider-supplier-list")
        voided = records.documents.get(before.document_id)
    assert after is not None
    assert voided is not None
    assert voided.voided_at is not None
    assert after.document_id != before.document_id
    facts = world.services.objects.get(after.data_digest).decode()
    assert new["family_name"] in facts
    with pytest.raises(ForbiddenError, match="role-not-held"):
        world.services.ceremony.sign(world.request(after, "AuthorizedSigner", EXECUTIVE, old))
    signed = world.services.ceremony.sign(world.request(after, "AuthorizedSigner", EXECUTIVE, new["user_id"]))
    assert [one.user_id for one in signed.signatures] == [new["user_id"]]


@pytest.mark.requirement("R22")
def test_a_change_of_contacts_alters_no_recorded_signature(world: World) -> None:
    """What is signed stays as it is, byte for byte, and names who signed."""
    sample = world.first("current")
    [signed] = world.finish(sample, before_step=3)
    edit(world, EXECUTIVE, **recorded(world, CUSTODIAN))
    submit(world)
    with world.services.database.read() as records:
        assert records.documents.get(signed.document_id) == signed


@pytest.mark.requirement("R22", "R44")
def test_an_unsigned_document_whose_facts_have_changed_cannot_be_signed(world: World) -> None:
    """Whoever changed them, and though nobody prepared it anew: the gate sees it, before and in the ceremony."""
    sample = world.first("current")
    document = world.document(sample, "provider-supplier-list")
    executive = holder(sample, EXECUTIVE)
    request = world.request(document, "AuthorizedSigner", EXECUTIVE, executive)
    with world.services.database.write() as records:
        records.acos.change(sample.aco.aco_id, YEAR, {"trade_name": "Another name"})

    assert codes(lambda: world.services.ceremony.sign(request), ForbiddenError) == {"document-outdated"}
    with world.services.database.read() as records:
        [option] = signing_options(records, world.services.catalog, executive, document, world.clock())
    assert isinstance(option.decision, Refusal)
    [again] = world.services.assembler.refresh(sample.aco.aco_id, YEAR)
    assert world.services.assembler.refresh(sample.aco.aco_id, YEAR) == []
    assert world.services.ceremony.sign(world.request(again, "AuthorizedSigner", EXECUTIVE, executive)).signatures


@pytest.mark.requirement("R77", "R15")
def test_a_user_id_whose_recertification_has_passed_signs_nothing(world: World) -> None:
    """To the end of the last day it is active; then the gate refuses it as inactive."""
    sample = world.first("current")
    executive = holder(sample, EXECUTIVE)
    document = world.document(sample, "provider-supplier-list")
    person = replace(_person(world, EXECUTIVE), recertification_due_on=world.clock().date())
    world.services.enrollment.register([person])
    with world.services.database.read() as records:
        [option] = signing_options(records, world.services.catalog, executive, document, world.clock())
    assert option.permitted
    world.clock.advance(timedelta(days=1))
    request = world.request(document, "AuthorizedSigner", EXECUTIVE, executive)
    assert codes(lambda: world.services.ceremony.sign(request), ForbiddenError) == {"account-inactive"}


@pytest.mark.requirement("R20", "R12")
def test_contacts_carry_over_and_are_confirmed_for_the_new_year(world: World) -> None:
    """Enrolled again without contacts: those of the year before, as they stand, not submitted; the sheet says so."""
    sample, staff = world.first("current"), world.agency(Role.CMS_STAFF)
    edit(world, Role.PUBLIC_CONTACT, title="Spokesperson")
    submit(world)
    later = _enroll_again(world, sample, ())

    sheet = world.services.contacts.look_up(later, YEAR + 1)
    assert sheet.step_one.carried_from == YEAR
    assert not sheet.step_one.contacts_submitted
    assert sheet.line(Role.PUBLIC_CONTACT).person.title == "Spokesperson"  # type: ignore[union-attr]
    with world.services.database.read() as records:
        assert records.acos.contacts(later, YEAR + 1) == records.acos.contacts(later, YEAR)
        [entry] = [one for one in records.journal.entries(f"{later}/{YEAR + 1}") if one.act is Act.ACO_ENROLL]
    assert entry.details["carried"] == len(sample.contacts)
    assert entry.actor == staff
    world.services.contacts.submit(
        later, YEAR + 1, attested=True, seen=sheet.version, user_id=holder(sample, EXECUTIVE)
    )
    assert world.services.contacts.look_up(later, YEAR + 1).step_one.contacts_submitted


@pytest.mark.requirement("R20")
def test_new_contacts_take_the_place_of_those_of_the_year_before(world: World) -> None:
    """Nothing carries over when contacts are given, and nothing where there was no year before."""
    sample = world.first("current")
    later = _enroll_again(world, sample, sample.contacts[:1])
    sheet = world.services.contacts.look_up(later, YEAR + 1)
    assert sheet.step_one.carried_from is None
    assert [line.slot.role for line in sheet.lines if line.person] == [sample.contacts[0].role]
    assert world.services.contacts.look_up(later, YEAR).step_one.carried_from is None


def _enroll_again(world: World, sample: SampleAco, contacts: tuple[Contact, ...]) -> str:
    staff = world.agency(Role.CMS_STAFF)
    world.services.enrollment.open_year(replace(world.year.year, year=YEAR + 1), staff)
    aco = replace(sample.aco, performance_year=YEAR + 1)
    world.services.enrollment.enroll(Enrollment(aco, contacts, {}), staff)
    return aco.aco_id


def test_what_does_not_exist_is_not_found(world: World) -> None:
    """No such ACO, no such slot."""
    executive = holder(world.first("current"), EXECUTIVE)
    with pytest.raises(NotFoundError):
        world.services.contacts.look_up("A0000", YEAR)
    for place in (("A0000", "dua-requestor"), (aco_id(world), "cms-staff"), (aco_id(world), "dancer")):
        with pytest.raises(NotFoundError):
            world.services.contacts.save(place[0], YEAR, place[1], {}, "", executive)


@pytest.mark.requirement("R22")
def test_a_submission_that_changed_something_is_put_in_the_outbox(world: World) -> None:
    """With the slots that changed; one that changed nothing is not."""
    from sqlalchemy import select

    from packets.store.tables import outbox

    def queued() -> list[object]:
        with world.services.database._engine.connect() as connection:
            rows = connection.execute(select(outbox).where(outbox.c.topic == "contacts-changed"))
            return [row.payload for row in rows]

    submit(world)
    assert queued() == []
    edit(world, Role.PUBLIC_CONTACT, title="Spokesperson")
    submit(world)
    assert queued() == [{"aco_id": aco_id(world), "year": YEAR, "roles": ["public-contact"]}]


@pytest.mark.requirement("R77")
def test_cms_records_the_day_of_recertification(world: World) -> None:
    """By the directory's desk, told in the log; no day is no day, and the ACO's people may not."""
    desk, custodian = world.services.directory, holder(world.first("current"), CUSTODIAN)
    desk.recertify(custodian, "2027-03-31", world.agency(Role.CMS_STAFF))
    assert _person(world, CUSTODIAN).recertification_due_on == date(2027, 3, 31)
    assert codes(lambda: desk.recertify(custodian, "soon")) == {"day-unusable"}
    assert codes(lambda: desk.recertify(custodian, "2027-03-31", custodian), ForbiddenError) == {
        "directory-not-permitted"
    }
    assert [outcome for outcome, _ in told(world, Act.USER_RECERTIFY)] == [
        Outcome.DONE,
        Outcome.REFUSED,
        Outcome.REFUSED,
    ]
