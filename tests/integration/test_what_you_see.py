"""What you see is what you sign: whatever changes between the view and the signature stops it, and says what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from packets.errors import ConflictError, ForbiddenError
from packets.model.calendar import Activity
from packets.model.documents import Document
from packets.model.people import Role
from packets.sample.year import SampleAco
from packets.store.records.ceremonies import IntentState
from packets.years.enrollment import tin_place
from signing.ceremony import SignRequest
from web.demo import holder
from worlds import World, build_world

KIND, SLOT, ROLE = "provider-supplier-list", "AuthorizedSigner", Role.ACO_EXECUTIVE


@dataclass
class Scene:
    """Somebody has read a document and re-authenticated; they have not pressed *Sign* yet."""

    world: World
    sample: SampleAco
    document: Document
    request: SignRequest


@pytest.fixture
def scene() -> Iterator[Scene]:
    """In a world of its own."""
    world = build_world(2)
    sample = world.first("current")
    document = world.document(sample, KIND)
    words = world.services.catalog[KIND].template_digest
    yield Scene(world, sample, document, world.request(document, SLOT, ROLE, holder(sample, ROLE)))
    object.__setattr__(world.services.catalog[KIND], "template_digest", words)


def another_signs(scene: Scene) -> None:
    """One of the others who may."""
    role = Role.AUTHORIZED_TO_SIGN_PRIMARY
    scene.world.services.ceremony.sign(scene.world.request(scene.document, SLOT, role, holder(scene.sample, role)))


def the_list_is_loaded_again(scene: Scene) -> None:
    """CMS loads another list; the document is prepared anew with it."""
    sample, name = scene.sample, "provider-supplier"
    place = (sample.aco.aco_id, sample.aco.performance_year)
    with scene.world.services.database.write() as records:
        records.lists.replace(*place, name, sample.providers[:-1], tin_place(name))
    scene.world.document(sample, KIND)


def the_organization_moves(scene: Scene) -> None:
    """The facts that the document prints are others."""
    aco = scene.sample.aco
    with scene.world.services.database.write() as records:
        records.acos.change(aco.aco_id, aco.performance_year, {"legal_name": "Another Name of the ACO"})


def the_template_is_reworded(scene: Scene) -> None:
    """A new version of the service brings other words."""
    types = scene.world.services.catalog
    object.__setattr__(types[KIND], "template_digest", "0" * 64)


def the_role_goes_to_somebody_else(scene: Scene) -> None:
    """The ACO names another Executive."""
    other = holder(scene.sample, Role.AUTHORIZED_TO_SIGN_SECONDARY)
    person = next(one.person for one in scene.sample.contacts if one.person.user_id == other)
    contacts = tuple(replace(one, person=person) if one.role is ROLE else one for one in scene.sample.contacts)
    with scene.world.services.database.write() as records:
        records.acos.put_contacts(scene.sample.aco.aco_id, scene.sample.aco.performance_year, contacts)


def the_access_is_taken_away(scene: Scene) -> None:
    """CMS revokes electronic signature access."""
    person = next(one.person for one in scene.sample.contacts if one.role is ROLE)
    scene.world.services.enrollment.register([replace(person, may_sign_electronically=False)])


def the_window_closes(scene: Scene) -> None:
    """Midnight of its last day, with a re-authentication that is fresh."""
    with scene.world.services.database.read() as records:
        year = records.years.for_aco(scene.sample.aco)
    assert year is not None
    window = year.window(Activity.SIGN, scene.sample.aco.cohort)
    scene.world.clock.now = scene.world.clock.now.replace(
        year=window.due_on.year, month=window.due_on.month, day=window.due_on.day
    ) + timedelta(days=1)
    step_up = scene.world.services.ceremony.step_up(
        scene.request.user_id, scene.document.document_id, scene.request.viewed_digest
    )
    scene.request = replace(scene.request, step_up_id=step_up)


CHANGES: dict[str, tuple[Callable[[Scene], None], set[str]]] = {
    "another one's signature": (another_signs, {"already-signed", "document-changed"}),
    "another list": (the_list_is_loaded_again, {"document-voided"}),
    "other facts": (the_organization_moves, {"document-outdated"}),
    "other words": (the_template_is_reworded, {"template-changed"}),
    "another holder of the role": (the_role_goes_to_somebody_else, {"role-not-held", "document-outdated"}),
    "no access any more": (the_access_is_taken_away, {"entitlement-missing"}),
    "a closed window": (the_window_closes, {"window-closed"}),
}


@pytest.mark.requirement("R69")
@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_between_the_view_and_the_signature_stops_it_and_is_named(scene: Scene, what: str) -> None:
    """Nothing is signed, and the reason is what changed and nothing else."""
    change, codes = CHANGES[what]
    change(scene)
    with scene.world.services.database.read() as records:
        before = len(records.ledger.signatures())

    with pytest.raises((ConflictError, ForbiddenError)) as refusal:
        scene.world.services.ceremony.sign(scene.request)

    assert {one.code for one in refusal.value.problems} == codes
    with scene.world.services.database.read() as records:
        assert len(records.ledger.signatures()) == before
        assert records.ceremonies.intent(scene.request.idempotency_key) is None


@pytest.mark.requirement("R69")
@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_while_the_signature_is_made_stops_its_record(
    scene: Scene, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy is asked again inside the transaction that records: the made signature never counts."""
    change, codes = CHANGES[what]
    signer = scene.world.services.signer
    original = signer.sign

    def change_meanwhile(*args: Any, **options: Any) -> object:
        made = original(*args, **options)
        monkeypatch.undo()
        change(scene)
        return made

    monkeypatch.setattr(signer, "sign", change_meanwhile)
    request = scene.request
    with pytest.raises(ConflictError) as refusal:
        scene.world.services.ceremony.sign(request)

    assert {one.code for one in refusal.value.problems} == codes
    assert scene.world.services.checker.run().problems == []
    with scene.world.services.database.read() as records:
        intent = records.ceremonies.intent(request.idempotency_key)
    assert intent is not None
    assert intent.state is IntentState.ABANDONED


@pytest.mark.requirement("R69")
def test_a_reworded_document_is_made_and_read_anew(scene: Scene) -> None:
    """The new one is signed by whoever reads it; the old proof of having read is worth nothing for it."""
    the_template_is_reworded(scene)
    (made,) = [
        one
        for one in scene.world.services.assembler.refresh(scene.sample.aco.aco_id, scene.sample.aco.performance_year)
        if one.kind == KIND
    ]
    with pytest.raises(ConflictError, match="document-voided"):
        scene.world.services.ceremony.sign(scene.request)
    with pytest.raises(ForbiddenError):
        scene.world.services.ceremony.sign(replace(scene.request, document_id=made.document_id))
    assert scene.world.services.ceremony.sign(scene.world.request(made, SLOT, ROLE, scene.request.user_id)).signatures
