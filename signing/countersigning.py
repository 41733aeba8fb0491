"""The countersign desk: what waits for CMS, and batches of it, each started by one re-authentication (R3; REQUIREMENTS 2.1, 2.4).

What you see is what you sign holds for a batch too (docs/adr/0017). The signatory is shown a sheet with one line for each
document: whose it is, what it states, by whom the ACO signed it, what differs from last year, and the digest of its bytes. The
sheet is kept under its digest. What is the same in all documents of an edition, the words, they must have read in one of them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from packets.audit.log import Act, Outcome
from packets.canonical import canonical_json
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.documents.comparison import describe_differences
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.jobs.queue import enqueue
from packets.list_desks.changes import compare
from packets.lists.columns import LAYOUTS
from packets.model.aco import Aco
from packets.model.batches import MOST_DOCUMENTS, Batch, BatchItem
from packets.model.calendar import Activity
from packets.model.documents import Document, DocumentType, Party
from packets.model.jobs import Job
from packets.model.people import Person, Role, role_label
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.ceremonies import StepUp
from signing.facts import actor_beside, gather_facts
from signing.options import decide
from signing.policy import Permit, Refusal
from signing.proofs import spend_on_batch
from signing.surroundings import ManySurroundings, read_many

BATCH_JOB = "countersign-batch"
RECENT = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that the ACO has signed and CMS has not.

    Attributes:
        since: time of the ACO's last signature.
    """

    document: Document
    document_type: DocumentType
    aco: Aco
    since: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue or of a sheet.

    Attributes:
        due_on: last day of CMS's own window.
        slot, role: what the signatory would sign.
        reasons: why it cannot be signed now; empty when it can.
        difference: to the ACO's document of the same kind of last year, in words.
        facts: what the document states, for a decision: name, dates, track.
        opened: the signatory has been shown the whole document as it is now.
    """

    waiting: Waiting
    due_on: date
    slot: str
    role: Role
    reasons: tuple[Problem, ...]
    difference: str
    facts: Mapping[str, str]
    opened: bool

    @property
    def document(self) -> Document:
        """The document itself."""
        return self.waiting.document


@dataclass(frozen=True, slots=True)
class CountersignDesk:
    """Where CMS sees what waits for it and countersigns several documents at once; built once with its services."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    clock: Clock

    def queue(self, *, year: int | None = None, kind: str = "", text: str = "") -> list[Waiting]:
        """What waits for CMS, oldest first, filtered."""
        wanted = text.casefold()
        with self.database.read() as records:
            found = [one for one in map(self._waiting(records), records.documents.signed_in_part(year)) if one]
        fits = (one for one in found if kind in {"", one.document.kind} and wanted in _searchable(one))
        return sorted(fits, key=lambda one: (one.since, one.document.document_id))

    def declined(self) -> list[Document]:
        """Documents that an ACO's designee declines: CMS voids and replaces them, or speaks with the ACO."""
        with self.database.read() as records:
            return records.documents.declined()

    def lines(self, user_id: str, waiting: Iterable[Waiting]) -> list[Line]:
        """The lines of documents, with what the gate says about this person and each of them."""
        with self.database.read() as records:
            found = list(waiting)
            person, many = records.people.get(user_id), read_many(records, user_id, [one.document for one in found])
            return [self._line(records, user_id, person, one, many) for one in found]

    def prepare(self, user_id: str, document_ids: Collection[str]) -> Batch:
        """Lay out a batch: its documents as they are now, and the sheet on which their facts stand.

        Raises:
            ForbiddenError: the person could not sign one of the documents now, with the reasons for each.
            InputError: no document, too many, or one that does not wait for CMS.
        """
        chosen = set(document_ids)
        waiting = [one for one in self.queue() if one.document.document_id in chosen]
        _refuse_selection(chosen, waiting)
        lines = self.lines(user_id, waiting)
        if refused := [_placed(problem, line) for line in lines for problem in line.reasons]:
            raise ForbiddenError(refused)
        sheet = canonical_json([_sheet_line(one) for one in lines])
        items = tuple(
            BatchItem(one.document.document_id, one.document.head_digest, one.slot, one.role) for one in lines
        )
        batch = Batch(str(uuid.uuid4()), user_id, self.clock(), self.objects.put(sheet), items)
        with self.database.write() as records:
            records.batches.add(batch)
        return batch

    def batch(self, user_id: str, batch_id: str) -> tuple[Batch, tuple[Job, ...]]:
        """A batch of this person's own, and the jobs that work on it; none before it is started.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
        """
        with self.database.read() as records:
            batch = _require(records, user_id, batch_id)
            return batch, _jobs(records, batch)

    def recent(self, user_id: str) -> list[Batch]:
        """The newest batches that a person has started."""
        with self.database.read() as records:
            return records.batches.of_person(user_id, RECENT)

    def sheet(self, batch: Batch) -> list[dict[str, Any]]:
        """The sheet of a batch, line by line, as it was shown."""
        lines: list[dict[str, Any]] = json.loads(self.objects.get(batch.sheet_digest))
        return lines

    def unread(self, batch: Batch) -> list[Document]:
        """One document of each edition whose words the signatory has not been shown yet."""
        with self.database.read() as records:
            found = [records.documents.get(one.document_id) for one in batch.items]
            read = records.documents.editions_viewed(batch.user_id)
        first = {one.template_digest: one for one in reversed([one for one in found if one])}
        return [one for digest, one in first.items() if digest not in read]

    def step_up(self, user_id: str, batch_id: str, method: str = "password") -> str:
        """Record that the person has just re-authenticated for exactly this batch; the proof's id.

        The caller has checked the person's authenticator; `method` names it. The proof starts the batch within five
        minutes, once.

        Raises:
            NotFoundError: there is no such batch, or it is somebody else's.
        """
        now = self.clock()
        with self.database.write() as records:
            batch = _require(records, user_id, batch_id)
            proof = StepUp(str(uuid.uuid4()), user_id, batch_id, batch.set_digest, now, method=method)
            records.ceremonies.add_step_up(proof)
            subject, digest = f"batch/{batch_id}", batch.set_digest
            records.journal.log(Act.ACCOUNT_STEP_UP, user_id, subject, now, digest=digest, method=method)
        return proof.step_up_id

    def start(self, user_id: str, batch_id: str, step_up_id: str, sheet_digest: str) -> Batch:
        """Start a batch: its job is queued in the same transaction. Started twice, it is the same batch.

        Raises:
            NotFoundError: there is no such batch, or it is somebody else's.
            ForbiddenError: the re-authentication does not fit, or the words of an edition were not read.
            ConflictError: another sheet than this batch's was before the person.
        """
        now = self.clock()
        refused: PacketsError
        with self.database.write() as records:
            batch = _require(records, user_id, batch_id)
            try:
                if batch.started_at is None:
                    self._start(records, batch, step_up_id, sheet_digest, now)
            except PacketsError as error:
                refused = error
                codes = [one.code for one in error.problems]
                records.journal.log(Act.BATCH_START, user_id, f"batch/{batch_id}", now, Outcome.REFUSED, reasons=codes)
            else:
                return _require(records, user_id, batch_id)
        raise refused

    def stop(self, user_id: str, batch_id: str) -> None:
        """Ask for a batch to be stopped after the document under way; nothing when it is over.

        Raises:
            NotFoundError: there is no such batch, or it is somebody else's.
        """
        with self.database.write() as records:
            batch = _require(records, user_id, batch_id)
            if [one for one in _jobs(records, batch) if records.jobs.stop(one.job_id)]:
                records.journal.log(Act.BATCH_STOP, user_id, f"batch/{batch_id}", self.clock())

    def resume(self, user_id: str, batch_id: str) -> None:
        """Go on with a batch that was stopped or has failed; nothing when it is neither.

        Raises:
            NotFoundError: there is no such batch, or it is somebody else's.
        """
        now = self.clock()
        with self.database.write() as records:
            batch = _require(records, user_id, batch_id)
            if [one for one in _jobs(records, batch) if records.jobs.resume(one.job_id, now)]:
                records.journal.log(Act.BATCH_RESUME, user_id, f"batch/{batch_id}", now)

    def _start(self, records: Records, batch: Batch, step_up_id: str, sheet_digest: str, now: datetime) -> None:
        if sheet_digest != batch.sheet_digest:
            raise ConflictError(
                Problem("sheet-changed", "Another sheet was before you.", "Look at the batch again, then start it.")
            )
        if unread := _unread(records, batch, self.catalog):
            raise ForbiddenError(unread)
        spend_on_batch(records, step_up_id, batch, now)
        opened = [
            one.document_id
            for one in batch.items
            if records.documents.viewed(one.document_id, batch.user_id, one.digest)
        ]
        records.batches.start(batch.batch_id, step_up_id, now, opened)
        for number, key in enumerate(batch.job_keys):
            enqueue(records, BATCH_JOB, {"batch_id": batch.batch_id, "shard": number}, key, now)
        told = {"documents": len(batch.items), "opened": len(opened), "sheet": batch.sheet_digest}
        subject, bound_to = f"batch/{batch.batch_id}", batch.set_digest
        records.journal.log(Act.BATCH_START, batch.user_id, subject, now, Outcome.DONE, **told, digest=bound_to)

    def _waiting(self, records: Records) -> Any:
        """Makes a document into what waits for CMS, or None when it does not."""
        acos: dict[tuple[str, int], Aco | None] = {}

        def look(document: Document) -> Waiting | None:
            document_type, place = self.catalog.get(document.kind), (document.aco_id, document.performance_year)
            if document_type is None or document.decline or document.unsigned(document_type, Party.ACO):
                return None
            if not document.unsigned(document_type, Party.CMS):  # it waits for nobody's signature
                return None
            if place not in acos:
                acos[place] = records.acos.get(*place)
            aco = acos[place]
            return (
                Waiting(document, document_type, aco, max(one.signed_at for one in document.signatures))
                if aco
                else None
            )

        return look

    def _line(
        self, records: Records, user_id: str, person: Person | None, waiting: Waiting, many: ManySurroundings
    ) -> Line:
        document, around, clock = waiting.document, many.of(waiting.document), self.clock()
        facts = gather_facts(records, self.catalog, document, around)
        option = decide(actor_beside(person, user_id, around, clock), facts, clock)[0]
        now, before = self._facts(document), self._facts(many.last_years(document))
        return Line(
            waiting=waiting,
            due_on=around.year.window(Activity.COUNTERSIGN, waiting.aco.cohort).due_on,
            slot=option.slot.name,
            role=option.role if isinstance(option.decision, Permit) else option.slot.roles[0],
            reasons=option.decision.reasons if isinstance(option.decision, Refusal) else (),
            difference="; ".join((describe_differences(before, now or {}), *self._list_changes(records, waiting))),
            facts=_decisive(now or {}),
            opened=many.opened(document),
        )

    def _list_changes(self, records: Records, waiting: Waiting) -> list[str]:
        """For a document that carries lists: how each differs from the one that was certified last year."""
        document = waiting.document
        place = (document.aco_id, document.performance_year)
        names = {one.source for one in waiting.document_type.rosters}
        known = sorted(one for one in names if one in LAYOUTS and LAYOUTS[one].identities)
        return [compare(records, self.objects, self.catalog, *place, one).summary for one in known]

    def _facts(self, document: Document | None) -> dict[str, Any] | None:
        """The frozen facts of a document."""
        if document is None:
            return None
        facts: dict[str, Any] = json.loads(self.objects.get(document.data_digest))
        return facts


