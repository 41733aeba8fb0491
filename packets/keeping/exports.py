"""The desk of exports: records are asked for by a question, a job makes one file of them, who asked takes it away (R4).

An export is its owner's alone: to anybody else it is not there. The documents are fixed when it is asked for; what is disposed of
meanwhile is left out. The file is kept for some days, and then removed by a periodic task.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from packets.acts import Tale, carry_out
from packets.audit.log import SERVICE, Act
from packets.clock import Clock
from packets.documents.reading import not_yours
from packets.errors import ConflictError, InputError, NotFoundError, Problem, StoreError
from packets.finding.query import Query, Stage
from packets.jobs.queue import enqueue
from packets.keeping.export_files import ExportFiles
from packets.model.exports import Export, ExportState, Finished
from packets.model.jobs import Job
from packets.people.access import Action, may
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.finding import Scope

EXPORT_JOB = "export"
MOST_DOCUMENTS = 10_000
MOST_STANDING = 10
"""Exports of one person that were not removed; each may be some gigabytes on a disk."""
MOST_LISTED = 30

Asked = tuple[Export, list[str]]


@dataclass(frozen=True, slots=True)
class Watched:
    """An export with the job that makes it; the job is None when there never was one."""

    export: Export
    job: Job | None

    @property
    def state(self) -> ExportState:
        """How far it is."""
        return self.export.state(self.job)


@dataclass(frozen=True, slots=True)
class ExportDesk:
    """Where exports are asked for, watched and taken away; built once with the services that it needs."""

    database: Database
    files: ExportFiles
    clock: Clock

    def ask(self, user_id: str, query: Query) -> str:
        """Ask for every executed record that fits; the job is queued in the same transaction. Answers the export's id.

        The same question, asked again while the first one is under way, is the same export.

        Raises:
            NotFoundError: the person may not see the archive.
            InputError: nothing fits, too much does, other records than executed ones are asked for, or the person has too
                many exports.
        """
        export = Export(str(uuid.uuid4()), user_id, self.clock(), query.parts(), 0)
        tale = Tale(Act.EXPORT_ASK, user_id, _subject(export.export_id), export.asked_at)
        return carry_out(
            self.database,
            tale,
            lambda records: _choose(records, export, query),
            lambda records, chosen: _lay_out(records, tale, *chosen),
        )

    def watch(self, user_id: str, export_id: str) -> Watched:
        """An export of the person's own, and how far it is.

        Raises:
            NotFoundError: there is none, it is somebody else's, or the person may not see the archive any more.
        """
        with self.database.read() as records:
            export = _own(records, user_id, export_id)
            return Watched(export, records.jobs.by_key(_key(export_id)))

    def listed(self, user_id: str) -> list[Watched]:
        """The newest exports that a person has asked for."""
        with self.database.read() as records:
            found = records.exports.of_person(user_id, MOST_LISTED)
            return [Watched(one, records.jobs.by_key(_key(one.export_id))) for one in found]

    def open(self, user_id: str, export_id: str) -> tuple[Finished, Path]:
        """The file of an export, to be taken away; a refusal is logged here, what was sent with `record_download`.

        Raises:
            NotFoundError: there is no such export, it is somebody else's, it is not ready, or its file was removed.
            StoreError: the file is not where this process looks for it.
        """
        tale = Tale(Act.EXPORT_DOWNLOAD, user_id, _subject(export_id), self.clock())

        def check(records: Records) -> tuple[Finished, Path]:
            finished = _ready(_own(records, user_id, export_id), tale.now)
            path = self.files.path(export_id, finished.digest)
            if not path.is_file():
                sentence = "The file of this export is not here."
                remedy = "ESM_EXPORTS_DIR must be one folder that all processes share; or ask for the export again."
                raise StoreError(Problem("export-not-here", sentence, remedy, export_id))
            return finished, path

        return carry_out(self.database, tale, check, lambda _records, found: found)

    def record_download(self, user_id: str, export_id: str, first: int, last: int) -> None:
        """Log that bytes of the file are given away, the first and the last one counted from 0 (42 CFR 425.210).

        Raises:
            NotFoundError: it was removed this very moment.
        """
        tale = Tale(Act.EXPORT_DOWNLOAD, user_id, _subject(export_id), self.clock())
        carry_out(
            self.database,
            tale,
            lambda records: _ready(_own(records, user_id, export_id), tale.now),
            lambda records, finished: tale.tell(records, digest=finished.digest, first=first, last=last),
        )

    def resume(self, user_id: str, export_id: str) -> None:
        """Have an export that failed tried again.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
            ConflictError: it has not failed.
        """
        tale = Tale(Act.EXPORT_RESUME, user_id, _subject(export_id), self.clock())

        def check(records: Records) -> str:
            export, job = _own(records, user_id, export_id), records.jobs.by_key(_key(export_id))
            if job is None or export.state(job) is not ExportState.FAILED:
                sentence = "This export has not failed."
                raise ConflictError(Problem("export-not-failed", sentence, "Look at its page again.", export_id))
            return job.job_id

        def record(records: Records, job_id: str) -> None:
            records.jobs.resume(job_id, tale.now)
            tale.tell(records)

        carry_out(self.database, tale, check, record)

    def remove(self, user_id: str, export_id: str) -> None:
        """Give up an export that is under way, or remove its file; nothing when that was done.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
        """
        tale = Tale(Act.EXPORT_REMOVE, user_id, _subject(export_id), self.clock())
        carry_out(
            self.database, tale, lambda records: _own(records, user_id, export_id), lambda r, one: _remove(r, tale, one)
        )
        self.sweep()

    def expire(self) -> int:
        """Remove exports whose days are over or that hold a disposed document, and files that nobody needs; tells how many."""
        now = self.clock()
        with self.database.write() as records:
            over = records.exports.expired(now)
            for one in over:
                _remove(records, Tale(Act.EXPORT_REMOVE, SERVICE, _subject(one.export_id), now), one)
        self.sweep()
        return len(over)

    def sweep(self) -> None:
        """Remove files of exports that were removed, and what an attempt left that nobody goes on with.

        A file of an export that this database does not know is left alone: the folder may be another installation's too.
        """
        for one in self.files.lying():
            with self.database.read() as records:
                export, job = records.exports.get(one.export_id), records.jobs.by_key(_key(one.export_id))
            if export is not None and not _is_needed(one.digest, export, job):
                one.path.unlink(missing_ok=True)


def _choose(records: Records, export: Export, query: Query) -> Asked:
    """The export with its documents, or the same one that is under way, without any."""
    _admit(records, export.user_id)
    if query.stage not in {None, Stage.EXECUTED}:
        sentence = "Only executed documents are exported."
        raise InputError(Problem("stage-not-executed", sentence, "Leave the status out, or ask for Executed.", "stage"))
    standing = records.exports.standing(export.user_id)
    for one in standing:
        job = records.jobs.by_key(_key(one.export_id))
        if one.asked == export.asked and one.state(job) in {ExportState.WAITING, ExportState.RUNNING}:
            return one, []
    if len(standing) >= MOST_STANDING:
        sentence = f"You have {MOST_STANDING} exports."
        raise InputError(Problem("too-many-exports", sentence, "Remove one that you do not need any more.", "exports"))
    executed = replace(query, stage=Stage.EXECUTED)
    found = records.finding.find(executed, Scope(None, {}), most=MOST_DOCUMENTS + 1)
    if len(found) > MOST_DOCUMENTS:
        sentence = f"More than {MOST_DOCUMENTS:,} records fit, and an export holds no more."
        raise InputError(Problem("too-many-records", sentence, "Narrow it, by year for example.", "year"))
    kept = set(records.documents.executed())
    chosen = [one.document_id for one in found if one.document_id in kept]
    if not chosen:
        sentence = "No executed document fits."
        raise InputError(Problem("selection-empty", sentence, "Name another ACO, year or document.", "aco_id"))
    return replace(export, chosen=len(chosen)), chosen


def _lay_out(records: Records, tale: Tale, export: Export, document_ids: list[str]) -> str:
    if document_ids:
        records.exports.add(export, document_ids)
        enqueue(records, EXPORT_JOB, {"export_id": export.export_id}, _key(export.export_id), tale.now)
        tale.tell(records, count=export.chosen, asked=sorted(export.asked))
    return export.export_id


def _remove(records: Records, tale: Tale, export: Export) -> None:
    if not records.exports.remove(export.export_id, tale.actor, tale.now):
        return
    job = records.jobs.by_key(_key(export.export_id))
    if job is not None:
        records.jobs.stop(job.job_id)
    tale.tell(records)


def _admit(records: Records, user_id: str) -> None:
    person = records.people.get(user_id)
    if person is None or not person.account_active or not may(Action.VIEW_ARCHIVE, person.cms_roles):
        raise not_yours("exports")


def _own(records: Records, user_id: str, export_id: str) -> Export:
    _admit(records, user_id)
    export = records.exports.get(export_id)
    if export is None or export.user_id != user_id:
        raise not_yours(export_id)
    return export


def _ready(export: Export, now: datetime) -> Finished:
    if export.finished is None:
        sentence = "This export is not ready."
        raise NotFoundError(Problem("export-not-ready", sentence, "Wait until its page says so.", export.export_id))
    if export.removed_at is not None or export.finished.expires_at <= now:
        sentence = "The file of this export was removed."
        raise NotFoundError(Problem("export-removed", sentence, "Ask for the records again.", export.export_id))
    return export.finished


def _is_needed(digest: str, export: Export, job: Job | None) -> bool:
    """Whether a file is the export's own, or an attempt may be about to make it so."""
    if export.removed_at is not None:
        return False
    if export.finished is not None:
        return export.finished.digest == digest
    return job is not None and not job.state.is_over


def _key(export_id: str) -> str:
    return f"{EXPORT_JOB}/{export_id}"


def _subject(export_id: str) -> str:
    return f"export/{export_id}"
