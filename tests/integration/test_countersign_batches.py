"""Batches of countersignatures: one password for exactly one set, each document exactly once, whatever happens meanwhile."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import create_database, postgresql_url
from packets.audit.log import Act, Outcome
from packets.documents.voiding import VoidRequest
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.jobs.execution import LEASE
from packets.model.batches import TIME_TO_FINISH, TIME_TO_START, Batch, BatchItem, ItemState
from packets.model.jobs import JobState
from packets.model.people import Role
from signing.ceremony import Ceremony, SignRequest
from signing.countersigning import CountersignDesk
from signing.errors import TimeStampError
from signing.pades import SigningService
from waiting_years import agency, later, make_waiting_year, settings_of
from web.bootstrap import Services, build_services
from web.work import build_executor
from worlds import START

COUNT = 5
WORKER = "import sys; from pathlib import Path; from waiting_years import work_off; work_off(Path(sys.argv[1]), 1.0)"


@dataclass
class Office:
    """A folder in which documents wait, opened; and the CMS people."""

    folder: Path
    services: Services
    signatory: str
    staff: str

    @property
    def desk(self) -> CountersignDesk:
        """The countersign desk."""
        return self.services.countersigning

    def ids(self) -> list[str]:
        """What waits."""
        return [one.document.document_id for one in self.desk.queue()]

    def prepare(self, *, read: bool = True) -> Batch:
        """Lay out a batch of all that waits; the words are read in the first document."""
        batch = self.desk.prepare(self.signatory, self.ids())
        if read:
            self.services.reading.show(self.signatory, batch.items[0].document_id)
        return batch

    def start(self) -> Batch:
        """Lay out and start a batch of all that waits."""
        batch = self.prepare()
        proof = self.desk.step_up(self.signatory, batch.batch_id)
        return self.desk.start(self.signatory, batch.batch_id, proof, batch.sheet_digest)

    def work(self, ahead: timedelta = timedelta()) -> None:
        """Do what is due, as a process would that is started so much later."""
        services = build_services(settings_of(self.folder), later(ahead))
        build_executor(services).work_off()
        services.database.close()

    def look(self, batch: Batch) -> Batch:
        """The batch as it is now."""
        return self.desk.batch(self.signatory, batch.batch_id)[0]

    def signers(self, batch: Batch) -> list[list[str]]:
        """Who signed the slot of CMS, document by document."""
        documents = (self.services.reading.document(self.staff, one.document_id) for one in batch.items)
        return [[s.user_id for s in one.signatures if s.role is Role.CMS_SIGNATORY] for one in documents]

    def scalar(self, statement: str) -> Any:
        """One value out of the database."""
        with self.services.database.read() as records:
            return records.journal._connection.execute(sa.text(statement)).scalar()

    def is_whole(self, batch: Batch) -> None:
        """Every document is signed once, the end was told once, and the independent checker finds nothing."""
        found = self.look(batch)
        assert found.finished_at is not None
        assert [one.state for one in found.items] == [ItemState.SIGNED] * len(found.items)
        assert self.signers(batch) == [[self.signatory]] * len(found.items)
        committed = "SELECT count(*) FROM intents WHERE role = 'cms-signatory' AND state = 'committed'"
        assert self.scalar(committed) == len(found.items)
        assert self.scalar("SELECT count(*) FROM outbox WHERE topic = 'batch-finished'") == 1
        checked = self.services.checker.run()
        assert (checked.problems, checked.open_intents) == ([], 0)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("waiting") / "data"
    year = make_waiting_year(folder, COUNT)
    return folder, agency(year, Role.CMS_SIGNATORY), agency(year, Role.CMS_STAFF)


@pytest.fixture
def office(master: tuple[Path, str, str], tmp_path: Path) -> Iterator[Office]:
    folder = tmp_path / "data"
    shutil.copytree(master[0], folder)
    opened = Office(folder, build_services(settings_of(folder)), master[1], master[2])
    yield opened
    opened.services.database.close()


@pytest.fixture
def office_on_postgresql(tmp_path: Path) -> Iterator[Office]:
    """The same, with its records on a server."""
    year = make_waiting_year(tmp_path, COUNT, database_url=postgresql_url(create_database()))
    services = build_services(settings_of(tmp_path))
    yield Office(tmp_path, services, agency(year, Role.CMS_SIGNATORY), agency(year, Role.CMS_STAFF))
    services.database.close()


def codes(act: Callable[[], object], kind: type[PacketsError]) -> set[str]:
    with pytest.raises(kind) as refusal:
        act()
    return {one.code for one in refusal.value.problems}


@pytest.mark.requirement("R3")
def test_one_password_countersigns_exactly_the_chosen_documents(office: Office) -> None:
    """The sheet that was shown is kept; the record says what was opened whole and what was reviewed on the sheet."""
    batch = office.start()
    office.work()
    office.services.notices.write()
    told = office.services.notices.inbox(office.signatory).notices[0].letter
    assert told.subject == f"A batch of countersignatures has ended: {COUNT} signed"

    office.is_whole(batch)
    found = office.look(batch)
    assert [one.opened for one in found.items] == [True] + [False] * (COUNT - 1)
    sheet = office.desk.sheet(found)
    assert [(one["document_id"], one["digest"]) for one in sheet] == [(i.document_id, i.digest) for i in batch.items]
    assert all(dict(one["facts"])["Legal name"] and one["difference"] and one["signed_by"] for one in sheet)
    with office.services.database.read() as records:
        entries = list(records.journal.entries(f"batch/{batch.batch_id}"))
    assert [one.act for one in entries] == [Act.ACCOUNT_STEP_UP, Act.BATCH_START, Act.BATCH_FINISH]
    assert entries[1].details == {
        "documents": COUNT,
        "opened": 1,
        "sheet": batch.sheet_digest,
        "digest": batch.set_digest,
    }
    assert (entries[2].details["signed"], entries[2].details["skipped"]) == (COUNT, 0)
    assert office.ids() == []


@pytest.mark.requirement("R3")
def test_the_password_counts_for_one_set_once_and_five_minutes(office: Office) -> None:
    """Another batch's proof, a document's, a spent one, an old one, somebody else's batch, another sheet: refused, in the log."""
    batch, other = office.prepare(), office.desk.prepare(office.signatory, office.ids()[:2])
    user, place, sheet = office.signatory, batch.batch_id, batch.sheet_digest
    item, desk = batch.items[0], office.desk

    elsewhere = desk.step_up(user, other.batch_id)
    assert codes(lambda: desk.start(user, place, elsewhere, sheet), ForbiddenError) == {"step-up-missing"}
    single = office.services.ceremony.step_up(user, item.document_id, item.digest)
    assert codes(lambda: desk.start(user, place, single, sheet), ForbiddenError) == {"step-up-missing"}
    proof = desk.step_up(user, place)
    assert codes(lambda: desk.start(user, place, proof, other.sheet_digest), ConflictError) == {"sheet-changed"}
    assert codes(lambda: desk.start(office.staff, place, proof, sheet), NotFoundError) == {"not-found"}
    slow = replace(desk, clock=later(TIME_TO_START + timedelta(seconds=1)))
    assert codes(lambda: slow.start(user, place, proof, sheet), ForbiddenError) == {"step-up-spent"}

    started = desk.start(user, place, proof, sheet)
    assert desk.start(user, place, proof, sheet) == started
    assert desk.start(user, place, "anything", sheet).step_up_id == proof
    assert codes(lambda: desk.start(user, other.batch_id, proof, other.sheet_digest), ForbiddenError) == {
        "step-up-missing"
    }
    with office.services.database.read() as records:
        told = [one.outcome for one in records.journal.entries() if one.act is Act.BATCH_START]
    assert told == [Outcome.REFUSED] * 4 + [Outcome.DONE, Outcome.REFUSED]