def _decisive(facts: Mapping[str, Any]) -> dict[str, str]:
    """What a document states about its ACO, in the words of a form."""
    aco, dua = facts.get("aco") or {}, facts.get("dua") or {}
    agreement = aco.get("agreement") or {}
    told = {
        "Legal name": aco.get("legal_name", ""),
        "Track": agreement.get("track", ""),
        "Agreement period": " to ".join(filter(None, (agreement.get("start_date"), agreement.get("end_date")))),
        "DUA": dua.get("number", ""),
        "DUA extended to": dua.get("extended_to", ""),
    }
    return {name: value for name, value in told.items() if value}


def _sheet_line(line: Line) -> dict[str, Any]:
    """A line of the sheet as it is kept: JSON types only."""
    document = line.document
    return {
        "document_id": document.document_id,
        "aco_id": document.aco_id,
        "performance_year": document.performance_year,
        "title": line.waiting.document_type.title,
        "edition": document.edition,
        "pages": document.pages,
        "digest": document.head_digest,
        "facts": [list(one) for one in line.facts.items()],
        "difference": line.difference,
        "signed_by": [
            f"{one.name}, {role_label(one.role)}, {one.signed_at:%Y-%m-%d %H:%M} UTC" for one in document.signatures
        ],
    }


def _refuse_selection(chosen: set[str], waiting: list[Waiting]) -> None:
    if not chosen:
        raise InputError(Problem("nothing-chosen", "No document is chosen.", "Choose at least one document."))
    if len(chosen) > MOST_DOCUMENTS:
        sentence = f"More than {MOST_DOCUMENTS} documents are chosen."
        raise InputError(Problem("too-many-chosen", sentence, "Countersign them in several batches."))
    missing = chosen - {one.document.document_id for one in waiting}
    if missing:
        sentence = f"{len(missing)} of the chosen documents no longer wait for CMS."
        raise ConflictError(Problem("not-waiting", sentence, "Look at the queue again and choose anew."))


