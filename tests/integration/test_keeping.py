"""Retention, legal holds and dispositions: nothing is lost before its time, by one person alone, or in the middle."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from pypdf import PdfReader

from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError
from packets.faultpoints import DISPOSAL, FaultPoint, arm
from packets.keeping.dispositions import DISPOSAL_JOB
from packets.keeping.fixity import FixityDesk
from packets.keeping.holds import HoldRequest
from packets.keeping.locks import LockDesk
from packets.keeping.old_notices import dispose_old_notices
from packets.keeping.retention import ExtensionRequest
from packets.model.documents import Document
from packets.model.holds import DispositionState
from packets.model.jobs import Job, JobState
from packets.model.people import Role
from packets.model.retention import AGREEMENT_RECORDS
from packets.sample.people import agency_people
from packets.store.objects import MemoryObjects
from packets.store.records import Records
from packets.store.records.keepers import FIXITY, RENEWAL
from signing.verify import verify_pdf
from web.cli import esm
from web.demo import holder
from web.keepers import build_disposal, build_fixity
from worlds import World, build_world

LATER = datetime(2030, 1, 7, 15, 0, tzinfo=UTC)
"""When the time is over in these tests, in which the law asks for two years: the keys of the service hold for five."""
SHORT = replace(AGREEMENT_RECORDS, years=2)
REASON = "The time for which they had to be kept is over."
COLLEAGUES = ("KE01", "KE02")


@dataclass
class Errand:
    """A run of the job outside of a worker."""

    job: Job

    def progress(self, done: int, total: int) -> None:
        """Nobody interrupts it."""

    def hold(self, records: Records) -> None:
        """It is held."""


class Killed(BaseException):
    """The process died."""


@pytest.fixture
def world() -> World:
    """A year in which one document is executed, and one was never signed; with two more archivists."""
    world = build_world(2)
    world.finish(world.first("current"), before_step=3)
    world.document(world.first("new"), "provider-supplier-list")
    archivist = next(one for one in agency_people() if Role.ARCHIVIST in one.cms_roles)
    world.services.enrollment.register([replace(archivist, user_id=one) for one in COLLEAGUES])
    return world


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    """No test leaves a place armed."""
    yield
    arm(None)


@pytest.fixture
def _two_years(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agreement ends with the year, and records are kept for two years more."""
    monkeypatch.setattr("packets.keeping.retention.class_of", lambda _type: SHORT)
    with world.services.database.write() as records:
        for one in world.year.acos:
            records.acos.change(one.aco.aco_id, one.aco.performance_year, {"end_date": date(2027, 12, 31)})


def executed(world: World) -> Document:
    """The document that everybody has signed."""
    return world.document(world.first("current"), "provider-supplier-list")


def proposed(world: World, *documents: Document) -> str:
    """A proposal of the archivist, years later."""
    world.clock.now = LATER
    chosen = [one.document_id for one in documents or (executed(world),)]
    return world.services.dispositions.propose(world.agency(Role.ARCHIVIST), chosen, REASON)


def approve(world: World, disposition_id: str, user_id: str) -> None:
    """Re-authenticate, then approve."""
    desk = world.services.dispositions
    desk.approve(user_id, disposition_id, desk.step_up(user_id, disposition_id))


def approved(world: World, *documents: Document) -> str:
    """Proposed, and approved by two others."""
    disposition_id = proposed(world, *documents)
    for one in COLLEAGUES:
        approve(world, disposition_id, one)
    return disposition_id


def carry_out(world: World, disposition_id: str) -> dict[str, object]:
    """What a worker does with the job that the second approval has queued."""
    with world.services.database.read() as records:
        job = records.jobs.by_key(f"{DISPOSAL_JOB}/{disposition_id}")
    assert job is not None
    assert job.state is JobState.QUEUED
    return build_disposal(world.services).run(Errand(job))


def kept(world: World) -> dict[str, bytes]:
    """The bytes of the store."""
    assert isinstance(world.services.objects, MemoryObjects)
    return world.services.objects._kept


def digests_of(document: Document) -> set[str]:
    """Everything that is kept of a document."""
    return {document.data_digest, *(one.digest for one in document.revisions)}


def codes(error: pytest.ExceptionInfo[PacketsError]) -> set[str]:
    """What a refusal says."""
    return {one.code for one in error.value.problems}


def read(world: World, document_id: str) -> Document:
    """A document as it is recorded now."""
    with world.services.database.read() as records:
        found = records.documents.get(document_id)
    assert found is not None
    return found


def outcomes(world: World, act: Act) -> list[Outcome]:
    """What the log tells of an act."""
    with world.services.database.read() as records:
        return [one.outcome for one in records.journal.entries() if one.act is act]