@pytest.mark.requirement("R3", "R40")
def test_the_words_must_have_been_read_in_one_document_of_each_edition(office: Office) -> None:
    """The sheet shows what differs; what is the same in all of them, the signatory has to open once."""
    batch = office.prepare(read=False)
    proof = office.desk.step_up(office.signatory, batch.batch_id)

    def start() -> Batch:
        return office.desk.start(office.signatory, batch.batch_id, proof, batch.sheet_digest)

    assert len(office.desk.unread(batch)) == 1
    assert codes(start, ForbiddenError) == {"words-not-read"}
    office.services.reading.show(office.signatory, batch.items[-1].document_id)
    assert office.desk.unread(batch) == []
    assert start().started_at is not None


def test_a_selection_that_cannot_be_signed_is_refused_with_every_reason(office: Office) -> None:
    """Nothing, what does not wait, and whoever is no signatory."""
    desk = office.desk
    assert codes(lambda: desk.prepare(office.signatory, []), InputError) == {"nothing-chosen"}
    assert codes(lambda: desk.prepare(office.signatory, ["nowhere"]), ConflictError) == {"not-waiting"}
    assert "role-not-held" in codes(lambda: desk.prepare(office.staff, office.ids()), ForbiddenError)
    many = [str(number) for number in range(1001)]
    assert codes(lambda: desk.prepare(office.signatory, many), InputError) == {"too-many-chosen"}


