"""The main job on a service that is spread out: over HTTP by people, in the background by workers, judged by commands."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from packets.clock import system_clock
from packets.model.documents import Document, Party
from packets.model.people import Role
from packets.sample.files import files_of
from packets.sample.year import SampleAco, SampleYear, sample_year
from packets.store.records.jobs import JobFilter
from packets.years.preparation import PREPARE
from scaled.installation import Installation
from scaled.visitors import Visitor
from signing.countersigning import BATCH_JOB
from web.bootstrap import Services
from web.demo import choose_signer, holder

PASSWORD = "a sample password for everybody"
PATIENCE_SECONDS, LOOK_SECONDS = 300.0, 0.2
MOST_JOBS = 10_000
Progress = Callable[[str], None]


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        seconds: how long each part took.
        executed: documents that carry every signature and were judged PASSED.
        documents: how many there are.
        jobs: how many jobs each worker did, of those that take long.
        taken_over: how many jobs were begun again because their worker was killed.
        fsck: what the checker says.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    executed: int = 0
    documents: int = 0
    jobs: dict[str, int] = field(default_factory=dict)
    taken_over: int = 0
    fsck: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything is as it should be; the checker ends with an error when it finds something."""
        return 0 < self.executed == self.documents and bool(self.fsck)


@dataclass
class MainJob:
    """Carries a sample year through on an installation.

    Attributes:
        kill: whether a worker is killed while it countersigns.
    """

    installation: Installation
    acos: int
    progress: Progress
    kill: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    visitors: dict[str, Visitor] = field(default_factory=dict)

    @cached_property
    def services(self) -> Services:
        """The service as a library: for accounts, and to look what the records say."""
        return self.installation.open()

    @cached_property
    def year(self) -> SampleYear:
        """Invented ACOs whose windows are open."""
        now = system_clock()
        return sample_year(now.year + 1, self.acos, now=now)

    @property
    def number(self) -> int:
        """The performance year."""
        return self.year.year.year

    def run(self) -> Outcome:
        """Do it, and close what was opened."""
        try:
            with self._part("accounts"):
                self._make_accounts()
            with self._part("year opened"):
                self._open_year()
            with self._part("Step 1, corrections, contacts"):
                self._do_steps_without_signature()
            with self._part("documents prepared"):
                self._prepare()
            with self._part("signed for the ACOs"):
                self._sign()
            with self._part("countersigned as a batch"):
                self._countersign()
            with self._part("verified"):
                self._judge()
            self._count_jobs()
        finally:
            self.services.database.close()
        return self.outcome

    @contextmanager
    def _part(self, title: str) -> Iterator[None]:
        self.progress(title)
        began = time.perf_counter()
        yield
        self.outcome.seconds[title] = time.perf_counter() - began

    def _visitor(self, user_id: str) -> Visitor:
        """Somebody who has signed in, once for the whole job."""
        if user_id not in self.visitors:
            self.visitors[user_id] = Visitor.enter(self.installation.addresses, user_id, PASSWORD)
        return self.visitors[user_id]

    def _agency(self, role: Role) -> Visitor:
        return self._visitor(next(one.user_id for one in self.year.agency if role in one.cms_roles))

    def _make_accounts(self) -> None:
        self.services.enrollment.register(self.year.agency)
        self.services.accounts.set_password([one.user_id for one in self.year.agency], PASSWORD)

    def _open_year(self) -> None:
        files = {
            name.partition(".")[0]: (name, content)
            for name, content in files_of(self.year, windows=self.year.year.windows).items()
        }
        staff = self._agency(Role.CMS_STAFF)
        staff.get("/years")
        staff.send("/years", {"year": str(self.number)}, files=files)
        self._wait(lambda: self.services.openings.newest(self.number).is_over, "the year is not opened")
        people = {holder(one, role) for one in self.year.acos for role in SIGNING}
        self.services.accounts.set_password(sorted(people), PASSWORD)

    def _do_steps_without_signature(self) -> None:
        for one in self.year.acos:
            packet = f"/packets/{one.aco.aco_id}/{self.number}"
            executive = self._visitor(holder(one, Role.ACO_EXECUTIVE))
            executive.get(f"{packet}/contacts/confirm")
            executive.send(f"{packet}/contacts/confirm", {"attested": "yes"})
            executive.get(f"{packet}/organization")
            executive.get(executive.send(f"{packet}/organization", {"act": "save"}))
            executive.send(f"{packet}/organization/confirm")
            self._hand_in(one, packet)
            custodian = self._visitor(holder(one, Role.DUA_CUSTODIAN))
            custodian.get(f"{packet}/agreement")
            custodian.send(f"{packet}/agreement/contacts", {"attested": "yes"})
            latest = self.services.agreements.look_up(one.aco.aco_id, self.number).standing.latest
            custodian.get(f"{packet}/agreement")
            custodian.send(f"{packet}/agreement/extension", {"extended_to": latest.isoformat()})

    def _hand_in(self, one: SampleAco, packet: str) -> None:
        if one.corrections_upload:
            uploader = self._visitor(holder(one, Role.AUTHORIZED_TO_SIGN_PRIMARY))
            uploader.get(f"{packet}/corrections")
            files = {"file": one.corrections_upload}
            uploader.send(f"{packet}/corrections", {"agreed": "yes"}, files=files)

    def _prepare(self) -> None:
        staff, page = self._agency(Role.CMS_STAFF), f"/years/{self.number}"
        staff.get(page)
        staff.send(f"{page}/documents")
        self._wait(lambda: not self.services.preparation.missing(self.number), "documents are not prepared")

    def _sign(self) -> None:
        """Every slot of the ACOs, step by step, each by one of those who may."""
        for one in self.year.acos:
            for kind in self.services.catalog.for_cohort(one.aco.cohort):
                document = self._document(one, kind.kind)
                for slot in kind.slots:
                    if slot.party is Party.ACO:
                        _, user_id = choose_signer(slot, one, self.year, kind.step)
                        self._sign_slot(self._visitor(user_id), document, slot.name)

    @staticmethod
    def _sign_slot(signer: Visitor, document: Document, slot: str) -> None:
        place = f"/documents/{document.document_id}"
        signer.get(f"{place}/pdf")
        signer.get(f"{place}/sign/{slot}")
        signer.send(f"{place}/sign/{slot}", {"consent": "yes", "password": PASSWORD})

    def _countersign(self) -> None:
        signatory = self._agency(Role.CMS_SIGNATORY)
        signatory.get("/countersign")
        batch = signatory.send("/countersign/batches", {"everything": "yes"})
        signatory.get(batch)
        for link in signatory.links("/documents/"):
            signatory.get(link)
            signatory.get(link.removesuffix("/read") + "/pdf")
        signatory.get(batch)
        signatory.send(f"{batch}/start", {"consent": "yes", "password": PASSWORD})
        if self.kill:
            self._kill_one()
        self._wait(lambda: not self._unfinished(), "documents are not countersigned")

    def _kill_one(self) -> None:
        """SIGKILL to a worker in the middle of a job."""
        pid = self._wait(self._holder, "no worker has begun to countersign")
        victim = next(one for one in self.installation.workers if one.pid == pid)
        self.progress(f"the worker that countersigns is killed (process {pid})")
        victim.send_signal(signal.SIGKILL)
        victim.wait()

    def _holder(self) -> int:
        """The process that countersigns now; 0 when there is none."""
        with self.services.database.read() as records:
            held = records.jobs.some(JobFilter("running", BATCH_JOB), after="", most=1)
        return int(held[0].owner.split("/")[1]) if held and held[0].done else 0

    def _judge(self) -> None:
        """By the commands, from the bytes that are handed out over HTTP."""
        reader, files = self._agency(Role.CMS_STAFF), []
        for document in self._documents():
            path = self.installation.folder / f"{document.aco_id}_{document.kind}.pdf"
            path.write_bytes(reader.get(f"/documents/{document.document_id}/pdf").content)
            files.append(path)
        self.installation.esm("verify", "--trust", self.installation.folder / "pki" / "trust.pem", *files)
        self.outcome.documents = len(files)
        self.outcome.executed = sum(1 for one in self._documents() if one.executed_at)
        self.outcome.fsck = self.installation.esm("fsck", "--dir", self.installation.folder).strip()

    def _count_jobs(self) -> None:
        with self.services.database.read() as records:
            found = [
                job
                for kind in (PREPARE, BATCH_JOB)
                for job in records.jobs.some(JobFilter(kind=kind), after="", most=MOST_JOBS)
            ]
        for job in found:
            self.outcome.jobs[job.owner] = self.outcome.jobs.get(job.owner, 0) + 1
        self.outcome.taken_over = sum(1 for job in found if job.fence > 1)

    def _documents(self) -> list[Document]:
        with self.services.database.read() as records:
            return list(records.documents.in_year(self.number))

    def _document(self, one: SampleAco, kind: str) -> Document:
        with self.services.database.read() as records:
            found = records.documents.current(one.aco.aco_id, self.number, kind)
        if found is None:
            raise RuntimeError(f"{one.aco.aco_id} has no {kind}")
        return found

    def _unfinished(self) -> int:
        return sum(1 for one in self._documents() if not one.executed_at)

    def _wait(self, look: Callable[[], int], otherwise: str) -> int:
        ends = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            if time.monotonic() > ends:
                raise RuntimeError(otherwise)
            time.sleep(LOOK_SECONDS)
        return found


SIGNING = (
    Role.ACO_EXECUTIVE,
    Role.AUTHORIZED_TO_SIGN_PRIMARY,
    Role.AUTHORIZED_TO_SIGN_SECONDARY,
    Role.DUA_REQUESTOR,
    Role.DUA_CUSTODIAN,
)
