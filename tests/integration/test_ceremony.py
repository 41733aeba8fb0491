"""The signing ceremony: each act once, nothing lost, nothing invented."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from databases import sqlite_file
from packets.audit.log import Act, Outcome, chain_problems
from packets.errors import ConflictError, ForbiddenError, PacketsError, Problem, StoreError
from packets.faultpoints import CEREMONY, FaultPoint, arm
from packets.model.documents import Document, Event
from packets.model.people import Role
from packets.sample.year import SampleAco
from packets.store.objects import MemoryObjects
from packets.store.records.ceremonies import IntentState
from signing.proofs import STEP_UP_LIFETIME
from web.demo import holder
from worlds import World, build_world

pytestmark = pytest.mark.usefixtures("every_database")
SLOT = "AuthorizedSigner"
ROLE = Role.ACO_EXECUTIVE


@pytest.fixture
def world() -> Iterator[World]:
    world = build_world(2)
    yield world
    world.services.database.close()


@pytest.fixture
def sample(world: World) -> SampleAco:
    return world.first("current")


@pytest.fixture
def document(world: World, sample: SampleAco) -> Document:
    return world.document(sample, "provider-supplier-list")


@pytest.fixture
def executive(sample: SampleAco) -> str:
    return holder(sample, ROLE)


def intents_of(world: World) -> list[IntentState]:
    with world.services.database.read() as records:
        rows = records.ceremonies._connection.exec_driver_sql("SELECT state FROM intents").scalars()
        return [IntentState(state) for state in rows]


def refusals(world: World) -> list[list[str]]:
    with world.services.database.read() as records:
        return [entry.details["reasons"] for entry in records.journal.entries() if entry.outcome is Outcome.REFUSED]


def test_a_signature_is_one_revision_one_record_and_one_audit_entry(
    world: World, document: Document, executive: str
) -> None:
    """After the last signature: signed, executed, and the chain of revisions is a chain of byte prefixes."""
    signed = world.services.ceremony.sign(world.request(document, SLOT, ROLE, executive))

    assert [revision.event for revision in signed.revisions] == [
        Event.DRAFTED,
        Event.SEALED,
        Event.SIGNED,
        Event.EXECUTED,
    ]
    assert [(one.slot, one.user_id, one.role) for one in signed.signatures] == [(SLOT, executive, ROLE)]
    assert signed.executed_at == world.clock()
    chain = [world.services.objects.get(revision.digest) for revision in signed.revisions]
    assert all(later.startswith(earlier) for earlier, later in pairwise(chain))
    with world.services.database.read() as records:
        entries = list(records.journal.entries())
    assert chain_problems(entries) == []
    assert [entry.act for entry in entries if entry.act in {Act.DOCUMENT_SIGN, Act.DOCUMENT_EXECUTE}] == [
        Act.DOCUMENT_SIGN,
        Act.DOCUMENT_EXECUTE,
    ]


def test_the_same_key_is_answered_the_same_and_signs_once(world: World, document: Document, executive: str) -> None:
    """A double click, a retry after a lost answer: one signature, the same answer."""
    request = world.request(document, SLOT, ROLE, executive)
    first = world.services.ceremony.sign(request)

    assert world.services.ceremony.sign(request) == first
    assert intents_of(world) == [IntentState.COMMITTED]


def test_the_same_key_for_another_act_is_refused(
    world: World, document: Document, executive: str, sample: SampleAco
) -> None:
    """A key belongs to one act."""
    request = world.request(document, SLOT, ROLE, executive)
    world.services.ceremony.sign(request)
    other = world.document(sample, "participant-list")
    again = replace(world.request(other, SLOT, ROLE, executive), idempotency_key=request.idempotency_key)

    with pytest.raises(ConflictError) as refusal:
        world.services.ceremony.sign(again)

    assert [one.code for one in refusal.value.problems] == ["key-reused"]


@pytest.mark.requirement("R53")
def test_a_step_up_counts_once_for_these_bytes_and_five_minutes(
    world: World, document: Document, executive: str
) -> None:
    """Spent, expired, somebody else's or for other bytes: refused, and the refusal is in the log."""
    good = world.request(document, SLOT, ROLE, executive)
    elsewhere = world.services.ceremony.step_up(executive, document.document_id, "f" * 64)
    stranger = world.services.ceremony.step_up(world.agency(Role.CMS_STAFF), document.document_id, good.viewed_digest)

    for step_up in (elsewhere, stranger, "no such proof"):
        with pytest.raises(ForbiddenError) as refusal:
            world.services.ceremony.sign(replace(good, step_up_id=step_up))
        assert [one.code for one in refusal.value.problems] == ["step-up-missing"]
    world.clock.advance(STEP_UP_LIFETIME + timedelta(seconds=1))
    with pytest.raises(ForbiddenError) as refusal:
        world.services.ceremony.sign(good)
    assert [one.code for one in refusal.value.problems] == ["step-up-spent"]
    assert refusals(world) == [["step-up-missing"]] * 3 + [["step-up-spent"]]
    assert intents_of(world) == []