@pytest.mark.requirement("R3")
def test_what_has_become_unsignable_is_skipped_with_its_reasons_and_the_rest_is_signed(office: Office) -> None:
    """One was voided, one was signed by hand: both are told, the others are countersigned."""
    batch = office.start()
    gone, done = batch.items[1], batch.items[2]
    office.services.voiding.void(VoidRequest(gone.document_id, "A wrong name", office.staff, gone.digest))
    office.services.reading.show(office.signatory, done.document_id)
    proof = office.services.ceremony.step_up(office.signatory, done.document_id, done.digest)
    office.services.ceremony.sign(
        SignRequest("by hand", done.document_id, done.slot, office.signatory, done.role, done.digest, proof)
    )
    office.work()

    found = office.look(batch)
    assert found.finished_at is not None
    assert [one.state for one in found.items] == [
        ItemState.SIGNED,
        ItemState.SKIPPED,
        ItemState.SKIPPED,
        ItemState.SIGNED,
        ItemState.SIGNED,
    ]
    assert {one.code for one in found.items[1].reasons} == {"document-voided"}
    assert {one.code for one in found.items[2].reasons} == {"already-signed", "document-changed"}
    assert office.services.checker.run().problems == []


def test_a_batch_that_is_too_old_signs_nothing_more(office: Office) -> None:
    """A day after the password the rest is skipped."""
    batch = office.start()
    office.work(TIME_TO_FINISH + timedelta(minutes=1))

    found = office.look(batch)
    assert {one.state for one in found.items} == {ItemState.SKIPPED}
    assert {reason.code for one in found.items for reason in one.reasons} == {"step-up-spent"}


def test_a_service_that_is_away_skips_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time-stamp: the job waits and tries again; every document still has its turn."""
    batch = office.start()
    away = TimeStampError(Problem("no-timestamp", "No authority answers.", "Try again later."))
    with monkeypatch.context() as patch:
        patch.setattr(SigningService, "sign", lambda *_, **__: (_ for _ in ()).throw(away))
        office.work()

    assert {one.state for one in office.look(batch).items} == {ItemState.WAITING}
    (job,) = office.desk.batch(office.signatory, batch.batch_id)[1]
    assert (job.state, "no-timestamp" in job.error) == (JobState.QUEUED, True)
    office.work(timedelta(minutes=1))
    office.is_whole(batch)


class PowerCutError(BaseException):
    """The process ends here and now."""


def cut_before(method: str, count: int) -> tuple[str, Callable[..., Any]]:
    """A step of the ceremony that is not reached for the `count`-th time."""
    original, seen = getattr(Ceremony, method), []

    def step(*arguments: Any) -> Any:
        seen.append(method)
        if len(seen) == count:
            raise PowerCutError
        return original(*arguments)

    return method, step


def end_after(count: int) -> tuple[str, Callable[..., Any]]:
    """A ceremony after whose `count`-th signature nothing else is recorded."""
    original, seen = Ceremony.sign, []

    def sign(*arguments: Any) -> Any:
        seen.append(original(*arguments))
        if len(seen) == count:
            raise PowerCutError
        return seen[-1]

    return "sign", sign


@pytest.mark.requirement("R3")
@pytest.mark.parametrize("place", ["_open_intent", "_make", "_record", "after"])
def test_a_process_that_ends_at_any_step_is_resumed_and_each_document_signed_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Before the intent, after it, after the bytes were made, after the record: nothing twice, nothing left out."""
    batch = office.start()
    executor = build_executor(office.services)
    with monkeypatch.context() as patch:
        patch.setattr(Ceremony, *(end_after(2) if place == "after" else cut_before(place, 2)))
        with pytest.raises(PowerCutError):
            executor.do_one()

    office.work(LEASE + timedelta(seconds=1))
    office.is_whole(batch)


