"""Files are loaded into an open year by a job: ACOs are added, and lists put in place of others (R1, R2, R45, R69, ADR 63).

What can be seen at once is refused at once. The files are kept under their digests; the job reads them, compares them with each
other and with the records, and stores all of it in one transaction, which ends the job too; or nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.jobs.here import see_through
from packets.jobs.queue import enqueue
from packets.jobs.registry import Handler, Run
from packets.model.jobs import JobState
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind, FilesRefusedError, Report
from packets.years.kept_files import (
    FilesJob,
    are_short,
    copy_files,
    fetch_files,
    finish,
    keep_files,
    outcome_of,
    refusal_of,
    report_on,
)
from packets.years.preparation import PreparationDesk, Progress, Wanted, unwatched
from packets.years.year_loading import YearDesk, log_refusal

LOAD_LISTS = "load-lists"
"""The kind of the job that loads files into an open year."""
REFUSALS = (InputError, ConflictError, ForbiddenError, NotFoundError)
"""What trying again would not mend."""
STOPPED = "The load was stopped."


class LoadingState(StrEnum):
    """How far a load is."""

    WAITING = "waiting"
    READING = "reading"
    LOADED = "loaded"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Loading(FilesJob):
    """Files that were given to be loaded: the job that does it, and what it tells of that."""

    @property
    def only_aco(self) -> str:
        """The one ACO whose rows are taken; empty for all."""
        return str(self.job.arguments["only_aco"])

    @property
    def state(self) -> LoadingState:
        """How far it is."""
        if self.job.state is JobState.DONE:
            return LoadingState.LOADED if self.job.result.get("accepted") else LoadingState.REFUSED
        if self.job.state.is_over:
            return LoadingState.FAILED
        return LoadingState.WAITING if self.job.state is JobState.QUEUED else LoadingState.READING

    @property
    def stale(self) -> list[Wanted]:
        """The documents that were void by it, and are prepared again."""
        return [(aco_id, kind) for aco_id, kind in self.job.result.get("stale", ())]


@dataclass(frozen=True, slots=True)
class LoadingDesk:
    """Where CMS staff load files into an open year; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    years: YearDesk
    preparation: PreparationDesk
    clock: Clock

    def ask(self, year: int, given: Mapping[FileKind, GivenFile], user_id: str, *, only_aco: str = "") -> Loading:
        """Let files be loaded outside of the request: ACOs are added to an open year, or lists replaced.

        A list is replaced for exactly the ACOs that the file names, or for one of them. Documents that carried the former
        list are void from that moment, and a job that is queued with it prepares them again. Who asks again with the same
        files while they are being loaded is answered what is under way.

        Raises:
            NotFoundError: the year was not opened, or the ACO is not in it.
            ForbiddenError: the person may not load files.
            InputError: no file was given, or one that a year takes only when it is opened.
            ConflictError: other files are being loaded into the year.
            FilesRefusedError: something is wrong with short files, or a list is signed; nothing was stored.
        """
        try:
            return self._ask(year, given, user_id, only_aco)
        except PacketsError as error:
            self.years.tell_refusal(Act.LIST_LOAD, year, user_id, error, only_aco)
            raise

    def load(
        self,
        year: int,
        given: Mapping[FileKind, GivenFile],
        user_id: str,
        *,
        only_aco: str = "",
        progress: Progress = unwatched,
    ) -> Report:
        """Load files as `ask` does, here, or wait for the worker that was faster; then prepare the documents again.

        Raises:
            FilesRefusedError: something is wrong with the files, or a list is signed; nothing was stored.
            PacketsError: as `ask`, or what a store or the database says; the job is stopped then.
        """
        job_id = self.ask(year, given, user_id, only_aco=only_aco).job.job_id
        found = Loading(see_through(self.database, self.clock, Handler(LOAD_LISTS, self.work), job_id, unwatched))
        broken = Problem("files-not-loaded", found.job.error or STOPPED, "Load the files again.", str(year))
        report = outcome_of(self.objects, found, broken)
        self.preparation.prepare(year, found.stale, user_id, progress=progress)
        return report

    def newest(self, year: int) -> Loading:
        """What was asked for last in a year.

        Raises:
            NotFoundError: nobody has asked for anything.
        """
        found = self.recent(year)
        if found is None:
            sentence = f"No files were given to be loaded into year {year}."
            raise NotFoundError(Problem("loading-unknown", sentence, "Load files into the year.", str(year)))
        return found

    def recent(self, year: int) -> Loading | None:
        """What was asked for last in a year, or None."""
        with self.database.read() as records:
            return _newest(records, year)

    def report_on(self, loading: Loading) -> Report | None:
        """The report on the files of a load that is over; None when they were not read."""
        return report_on(self.objects, loading)

    def work(self, run: Run) -> dict[str, Any]:
        """Do such a job (`packets.jobs`). A refusal is a result; what is worth another try is raised."""
        with tempfile.TemporaryDirectory(prefix="esm-year-") as name:
            given = fetch_files(self.objects, run.job, Path(name))
            try:
                return self._load(run, given, Path(name))
            except REFUSALS as error:
                return self._refuse(run, error)

    def _ask(self, year: int, given: Mapping[FileKind, GivenFile], user_id: str, only_aco: str) -> Loading:
        with tempfile.TemporaryDirectory(prefix="esm-year-") as name:
            folder = Path(name)
            with self.database.read() as records:
                opened = self.years.permit(records, Act.LIST_LOAD, year, given, user_id, only_aco)
            kept = copy_files(given, folder)
            if are_short(kept):
                sample = opened is not None and opened.sample
                report = self.years.read(Act.LIST_LOAD, year, kept, folder, only_aco, sample=sample).report()
                if not report.accepted:
                    raise FilesRefusedError(report)
            files = keep_files(self.objects, kept)
        now = self.clock()
        arguments = {"year": year, "only_aco": only_aco, "actor": user_id, "files": files, "asked_at": now.isoformat()}
        with self.database.write() as records:
            self.years.permit(records, Act.LIST_LOAD, year, given, user_id, only_aco)
            earlier = _newest(records, year)
            if earlier is not None and not earlier.is_over:
                return _same(earlier, arguments)
            key = f"{_key(year)}{len(records.jobs.beginning(_key(year))):06}"
            digests = {one["kind"]: one["digest"] for one in files}
            records.journal.log(Act.LIST_ASK, user_id, str(year), now, files=digests, aco=only_aco)
            return Loading(enqueue(records, LOAD_LISTS, arguments, key, now))

    def _load(self, run: Run, given: Mapping[FileKind, GivenFile], folder: Path) -> dict[str, Any]:
        asked = run.job.arguments
        year, actor, only_aco = asked["year"], asked["actor"], asked["only_aco"]
        with self.database.read() as records:
            opened = self.years.permit(records, Act.LIST_LOAD, year, given, actor, only_aco)
        sample = opened is not None and opened.sample
        found = self.years.read(Act.LIST_LOAD, year, given, folder, only_aco, sample=sample)
        report = found.report()
        if not report.accepted:
            raise FilesRefusedError(report)
        run.progress(0, found.list_rows)
        digest = self.objects.put(report.as_bytes())
        with self.database.write() as records:
            self.years.permit(records, Act.LIST_LOAD, year, given, actor, only_aco)
            stale = self.years.store(records, found, report, digest, actor)
            result = {"accepted": True, "report": digest, "stale": stale}
            finish(records, run, result)  # at the end: until then the lease can be prolonged
        return result

    def _refuse(self, run: Run, error: PacketsError) -> dict[str, Any]:
        """The job is over with the refusal and its entry in the log."""
        asked, result = run.job.arguments, refusal_of(self.objects, error)
        with self.database.write() as records:
            finish(records, run, result)
            log_refusal(records, Act.LIST_LOAD, asked["year"], asked["actor"], error, self.clock(), asked["only_aco"])
        return result


def _key(year: int) -> str:
    return f"{LOAD_LISTS}/{year}/"


def _newest(records: Records, year: int) -> Loading | None:
    found = records.jobs.beginning(_key(year))
    return Loading(found[-1]) if found else None


def _same(earlier: Loading, arguments: Mapping[str, Any]) -> Loading:
    if not earlier.has(arguments):
        sentence = f"Other files are being loaded into performance year {earlier.year}."
        raise ConflictError(Problem("year-loading", sentence, "Wait until that is over.", str(earlier.year)))
    return earlier
