"""Messages of the outbox become notices: who is told, in which words, and once each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

import templates
from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, ForbiddenError, NotFoundError, Problem
from packets.model.batches import Batch, BatchItem, ItemState
from packets.model.notices import DeliveryState, Notice
from packets.model.people import SLOTS_BY_ROLE, Role
from packets.notices.message import LINK_MARK
from packets.notices.topics import EDITORS, TOLD, Topic
from packets.render.letters import write_letter
from packets.store.records.notices import Filter
from web.demo import holder
from worlds import World, build_world

YEAR = 2027


@pytest.fixture
def world() -> World:
    return build_world(2)


def written(world: World) -> list[Notice]:
    """Every notice, oldest first."""
    world.services.notices.write()
    with world.services.database.read() as records:
        return records.notices.listed(Filter(), skip=0, most=500)[::-1]


def queue(world: World, topic: str, **payload: Any) -> None:
    with world.services.database.write() as records:
        records.journal.queue(topic, payload, world.clock())


def queue_about(world: World, topic: str, **payload: Any) -> None:
    """Queue a message about the current ACO."""
    queue(world, topic, aco_id=world.first("current").aco.aco_id, year=YEAR, **payload)


def holders(world: World, roles: Iterable[Role]) -> set[str]:
    """User IDs of those who hold these roles at the current ACO."""
    return {holder(world.first("current"), role) for role in roles}


def told(world: World) -> set[str]:
    return {one.recipient.user_id for one in written(world)}


def test_every_topic_has_its_words_and_its_circle() -> None:
    """One folder for each, and no folder that nobody writes from."""
    folders = {one.name for one in templates.mail().iterdir() if one.is_dir()}
    assert folders == set(Topic) == set(TOLD)


def test_whoever_may_sign_a_document_is_told_of_each_signature_the_signer_too(world: World) -> None:
    """Requestor signs: both people of the Data Use Agreement are told, and that the other one is still to sign."""
    sample = world.first("current")
    world.finish(sample, before_step=4)
    written(world)
    document_type = next(one for one in world.types(sample) if one.step == 4)
    document = world.document(sample, document_type.kind)
    before = len(written(world))

    document = world.sign(document, document_type.slots[0], sample)
    first = written(world)[before:]
    assert {one.recipient.user_id for one in first} == holders(world, [Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN])
    assert "Still to sign: DUA Custodian." in " ".join(first[0].letter.text.split())
    assert "The day ends at midnight, Eastern time." in " ".join(first[0].letter.text.split())

    document = world.sign(document, document_type.slots[1], sample)
    second = written(world)[before + len(first) :]
    assert "waits for CMS to countersign" in " ".join(second[0].letter.text.split())

    world.sign(document, document_type.slots[2], sample)
    third = written(world)[before + len(first) + len(second) :]
    assert third[0].letter.subject == f"{sample.aco.aco_id}: {document_type.title} is executed"


@pytest.mark.requirement("R8")
def test_more_time_is_told_to_whoever_does_the_activity(world: World) -> None:
    """The six editors for contact data; the desk itself queues the message."""
    sample, staff = world.first("current"), world.agency(Role.CMS_STAFF)
    world.services.deadlines.extend(sample.aco.aco_id, YEAR, "review-contacts", "2026-12-31", "A flood", staff)
    found = written(world)
    assert {one.recipient.user_id for one in found} == holders(world, EDITORS)
    text = " ".join(found[0].letter.text.split())
    assert "December 31, 2026" in text
    assert "flood" not in text


def test_who_holds_a_changed_role_and_the_editors_are_told(world: World) -> None:
    """Those who hold it now, by the contacts as they are."""
    queue_about(world, "contacts-changed", roles=["medical-director"])
    assert told(world) == holders(world, {*EDITORS, Role.MEDICAL_DIRECTOR})


def test_the_agreements_end_is_told_to_its_people_and_when_it_has_ended_to_the_executive_too(world: World) -> None:
    """Warnings to the two and the liaison; then the Executive."""
    queue_about(world, "dua-expiring", expires_on="2026-12-31", days=30)
    warned = told(world)
    assert warned == holders(world, [Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN, Role.CMS_LIAISON])
    queue_about(world, "dua-expired", expires_on="2026-12-31")
    assert told(world) == warned | holders(world, [Role.ACO_EXECUTIVE])


def test_somebody_in_several_roles_is_told_once(world: World) -> None:
    """One notice for each message and person."""
    queue_about(world, "contacts-changed", roles=[str(role) for role in SLOTS_BY_ROLE])
    keys = [one.recipient.key for one in written(world)]
    assert len(keys) == len(set(keys))


def test_writing_again_writes_nothing_and_the_log_tells_who_was_told(world: World) -> None:
    """A message is taken once, whoever asks and however often."""
    queue_about(world, "contacts-changed", roles=["medical-director"])
    assert world.services.notices.write() > 0
    assert world.services.notices.write() == 0
    with world.services.database.write() as records:
        assert not records.journal.take(1, world.clock())
        entries = [one for one in records.journal.entries() if one.act is Act.NOTICE_WRITE]
    assert set(entries[-1].details["users"]) == told(world)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("gossip", {}),
        ("document-signed", {"document_id": "none", "slot": "x"}),
        ("window-extended", {"aco_id": "A0000", "year": YEAR, "activity": "sign-documents", "due_on": "2026-12-31"}),
        ("window-extended", {"aco_id": "A9001", "year": YEAR, "activity": "dance", "due_on": "2026-12-31"}),
        ("window-extended", {"aco_id": "A9001", "year": YEAR, "activity": "sign-documents", "due_on": "soon"}),
        ("contacts-changed", {"aco_id": "A9001", "year": YEAR}),
        ("contacts-changed", {"aco_id": "A9001", "year": YEAR, "roles": [1]}),
        ("deadline-near", {}),
    ],
)
def test_a_message_that_cannot_be_used_holds_up_nothing_and_is_told_to_cms(
    world: World, topic: str, payload: dict[str, Any]
) -> None:
    """It is put aside with the reason; the one behind it is told."""
    queue(world, topic, **payload)
    queue_about(world, "contacts-changed", roles=["medical-director"])
    assert told(world) == holders(world, {*EDITORS, Role.MEDICAL_DIRECTOR})
    found = world.services.notices.deliveries(world.agency(Role.CMS_STAFF), Filter())
    assert [one.topic for one in found.unusable] == [topic]
    assert "message-unusable" in found.unusable[0].failure
    with world.services.database.read() as records:
        entries = [one for one in records.journal.entries() if one.act is Act.NOTICE_WRITE]
    assert [one.outcome for one in entries] == [Outcome.REFUSED, Outcome.DONE]


FACTS: dict[str, Any] = {
    "aco_id": "A9001",
    "year": YEAR,
    "activity": "Read and sign documents",
    "due_on": "December 10, 2026",
    "expires_on": "December 31, 2026",
    "title": "Data Use Agreement",
    "signed_as": "DUA Requestor",
    "roles": "DUA Custodian",
    "closed_on": "December 1, 2026",
    "count": "12",
    "documents": 2,
    "most": 3,
    "until": "December 9, 2026",
    "minutes": 15,
    "link": LINK_MARK,
    "change": "passkey-added",
    "signed": 12,
    "skipped": 1,
    "waits_for": "DUA Custodian",
    "executed": False,
    "last": True,
    "optional": False,
    "replaced": True,
    "sample": True,
    "page": "https://esm.example.org/packets/A9001/2027",
}


@pytest.mark.parametrize("topic", list(Topic))
def test_the_words_are_whole_lead_to_a_page_only_and_mark_samples(topic: Topic) -> None:
    """No gap, no link but the one to the page, nothing that signs; both bodies say the same."""
    letter = write_letter(topic, FACTS)
    assert letter.subject
    assert len(letter.subject) < 120
    text = " ".join(letter.text.split())
    assert "SAMPLE" in text
    assert "  " not in letter.subject
    assert not re.search(r"\{|\}|None|\b[ \t]\.", letter.text)
    pages = [] if topic is Topic.COPIES_GRANTED else [FACTS["page"]]  # whose link stands in what is to be done
    assert re.findall(r"https?://\S+", letter.text) == pages
    assert re.findall(r'href="([^"]*)"', letter.html) == pages
    said = re.sub(r"<[^>]+>", " ", letter.html.split("<body>")[1])
    assert [one for one in set(text.split()) - set(said.split()) if one not in {"-", "--"}] == []
    assert max(map(len, letter.text.splitlines())) <= 80


@pytest.mark.parametrize("topic", list(Topic))
def test_hostile_facts_stay_words(topic: Topic) -> None:
    """Markup is escaped, line ends are blanks, template code is not run."""
    nasty = "<script>x</script>\r\n\r\nBcc: a@b \x00{{ 7*7 }}\u202e"
    ours = {"page", "change"}  # an address of the service, and a word of a closed set
    given = {name: nasty if isinstance(value, str) and name not in ours else value for name, value in FACTS.items()}
    letter = write_letter(topic, given)
    assert "<script>" not in letter.html
    assert not re.search(r"[\x00\u202e\r]|\b49\b", letter.text + letter.html + letter.subject)
    assert "\n" not in letter.subject
    assert "\nBcc:" not in letter.text.replace("\nBcc: a@b {{", "\nBcc: a@b {{") or "\n\nBcc:" not in letter.text


def test_people_read_their_own_notices_only(world: World) -> None:
    """Opening one is reading it; somebody else's is not there."""
    queue_about(world, "contacts-changed", roles=["medical-director"])
    director, custodian = (holder(world.first("current"), role) for role in (Role.MEDICAL_DIRECTOR, Role.DUA_CUSTODIAN))
    notice = next(one for one in written(world) if one.recipient.user_id == director)
    desk = world.services.notices
    with pytest.raises(NotFoundError):
        desk.open(custodian, notice.notice_id)
    assert desk.unread(director) == 1
    assert desk.open(director, notice.notice_id).letter == notice.letter
    assert desk.unread(director) == 0
    assert desk.inbox(director).total == 1


