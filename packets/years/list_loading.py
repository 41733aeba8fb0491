"""Files are loaded into an open year by a job: ACOs are added, and lists put in place of others (R1, R2, R45, R69, ADR 63).

What can be seen at once is refused at once. The files are kept under their digests; the job reads them, compares them with each
other and with the records, and stores all of it in one transaction, which ends the job too; or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from packets.audit.log import Act
from packets.errors import NotFoundError, Problem
from packets.jobs.here import see_through
from packets.jobs.registry import Handler, Run
from packets.model.jobs import JobState
from packets.year_files.material import GivenFile, Material
from packets.year_files.report import FileKind, Report
from packets.years.files_desk import Errand, FilesDesk
from packets.years.kept_files import FilesJob, finish, outcome_of
from packets.years.preparation import PreparationDesk, Progress, Wanted, unwatched

LOAD_LISTS = "load-lists"
"""The kind of the job that loads files into an open year."""
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
class LoadingDesk(FilesDesk):
    """Where CMS staff load files into an open year; built once with the services that it needs."""

    preparation: PreparationDesk
    errand = Errand(
        LOAD_LISTS,
        Act.LIST_ASK,
        Act.LIST_LOAD,
        "year-loading",
        "Other files are being loaded into performance year {}.",
    )

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
        return Loading(self._take(year, given, user_id, only_aco=only_aco))

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
            job = self._newest(records, year)
        return Loading(job) if job else None

    def work(self, run: Run) -> dict[str, Any]:
        """Do such a job (`packets.jobs`)."""
        return self._do(run, self._store)

    def _store(self, run: Run, found: Material, report: Report) -> dict[str, Any]:
        """All of it at once. The same transaction ends the job, at its end: until then the lease can be prolonged."""
        run.progress(0, found.list_rows)
        digest, actor = self.objects.put(report.as_bytes()), run.job.arguments["actor"]
        with self.database.write() as records:
            self.years.permit(records, Act.LIST_LOAD, found.year, found.readings, actor, found.only_aco)
            stale = self.years.store(records, found, report, digest, actor)
            result = {"accepted": True, "report": digest, "stale": stale}
            finish(records, run, result)
        return result
