"""Saying no, and starting over: declines, voided documents and what takes their place. Nothing that was signed is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from packets.audit.log import Act, Outcome
from packets.documents.voiding import VoidRequest
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem, RenderError
from packets.model.calendar import Activity
from packets.model.documents import Document, Party, Status
from packets.model.people import Contact, Role
from packets.sample.year import SampleAco
from signing.declining import DeclineRequest
from signing.facts import expected_of
from signing.verify import verify_pdf
from web.demo import holder
from worlds import World, build_world

LIST, PARTICIPANTS, DUA, AGREEMENT = (
    "provider-supplier-list",
    "participant-list",
    "data-use-agreement",
    "participation-agreement",
)
SLOT = "AuthorizedSigner"


@pytest.fixture
def world() -> World:
    return build_world(2)


@pytest.fixture
def sample(world: World) -> SampleAco:
    return world.first("current")


def status(world: World, sample: SampleAco, kind: str) -> Status:
    view = world.services.reading.packet(world.agency(Role.CMS_STAFF), sample.aco.aco_id, sample.aco.performance_year)
    return next(one.status for one in view.steps if one.document_type.kind == kind)


def decline(
    world: World, document: Document, slot: str, role: Role, user_id: str, reason: str = "A clinic is missing."
) -> None:
    asked = DeclineRequest(document.document_id, slot, user_id, role, reason, document.head_digest)
    world.services.declining.decline(asked)


def void(
    world: World, document: Document, *, by: str = "", reason: str = "A wrong name", executed: bool = False
) -> None:
    staff = by or world.agency(Role.CMS_STAFF)
    asked = VoidRequest(document.document_id, reason, staff, document.head_digest, executed)
    world.services.voiding.void(asked)


def current(world: World, document: Document) -> Document:
    with world.services.database.read() as records:
        found = records.documents.current(document.aco_id, document.performance_year, document.kind)
    assert found is not None
    return found


def record(world: World, document: Document) -> Document:
    return world.services.reading.document(world.agency(Role.CMS_STAFF), document.document_id)


def told(world: World, topic: str) -> list[dict[str, object]]:
    with world.services.database.read() as records:
        found = records.journal._connection.execute(
            sa.text("SELECT payload FROM outbox WHERE topic = :topic").columns(payload=sa.JSON), {"topic": topic}
        )
        return [row.payload for row in found]


def acts(world: World, act: Act) -> list[tuple[Outcome, dict[str, object]]]:
    with world.services.database.read() as records:
        return [(one.outcome, dict(one.details)) for one in records.journal.entries() if one.act is act]


def refusal(act: object, *arguments: object, **options: object) -> tuple[type, set[str]]:
    with pytest.raises(PacketsError) as refused:
        act(*arguments, **options)  # type: ignore[operator]
    return refused.type, {one.code for one in refused.value.problems}


@pytest.mark.requirement("R3", "R18")
def test_a_designee_declines_and_nobody_signs_until_it_is_withdrawn(world: World, sample: SampleAco) -> None:
    """The status says so, the gate refuses everybody, the log and the outbox tell of it; then it goes on."""
    document, executive = world.document(sample, LIST), holder(sample, Role.ACO_EXECUTIVE)
    decline(world, document, SLOT, Role.ACO_EXECUTIVE, executive)

    assert status(world, sample, LIST) is Status.DECLINED
    second = holder(sample, Role.AUTHORIZED_TO_SIGN_PRIMARY)
    request = world.request(document, SLOT, Role.AUTHORIZED_TO_SIGN_PRIMARY, second)
    assert refusal(world.services.ceremony.sign, request) == (ForbiddenError, {"document-declined"})
    assert refusal(decline, world, document, SLOT, Role.ACO_EXECUTIVE, executive) == (
        ConflictError,
        {"document-declined"},
    )

    back = DeclineRequest(document.document_id, SLOT, second, Role.AUTHORIZED_TO_SIGN_PRIMARY, "It was found.")
    world.services.declining.withdraw(back)

    assert status(world, sample, LIST) is Status.READY
    assert world.sign(document, world.types(sample)[0].slots[0], sample).executed_at is not None
    kept = record(world, document).declines
    assert [(one.user_id, one.reason, one.withdrawn_by, one.withdraw_reason) for one in kept] == [
        (executive, "A clinic is missing.", second, "It was found.")
    ]
    assert [outcome for outcome, _ in acts(world, Act.DOCUMENT_DECLINE)] == [Outcome.DONE, Outcome.REFUSED]
    assert [outcome for outcome, _ in acts(world, Act.DOCUMENT_WITHDRAW)] == [Outcome.DONE]
    assert told(world, "document-declined") == [
        {"document_id": document.document_id, "slot": SLOT, "reason": "A clinic is missing."}
    ]


@pytest.mark.requirement("R18", "R19")
def test_only_who_could_sign_may_decline_and_only_with_a_reason(world: World, sample: SampleAco) -> None:
    """Another role, another time, an earlier step that is open, bytes that were not before them, no reason: refused."""
    document, executive = world.document(sample, LIST), holder(sample, Role.ACO_EXECUTIVE)
    role = Role.ACO_EXECUTIVE

    assert refusal(decline, world, document, SLOT, Role.DUA_CUSTODIAN, holder(sample, Role.DUA_CUSTODIAN)) == (
        ForbiddenError,
        {"role-not-permitted"},
    )
    later = world.document(sample, PARTICIPANTS)
    assert refusal(decline, world, later, SLOT, role, executive) == (ForbiddenError, {"prerequisite-unsigned"})
    stale = replace(document, head_digest="f" * 64)
    assert refusal(decline, world, stale, SLOT, role, executive) == (ConflictError, {"document-changed"})
    for reason, code in (("  ", "reason-missing"), ("x" * 501, "reason-too-long"), ("\x00", "reason-unreadable")):
        assert refusal(decline, world, document, SLOT, role, executive, reason) == (InputError, {code})
    world.clock.now = world.year.year.window(Activity.SIGN, sample.aco.cohort).closes_at
    assert refusal(decline, world, document, SLOT, role, executive) == (ForbiddenError, {"window-closed"})
    assert record(world, document) == document


def test_a_decline_is_withdrawn_by_the_same_party_only_and_outside_the_window_too(
    world: World, sample: SampleAco
) -> None:
    """Taking back signs nothing; the liaison and CMS cannot do it for those who sign."""
    document, executive = world.document(sample, LIST), holder(sample, Role.ACO_EXECUTIVE)
    decline(world, document, SLOT, Role.ACO_EXECUTIVE, executive)
    world.clock.now = world.year.year.window(Activity.SIGN, sample.aco.cohort).closes_at + timedelta(days=1)

    liaison = holder(sample, Role.CMS_LIAISON)
    back = DeclineRequest(document.document_id, SLOT, liaison, Role.CMS_LIAISON, "It was found.")
    assert refusal(world.services.declining.withdraw, back) == (
        ForbiddenError,
        {"role-not-permitted", "entitlement-missing"},
    )
    cms = replace(back, user_id=world.agency(Role.CMS_SIGNATORY), role=Role.CMS_SIGNATORY)
    assert refusal(world.services.declining.withdraw, cms) == (ForbiddenError, {"role-not-permitted"})
    own = replace(back, user_id=executive, role=Role.ACO_EXECUTIVE)
    assert refusal(world.services.declining.withdraw, replace(own, reason="")) == (InputError, {"reason-missing"})
    world.services.declining.withdraw(own)
    assert refusal(world.services.declining.withdraw, own) == (ConflictError, {"not-declined"})


@pytest.mark.requirement("R3", "R4")
def test_cms_declines_what_the_aco_signed_and_the_aco_signs_anew(world: World) -> None:
    """The signed document is voided with the reason and stays whole; a new one is there, unsigned."""
    sample = world.first("new")
    world.finish(sample, before_step=6)
    document = world.document(sample, AGREEMENT)
    document = world.sign(document, world.services.catalog[AGREEMENT].slots[0], sample)
    assert status(world, sample, AGREEMENT) is Status.PENDING_CMS

    signatory = world.agency(Role.CMS_SIGNATORY)
    decline(world, document, "CMS", Role.CMS_SIGNATORY, signatory, "The legal name is wrong.")

    old, new = record(world, document), current(world, document)
    assert (old.signatures, old.void_reason, old.voided_by) == (
        document.signatures,
        "The legal name is wrong.",
        signatory,
    )
    assert old.decline is not None
    assert (new.document_id != old.document_id, new.signatures) == (True, ())
    assert status(world, sample, AGREEMENT) is Status.READY
    assert verify_pdf(
        world.services.objects.get(old.head_digest), world.services.signer.trust, expected=expected_of(old)
    ).passed
    executive = holder(sample, Role.ACO_EXECUTIVE)
    assert world.services.reading.download(executive, old.document_id)[1].startswith(b"%PDF")
    for slot in world.services.catalog[AGREEMENT].slots:
        new = world.sign(new, slot, sample)
    assert new.executed_at is not None
    assert told(world, "document-voided") == [
        {"document_id": old.document_id, "reason": "The legal name is wrong.", "replaced_by": new.document_id}
    ]


@pytest.mark.requirement("R4", "R44")
def test_voiding_locks_what_is_unsigned_and_leaves_what_is_signed(world: World, sample: SampleAco) -> None:
    """The later step that was signed keeps its signature, and its line says on what it stood; the one after it is locked."""
    first, second = world.finish(sample, before_step=4)
    world.document(sample, DUA)
    assert status(world, sample, DUA) is Status.READY

    void(world, first, executed=True)

    view = world.services.reading.packet(world.agency(Role.CMS_STAFF), sample.aco.aco_id, sample.aco.performance_year)
    lines = {one.document_type.kind: one for one in view.steps}
    assert lines[LIST].status is Status.READY
    assert (lines[PARTICIPANTS].status, lines[PARTICIPANTS].unsettled) == (Status.EXECUTED, (LIST,))
    assert lines[PARTICIPANTS].document == second
    assert [one.document_id for one in view.voided] == [first.document_id]
    third = current(world, world.document(sample, DUA))
    assert lines[DUA].unsettled == ()
    request = world.request(third, "Requestor_16", Role.DUA_REQUESTOR, holder(sample, Role.DUA_REQUESTOR))
    void(world, second, executed=True)
    assert refusal(world.services.ceremony.sign, request) == (ForbiddenError, {"prerequisite-unsigned"})


def test_an_executed_document_is_voided_only_expressly_and_nobody_else_voids(world: World, sample: SampleAco) -> None:
    """No confirmation, no reason, another person, a document that moved on or is voided: refused, and in the log."""
    document = world.finish(sample, before_step=3)[0]

    assert refusal(void, world, document, reason="") == (InputError, {"reason-missing", "executed-not-confirmed"})
    for user_id in (holder(sample, Role.ACO_EXECUTIVE), world.agency(Role.CMS_SIGNATORY), "NOBO"):
        assert refusal(void, world, document, by=user_id, executed=True) == (ForbiddenError, {"void-not-permitted"})
    old = replace(document, head_digest=document.revisions[1].digest)
    assert refusal(void, world, old, executed=True) == (ConflictError, {"document-changed"})
    nowhere = replace(document, document_id="nowhere")
    assert refusal(void, world, nowhere, executed=True) == (NotFoundError, {"document-unknown"})
    assert record(world, document) == document

    void(world, document, executed=True)
    assert refusal(void, world, document, executed=True) == (ConflictError, {"document-voided"})
    entries = acts(world, Act.DOCUMENT_VOID)
    assert [outcome for outcome, _ in entries] == [Outcome.REFUSED] * 5 + [Outcome.DONE, Outcome.REFUSED]
    assert (entries[5][1]["reason"], entries[5][1]["executed"]) == ("A wrong name", True)


def test_a_document_that_cannot_be_made_again_is_voided_all_the_same(
    world: World, sample: SampleAco, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer says why nothing takes its place; once the facts allow it, it is assembled like any other."""
    document = world.document(sample, LIST)
    problem = Problem("facts-missing", "The ACO has no list.", "Load it.")
    with monkeypatch.context() as patch:
        patch.setattr(type(world.services.assembler), "prepare", lambda *_: (_ for _ in ()).throw(RenderError(problem)))
        asked = VoidRequest(document.document_id, "A wrong name", world.agency(Role.CMS_STAFF), document.head_digest)
        replacement = world.services.voiding.void(asked)

    assert (replacement.document, replacement.problems) == (None, (problem,))
    assert status(world, sample, LIST) is Status.NOT_AVAILABLE
    assert told(world, "document-voided")[-1]["replaced_by"] is None
    assert world.document(sample, LIST).document_id != document.document_id