def test_a_refused_signature_leaves_the_document_as_it_was(world: World, document: Document, sample: SampleAco) -> None:
    """Nothing changes but the log."""
    custodian = holder(sample, Role.DUA_CUSTODIAN)
    with pytest.raises(ForbiddenError) as refusal:
        world.services.ceremony.sign(world.request(document, SLOT, Role.DUA_CUSTODIAN, custodian))

    assert [one.code for one in refusal.value.problems] == ["role-not-permitted"]
    assert world.services.reading.document(custodian, document.document_id) == document
    assert refusals(world) == [["role-not-permitted"]]


class FailingObjects(MemoryObjects):
    """A store that refuses to take anything more."""

    def put(self, content: bytes) -> str:
        """Refuse."""
        raise StoreError(Problem("object-not-stored", "The disk is full.", "Free space.", str(len(content))))


def test_when_the_store_fails_nothing_is_recorded_and_the_intent_is_abandoned(
    world: World, document: Document, executive: str
) -> None:
    """Signed bytes that could not be kept do not count; the same person can sign again afterwards."""
    request = world.request(document, SLOT, ROLE, executive)
    failing = FailingObjects()
    failing._kept = world.services.objects._kept  # type: ignore[attr-defined]
    broken = replace(world.services.ceremony, objects=failing)

    with pytest.raises(StoreError):
        broken.sign(request)

    assert intents_of(world) == [IntentState.ABANDONED]
    assert world.services.reading.document(executive, document.document_id) == document
    signed = world.services.ceremony.sign(world.request(document, SLOT, ROLE, executive))
    assert signed.executed_at is not None


def test_what_is_in_the_way_at_commit_time_stops_the_signature(
    world: World, document: Document, executive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy is asked again when the signature is recorded: an account that lapsed in between is found."""
    request = world.request(document, SLOT, ROLE, executive)
    signer = world.services.signer
    person = world.services.reading.person(executive)
    assert person is not None

    def lapse_while_signing(*args: object, **options: object) -> object:
        made = original(*args, **options)  # type: ignore[arg-type]
        world.services.enrollment.register([replace(person, account_active=False)])
        return made

    original = signer.sign
    monkeypatch.setattr(signer, "sign", lapse_while_signing)
    with pytest.raises(ConflictError) as refusal:
        world.services.ceremony.sign(request)

    assert [one.code for one in refusal.value.problems] == ["account-inactive"]
    assert intents_of(world) == [IntentState.ABANDONED]
    assert world.services.reading.document(world.agency(Role.CMS_STAFF), document.document_id) == document


def test_a_crash_between_the_intent_and_the_record_invents_nothing(
    world: World, document: Document, executive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the bytes were signed and stored: the record names nothing of it, and the document can be signed."""

    def die(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    request = world.request(document, SLOT, ROLE, executive)
    with monkeypatch.context() as patch:
        patch.setattr(type(world.services.ceremony), "_record", die)
        with pytest.raises(KeyboardInterrupt):
            world.services.ceremony.sign(request)

    assert intents_of(world) == [IntentState.OPEN]
    assert world.services.reading.document(executive, document.document_id) == document
    with pytest.raises(ConflictError) as refusal:
        world.services.ceremony.sign(request)
    assert [one.code for one in refusal.value.problems] == ["act-not-open"]
    assert world.services.ceremony.sign(world.request(document, SLOT, ROLE, executive)).executed_at is not None


def test_of_many_signers_at_once_exactly_one_signs_a_slot(every_database: str, tmp_path: Path) -> None:
    """Three permitted people press *Sign* at the same moment: one signature, two conflicts."""
    world = build_world(2, database=sqlite_file(tmp_path) if every_database == "memory" else None)
    sample = world.first("current")
    document = world.document(sample, "provider-supplier-list")
    roles = (ROLE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY)
    requests = [world.request(document, SLOT, role, holder(sample, role)) for role in roles]
    barrier, outcomes = threading.Barrier(len(requests)), []

    def press(request: object) -> None:
        barrier.wait()
        try:
            world.services.ceremony.sign(request)  # type: ignore[arg-type]
            outcomes.append("signed")
        except PacketsError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=press, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["ConflictError", "ConflictError", "signed"]
    after = world.services.reading.document(holder(sample, ROLE), document.document_id)
    assert len(after.signatures) == 1
    with world.services.database.read() as records:
        assert chain_problems(records.journal.entries()) == []
    world.services.database.close()


def test_a_signature_passes_every_place_between_two_writes_in_their_order(
    world: World, document: Document, executive: str
) -> None:
    """The fault runs kill and fail at these places; one that nobody passes would be tried in vain."""
    passed: list[FaultPoint] = []
    request = world.request(document, SLOT, ROLE, executive)
    arm(passed.append)
    try:
        world.services.ceremony.sign(request)
    finally:
        arm(None)
    assert list(dict.fromkeys(passed)) == list(CEREMONY)
