"""The main job on sample data: from an empty folder to executed, countersigned and verified packets.

It goes through the same services as the pages and the commands do, in the same order as people would: open the year, enrol
the ACOs, submit Step 1, hand in corrections, assemble, sign each step as the right people, countersign, verify.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from packets.errors import ConflictError, Problem
from packets.model.aco import Cohort
from packets.model.documents import Document, DocumentType, Party, Slot, Status
from packets.model.people import Role, role_label
from packets.sample.year import SampleAco, SampleYear
from packets.store.objects import digest_bytes
from packets.years.enrollment import Enrollment
from signing.ceremony import SignRequest
from signing.facts import expected_of
from signing.verdict import Verdict
from signing.verify import verify_pdf
from web.bootstrap import Services
from web.demo_episodes import Episode, Episodes

MARKER = "demo.json"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FinishedDocument:
    """One executed document of the demonstration, with our verifier's verdict and the seconds that it took."""

    document: Document
    document_type: DocumentType
    status: Status
    file: Path
    verdict: Verdict
    seconds: float

    def level(self, slot: str) -> str:
        """The PAdES level that the verifier found for a slot's signature; it rises when the file is closed."""
        return next((one.level for one in self.verdict.signatures if one.field == slot), "none")

    @property
    def file_level(self) -> str:
        """The lowest PAdES level among the signatures of people."""
        return min((self.level(one.slot) for one in self.document.signatures), default="none")

    def as_json(self, folder: Path) -> dict[str, Any]:
        """The document as `esm demo --json` tells of it."""
        return {
            "kind": self.document.kind,
            "step": self.document.step,
            "status": str(self.status),
            "file": str(self.file.relative_to(folder)),
            "sha256": self.document.head_digest,
            "pages": self.document.pages,
            "signatures": [
                {
                    "slot": one.slot,
                    "signer": one.name,
                    "role": str(one.role),
                    "level": self.level(one.slot),
                    "signed_at": _instant(one.signed_at),
                }
                for one in self.document.signatures
            ],
            "verdict": str(self.verdict.overall),
        }


@dataclass(frozen=True, slots=True)
class FinishedPacket:
    """One ACO's packet."""

    aco_id: str
    legal_name: str
    performance_year: int
    cohort: Cohort
    documents: tuple[FinishedDocument, ...]


