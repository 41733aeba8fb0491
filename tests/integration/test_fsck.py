"""The independent checker: a year that went well has no findings, and whatever is bent afterwards is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from packets.audit.log import Act
from packets.errors import ConflictError, PacketsError
from packets.model.documents import Document
from packets.model.people import Role
from packets.store.objects import MemoryObjects, digest_bytes
from packets.store.records.ceremonies import IntentState
from signing.reconciler import PATIENCE
from web.demo import holder
from worlds import World, build_world

Bend = Callable[[World, Document], None]


@pytest.fixture
def world() -> World:
    """A year in which the first ACO has carried its packet to the end."""
    world = build_world(2)
    world.finish(world.first("current"))
    world.document(world.first("new"), "provider-supplier-list")
    return world


def agreement(world: World) -> Document:
    """The executed Data Use Agreement: three signatures, CMS among them."""
    sample = world.first("current")
    return world.document(sample, "data-use-agreement")


def codes(world: World) -> set[str]:
    """What the checker finds."""
    return {one.code for one in world.services.checker.run().problems}


def run_sql(world: World, *statements: tuple[str, dict[str, object]]) -> None:
    """Past every trigger and foreign key, as somebody with the database file would."""
    connection = world.services.database._engine.raw_connection()
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute("PRAGMA foreign_keys = OFF")
    for statement, named in statements:
        assert connection.execute(statement, named).rowcount > 0


def sql(statement: str) -> Bend:
    """Bend the records behind the service's back; `:id` is the document."""

    def bend(world: World, document: Document) -> None:
        run_sql(world, (statement, {"id": document.document_id} if ":id" in statement else {}))

    return bend


def kept(world: World) -> dict[str, bytes]:
    """The bytes of the store."""
    assert isinstance(world.services.objects, MemoryObjects)
    return world.services.objects._kept


def lose(world: World, document: Document) -> None:
    """The newest revision is gone."""
    del kept(world)[document.head_digest]


def rot(world: World, document: Document) -> None:
    """One bit of the frozen facts has turned."""
    content = bytearray(kept(world)[document.data_digest])
    content[7] ^= 1
    kept(world)[document.data_digest] = bytes(content)


def exchange(world: World, document: Document) -> None:
    """The newest revision is another document's file, all records rewritten to its digest."""
    other = world.document(world.first("current"), "participant-list")
    content = kept(world)[other.head_digest] + b"\n"
    kept(world)[digest_bytes(content)] = content
    named: dict[str, object] = {"new": digest_bytes(content), "id": document.document_id}
    run_sql(
        world,
        ("UPDATE documents SET head_digest = :new WHERE document_id = :id", named),
        (
            "UPDATE revisions SET digest = :new, size = :size WHERE document_id = :id AND event = 'executed'",
            {**named, "size": len(content)},
        ),
    )


BENT: dict[str, tuple[Bend, str]] = {
    "bytes that are gone": (lose, "bytes-lost"),
    "bytes that rotted": (rot, "bytes-lost"),
    "another file in its place": (exchange, "prefix-broken"),
    "a size": (sql("UPDATE revisions SET size = size + 1 WHERE document_id = :id AND number = 3"), "prefix-broken"),
    "an event": (sql("UPDATE revisions SET event = 'signed' WHERE document_id = :id AND number = 2"), "chain-broken"),
    "a head": (
        sql(
            "UPDATE documents SET head_digest = (SELECT digest FROM revisions AS r WHERE r.document_id = :id "
            "AND r.number = 3) WHERE document_id = :id"
        ),
        "chain-broken",
    ),
    "an execution": (sql("UPDATE documents SET executed_at_utc = NULL WHERE document_id = :id"), "chain-broken"),
    "a signer": (
        sql(
            "UPDATE signatures SET user_id = (SELECT user_id FROM signatures AS s WHERE s.document_id = :id AND "
            "s.slot = 'CMS_20') WHERE document_id = :id AND slot = 'Requestor_16'"
        ),
        "verdict-not-passed",
    ),
    "a role": (
        sql("UPDATE signatures SET role = 'medical-director' WHERE document_id = :id AND slot = 'Custodian_17'"),
        "role-broken",
    ),
    "a signature that was removed": (
        sql("DELETE FROM signatures WHERE document_id = :id AND slot = 'Custodian_17'"),
        "signature-lost",
    ),
    "an intent": (sql("UPDATE intents SET state = 'abandoned' WHERE document_id = :id"), "intent-missing"),
    "what was viewed": (
        sql("UPDATE intents SET viewed_digest = 'x' WHERE document_id = :id AND slot = 'Requestor_16'"),
        "viewed-differs",
    ),
    "a re-authentication": (
        sql("UPDATE step_ups SET used_at_utc = NULL WHERE document_id = :id"),
        "step-up-missing",
    ),
    "a window": (
        sql("UPDATE windows SET due_on = '2026-11-15', begins_on = '2026-11-14' WHERE activity = 'sign-documents'"),
        "window-broken",
    ),
    "a document of an earlier step": (
        sql("UPDATE documents SET aco_id = 'A9001' WHERE kind = 'participant-list'"),
        "order-broken",
    ),
    "an actor of the log": (
        sql("UPDATE audit SET actor = 'ZZ99' WHERE act = 'document:countersign' AND outcome = 'done'"),
        "audit-broken",
    ),
    "an entry of the log": (sql("DELETE FROM audit WHERE act = 'document:countersign'"), "audit-missing"),
    "an entry of an intent": (
        sql(
            "UPDATE audit SET act = 'intent:abandon' WHERE sequence = (SELECT max(sequence) FROM audit WHERE act = 'intent:open')"
        ),
        "audit-missing",
    ),
    "an intent that is gone": (sql("DELETE FROM intents WHERE document_id = :id"), "intent-missing"),
    "the order of the log": (
        sql("UPDATE audit SET at_utc = '2026-01-01 00:00:00.000000' WHERE act = 'document:countersign'"),
        "order-broken",
    ),
}


