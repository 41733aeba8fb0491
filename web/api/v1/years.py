"""Performance years, for CMS staff: which there are, how far one is, its files and its windows (R1, R7, R8, R42, R45)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from packets.errors import NotFoundError, Problem
from packets.model.aco import Cohort
from packets.model.tokens import Scope
from packets.store.records.years import Load
from packets.year_files.report import FileKind, Report
from packets.years.kept_files import FilesJob
from packets.years.list_loading import Loading
from packets.years.list_loading import LoadingState as LoadState
from packets.years.progress import AcoProgress
from packets.years.year_opening import Opening
from packets.years.year_opening import OpeningState as State
from web.api.cursors import cut
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Digest, Fault, Page, PageQuestion, Question, Shape, Time, fault_of
from web.api.v1.packets import AcoId, DocumentStatus, Year, status_slug
from web.auth.roles import Audience
from web.pages.years import LOADED, fits, kept_report, uploaded
from web.visit import services

noun = Noun("years")
YEAR = "/years/<int(min=2012, max=2999):year>"
LOADS = f"{YEAR}/loads"
OPENING, LOADING = tuple(map(str, FileKind)), tuple(map(str, LOADED))


class YearLine(Shape):
    """A year that was opened."""

    year: int
    sample: bool
    acos: dict[Cohort, int]
    documents: int
    executed: int


class StepCounts(Shape):
    """How many documents of one kind and cohort have which status."""

    step: int
    kind: str
    title: str
    cohort: Cohort
    counts: dict[DocumentStatus, int]
    total: int


class YearState(Shape):
    """How far a year is; `unprepared` counts documents that are not made yet."""

    year: int
    sample: bool
    acos: int
    late: int
    unprepared: int
    steps: list[StepCounts]


class AcoState(Shape):
    """How far an ACO is."""

    aco_id: str
    legal_name: str
    cohort: Cohort
    step_one: DocumentStatus
    documents: dict[str, DocumentStatus] = Field(description="By kind.")
    due_on: date
    late: bool
    finished: bool


class LoadedFile(Shape):
    """A file that was loaded; `only_aco` is empty when the rows of all ACOs were taken."""

    load_id: int
    kind: FileKind
    file_name: str
    sha256: Digest
    size: int
    rows: int
    only_aco: str
    loaded_by: str
    loaded_at: Time


class FileRead(Shape):
    """What was read of a file."""

    kind: FileKind
    file: str
    sha256: Digest
    bytes: int
    rows: int


class FileRemark(Shape):
    """One thing that is wrong (`error`) or odd (`warning`), and where."""

    file: str
    row: int | None
    column: str
    weight: Literal["error", "warning"]
    code: str
    sentence: str
    remedy: str


class LoadReport(Shape):
    """What was found in all files together; of a file the first thousand errors are described, all are counted."""

    year: int
    accepted: bool
    errors: int
    warnings: int
    counts: dict[str, int]
    files: list[FileRead]
    remarks: list[FileRemark]


class FilesState(Shape):
    """What became of files that were given to a job.

    `report` is there when they were read and the job is over; `problems` say why they were refused without one.
    """

    year: int
    asked_by: str
    asked_at: Time
    job_id: str = Field(description="Its job: `GET /jobs/{job_id}`.")
    report: LoadReport | None
    problems: list[Fault]
    error: str = Field(description="Why the newest attempt came to nothing; empty when it did not.")


class OpeningState(FilesState):
    """How far the opening of a year is. `rows` of `total` list rows are stored; nothing of the year can be used before `open`."""

    state: State
    rows: int
    total: int


class LoadingState(FilesState):
    """How far a load is. All of its files are in the year when it is `loaded`, and nothing of them before, or otherwise."""

    state: LoadState
    only_aco: str = Field(description="Empty when the rows of all ACOs are taken.")


class OpeningQuestion(Question):
    """Which year."""

    year: Year


class LoadingQuestion(Question):
    """Whose rows are taken: those of every ACO that the files name, or of one."""

    aco_id: AcoId | None = None


class CheckQuestion(LoadingQuestion):
    """Whether the files would open the year, or be loaded into an open one."""

    opening: bool = False


class AcoQuestion(PageQuestion):
    """Which ACOs are asked for; what is empty is not asked."""

    show: Annotated[Literal["all", "late", "open", "cms", "done"], Field(description="As on the year's page.")] = "all"
    cohort: Cohort | None = None
    text: Annotated[str, Field(max_length=100, description="Stands in the ACO's ID or name.")] = ""


@noun.operation("GET", "/years", Audience.YEAR_MANAGERS, Scope.READ, answer=Page[YearLine])
def listed(_asked: Asked) -> Reply:
    """Every year that was opened, newest first."""
    names = YearLine.model_fields
    lines = [YearLine(**{name: getattr(one, name) for name in names}) for one in services().progress.years()]
    return Reply(Page[YearLine](items=lines, next=None))


@noun.operation(
    "POST",
    "/years",
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=OpeningState,
    status=202,
    query=OpeningQuestion,
    files=OPENING,
    creates=True,
    name="open",
)
def open_year(asked: Asked) -> Reply:
    """Let a year be opened from its files, which go as a form under the names of their kinds.

    A job opens it; ask for its `opening` until that is `open`, `refused` or `failed`. What is wrong with files of a megabyte or
    less together is told at once, by file, row and column, and nothing is stored; what is wrong with longer ones stands in the
    report of the opening.
    """
    sample = services().settings.mode == "demo"
    with uploaded(tuple(FileKind)) as given:
        found = services().openings.ask(asked.query.year, given, asked.person.user_id, sample=sample)
    return Reply(_opening(found), 202)


@noun.operation("GET", f"{YEAR}/opening", Audience.YEAR_MANAGERS, Scope.READ, answer=OpeningState)
def opening(_asked: Asked, year: int) -> Reply:
    """How far the opening of a year is that was asked for last, and what became of it."""
    return Reply(_opening(services().openings.newest(year)))


@noun.operation("GET", YEAR, Audience.YEAR_MANAGERS, Scope.READ, answer=YearState)
def show(_asked: Asked, year: int) -> Reply:
    """How far a year is: counts by kind, cohort and status."""
    found = services().progress.look_up(year)
    steps = [
        StepCounts(
            step=one.step,
            kind=one.kind,
            title=one.title,
            cohort=one.cohort,
            counts={status_slug(status): count for status, count in one.counts.items()},
            total=one.total,
        )
        for one in found.steps
    ]
    counts = {"acos": len(found.acos), "late": len(found.late), "unprepared": found.unprepared}
    return Reply(YearState(year=year, sample=found.year.sample, steps=steps, **counts))


@noun.operation("GET", f"{YEAR}/acos", Audience.YEAR_MANAGERS, Scope.READ, answer=Page[AcoState], query=AcoQuestion)
def acos(asked: Asked, year: int) -> Reply:
    """How far the ACOs of a year are, one by one."""
    query: AcoQuestion = asked.query
    found = services().progress.look_up(year).acos
    fitting = [one for one in found if fits(one, query.show, str(query.cohort or ""), query.text.casefold())]
    page, following = cut(sorted(fitting, key=_aco_key), query, _aco_key)
    return Reply(Page[AcoState](items=[_aco(one) for one in page], next=following))


@noun.operation("GET", LOADS, Audience.YEAR_MANAGERS, Scope.READ, answer=Page[LoadedFile], query=PageQuestion)
def loads(asked: Asked, year: int) -> Reply:
    """The files that were loaded into a year, newest first."""
    page, following = cut(_loads(year), asked.query, lambda one: [-one.load_id])
    return Reply(Page[LoadedFile](items=[_load(one) for one in page], next=following))


@noun.operation(
    "POST",
    LOADS,
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=LoadingState,
    status=202,
    query=LoadingQuestion,
    files=LOADING,
    creates=True,
)
def load(asked: Asked, year: int) -> Reply:
    """Let files be loaded into an open year: ACOs that are new, and lists in place of those that were there before.

    A job loads them; ask for the year's `loading` until that is `loaded`, `refused` or `failed`. What is wrong with files of a
    megabyte or less together is told at once, by file, row and column; what is wrong with longer ones stands in the report of
    the load. Unsigned documents that carry a replaced list are prepared again by a job. A list that was signed is not replaced.
    """
    only = asked.query.aco_id or ""
    with uploaded(LOADED) as given:
        return Reply(_loading(services().loadings.ask(year, given, asked.person.user_id, only_aco=only)), 202)


@noun.operation("GET", f"{YEAR}/loading", Audience.YEAR_MANAGERS, Scope.READ, answer=LoadingState)
def loading(_asked: Asked, year: int) -> Reply:
    """How far the load is that was asked for last in a year, and what became of it."""
    return Reply(_loading(services().loadings.newest(year)))


@noun.operation(
    "POST",
    f"{YEAR}/file-checks",
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=LoadReport,
    query=CheckQuestion,
    files=OPENING,
)
def check(asked: Asked, year: int) -> Reply:
    """The whole report on files, warnings too; nothing is stored."""
    query: CheckQuestion = asked.query
    with uploaded(tuple(FileKind) if query.opening else LOADED) as given:
        desk, who = services().years, asked.person.user_id
        return Reply(_report(desk.check(year, given, who, opening=query.opening, only_aco=query.aco_id or "")))


@noun.operation(
    "GET",
    f"{LOADS}/<int(min=1, max=999999999):load_id>/report",
    Audience.YEAR_MANAGERS,
    Scope.READ,
    answer=LoadReport,
)
def report(_asked: Asked, year: int, load_id: int) -> Reply:
    """The report on the load to which a file belonged."""
    found = next((one for one in _loads(year) if one.load_id == load_id), None)
    if found is None:
        raise NotFoundError(Problem("load-unknown", "There is no such file.", "List the files of the year.", "load_id"))
    return Reply(_report(kept_report(found)))


def _loads(year: int) -> list[Load]:
    with services().database.read() as records:
        opened, found = records.years.get(year), records.years.loads(year)
    if opened is None:
        raise NotFoundError(Problem("year-unknown", f"Year {year} was not opened.", "Check the year.", str(year)))
    return found


def _load(load: Load) -> LoadedFile:
    same = ("load_id", "file_name", "size", "rows", "only_aco", "loaded_by")
    return LoadedFile(
        kind=FileKind(load.kind),
        sha256=load.digest,
        loaded_at=load.loaded_at_utc,
        **{name: getattr(load, name) for name in same},
    )


def _loading(found: Loading) -> LoadingState:
    told = _told(found, services().loadings.report_on(found))
    return LoadingState(state=found.state, only_aco=found.only_aco, **told)


def _opening(found: Opening) -> OpeningState:
    told = _told(found, services().openings.report_on(found))
    return OpeningState(state=found.state, rows=found.job.done, total=found.job.total, **told)


def _told(found: FilesJob, report: Report | None) -> dict[str, Any]:
    return {
        "year": found.year,
        "asked_by": found.asked_by,
        "asked_at": found.asked_at,
        "job_id": found.job.job_id,
        "report": _report(report) if report else None,
        "problems": [fault_of(one) for one in found.problems],
        "error": found.job.error,
    }


def _report(report: Report) -> LoadReport:
    told: Any = report.as_json()
    files = [FileRead(**{**one, "kind": FileKind(one["kind"])}) for one in told.pop("files")]
    return LoadReport(files=files, remarks=[FileRemark(**one) for one in told.pop("remarks")], **told)


def _aco_key(one: AcoProgress) -> list[str]:
    return [one.aco.aco_id]


def _aco(one: AcoProgress) -> AcoState:
    return AcoState(
        aco_id=one.aco.aco_id,
        legal_name=one.aco.legal_name,
        cohort=one.aco.cohort,
        step_one=status_slug(one.step_one),
        documents={kind: status_slug(status) for kind, status in one.statuses.items()},
        due_on=one.due_on,
        late=one.late,
        finished=one.finished,
    )
