"""Taking files for a job: what opening a year and loading into an open one have in common (R45, ADR 60, ADR 63)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ConflictError, PacketsError, Problem
from packets.jobs.queue import enqueue
from packets.jobs.registry import Run
from packets.model.jobs import Job
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
    is_worth_another_try,
    keep_files,
    refusal_of,
    report_on,
)
from packets.years.year_loading import YearDesk, log_refusal

Store: TypeAlias = Callable[[Run, Material, Report], dict[str, Any]]
"""Stores what files bring, and ends the job in the last transaction; answers the job's result."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What files are given for.

    Attributes:
        kind: of the job.
        asked: how the log calls asking for it.
        done: how the log calls doing it.
        code: of the refusal while something else is under way for the year.
        under_way: its sentence, with a place for the year.
    """

    kind: str
    asked: Act
    done: Act
    code: str
    under_way: str

    def key(self, year: int) -> str:
        """What the keys of a year's jobs begin with."""
        return f"{self.kind}/{year}/"


@dataclass(frozen=True, slots=True)
class FilesDesk:
    """Where CMS staff give files of a year to a job. What can be seen at once is refused at once, and the log tells of it."""

    database: Database
    objects: ObjectStore
    years: YearDesk
    clock: Clock
    errand: ClassVar[Errand]

    def report_on(self, found: FilesJob) -> Report | None:
        """The report on the files of a job that is over; None when they were not read."""
        return report_on(self.objects, found)

    def _take(
        self,
        year: int,
        given: Mapping[FileKind, GivenFile],
        user_id: str,
        *,
        only_aco: str = "",
        sample: bool = False,
    ) -> Job:
        """The job that does it; the one that is under way when just the same was asked for. One at a time for a year."""
        try:
            return self._queue(year, given, user_id, only_aco, sample=sample)
        except PacketsError as error:
            self.years.tell_refusal(self.errand.done, year, user_id, error, only_aco)
            raise

    def _queue(
        self, year: int, given: Mapping[FileKind, GivenFile], user_id: str, only_aco: str, *, sample: bool
    ) -> Job:
        act = self.errand.done
        with self.database.read() as records:
            opened = self.years.permit(records, act, year, given, user_id, only_aco)
        sample = opened.sample if opened is not None else sample
        files = self._keep(year, given, only_aco, sample=sample)
        now = self.clock()
        asked = {"year": year, "only_aco": only_aco, "sample": sample, "files": files}
        asked |= {"actor": user_id, "asked_at": now.isoformat()}
        with self.database.write() as records:
            self.years.permit(records, act, year, given, user_id, only_aco)
            before = records.jobs.beginning(self.errand.key(year))
            if before and not before[-1].state.is_over:
                return self._same(FilesJob(before[-1]), asked)
            digests = {one["kind"]: one["digest"] for one in files}
            records.journal.log(self.errand.asked, user_id, str(year), now, files=digests, aco=only_aco)
            return enqueue(records, self.errand.kind, asked, f"{self.errand.key(year)}{len(before):04}", now)

    def _keep(
        self, year: int, given: Mapping[FileKind, GivenFile], only_aco: str, *, sample: bool
    ) -> list[dict[str, str]]:
        """Keep the files, when nothing is wrong with them; long ones are kept unread."""
        with tempfile.TemporaryDirectory(prefix="esm-year-") as name:
            folder = Path(name)
            kept = copy_files(given, folder)
            if are_short(kept):
                report = self.years.read(self.errand.done, year, kept, folder, only_aco, sample=sample).report()
                if not report.accepted:
                    raise FilesRefusedError(report)
            return keep_files(self.objects, kept)

    def _same(self, earlier: FilesJob, asked: Mapping[str, Any]) -> Job:
        if not earlier.has(asked):
            sentence = self.errand.under_way.format(earlier.year)
            raise ConflictError(Problem(self.errand.code, sentence, "Wait until that is over.", str(earlier.year)))
        return earlier.job

    def _do(self, run: Run, store: Store) -> dict[str, Any]:
        """Read the files of a job and store what they bring. A refusal is a result; what is worth another try is raised."""
        with tempfile.TemporaryDirectory(prefix="esm-year-") as name:
            given = fetch_files(self.objects, run.job, Path(name))
            try:
                return store(run, *self._read(run.job.arguments, given, Path(name)))
            except PacketsError as error:
                if is_worth_another_try(error):
                    raise
                return self._refuse(run, error)

    def _read(
        self, asked: Mapping[str, Any], given: Mapping[FileKind, GivenFile], folder: Path
    ) -> tuple[Material, Report]:
        """What the files bring, compared with the records as they are now, and the report on them.

        Raises:
            FilesRefusedError: something is wrong with them.
        """
        act, year, only_aco = self.errand.done, asked["year"], _only_aco(asked)
        with self.database.read() as records:
            self.years.permit(records, act, year, given, asked["actor"], only_aco)
        found = self.years.read(act, year, given, folder, only_aco, sample=asked["sample"])
        report = found.report()
        if not report.accepted:
            raise FilesRefusedError(report)
        return found, report

    def _refuse(self, run: Run, error: PacketsError) -> dict[str, Any]:
        """The job is over with the refusal and its entry in the log."""
        asked, result, act = run.job.arguments, refusal_of(self.objects, error), self.errand.done
        with self.database.write() as records:
            finish(records, run, result)
            log_refusal(records, act, asked["year"], asked["actor"], error, self.clock(), _only_aco(asked))
        return result

    def _newest(self, records: Records, year: int) -> Job | None:
        found = records.jobs.beginning(self.errand.key(year))
        return found[-1] if found else None


def _only_aco(asked: Mapping[str, Any]) -> str:
    """The one ACO whose rows are taken; jobs that an earlier version has queued do not say it."""
    return str(asked.get("only_aco", ""))