def test_a_year_that_went_well_has_no_findings(world: World) -> None:
    """Everything was looked at, signed and unsigned."""
    findings = world.services.checker.run()
    assert findings.problems == []
    assert (findings.documents, findings.signatures, findings.open_intents) == (4, 5, 0)
    assert findings.revisions == 4 * 2 + 5 + 3


@pytest.mark.parametrize("what", BENT)
def test_what_was_bent_is_found(world: World, what: str) -> None:
    """Each bend alone, by its own code among others."""
    bend, code = BENT[what]
    bend(world, agreement(world))
    assert code in codes(world)


def test_a_voided_document_is_checked_like_any_other(world: World) -> None:
    """What no longer counts is still a record."""
    document = agreement(world)
    with world.services.database.write() as records:
        records.documents.void(document.document_id, "for a test", world.clock())
    assert codes(world) == set()
    lose(world, document)
    assert "bytes-lost" in codes(world)


def crash_while_signing(world: World) -> Document:
    """The process dies between intent and record: nothing closes the intent."""
    sample = world.first("new")
    document = world.document(sample, "provider-supplier-list")
    executive = holder(sample, Role.ACO_EXECUTIVE)
    request = world.request(document, "AuthorizedSigner", Role.ACO_EXECUTIVE, executive)
    world.services.ceremony._open_intent(request)
    return document


def test_what_a_crash_left_open_is_given_up_and_signed_again(world: World) -> None:
    """Not at once, as it could be under way; then it is, once, and the log says so."""
    document = crash_while_signing(world)
    findings = world.services.checker.run()
    assert (findings.open_intents, findings.problems) == (1, [])
    with world.services.database.read() as records:
        newest = list(records.journal.entries())[-1]
    assert (newest.act, newest.outcome, newest.details["document"]) == (Act.INTENT_OPEN, "done", document.document_id)
    assert world.services.reconciler.run() == []

    world.clock.advance(PATIENCE + timedelta(seconds=1))
    (closed,) = world.services.reconciler.run()
    assert closed.document_id == document.document_id
    assert world.services.reconciler.run() == []
    with world.services.database.read() as records:
        last = list(records.journal.entries())[-1]
    assert (last.act, last.details["by"]) == (Act.INTENT_ABANDON, closed.user_id)

    signed = world.sign(document, world.services.catalog[document.kind].slots[0], world.first("new"))
    assert len(signed.signatures) == 1
    assert codes(world) == set()


def test_a_signature_that_comes_after_its_intent_was_given_up_is_refused(world: World) -> None:
    """However slow it was: its bytes are made and no record names them."""
    sample = world.first("new")
    document = world.document(sample, "provider-supplier-list")
    executive = holder(sample, Role.ACO_EXECUTIVE)
    ceremony = world.services.ceremony
    document, intent = ceremony._open_intent(world.request(document, "AuthorizedSigner", Role.ACO_EXECUTIVE, executive))
    made = ceremony._make(document, intent)
    world.services.reconciler.run(timedelta(seconds=-1))
    with pytest.raises(ConflictError):
        ceremony._record(intent, made)
    with pytest.raises(PacketsError):
        world.services.reading.document("", document.document_id)
    with world.services.database.read() as records:
        states = {one["state"] for one in records.ledger.intents() if one["document_id"] == document.document_id}
    assert states == {str(IntentState.ABANDONED)}
    assert codes(world) == set()