def test_each_document_says_until_when_it_is_kept_and_why(world: World) -> None:
    """Ten years from the end of the agreement; a dispute that is resolved adds six years to that day, for the whole ACO."""
    document, desk, archivist = executed(world), world.services.retention, world.agency(Role.ARCHIVIST)
    end = world.first("current").aco.agreement.end_date
    found = desk.one(document.document_id)
    assert found is not None
    assert found.schedule.keep_until == date(end.year + 10, end.month, end.day)

    world.clock.now = datetime(end.year + 9, 1, 2, 15, tzinfo=UTC)
    desk.extend(archivist, ExtensionRequest(document.aco_id, "", "dispute", f"{end.year + 9}-01-01", "Settlement 12-3"))

    longer = desk.one(document.document_id)
    assert longer is not None
    assert longer.schedule.keep_until == date(end.year + 15, 1, 1)
    assert [one.authority for one in longer.schedule.extensions] == ["Settlement 12-3"]
    others = [one for one in desk.kept() if one.document.aco_id != document.aco_id]
    assert others
    assert not any(one.schedule.extensions for one in others)


def test_a_date_that_was_found_is_never_moved_to_an_earlier_day(world: World) -> None:
    """The agreement ends earlier than was thought: what was promised before stands."""
    document, desk, sample = executed(world), world.services.retention, world.first("current")
    assert desk.record_dates() == len(desk.kept())
    assert desk.record_dates() == 0
    before = desk.one(document.document_id)
    with world.services.database.write() as records:
        records.acos.change(
            sample.aco.aco_id, 2027, {"end_date": date(2027, 12, 31), "dua_extended_to": date(2027, 12, 31)}
        )
        assert not records.keeping.record_date(document.document_id, date(2030, 1, 1))
    after = desk.one(document.document_id)
    assert before is not None
    assert after is not None
    assert after.schedule.keep_until == before.schedule.keep_until


def test_who_may_not_is_refused_and_the_log_tells(world: World) -> None:
    """A signatory of the ACO, and a signatory of CMS, keep no records."""
    document = executed(world)
    for user_id in (holder(world.first("current"), Role.ACO_EXECUTIVE), world.agency(Role.CMS_SIGNATORY)):
        with pytest.raises(ForbiddenError):
            world.services.holds.place(user_id, HoldRequest(document.aco_id, (), "Audit", "OIG"))
        with pytest.raises(ForbiddenError):
            world.services.retention.extend(
                user_id, ExtensionRequest(document.aco_id, "", "audit", "2026-01-01", "OIG")
            )
        with pytest.raises(ForbiddenError):
            world.services.dispositions.propose(user_id, [document.document_id], REASON)
    for act in (Act.HOLD_PLACE, Act.RETENTION_EXTEND, Act.DISPOSITION_PROPOSE):
        assert outcomes(world, act) == [Outcome.REFUSED] * 2


def test_everything_that_is_wrong_with_a_hold_is_told(world: World) -> None:
    """Nothing is named, no reason, no authority; and nobody knows such an ACO or document."""
    desk, staff = world.services.holds, world.agency(Role.CMS_STAFF)
    with pytest.raises(InputError) as refusal:
        desk.place(staff, HoldRequest("", (), " ", ""))
    assert codes(refusal) == {"nothing-named", "reason-missing", "authority-missing"}
    with pytest.raises(NotFoundError) as unknown:
        desk.place(staff, HoldRequest("A7777", (), "Audit", "OIG"))
    assert codes(unknown) == {"aco-unknown"}
    with pytest.raises(NotFoundError):
        desk.place(staff, HoldRequest("", ("nothing",), "Audit", "OIG"))
    assert desk.all() == []


@pytest.mark.usefixtures("_two_years")
def test_a_hold_stops_a_disposition_whatever_the_date_and_however_far_it_is(world: World) -> None:
    """Placed after both approvals, and before the work begins: everything is kept; lifted, it can be proposed again."""
    document = executed(world)
    disposition_id = approved(world, document)
    hold_id = world.services.holds.place(
        world.agency(Role.CMS_STAFF), HoldRequest(document.aco_id, (), "Audit of 2027", "OIG, letter of January 7")
    )
    assert carry_out(world, disposition_id) == {"state": "stopped"}
    assert digests_of(document) <= kept(world).keys()
    assert world.services.dispositions.get(disposition_id).stop_reason
    assert not read(world, document.document_id).disposed_at

    with pytest.raises(ConflictError) as refusal:
        proposed(world, document)
    assert codes(refusal) == {"document-held"}
    world.services.holds.lift(COLLEAGUES[0], hold_id, "The audit is closed.")
    with pytest.raises(ConflictError):
        world.services.holds.lift(COLLEAGUES[0], hold_id, "Again.")
    proposed(world, document)


