"""Files that were given to a job: kept under their digests when they come, fetched by whoever does it (R45, ADR 60, ADR 63)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from packets.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    OvertakenError,
    PacketsError,
    Problem,
)
from packets.jobs.registry import Reason, Run, WorkInterruptedError
from packets.model.jobs import Job, JobState
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind, FilesRefusedError, Report, read_report

SMALL_BYTES = 1024 * 1024
"""Files that are no longer together are read in the request too, so that what is wrong with them is told at once."""
WHO_AND_WHEN = frozenset({"actor", "asked_at"})
"""What may differ when somebody asks for the same once more."""


@dataclass(frozen=True, slots=True)
class FilesJob:
    """Files of a year that were given to a job, and what the job tells of them."""

    job: Job

    @property
    def year(self) -> int:
        """The performance year."""
        return int(self.job.arguments["year"])

    @property
    def asked_at(self) -> datetime:
        """When it was asked for."""
        return datetime.fromisoformat(self.job.arguments["asked_at"])

    @property
    def asked_by(self) -> str:
        """Who asked for it."""
        return str(self.job.arguments["actor"])

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it any more."""
        return self.job.state.is_over

    @property
    def report_digest(self) -> str:
        """Key of the report on the files in the object store; empty while there is none."""
        return str(self.job.result.get("report", ""))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why it was refused, where that is not in the report."""
        return tuple(Problem(**one) for one in self.job.result.get("problems", ()))

    def has(self, arguments: Mapping[str, Any]) -> bool:
        """Whether just the same was asked for, by whomever; what an earlier version did not note is taken for the same."""
        held = self.job.arguments
        return all(held.get(name, told) == told for name, told in arguments.items() if name not in WHO_AND_WHEN)


def copy_files(given: Mapping[FileKind, GivenFile], folder: Path) -> dict[FileKind, GivenFile]:
    """Copies that nobody changes while they are read, compared and kept.

    Raises:
        InputError: a file cannot be read.
    """
    found = {}
    for kind, one in given.items():
        path = folder / f"{kind}.file"
        try:
            shutil.copyfile(one.path, path)
        except OSError as error:
            sentence = f"The file cannot be read: {error.strerror}."
            raise InputError(Problem("file-unreadable", sentence, "Give a readable file.", one.name)) from error
        found[kind] = GivenFile(one.name.encode(errors="replace").decode(), path)  # a name on a disk may be no text
    return found


def are_short(given: Mapping[FileKind, GivenFile]) -> bool:
    """Whether files are so short that they are read in the request too."""
    return sum(one.path.stat().st_size for one in given.values()) <= SMALL_BYTES


def keep_files(objects: ObjectStore, given: Mapping[FileKind, GivenFile]) -> list[dict[str, str]]:
    """Keep the files; answers what a job needs to fetch them, as JSON."""
    return [{"kind": str(kind), "name": one.name, "digest": objects.put_file(one.path)} for kind, one in given.items()]


def fetch_files(objects: ObjectStore, job: Job, folder: Path) -> dict[FileKind, GivenFile]:
    """The files that a job was given, in a folder."""
    given = {}
    for one in job.arguments["files"]:
        path = folder / f"{one['kind']}.file"
        path.write_bytes(objects.get(one["digest"]))
        given[FileKind(one["kind"])] = GivenFile(one["name"], path)
    return given


def refusal_of(objects: ObjectStore, error: PacketsError) -> dict[str, Any]:
    """The result of a job whose files were refused: the report on them, or the problems where there is none."""
    if isinstance(error, FilesRefusedError):
        return {"accepted": False, "report": objects.put(error.report.as_bytes())}
    return {"accepted": False, "problems": [asdict(one) for one in error.problems]}


def is_worth_another_try(error: PacketsError) -> bool:
    """Whether the same job may come to another end later: a store was away, or another act stood in the way of this one."""
    final = isinstance(error, InputError | ConflictError | ForbiddenError | NotFoundError)
    return isinstance(error, OvertakenError) or not final


def report_on(objects: ObjectStore, found: FilesJob) -> Report | None:
    """The report on the files of a job that is over; None when they were not read."""
    if not found.report_digest:
        return None
    return read_report(json.loads(objects.get(found.report_digest)))


def outcome_of(objects: ObjectStore, found: FilesJob, otherwise: Problem) -> Report:
    """The report on files that were accepted, of a job that is over.

    Args:
        objects: where reports are kept.
        found: the job.
        otherwise: what is wrong when the job does not tell.

    Raises:
        FilesRefusedError: they were not; carries the report.
        ConflictError: they were not read, or something else stood in the way.
    """
    report = report_on(objects, found)
    if report is None:
        raise ConflictError(found.problems or otherwise)
    if not report.accepted:
        raise FilesRefusedError(report)
    return report


def finish(records: Records, run: Run, result: Mapping[str, Any]) -> None:
    """End the job in the transaction of its last act, when it is still held."""
    if not records.jobs.finish(run.job.claim, JobState.DONE, result=result):
        raise WorkInterruptedError(Reason.LOST)