def test_a_document_that_is_voided_while_somebody_signs_takes_no_signature(
    world: World, sample: SampleAco, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between intent and record CMS voids it: the signature fails, the record has none."""
    document = world.document(sample, LIST)
    request = world.request(document, SLOT, Role.ACO_EXECUTIVE, holder(sample, Role.ACO_EXECUTIVE))
    act_between(world, monkeypatch, lambda: void(world, document))

    assert refusal(world.services.ceremony.sign, request) == (ConflictError, {"document-voided"})
    assert (record(world, document).signatures, current(world, document).signatures) == ((), ())


def act_between(world: World, monkeypatch: pytest.MonkeyPatch, act: object) -> None:
    """Let something happen after the intent and before the record of the next signature."""
    signer = world.services.signer
    original = signer.sign

    def sign(*arguments: object, **options: object) -> object:
        made = original(*arguments, **options)  # type: ignore[arg-type]
        act()  # type: ignore[operator]
        return made

    monkeypatch.setattr(signer, "sign", sign)


def designate(world: World, sample: SampleAco, role: Role, user_id: str) -> None:
    """Put a person of the ACO into a slot, with the name that they have."""
    people = {one.person.user_id: one.person for one in sample.contacts}
    filled = tuple(Contact(one.role, people[user_id]) if one.role is role else one for one in sample.contacts)
    with world.services.database.write() as records:
        records.acos.put_contacts(sample.aco.aco_id, sample.aco.performance_year, filled)


@pytest.mark.requirement("R14", "R18")
def test_a_new_designee_alters_no_signature_that_was_made(world: World, sample: SampleAco) -> None:
    """Name, role and certificate stay as they were, in the record and in the file; the old holder signs nothing more."""
    document, executive = world.document(sample, LIST), holder(sample, Role.ACO_EXECUTIVE)
    signed = world.services.ceremony.sign(world.request(document, SLOT, Role.ACO_EXECUTIVE, executive))
    person = world.services.reading.person(executive)
    assert person is not None

    designate(world, sample, Role.ACO_EXECUTIVE, holder(sample, Role.MEDICAL_DIRECTOR))
    world.services.enrollment.register([replace(person, family_name="Renamed")])

    after = record(world, document)
    assert after.signatures == signed.signatures
    assert after.signatures[0].name == person.full_name
    verdict = verify_pdf(
        world.services.objects.get(after.head_digest), world.services.signer.trust, expected=expected_of(after)
    )
    assert verdict.passed
    later = world.document(sample, PARTICIPANTS)
    assert refusal(decline, world, later, SLOT, Role.ACO_EXECUTIVE, executive) == (ForbiddenError, {"role-not-held"})


@pytest.mark.requirement("R14", "R18")
def test_a_designee_who_is_replaced_before_the_intent_signs_nothing(world: World, sample: SampleAco) -> None:
    """They had read it and entered their password; the slot changed hands before they pressed the button (TX1)."""
    document, executive = world.document(sample, LIST), holder(sample, Role.ACO_EXECUTIVE)
    request = world.request(document, SLOT, Role.ACO_EXECUTIVE, executive)
    designate(world, sample, Role.ACO_EXECUTIVE, holder(sample, Role.MEDICAL_DIRECTOR))

    codes = {"role-not-held", "document-outdated"}
    assert refusal(world.services.ceremony.sign, request) == (ForbiddenError, codes)
    assert record(world, document) == document


@pytest.mark.requirement("R14", "R18")
def test_a_designee_who_is_replaced_while_signing_signs_nothing(
    world: World, sample: SampleAco, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot changes hands between intent and record (TX2): nothing is recorded, and the successor can sign."""
    document, executive = world.document(sample, LIST), holder(sample, Role.ACO_EXECUTIVE)
    successor = holder(sample, Role.MEDICAL_DIRECTOR)
    request = world.request(document, SLOT, Role.ACO_EXECUTIVE, executive)
    with monkeypatch.context() as patch:
        act_between(world, patch, lambda: designate(world, sample, Role.ACO_EXECUTIVE, successor))
        codes = {"role-not-held", "document-outdated"}
        assert refusal(world.services.ceremony.sign, request) == (ConflictError, codes)

    assert record(world, document) == document
    document = world.document(sample, LIST)
    person = world.services.reading.person(successor)
    assert person is not None
    world.services.enrollment.register([replace(person, account_active=True, may_sign_electronically=True)])
    signed = world.services.ceremony.sign(world.request(document, SLOT, Role.ACO_EXECUTIVE, successor))
    assert [one.user_id for one in signed.signatures] == [successor]


def test_the_cms_slot_of_every_type_stands_on_the_side_of_cms(world: World) -> None:
    """What CMS may decline is what CMS countersigns."""
    slots = [slot for one in world.services.catalog.values() for slot in one.slots if slot.party is Party.CMS]
    assert {slot.roles for slot in slots} == {(Role.CMS_SIGNATORY,)}