@pytest.mark.usefixtures("_two_years")
def test_what_must_be_kept_cannot_be_proposed(world: World) -> None:
    """Not before the day is over, not twice, not without a reason, and not what is not there."""
    desk, archivist, document = world.services.dispositions, world.agency(Role.ARCHIVIST), executed(world)
    with pytest.raises(ConflictError) as early:
        desk.propose(archivist, [document.document_id], REASON)
    assert codes(early) == {"date-not-over"}
    world.clock.now = LATER
    with pytest.raises(InputError) as empty:
        desk.propose(archivist, [], "")
    assert codes(empty) == {"nothing-chosen", "reason-missing"}
    with pytest.raises(ConflictError) as nothing:
        desk.propose(archivist, ["nothing"], REASON)
    assert codes(nothing) == {"document-not-kept"}
    desk.propose(archivist, [document.document_id], REASON)
    with pytest.raises(ConflictError) as again:
        desk.propose(archivist, [document.document_id], REASON)
    assert codes(again) == {"proposed-already"}


@pytest.mark.usefixtures("_two_years")
def test_two_others_approve_each_with_fresh_re_authentication(world: World) -> None:
    """Not the one who proposed, not one person twice, not with an old, a spent or somebody else's proof."""
    desk, disposition_id = world.services.dispositions, proposed(world)
    first, second = COLLEAGUES
    with pytest.raises(ForbiddenError) as own:
        approve(world, disposition_id, world.agency(Role.ARCHIVIST))
    assert codes(own) == {"own-proposal"}
    with pytest.raises(ForbiddenError) as foreign:
        desk.approve(first, disposition_id, desk.step_up(second, disposition_id))
    assert codes(foreign) == {"step-up-missing"}
    old = desk.step_up(first, disposition_id)
    world.clock.advance(timedelta(minutes=6))
    with pytest.raises(ForbiddenError) as late:
        desk.approve(first, disposition_id, old)
    assert codes(late) == {"step-up-spent"}

    approve(world, disposition_id, first)
    with pytest.raises(ForbiddenError) as twice:
        approve(world, disposition_id, first)
    assert codes(twice) == {"approved-already"}
    assert desk.get(disposition_id).state is DispositionState.PROPOSED
    approve(world, disposition_id, second)
    assert desk.get(disposition_id).state is DispositionState.APPROVED
    with pytest.raises(ConflictError):
        approve(world, disposition_id, world.agency(Role.CMS_STAFF))
    assert outcomes(world, Act.DISPOSITION_APPROVE).count(Outcome.DONE) == 2


NEVER = (
    "first_approver = proposed_by",
    "second_approver = first_approver",
    "second_approver = proposed_by",
    "first_step_up_id = NULL",
    "completed_at_utc = begun_at_utc, certificate_digest = ''",
    "stopped_at_utc = begun_at_utc, stop_reason = 'no'",
)


@pytest.mark.usefixtures("_two_years")
def test_the_database_itself_refuses_what_must_never_be(world: World) -> None:
    """One person in two places, an approval without proof, an end without a certificate, a way back; an item without a date."""
    carry_out(world, approved(world))
    statements = [f"UPDATE dispositions SET {one}" for one in NEVER]  # noqa: S608  ours
    for statement in [*statements, "UPDATE disposition_items SET keep_until = NULL"]:
        with pytest.raises(sa.exc.IntegrityError), world.services.database._engine.begin() as connection:
            connection.execute(sa.text(statement))


@pytest.mark.usefixtures("_two_years")
def test_a_disposition_removes_the_bytes_and_leaves_the_record_and_a_sealed_certificate(world: World) -> None:
    """The stub says what it was; the certificate passes our verifier, names every digest and is kept."""
    document, services = executed(world), world.services
    disposition_id = approved(world, document)
    answer = carry_out(world, disposition_id)
    assert answer == {"state": "completed", "removed": len(digests_of(document))}
    assert not digests_of(document) & kept(world).keys()

    stub = read(world, document.document_id)
    assert stub == replace(document, disposed_at=LATER)
    assert stub.signatures
    found = services.dispositions.get(disposition_id)
    certificate = kept(world)[found.certificate_digest]
    assert verify_pdf(certificate, services.signer.trust, now=world.clock()).passed
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(certificate)).pages)
    for digest in digests_of(document):
        assert digest in "".join(words.split())
    assert all(one in words for one in COLLEAGUES)

    assert services.checker.run().problems == []
    assert build_fixity(services).run().holds
    with services.database.read() as records:
        assert found.certificate_digest in records.ledger.digests()
    with pytest.raises(NotFoundError) as gone:
        services.reading.download(world.agency(Role.ARCHIVIST), document.document_id)
    assert codes(gone) == {"document-disposed"}
    with pytest.raises(NotFoundError):
        services.holds.place(world.agency(Role.CMS_STAFF), HoldRequest("", (document.document_id,), "Audit", "OIG"))
    assert services.renewal.run().examined == 0