def test_only_cms_staff_have_mail_tried_again_and_only_what_has_ended(world: World) -> None:
    """Without a mail server nobody; every try is in the log."""
    queue_about(world, "contacts-changed", roles=["medical-director"])
    notice, staff = written(world)[0], world.agency(Role.CMS_STAFF)
    desk = world.services.notices
    with pytest.raises(ForbiddenError):
        desk.deliveries(holder(world.first("current"), Role.ACO_EXECUTIVE), Filter())
    with pytest.raises(ForbiddenError):
        desk.retry(world.agency(Role.CMS_SIGNATORY), notice.notice_id)
    with pytest.raises(ConflictError, match="mail-not-set-up"):
        desk.retry(staff, notice.notice_id)
    assert notice.state is DeliveryState.INBOX_ONLY
    with world.services.database.read() as records:
        entries = [one for one in records.journal.entries() if one.act is Act.NOTICE_RETRY]
    assert [one.outcome for one in entries] == [Outcome.REFUSED, Outcome.REFUSED]


def test_a_batch_that_ended_is_told_to_whoever_started_it(world: World) -> None:
    """Once for all its documents, with counts; it is about no one ACO, and the other people of CMS hear nothing."""
    staff, now = world.agency(Role.CMS_STAFF), world.clock()
    sample = world.first("current")
    ids = [world.document(sample, one.kind).document_id for one in world.types(sample)[:3]]
    items = tuple(BatchItem(one, "digest", "CMS", Role.CMS_SIGNATORY) for one in ids)
    skipped = Problem("document-voided", "It was voided.", "Nothing is left to do.")
    with world.services.database.write() as records:
        records.batches.add(Batch("one", staff, now, "sheet", items))
        for one, state in zip(ids, (ItemState.SIGNED, ItemState.SIGNED, ItemState.SKIPPED), strict=True):
            reasons = (skipped,) if state is ItemState.SKIPPED else ()
            records.batches.close_item("one", one, state, reasons, now)
    queue(world, "batch-finished", batch_id="one")
    found = written(world)
    assert [one.recipient.user_id for one in found] == [staff]
    assert found[0].aco_id == ""
    assert found[0].letter.subject.endswith("2 signed, 1 left out")
    assert "which documents were left out, and why" in " ".join(found[0].letter.text.split())


def test_a_batch_of_which_there_is_no_record_is_told_to_nobody(world: World) -> None:
    """CMS staff see that the message could not be used."""
    queue(world, "batch-finished", batch_id="none")
    assert written(world) == []
    assert [
        one.topic for one in world.services.notices.deliveries(world.agency(Role.CMS_STAFF), Filter()).unusable
    ] == ["batch-finished"]
