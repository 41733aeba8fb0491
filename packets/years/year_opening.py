"""A year is opened by a job, part by part, and is there for others when its last part is (R1, R2, R7, R45, ADR 60).

What can be seen at once is refused at once. The files are kept under their digests; the job reads them, compares them, and
brings the rows of the lists in short transactions into a year that nobody is told of. The last part enrolls the ACOs and opens
the year. A worker that takes a job over goes on behind the rows that it finds; rows of an opening that came to nothing are
cleared by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from packets.audit.log import Act
from packets.errors import NotFoundError, Problem
from packets.jobs.here import see_through
from packets.jobs.registry import Handler, Reason, Run, WorkInterruptedError
from packets.model.calendar import PerformanceYear
from packets.model.jobs import JobState
from packets.store.records import Records
from packets.year_files.material import GivenFile, Material
from packets.year_files.report import FileKind, Report
from packets.years.files_desk import Errand, FilesDesk
from packets.years.kept_files import FilesJob, finish, outcome_of
from packets.years.preparation import Progress, unwatched
from packets.years.year_loading import LIST_OF, list_rows

OPEN_YEAR = "open-year"
"""The kind of the job that opens a year."""
STOPPED = "The opening was stopped."
ROWS_IN_A_PART = 2000
"""About a tenth of a second of writing."""
PAUSE_SECONDS = 0.05
"""Between two parts: whoever waits to write on SQLite looks again every tenth of a second at the latest."""


class OpeningState(StrEnum):
    """How far the opening of a year is."""

    WAITING = "waiting"
    READING = "reading"
    STORING = "storing"
    OPEN = "open"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Opening(FilesJob):
    """A year that was asked to be opened: the job that does it, and what it tells of that."""

    @property
    def state(self) -> OpeningState:
        """How far it is."""
        if self.job.state is JobState.DONE:
            return OpeningState.OPEN if self.job.result.get("accepted") else OpeningState.REFUSED
        if self.job.state.is_over:
            return OpeningState.FAILED
        if self.job.total:
            return OpeningState.STORING
        return OpeningState.WAITING if self.job.state is JobState.QUEUED else OpeningState.READING


@dataclass(frozen=True, slots=True)
class OpeningDesk(FilesDesk):
    """Where CMS staff open years; built once with the services that it needs."""

    errand = Errand(
        OPEN_YEAR, Act.YEAR_ASK, Act.YEAR_OPEN, "year-opening", "Performance year {} is being opened from other files."
    )

    def ask(self, year: int, given: Mapping[FileKind, GivenFile], user_id: str, *, sample: bool = False) -> Opening:
        """Let a year be opened with its ACOs, contacts, lists and windows, outside of the request.

        ACOs without rows in a contacts file, or all of them without such a file, bring their contacts from the year before. Who
        asks again with the same files while the year is being opened is answered what is under way.

        Args:
            year: the performance year.
            given: the files; agreements are necessary.
            user_id: who opens it; CMS staff.
            sample: mark everything as a demonstration.

        Raises:
            ForbiddenError: the person may not open years.
            ConflictError: the year is open already, or is being opened from other files.
            InputError: the year is out of reach, or the agreements were not given.
            FilesRefusedError: something is wrong with short files; nothing was stored.
        """
        return Opening(self._take(year, given, user_id, sample=sample))

    def open(
        self,
        year: int,
        given: Mapping[FileKind, GivenFile],
        user_id: str,
        *,
        sample: bool = False,
        progress: Progress = unwatched,
    ) -> Report:
        """Open a year as `ask` does, and do the job here, or wait for the worker that was faster.

        Whoever takes over when this process dies opens the year all the same.

        Raises:
            FilesRefusedError: something is wrong with the files; carries the report, and nothing of them is in the year.
            PacketsError: as `ask`, or what a store or the database says; the job is stopped then.
        """
        job_id = self.ask(year, given, user_id, sample=sample).job.job_id
        handler = Handler(OPEN_YEAR, lambda run: self._work(run, progress))
        found = Opening(see_through(self.database, self.clock, handler, job_id, progress))
        broken = Problem("year-not-opened", found.job.error or STOPPED, "Open the year again.", str(year))
        return outcome_of(self.objects, found, broken)

    def newest(self, year: int) -> Opening:
        """The opening of a year that was asked for last.

        Raises:
            NotFoundError: nobody has asked for it.
        """
        with self.database.read() as records:
            job = self._newest(records, year)
        if job is None:
            sentence = f"Nobody has asked for year {year} to be opened."
            raise NotFoundError(Problem("opening-unknown", sentence, "Open it, with its agreements.", str(year)))
        return Opening(job)

    def pending(self) -> list[Opening]:
        """Of every year that is not open the opening that was asked for last, newest year first."""
        with self.database.read() as records:
            newest = {one.year: one for one in map(Opening, records.jobs.beginning(f"{OPEN_YEAR}/"))}
            opened = set(records.years.numbers())
        return [newest[year] for year in sorted(newest, reverse=True) if year not in opened]

    def work(self, run: Run) -> dict[str, Any]:
        """Do such a job (`packets.jobs`): open the year, or find out why it cannot be opened."""
        return self._work(run, unwatched)

    def _work(self, run: Run, watch: Progress) -> dict[str, Any]:
        def store(run: Run, found: Material, report: Report) -> dict[str, Any]:
            self._bring_rows(run, found, watch)
            return self._complete(run, found, report)

        return self._do(run, store)

    def _bring_rows(self, run: Run, found: Material, watch: Progress) -> None:
        """The rows of the lists, in their order, behind those that an earlier worker has brought."""
        self._lay_out(run, found)
        stored = self._stored(found.year)
        done, total = sum(stored.values()), found.list_rows
        for name, rows in list_rows(found):
            rest = islice(rows, stored[name], None)
            while some := list(islice(rest, ROWS_IN_A_PART)):
                run.progress(done, total)
                watch(done, total, "")
                with self.database.write() as records:
                    _hold(records, run)
                    records.lists.append(found.year, name, some)
                done += len(some)
                time.sleep(PAUSE_SECONDS)
        run.progress(done, total)
        watch(done, total, "")

    def _stored(self, year: int) -> dict[str, int]:
        with self.database.read() as records:
            return {name: records.lists.stored(year, name) for name in LIST_OF.values()}

    def _lay_out(self, run: Run, found: Material) -> None:
        """Make room for the rows, once for a job; what another job has left behind goes first."""
        job = run.job
        with self.database.read() as records:
            begun_by = records.years.laid_out_by(found.year)
        if begun_by == job.job_id:
            return
        if begun_by:
            self._clear(run, found.year)
        with self.database.write() as records:
            run.hold(records)
            records.years.lay_out(found.year, job.job_id, self.clock(), sample=job.arguments["sample"])
            records.acos.lay_out(one.aco for one in found.agreements.values())

    def _clear(self, run: Run, year: int) -> None:
        """Take away what was brought for an opening that came to nothing, ACO by ACO."""
        with self.database.read() as records:
            aco_ids = records.acos.laid_out(year)
        for aco_id in aco_ids:
            with self.database.write() as records:
                run.hold(records)
                for name in LIST_OF.values():
                    records.lists.clear(aco_id, year, name)
        with self.database.write() as records:
            run.hold(records)
            records.acos.give_up(year)
            records.years.give_up(year)

    def _complete(self, run: Run, found: Material, report: Report) -> dict[str, Any]:
        """The last part: everything else that the files bring. The same transaction ends the job, so that it is done once."""
        digest, actor = self.objects.put(report.as_bytes()), run.job.arguments["actor"]
        result = {"accepted": True, "report": digest}
        with self.database.write() as records:
            now = self.clock()
            _hold(records, run)
            self.years.permit(records, Act.YEAR_OPEN, found.year, found.readings, actor)
            finish(records, run, result)
            records.years.complete(PerformanceYear(found.year, found.windows, run.job.arguments["sample"]), now)
            self.years.enroll(records, found, actor, now)
            self.years.tell_load(records, Act.YEAR_OPEN, found, report, digest, actor)
        return result


def _hold(records: Records, run: Run) -> None:
    """Make sure that the job is still held, and that the year which is laid out is still its own."""
    run.hold(records)
    if records.years.laid_out_by(run.job.arguments["year"]) != run.job.job_id:
        raise WorkInterruptedError(Reason.LOST)