@pytest.mark.usefixtures("_two_years")
def test_bytes_that_another_record_needs_stay(world: World) -> None:
    """Two documents with the same frozen facts: only what nobody else needs is removed."""
    document = executed(world)
    with world.services.database.write() as records:
        twin = replace(
            document, document_id=str(uuid.uuid4()), kind="twin", revisions=(), signatures=(), executed_at=None
        )
        records.documents.add(replace(twin, revisions=(replace(document.revisions[0], number=1),)), world.clock())
    carry_out(world, approved(world, document))
    shared = {document.data_digest, document.revisions[0].digest}
    assert digests_of(document) & kept(world).keys() == shared


@pytest.mark.usefixtures("_two_years")
@pytest.mark.parametrize("place", DISPOSAL)
def test_a_kill_at_any_place_leaves_everything_or_is_resumed_to_the_end(world: World, place: FaultPoint) -> None:
    """Until the documents are marked, everything is there; afterwards nothing is served; resumed, all of it is done, once."""
    document = executed(world)
    disposition_id = approved(world, document)

    def die(point: FaultPoint) -> None:
        if point is place:
            raise Killed

    arm(die)
    with pytest.raises(Killed):
        carry_out(world, disposition_id)
    arm(None)
    if read(world, document.document_id).disposed_at is None:
        assert digests_of(document) <= kept(world).keys()
        assert place is FaultPoint.BEFORE_DISPOSAL
    else:
        with pytest.raises(NotFoundError):
            world.services.reading.show(COLLEAGUES[0], document.document_id)
    assert {one.code for one in world.services.checker.run().problems} == set()

    carry_out(world, disposition_id)

    found = world.services.dispositions.get(disposition_id)
    assert found.state is DispositionState.COMPLETED
    assert not digests_of(document) & kept(world).keys()
    assert found.certificate_digest in kept(world)
    assert outcomes(world, Act.DISPOSITION_BEGIN) == outcomes(world, Act.DISPOSITION_COMPLETE) == [Outcome.DONE]
    assert world.services.checker.run().problems == []


@pytest.mark.usefixtures("_two_years")
def test_bytes_of_a_disposed_document_that_are_there_again_are_found(world: World) -> None:
    """Somebody has put back a store from a copy."""
    document = executed(world)
    before = dict(kept(world))
    carry_out(world, approved(world, document))
    kept(world)[document.head_digest] = before[document.head_digest]
    assert {one.code for one in world.services.checker.run().problems} == {"disposed-bytes"}


@pytest.mark.usefixtures("_two_years")
def test_a_disposition_is_given_up_until_it_has_begun(world: World) -> None:
    """By anybody who might have approved it; afterwards nobody can."""
    desk, disposition_id = world.services.dispositions, approved(world)
    with pytest.raises(InputError):
        desk.stop(world.agency(Role.CMS_SIGNATORY), disposition_id, " ")
    desk.stop(world.agency(Role.CMS_SIGNATORY), disposition_id, "One of them is needed.")
    assert carry_out(world, disposition_id) == {"state": "stopped"}
    other = approved(world)
    carry_out(world, other)
    with pytest.raises(ConflictError):
        desk.stop(COLLEAGUES[0], other, "Too late.")