def _unread(records: Records, batch: Batch, catalog: Catalog) -> list[Problem]:
    """One problem for each edition of which the signatory has not been shown a single whole document."""
    read, problems = records.documents.editions_viewed(batch.user_id), {}
    for item in batch.items:
        document = records.documents.get(item.document_id)
        if document and document.template_digest not in read:
            title = catalog[document.kind].title
            problems[document.template_digest] = Problem(
                "words-not-read",
                f"You were not shown any document with the words of “{title}”, edition {document.edition}.",
                "Open one of them and read it, then start the batch.",
                document.document_id,
            )
    return list(problems.values())


def _placed(problem: Problem, line: Line) -> Problem:
    """A problem of one document among several says of which."""
    document = line.document
    return Problem(problem.code, f"{document.aco_id}: {problem.sentence}", problem.remedy, document.document_id)


def _searchable(waiting: Waiting) -> str:
    return f"{waiting.aco.aco_id} {waiting.aco.legal_name} {waiting.document_type.title}".casefold()


def _jobs(records: Records, batch: Batch) -> tuple[Job, ...]:
    return tuple(filter(None, map(records.jobs.by_key, batch.job_keys)))


def _require(records: Records, user_id: str, batch_id: str) -> Batch:
    batch = records.batches.get(batch_id)
    if batch is None or batch.user_id != user_id:
        raise NotFoundError(Problem("not-found", "There is no such batch.", "Go back to the queue.", batch_id))
    return batch