@dataclass(slots=True)
class Report:
    """What the demonstration made.

    Attributes:
        practice: ACOs whose packets were left unsigned, to be signed in the browser.
        episodes: what did not go by plan: time that was granted, a document that was declined, an agreement that was extended.
    """

    folder: Path
    packets: list[FinishedPacket] = field(default_factory=list)
    practice: list[str] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every document is executed and its verdict is PASSED."""
        documents = [one for packet in self.packets for one in packet.documents]
        return bool(documents) and all(one.status is Status.EXECUTED and one.verdict.passed for one in documents)

    def as_json(self) -> dict[str, Any]:
        """The report as `esm demo --json` prints it."""
        return {
            "packets": [
                {
                    "aco_id": one.aco_id,
                    "performance_year": one.performance_year,
                    "cohort": str(one.cohort),
                    "documents": [document.as_json(self.folder) for document in one.documents],
                }
                for one in self.packets
            ],
            "practice": self.practice,
            "episodes": [one.as_json() for one in self.episodes],
            "sample": True,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Runs the main job in a folder; a second run tells what is there and changes nothing."""

    services: Services
    folder: Path
    progress: Progress

    def run(self, year: SampleYear, practice: SampleYear | None, password: str) -> Report:
        """Do the main job.

        Args:
            year: the ACOs whose packets are carried through to the end.
            practice: the same year with further ACOs whose packets are left to be signed by hand.
            password: what every sample account may sign in with.

        Raises:
            ConflictError: the folder holds a demonstration already.
        """
        if (self.folder / MARKER).exists():
            raise ConflictError(
                Problem(
                    "demo-exists",
                    "This folder holds a demonstration already.",
                    "Name another folder with --dir.",
                    str(self.folder),
                )
            )
        started = time.perf_counter()
        report = Report(self.folder)
        self._open(year, practice, password)
        episodes = Episodes(self.services, _staff(year))
        for sample in year.acos:
            self.progress(f"{sample.aco.aco_id} {sample.aco.legal_name}")
            report.packets.append(self._carry_through(sample, year, episodes))
        report.episodes = list(episodes)
        report.practice = [one.aco.aco_id for one in practice.acos] if practice else []
        report.seconds = time.perf_counter() - started
        self._mark(report, password)
        return report

    def look_again(self) -> Report:
        """What an earlier run left in the folder, verified anew."""
        started = time.perf_counter()
        kept = json.loads((self.folder / MARKER).read_text("utf-8"))
        report = Report(self.folder, practice=kept["practice"])
        report.episodes = [Episode(**one) for one in kept.get("episodes", ())]
        for aco_id, year in kept["packets"]:
            with self.services.database.read() as records:
                aco, documents = records.acos.get(aco_id, year), records.documents.packet(aco_id, year)
            if aco is not None:
                finished = tuple(self._finish(one, 0.0) for one in documents)
                report.packets.append(FinishedPacket(aco_id, aco.legal_name, year, aco.cohort, finished))
        report.seconds = time.perf_counter() - started
        return report

    def _open(self, year: SampleYear, practice: SampleYear | None, password: str) -> None:
        desk, staff = self.services.enrollment, _staff(year)
        desk.register(year.agency)
        desk.open_year(year.year, staff)
        samples = (*year.acos, *(practice.acos if practice else ()))
        for sample in samples:
            lists = {"participants": sample.participants, "provider-supplier": sample.providers}
            desk.enroll(Enrollment(sample.aco, sample.contacts, lists), staff)
            self._submit_step_one(sample)
        people = {contact.person.user_id for sample in samples for contact in sample.contacts} | {
            one.user_id for one in year.agency
        }
        self.services.accounts.set_password(sorted(people), password)
        for sample in practice.acos if practice else ():
            self.services.assembler.assemble_packet(sample.aco.aco_id, year.year.year, staff)

    def _submit_step_one(self, sample: SampleAco) -> None:
        executive = holder(sample, Role.ACO_EXECUTIVE)
        aco_id, year = sample.aco.aco_id, sample.aco.performance_year
        self.services.enrollment.submit_contacts(aco_id, year, executive)
        self.services.enrollment.submit_organization(aco_id, year, executive)

    def _carry_through(self, sample: SampleAco, year: SampleYear, episodes: Episodes) -> FinishedPacket:
        """An ACO's packet from its corrections to its last countersignature; the last ACO's does not go by plan."""
        aco, eventful = sample.aco, sample is year.acos[-1]
        if sample.corrections_upload:
            uploader = holder(sample, Role.AUTHORIZED_TO_SIGN_PRIMARY)
            upload = self.services.corrections.accept(
                aco.aco_id, aco.performance_year, uploader, *sample.corrections_upload, agreed=True
            )
            sentence = f"corrected its list (added: {upload.additions}, deleted: {upload.deletions})"
            episodes.note(aco.aco_id, "corrections-uploaded", uploader, sentence)
        if eventful:
            episodes.grant_time(aco.aco_id, aco.performance_year)
        self._settle_agreement(sample, episodes)
        types = self.services.catalog.for_cohort(aco.cohort)
        documents = tuple(
            self._execute(sample, year, one, episodes if eventful and one is types[0] else None) for one in types
        )
        return FinishedPacket(aco.aco_id, aco.legal_name, aco.performance_year, aco.cohort, documents)

    def _settle_agreement(self, sample: SampleAco, episodes: Episodes) -> None:
        """What Custodian and Requestor do in Step 4 before they sign: confirm the contacts, ask for the extension."""
        desk, place = self.services.agreements, (sample.aco.aco_id, sample.aco.performance_year)
        view, requestor = desk.look_up(*place), holder(sample, Role.DUA_REQUESTOR)
        desk.confirm_contacts(*place, view.contacts_digest, holder(sample, Role.DUA_CUSTODIAN))
        desk.extend(*place, view.standing.latest.isoformat(), requestor)
        sentence = f"extended data use agreement {sample.aco.dua.number} to {view.standing.latest:%B %-d, %Y}"
        episodes.note(sample.aco.aco_id, "agreement-extended", requestor, sentence)

    def _execute(
        self, sample: SampleAco, year: SampleYear, document_type: DocumentType, declined: Episodes | None
    ) -> FinishedDocument:
        """Assemble a document and have it signed by everybody; with `declined`, the first who should sign says no at first."""
        started = time.perf_counter()
        aco = sample.aco
        document = self.services.assembler.assemble(aco.aco_id, aco.performance_year, document_type.kind)
        for slot in document_type.slots:
            role, user_id = choose_signer(slot, sample, year, document_type.step)
            if declined and not document.signatures:
                document = declined.decline_and_replace(document, slot, role, user_id)
            document = self.sign(document, slot, role, user_id)
        return self._finish(document, time.perf_counter() - started)

    def sign(self, document: Document, slot: Slot, role: Role, user_id: str) -> Document:
        """Sign as a person would: read the document, re-authenticate, sign what was read."""
        shown, _ = self.services.reading.show(user_id, document.document_id)
        step_up = self.services.ceremony.step_up(user_id, document.document_id, shown.head_digest)
        key = str(uuid.uuid4())
        request = SignRequest(key, document.document_id, slot.name, user_id, role, shown.head_digest, step_up)
        return self.services.ceremony.sign(request)

    def _finish(self, document: Document, seconds: float) -> FinishedDocument:
        path = self.folder / "packets" / document.aco_id / str(document.performance_year) / f"{document.kind}.pdf"
        pdf = self._hand_out(document, path)
        document_type = self.services.catalog[document.kind]
        verdict = verify_pdf(pdf, self.services.signer.trust, expected=expected_of(document))
        status = (
            Status.EXECUTED
            if document.executed_at and digest_bytes(pdf) == document.head_digest
            else Status.PARTIALLY_SIGNED
        )
        return FinishedDocument(document, document_type, status, path, verdict, seconds)

    def _hand_out(self, document: Document, path: Path) -> bytes:
        """Write the file where people look for it, and answer what lies there.

        A file that lies there already is left alone, whatever it has become, unless the record has grown beyond it
        (renewed time-stamps only ever append).
        """
        pdf = self.services.objects.get(document.head_digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or pdf.startswith(path.read_bytes()):
            path.write_bytes(pdf)
        return path.read_bytes()

    def _mark(self, report: Report, password: str) -> None:
        content = {
            "practice": report.practice,
            "episodes": [one.as_json() for one in report.episodes],
            "packets": [[one.aco_id, one.performance_year] for one in report.packets],
            "password": password,
            "sample": True,
        }
        (self.folder / MARKER).write_text(json.dumps(content, indent=2), encoding="utf-8")


def _staff(year: SampleYear) -> str:
    """User ID of the member of CMS staff."""
    return next(person.user_id for person in year.agency if Role.CMS_STAFF in person.cms_roles)


def holder(sample: SampleAco, role: Role) -> str:
    """User ID of the person in a slot of a sample ACO."""
    return next(contact.person.user_id for contact in sample.contacts if contact.role is role)


def choose_signer(slot: Slot, sample: SampleAco, year: SampleYear, turn: int) -> tuple[Role, str]:
    """One of those who may sign a slot; whose turn it is changes from step to step."""
    role = slot.roles[turn % len(slot.roles)]
    if slot.party is Party.CMS:
        return role, next(person.user_id for person in year.agency if role in person.cms_roles)
    return role, holder(sample, role)


def signers(document: Document) -> Iterator[str]:
    """Who signed, as people read it."""
    return (f"{one.name}, {role_label(one.role)}" for one in document.signatures)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
