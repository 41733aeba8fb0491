"""A year is opened by a job, part by part, and is there for others when its last part is (R1, R2, R7, R45, ADR 60).

What can be seen at once is refused at once. The files are kept under their digests; the job reads them, compares them, and
brings the rows of the lists in short transactions into a year that nobody is told of. The last part enrolls the ACOs and opens
the year. A worker that takes a job over goes on behind the rows that it finds; rows of an opening that came to nothing are
cleared by the next one.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.jobs.here import see_through
from packets.jobs.queue import enqueue
from packets.jobs.registry import Handler, Reason, Run, WorkInterruptedError
from packets.model.calendar import PerformanceYear
from packets.model.jobs import JobState
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.year_files.material import GivenFile, Material
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
from packets.years.preparation import Progress, unwatched
from packets.years.year_loading import LIST_OF, YearDesk, list_rows, log_refusal

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
class OpeningDesk:
    """Where CMS staff open years; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    years: YearDesk
    clock: Clock

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
        try:
            return self._ask(year, given, user_id, sample=sample)
        except PacketsError as error:
            self.years.tell_refusal(Act.YEAR_OPEN, year, user_id, error)
            raise

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
            found = _newest(records, year)
        if found is None:
            sentence = f"Nobody has asked for year {year} to be opened."
            raise NotFoundError(Problem("opening-unknown", sentence, "Open it, with its agreements.", str(year)))
        return found

    def pending(self) -> list[Opening]:
        """Of every year that is not open the opening that was asked for last, newest year first."""
        with self.database.read() as records:
            newest = {one.year: one for one in _all(records, f"{OPEN_YEAR}/")}
            opened = set(records.years.numbers())
        return [newest[year] for year in sorted(newest, reverse=True) if year not in opened]

    def report_on(self, opening: Opening) -> Report | None:
        """The report on the files of an opening that is over; None when they were not read."""
        return report_on(self.objects, opening)

    def work(self, run: Run) -> dict[str, Any]:
        """Do such a job (`packets.jobs`): open the year, or find out why it cannot be opened."""
        return self._work(run, unwatched)

    def _ask(self, year: int, given: Mapping[FileKind, GivenFile], user_id: str, *, sample: bool) -> Opening:
        with self.database.read() as records:
            self.years.permit(records, Act.YEAR_OPEN, year, given, user_id)
        with tempfile.TemporaryDirectory(prefix="esm-year-") as name:
            folder = Path(name)
            kept = copy_files(given, folder)
            if are_short(kept):
                report = self.years.read(Act.YEAR_OPEN, year, kept, folder, sample=sample).report()
                if not report.accepted:
                    raise FilesRefusedError(report)
            files = keep_files(self.objects, kept)
        now = self.clock()
        arguments = {"year": year, "sample": sample, "actor": user_id, "files": files, "asked_at": now.isoformat()}
        with self.database.write() as records:
            self.years.permit(records, Act.YEAR_OPEN, year, given, user_id)
            earlier = _newest(records, year)
            if earlier is not None and not earlier.is_over:
                return _same(earlier, arguments)
            key = f"{_key(year)}{len(_all(records, _key(year))):04}"
            digests = {one["kind"]: one["digest"] for one in files}
            records.journal.log(Act.YEAR_ASK, user_id, str(year), now, files=digests)
            return Opening(enqueue(records, OPEN_YEAR, arguments, key, now))

    def _work(self, run: Run, watch: Progress) -> dict[str, Any]:
        """A refusal is a result; what is worth another try is raised."""
        try:
            with self._material(run) as (found, report):
                if not report.accepted:
                    raise FilesRefusedError(report)
                self._bring_rows(run, found, watch)
                return self._complete(run, found, report)
        except (InputError, ConflictError, ForbiddenError) as error:
            return self._refuse(run, error)

    @contextmanager
    def _material(self, run: Run) -> Iterator[tuple[Material, Report]]:
        """What the files bring, for as long as the block needs it."""
        asked = run.job.arguments
        with tempfile.TemporaryDirectory(prefix="esm-year-") as name:
            folder = Path(name)
            given = fetch_files(self.objects, run.job, folder)
            with self.database.read() as records:
                self.years.permit(records, Act.YEAR_OPEN, asked["year"], given, asked["actor"])
            found = self.years.read(Act.YEAR_OPEN, asked["year"], given, folder, sample=asked["sample"])
            yield found, found.report()

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

    def _refuse(self, run: Run, error: PacketsError) -> dict[str, Any]:
        """The job is over with the refusal and its entry in the log."""
        asked, result = run.job.arguments, refusal_of(self.objects, error)
        with self.database.write() as records:
            finish(records, run, result)
            log_refusal(records, Act.YEAR_OPEN, asked["year"], asked["actor"], error, self.clock())
        return result


def _key(year: int) -> str:
    return f"{OPEN_YEAR}/{year}/"


def _all(records: Records, key: str) -> list[Opening]:
    """Every opening whose key begins so, those of a year in their order."""
    return [Opening(one) for one in records.jobs.beginning(key)]


def _newest(records: Records, year: int) -> Opening | None:
    found = _all(records, _key(year))
    return found[-1] if found else None


def _same(earlier: Opening, arguments: Mapping[str, Any]) -> Opening:
    if not earlier.has(arguments):
        sentence = f"Performance year {earlier.year} is being opened from other files."
        raise ConflictError(Problem("year-opening", sentence, "Wait until that is over.", str(earlier.year)))
    return earlier


def _hold(records: Records, run: Run) -> None:
    """Make sure that the job is still held, and that the year which is laid out is still its own."""
    run.hold(records)
    if records.years.laid_out_by(run.job.arguments["year"]) != run.job.job_id:
        raise WorkInterruptedError(Reason.LOST)
