"""Step 1: what must be complete before it can be submitted, and what it gates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError
from packets.model.people import CONTACT_SLOTS, Role
from packets.sample.year import SampleAco
from signing.policy import Refusal
from web.demo import choose_signer, holder
from worlds import World, build_world

pytestmark = pytest.mark.usefixtures("every_database")


def without(role: Role) -> World:
    return build_world(
        2,
        step_one=False,
        change=lambda sample: replace(sample, contacts=tuple(one for one in sample.contacts if one.role is not role)),
    )


@pytest.mark.requirement("R22", "R24", "E1")
@pytest.mark.parametrize(
    "role", [slot.role for slot in CONTACT_SLOTS if slot.required and slot.role is not Role.ACO_EXECUTIVE]
)
def test_contacts_with_an_empty_required_slot_are_not_submitted(role: Role) -> None:
    """Each required slot, one by one: the refusal names it."""
    world = without(role)

    with pytest.raises(InputError) as refusal:
        world.submit_step_one(world.year.acos[0])

    assert [(one.code, one.where) for one in refusal.value.problems] == [("contact-missing", role)]


@pytest.mark.requirement("R17", "E5")
def test_paired_slots_held_by_one_person_are_not_even_enrolled() -> None:
    """Requestor and Custodian, and the two Authorized to Sign, compared by user ID."""

    def merge(sample: SampleAco) -> SampleAco:
        holders = {contact.role: contact.person for contact in sample.contacts}
        swap = {
            Role.DUA_CUSTODIAN: holders[Role.DUA_REQUESTOR],
            Role.AUTHORIZED_TO_SIGN_SECONDARY: holders[Role.AUTHORIZED_TO_SIGN_PRIMARY],
        }
        return replace(
            sample, contacts=tuple(replace(one, person=swap.get(one.role, one.person)) for one in sample.contacts)
        )

    with pytest.raises(InputError) as refusal:
        build_world(2, step_one=False, change=merge)

    assert [one.code for one in refusal.value.problems] == ["contacts-same-person"] * 2


@pytest.mark.requirement("R32", "E2")
def test_a_new_aco_needs_a_web_page_and_a_current_one_does_not_to_submit() -> None:
    """The same blank page is refused for the one cohort and accepted for the other."""
    world = build_world(2, step_one=False, change=lambda sample: replace(sample, aco=replace(sample.aco, web_page=" ")))

    with pytest.raises(InputError) as refusal:
        world.submit_step_one(world.first("new"))
    world.submit_step_one(world.first("current"))

    assert [one.code for one in refusal.value.problems] == ["web-page-missing"]


@pytest.mark.requirement("R24", "R34", "R35")
def test_an_open_step_one_gates_steps_four_and_six_and_nothing_else() -> None:
    """Steps 2 and 3 are signed without it; Step 4 waits for both parts of it."""
    world = build_world(2, step_one=False)
    sample = world.first("current")
    world.finish(sample, before_step=4)
    dua = world.document(sample, "data-use-agreement")
    slot = world.services.catalog[dua.kind].slots[0]

    with pytest.raises(ForbiddenError) as refusal:
        world.sign(dua, slot, sample)
    assert [one.code for one in refusal.value.problems] == [
        "contacts-not-submitted",
        "organization-not-submitted",
        "dua-contacts-unconfirmed",
        "dua-extension-missing",
    ]

    world.submit_step_one(sample)
    world.settle_agreement(sample)
    assert world.sign(dua, slot, sample).signatures


@pytest.mark.requirement("R38")
def test_an_aco_is_enrolled_once_in_a_year() -> None:
    """A second enrolment is a conflict and changes nothing."""
    from packets.years.enrollment import Enrollment

    world = build_world(2)
    sample = world.year.acos[0]
    with pytest.raises(ConflictError):
        world.services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, {}), world.agency(Role.CMS_STAFF))
    with pytest.raises(ConflictError):
        world.services.enrollment.open_year(world.year.year, world.agency(Role.CMS_STAFF))

    with world.services.database.read() as records:
        rows = list(records.lists.rows(sample.aco.aco_id, sample.aco.performance_year, "participants"))
    assert rows == list(sample.participants)


@pytest.mark.requirement("R42")
def test_what_stands_in_the_way_is_told_for_every_open_slot() -> None:
    """A designee sees the reasons before they try: the earlier step, with its number."""
    from signing.options import signing_options

    world = build_world(2)
    sample = world.first("current")
    document = world.document(sample, "participant-list")
    with world.services.database.read() as records:
        options = signing_options(
            records, world.services.catalog, holder(sample, Role.ACO_EXECUTIVE), document, world.clock()
        )

    assert len(options) == 1
    assert isinstance(options[0].decision, Refusal)
    assert [one.code for one in options[0].decision.reasons] == ["prerequisite-unsigned"]


@pytest.mark.requirement("R44")
def test_steps_run_in_their_order() -> None:
    """Signing any later step first is refused, whoever asks."""
    world = build_world(2)
    sample = world.first("new")
    for document_type in world.types(sample)[1:]:
        document = world.document(sample, document_type.kind)
        slot = document_type.slots[0]
        role, user_id = choose_signer(slot, sample, world.year, 0)
        with pytest.raises(PacketsError) as refusal:
            world.services.ceremony.sign(world.request(document, slot.name, role, user_id))
        assert "prerequisite-unsigned" in [one.code for one in refusal.value.problems]