class HoldingObjects(MemoryObjects):
    """A store that knows legal holds."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[str] = set()

    def hold(self, digest: str, *, held: bool) -> None:
        """Set or lift a hold."""
        (self.held.add if held else self.held.discard)(digest)


def test_a_hold_is_set_on_the_objects_and_lifted_unless_another_one_stands(world: World) -> None:
    """Two holds on one document: the objects are free when the second one is lifted too."""
    store, document, staff = HoldingObjects(), executed(world), world.agency(Role.CMS_STAFF)
    locks = LockDesk(world.services.database, world.services.retention)
    one = world.services.holds.place(staff, HoldRequest(document.aco_id, (), "Audit", "OIG"))
    other = world.services.holds.place(staff, HoldRequest("", (document.document_id,), "Dispute", "OGC"))
    assert locks.hold([store, MemoryObjects()], one) == len(digests_of(document))
    assert store.held == digests_of(document)
    world.services.holds.lift(staff, one, "Closed")
    locks.hold([store], one)
    assert store.held == digests_of(document)
    world.services.holds.lift(staff, other, "Closed")
    locks.hold([store], other)
    assert store.held == set()


@pytest.mark.usefixtures("_two_years")
def test_fixity_brings_nothing_back_that_is_being_disposed_of(world: World) -> None:
    """The first store has been emptied, its copy not yet: what a walk finds missing there is no damage."""
    document, services, copy = executed(world), world.services, MemoryObjects()
    for content in list(kept(world).values()):
        copy.put(content)
    first = services.objects
    assert isinstance(first, MemoryObjects)
    desk = FixityDesk(services.database, first, copy, world.clock)
    with services.database.read() as records:
        named = len(records.ledger.digests())

    class Racing(MemoryObjects):
        """A store in which a disposition begins as soon as somebody looks."""

        def get(self, digest: str) -> bytes:
            """The bytes, or nothing."""
            if not read(world, document.document_id).disposed_at:
                found = services.dispositions.get(disposition_id)
                with services.database.write() as records:
                    records.dispositions.begin(found, world.clock())
            if digest in digests_of(document):
                self._kept.pop(digest, None)
            return super().get(digest)

    disposition_id = approved(world, document)
    racing = Racing()
    racing._kept = dict(first._kept)
    report = replace(desk, store=racing).run(repair=True)
    assert report.holds
    assert (report.missing, report.mended) == ([], [])
    assert not digests_of(document) & racing._kept.keys()
    assert report.examined == named
    desk.copy_object(document.head_digest)


def test_a_walk_and_a_renewal_are_kept_for_the_pages(world: World) -> None:
    """What was read and found; and until when each time-stamp holds, so that a file is read again only when it is due."""
    services, document = world.services, executed(world)
    build_fixity(services).run()
    services.renewal.run()
    with services.database.read() as records:
        (walk,), (run,) = records.keepers.runs(FIXITY, 9), records.keepers.runs(RENEWAL, 9)
        (found,) = [one for one in records.keepers.protected() if one.document_id == document.document_id]
        named = records.ledger.digests()
    assert walk.report["examined"] == len(named)
    assert walk.report["bytes_read"] == sum(len(kept(world)[one]) for one in named)
    assert (run.report["examined"], run.report["renewed"], run.report["refused_count"]) == (1, 0, 0)
    assert found.protection is not None
    assert found.protection.head_digest == document.head_digest

    del kept(world)[document.head_digest]
    assert services.renewal.run().refused == []
    world.clock.now = found.protection.ends_at - timedelta(days=10)
    assert [one.problems[0].code for one in services.renewal.run().refused] == ["object-missing"]


def test_old_notices_are_removed_and_the_log_tells_how_many(world: World) -> None:
    """Three years after they were written; those that wait to be mailed, and newer ones, stay."""
    database, reader = world.services.database, holder(world.first("current"), Role.ACO_EXECUTIVE)
    world.services.notices.write()
    before = len(world.services.notices.inbox(reader).notices)
    assert before
    assert dispose_old_notices(database, world.clock() + timedelta(days=1000), 3) == 0
    assert dispose_old_notices(database, world.clock() + timedelta(days=1100), 3) >= before
    assert not world.services.notices.inbox(reader).notices
    assert outcomes(world, Act.NOTICES_DISPOSE) == [Outcome.DONE]


def test_holds_and_dates_have_commands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Placed, listed, lifted; refused in words."""
    monkeypatch.setattr("web.cli.archive.open_folder", lambda _folder: world.services)
    staff, aco_id = world.agency(Role.CMS_STAFF), world.first("current").aco.aco_id

    def run(*words: str) -> Result:
        return CliRunner().invoke(esm, ["archive", *words], catch_exceptions=True)

    placed = run("hold", "--aco", aco_id, "--reason", "Audit", "--authority", "OIG", "--by", staff)
    assert (placed.exit_code, placed.output) == (0, "Hold 1 stands.\n")
    assert "held" in run("retention").output
    assert {one["held"] for one in json.loads(run("retention", "--json").output) if one["aco"] == aco_id} == {True}
    assert f"1: {aco_id}, stands: Audit (OIG)" in run("hold").output
    assert run("hold", "--lift", "1", "--reason", "", "--by", staff).exit_code != 0
    assert run("hold", "--lift", "1", "--reason", "Closed", "--by", staff).exit_code == 0
    assert "lifted" in run("hold").output