def test_a_worker_that_comes_back_to_life_changes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It froze after its intent; another process took over and finished; then it wakes up."""
    batch = office.start()
    original = Ceremony._make

    def make(ceremony: Ceremony, *arguments: Any) -> Any:
        made = original(ceremony, *arguments)
        with monkeypatch.context() as patch:
            patch.setattr(Ceremony, "_make", original)
            office.work(LEASE + timedelta(seconds=1))
        return made

    monkeypatch.setattr(Ceremony, "_make", make)
    job = build_executor(office.services).do_one()

    assert job is not None
    office.is_whole(batch)
    assert office.desk.batch(office.signatory, batch.batch_id)[1][0].fence == job.fence + 1
    assert office.scalar("SELECT count(*) FROM intents WHERE state = 'abandoned'") == 1


@pytest.mark.requirement("R3")
def test_a_batch_is_stopped_and_resumed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after the second document; the others wait, and are signed when the batch goes on."""
    batch = office.start()
    original, calls = Ceremony.sign, []

    def sign(*arguments: Any) -> Any:
        signed = original(*arguments)
        calls.append(signed)
        if len(calls) == 2:
            office.desk.stop(office.signatory, batch.batch_id)
        return signed

    monkeypatch.setattr(Ceremony, "sign", sign)
    office.work()

    assert office.look(batch).count(ItemState.SIGNED) == 2
    assert [one.state for one in office.desk.batch(office.signatory, batch.batch_id)[1]] == [JobState.STOPPED]
    office.work()
    assert office.look(batch).count(ItemState.SIGNED) == 2
    office.desk.resume(office.signatory, batch.batch_id)
    office.work()
    office.is_whole(batch)


@pytest.mark.requirement("R3")
@pytest.mark.parametrize("where", ["office", "office_on_postgresql"])
def test_worker_processes_are_killed_again_and_again_and_each_document_is_signed_once(
    request: pytest.FixtureRequest, where: str
) -> None:
    """SIGKILL at random moments, two processes side by side, on a real file and server; the last ones finish the work."""
    office: Office = request.getfixturevalue(where)
    batch, chance = office.start(), random.Random(7)  # noqa: S311  moments, not secrets
    for _ in range(4):
        killed = spawn(office.folder)
        time.sleep(chance.uniform(1.0, 4.0))
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    last = [spawn(office.folder), spawn(office.folder)]
    assert [one.wait(timeout=240) for one in last] == [0, 0]

    # What a killed process had signed or begun is told by the records alone.
    office.is_whole(batch)
    assert office.scalar("SELECT count(*) FROM intents WHERE state = 'open'") == 0


def spawn(folder: Path) -> subprocess.Popen[bytes]:
    """A worker process with a lease of one second."""
    tests = str(Path(__file__).parents[1])
    return subprocess.Popen([sys.executable, "-c", WORKER, str(folder)], cwd=tests)


def test_a_large_batch_is_several_jobs_and_every_document_is_in_one_of_them() -> None:
    """Few documents are one job; many are shared out, so that several processes can work."""

    def batch_of(count: int) -> Batch:
        items = tuple(BatchItem(str(number), "", "CMS", Role.CMS_SIGNATORY) for number in range(count))
        return Batch("b", "CMS1", START, "", items)

    assert [len(batch_of(count).job_keys) for count in (1, 8, 9, 17, 25, 1000)] == [1, 1, 2, 3, 4, 4]
    batch = batch_of(30)
    shared = [one.document_id for number in range(len(batch.job_keys)) for one in batch.shard(number)]
    assert sorted(shared) == sorted(one.document_id for one in batch.items)
