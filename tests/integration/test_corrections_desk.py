"""Handing in corrections: who may, until when, and what becomes of the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from packets.model.people import CONTACT_SLOTS, Role
from packets.sample.year import SampleAco
from web.demo import holder
from worlds import World, build_world

KIND = "provider-supplier-list"

pytestmark = pytest.mark.usefixtures("every_database")


@pytest.fixture
def world() -> Iterator[World]:
    world = build_world(2)
    yield world
    world.services.database.close()


@pytest.fixture
def sample(world: World) -> SampleAco:
    return next(one for one in world.year.acos if one.corrections_upload)


def hand_in(world: World, sample: SampleAco, role: Role) -> None:
    assert sample.corrections_upload
    aco = sample.aco
    world.services.corrections.accept(
        aco.aco_id, aco.performance_year, holder(sample, role), *sample.corrections_upload
    )


@pytest.mark.requirement("R41", "R64")
@pytest.mark.parametrize("slot", [slot for slot in CONTACT_SLOTS if slot.required], ids=lambda slot: slot.role)
def test_only_the_executive_and_those_authorized_to_sign_may_upload(
    world: World, sample: SampleAco, slot: object
) -> None:
    """The permission matrix, by the slots that each person holds."""
    role = slot.role  # type: ignore[attr-defined]
    user_id = holder(sample, role)
    held = {contact.role for contact in sample.contacts if contact.person.user_id == user_id}
    binding = {Role.ACO_EXECUTIVE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY}
    if held & binding:
        hand_in(world, sample, role)
        return
    with pytest.raises(ForbiddenError) as refusal:
        hand_in(world, sample, role)
    assert [one.code for one in refusal.value.problems] == ["upload-not-permitted"]


@pytest.mark.requirement("R66", "R70")
def test_an_accepted_file_replaces_the_draft_and_is_kept_as_evidence(world: World, sample: SampleAco) -> None:
    """The unsigned document is voided, a new one carries the corrections, the zip is in the store under its digest."""
    before = world.document(sample, KIND)
    hand_in(world, sample, Role.ACO_EXECUTIVE)
    after = world.document(sample, KIND)

    assert after.document_id != before.document_id
    with world.services.database.read() as records:
        replaced = records.documents.get(before.document_id)
        upload = records.lists.uploads(sample.aco.aco_id, sample.aco.performance_year)[0]
    assert replaced is not None
    assert replaced.voided_at == world.clock()
    assert sample.corrections_upload
    assert world.services.objects.get(upload.sha256) == sample.corrections_upload[1]


@pytest.mark.requirement("R69", "R70")
def test_files_may_be_handed_in_again_until_the_list_is_signed(world: World, sample: SampleAco) -> None:
    """Any number before; none after, and the refusal says why (E9)."""
    hand_in(world, sample, Role.ACO_EXECUTIVE)
    hand_in(world, sample, Role.AUTHORIZED_TO_SIGN_PRIMARY)
    world.finish(sample, before_step=3)

    with pytest.raises(ConflictError) as refusal:
        hand_in(world, sample, Role.ACO_EXECUTIVE)

    assert [one.code for one in refusal.value.problems] == ["list-signed"]
    with world.services.database.read() as records:
        assert len(records.lists.uploads(sample.aco.aco_id, sample.aco.performance_year)) == 2


@pytest.mark.requirement("R68")
def test_a_bad_file_is_refused_and_changes_nothing_but_the_log(world: World, sample: SampleAco) -> None:
    """No upload is recorded, the draft stays, and the refusal is in the log."""
    before = world.document(sample, KIND)
    aco = sample.aco
    with pytest.raises(InputError):
        world.services.corrections.accept(
            aco.aco_id, aco.performance_year, holder(sample, Role.ACO_EXECUTIVE), "notes.zip", b"not a zip"
        )

    assert world.document(sample, KIND) == before
    with world.services.database.read() as records:
        assert records.lists.uploads(aco.aco_id, aco.performance_year) == []
        refused = [entry for entry in records.journal.entries() if entry.outcome is Outcome.REFUSED]
    assert [entry.act for entry in refused] == [Act.CORRECTIONS_UPLOAD]


@pytest.mark.requirement("R8", "E19")
def test_corrections_have_a_window(world: World, sample: SampleAco) -> None:
    """After the due date nothing is accepted."""
    world.clock.advance(timedelta(days=60))

    with pytest.raises(ForbiddenError) as refusal:
        hand_in(world, sample, Role.ACO_EXECUTIVE)

    assert [one.code for one in refusal.value.problems] == ["window-closed"]


def test_an_aco_that_is_not_in_the_year_is_not_found(world: World, sample: SampleAco) -> None:
    """An unknown ACO ID, before anything else is looked at."""
    with pytest.raises(NotFoundError):
        world.services.corrections.accept("A0001", 2027, holder(sample, Role.ACO_EXECUTIVE), "x.zip", b"")
