"""Performance years, for CMS staff: which there are, how far one is, its files and its windows (R1, R7, R8, R42, R45)."""

from __future__ import annotations

import json
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, NotFoundError, PacketsError, Problem
from packets.model.aco import Cohort
from packets.model.calendar import Activity
from packets.model.documents import Status
from packets.sample.files import example_files
from packets.store.records.years import Load
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind, FilesRefusedError, Report, read_report
from packets.year_files.template import pack
from packets.years.list_loading import LoadingState
from packets.years.progress import AcoProgress, YearProgress
from packets.years.year_opening import OpeningState
from web.api.operations import LONGEST_FILES
from web.auth.roles import Audience, open_to
from web.pages.charts import GROUPS, REST, draw_bars
from web.visit import asked, asked_page, services, visitor

pages = Blueprint("years", __name__)
YEAR = "/years/<int(min=2012, max=2999):year>"
ZIP, CSV = "application/zip", "text/csv"
LONGEST_NAME = 120
PAGE_ACOS = 50
WATCH_SECONDS = 2
MOST_SHOWN = 100
"""So many remarks of a report stand on a page; all of them stand in its table."""
LABELS = {
    FileKind.AGREEMENTS: "Agreements",
    FileKind.PARTICIPANTS: "Participant Lists",
    FileKind.PROVIDERS: "Provider/Supplier Lists",
    FileKind.CONTACTS: "Contacts",
    FileKind.WINDOWS: "Windows",
}
HINTS = {
    FileKind.AGREEMENTS: "One row an ACO.",
    FileKind.PARTICIPANTS: "One row a participant.",
    FileKind.PROVIDERS: "One row a person or facility; up to a million rows, best as gzip.",
    FileKind.CONTACTS: "One row a contact slot. Without it ACOs bring their contacts from the year before.",
    FileKind.WINDOWS: "TOML. Without it the windows are those of the guide’s calendar.",
}
LOADED = (FileKind.PARTICIPANTS, FileKind.PROVIDERS, FileKind.AGREEMENTS, FileKind.CONTACTS)
"""What an open year takes."""
FILTERS = {"all": "All ACOs", "late": "Past due", "open": "Not finished", "cms": "Waiting for CMS", "done": "Finished"}


@dataclass(frozen=True, slots=True)
class AcoPage:
    """A page of a year's ACOs: those that fit the question, which of how many, and the question."""

    lines: tuple[AcoProgress, ...]
    total: int
    page: int
    show: str
    cohort: str
    text: str

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE_ACOS))


def let_long_files_in() -> None:
    """Whoever may load a year's files may send that much; the gate has asked who it is before."""
    if request.endpoint in {"years.open_year", "years.load"}:
        request.max_content_length = LONGEST_FILES


@pages.get("/years")
@open_to(Audience.YEAR_MANAGERS)
def home() -> ResponseReturnValue:
    """Every year that was opened, newest first, and the form with which one is opened."""
    return _home((), None, 200)


@pages.post("/years")
@open_to(Audience.YEAR_MANAGERS)
def open_year() -> ResponseReturnValue:
    """Let a year be opened from the files, or show what is wrong with them at first sight; then nothing was stored."""
    sample = services().settings.mode == "demo"
    try:
        year = _year()
        with uploaded(tuple(FileKind)) as given:
            if "check" in request.form:
                return _home((), services().years.check(year, given, visitor().user_id, opening=True), 200)
            services().openings.ask(year, given, visitor().user_id, sample=sample)
    except FilesRefusedError as error:
        return _home((), error.report, error.status_hint)
    except PacketsError as error:
        return _home(error.problems, None, error.status_hint)
    return redirect(url_for("years.opening", year=year), 303)


@pages.get(f"{YEAR}/opening")
@open_to(Audience.YEAR_MANAGERS)
def opening(year: int) -> ResponseReturnValue:
    """How far the opening of a year is, and what became of it; of a year that was opened otherwise its page."""
    try:
        found = services().openings.newest(year)
    except NotFoundError:
        with services().database.read() as records:
            if records.years.get(year) is None:
                raise
        return redirect(url_for("years.show", year=year), 303)
    report = services().openings.report_on(found) if found.state is OpeningState.REFUSED else None
    return render_template("year_opening.html", found=found, watch_seconds=WATCH_SECONDS, **_about(report))


@pages.get("/years/layouts")
@open_to(Audience.YEAR_MANAGERS)
def layouts() -> ResponseReturnValue:
    """The layouts of a year's files with invented examples, in a zip file."""
    now = services().clock()
    content = pack(example_files(now.year + 1, 2, now=now))
    return send_file(BytesIO(content), ZIP, as_attachment=True, download_name="year-files.zip")


@pages.get(YEAR)
@open_to(Audience.YEAR_MANAGERS)
def show(year: int) -> ResponseReturnValue:
    """How far the year is: counts by step, cohort and status, and its ACOs with what is late first."""
    found = services().progress.look_up(year)
    shown = [one for one in Status if any(count.counts.get(one) for count in found.steps)]
    return render_template(
        "year.html",
        found=found,
        statuses=shown,
        bars=draw_bars(found.steps),
        groups=[one[:2] for one in (*GROUPS, REST)],
        totals=_totals(found),
        acos=_aco_page(found),
        types=[one for one in services().catalog.values() if not one.on_demand],
        filters=FILTERS,
        cohorts=Cohort,
        preparing=services().preparation.newest(year),
    )


@pages.post(f"{YEAR}/documents")
@open_to(Audience.YEAR_MANAGERS)
def prepare(year: int) -> ResponseReturnValue:
    """Let every document that is missing be prepared, outside of this request."""
    services().preparation.ask(year, visitor().user_id)
    return redirect(url_for("years.show", year=year), 303)


@pages.get(f"{YEAR}/files")
@open_to(Audience.YEAR_MANAGERS)
def files(year: int) -> ResponseReturnValue:
    """The files that were loaded, and the form with which lists are loaded again."""
    return _files(year, (), None, 200)


@pages.post(f"{YEAR}/files")
@open_to(Audience.YEAR_MANAGERS)
def load(year: int) -> ResponseReturnValue:
    """Let the files be loaded, or show what is wrong with them at first sight; then nothing was stored."""
    only_aco = request.form.get("aco_id", "").strip().upper()
    try:
        with uploaded(LOADED) as given:
            if "check" in request.form:
                desk, who = services().years, visitor().user_id
                report = desk.check(year, given, who, opening=False, only_aco=only_aco)
                return _files(year, (), report, 200)
            services().loadings.ask(year, given, visitor().user_id, only_aco=only_aco)
    except FilesRefusedError as error:
        return _files(year, (), error.report, error.status_hint)
    except PacketsError as error:
        return _files(year, error.problems, None, error.status_hint)
    return redirect(url_for("years.loading", year=year), 303)


@pages.get(f"{YEAR}/loading")
@open_to(Audience.YEAR_MANAGERS)
def loading(year: int) -> ResponseReturnValue:
    """How far the load is that was asked for last in a year, and what became of it; the year's files where there was none."""
    found = services().loadings.recent(year)
    if found is None:
        return redirect(url_for("years.files", year=year), 303)
    report = services().loadings.report_on(found) if found.state is LoadingState.REFUSED else None
    return render_template("year_loading.html", found=found, watch_seconds=WATCH_SECONDS, **_about(report))


@pages.get(f"{YEAR}/files/<int:load_id>/report")
@open_to(Audience.YEAR_MANAGERS)
def report(year: int, load_id: int) -> ResponseReturnValue:
    """The report on the load to which a file belonged, as a table."""
    with services().database.read() as records:
        found = [one for one in records.years.loads(year) if one.load_id == load_id]
    if not found:
        raise NotFoundError(Problem("load-unknown", "There is no such file.", "Go back to the year’s files.", "file"))
    content = kept_report(found[0]).as_csv()
    return send_file(BytesIO(content), CSV, as_attachment=True, download_name=f"{year}-load-{load_id}-report.csv")


@pages.get(f"{YEAR}/windows")
@open_to(Audience.YEAR_MANAGERS)
def windows(year: int) -> ResponseReturnValue:
    """The windows of both cohorts, every move of one with its reason, and the form that moves one."""
    return _windows(year, (), 200)


@pages.post(f"{YEAR}/windows")
@open_to(Audience.YEAR_MANAGERS)
def move(year: int) -> ResponseReturnValue:
    """Move a cohort's window, or say everything that is wrong; what was typed stays in the form."""
    names = ("cohort", "activity", "begins_on", "due_on", "reason")
    given = {name: request.form.get(name, "") for name in names}
    try:
        services().cohort_windows.move(year, **given, user_id=visitor().user_id)
    except PacketsError as error:
        return _windows(year, error.problems, error.status_hint)
    return redirect(url_for("years.windows", year=year, moved=""), 303)


def _home(problems: Sequence[Problem], checked: Report | None, status: int) -> ResponseReturnValue:
    page = render_template(
        "years.html",
        years=services().progress.years(),
        pending=services().openings.pending(),
        cohorts=Cohort,
        next_year=services().clock().year + 1,
        kinds=_described(tuple(FileKind)),
        problems=problems,
        given=request.form,
        **_about(checked),
    )
    return page, status


def _files(year: int, problems: Sequence[Problem], checked: Report | None, status: int) -> ResponseReturnValue:
    with services().database.read() as records:
        opened, loads = records.years.get(year), records.years.loads(year)
    if opened is None:
        raise NotFoundError(Problem("year-unknown", f"Year {year} was not opened.", "Check the year.", str(year)))
    page = render_template(
        "year_files.html",
        year=year,
        loads=loads,
        labels={str(kind): label for kind, label in LABELS.items()},
        kinds=_described(LOADED),
        problems=problems,
        given=request.form,
        newest=services().loadings.recent(year),
        **_about(checked),
    )
    return page, status


def _windows(year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    opened, moves = services().cohort_windows.look_up(year)
    page = render_template(
        "year_windows.html",
        year=year,
        windows=sorted(opened.windows, key=lambda one: list(Activity).index(one.activity)),
        moves=moves,
        cohorts=Cohort,
        activities=Activity,
        now=services().clock(),
        problems=problems,
        given=request.form,
        moved="moved" in request.args and not problems,
    )
    return page, status


def _described(kinds: Sequence[FileKind]) -> list[tuple[FileKind, str, str]]:
    return [(kind, LABELS[kind], HINTS[kind]) for kind in kinds]


def _about(checked: Report | None) -> dict[str, Any]:
    """What a page shows of a report on files that were not stored; the whole of it hangs on the page as a table."""
    if checked is None:
        return {"report": None}
    table = f"data:{CSV};base64,{b64encode(checked.as_csv()).decode()}"
    return {"report": checked, "remarks": checked.remarks[:MOST_SHOWN], "table": table}


def kept_report(load: Load) -> Report:
    """The report on the load to which a file belonged."""
    return read_report(json.loads(services().years.report_on(load)))


def _year() -> int:
    """The year in the form.

    Raises:
        InputError: it is no year.
    """
    text = request.form.get("year", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) == 4):  # noqa: PLR2004  a year has four digits
        raise InputError(Problem("year-unusable", f"“{text[:20]}” is no year.", "Write it as four digits.", "year"))
    return int(text)


@contextmanager
def uploaded(kinds: Sequence[FileKind]) -> Iterator[Mapping[FileKind, GivenFile]]:
    """The files of the form, in a folder that vanishes afterwards."""
    with tempfile.TemporaryDirectory(prefix="esm-upload-") as folder:
        given = {}
        for kind in kinds:
            file = request.files.get(str(kind))
            if file is not None and file.filename:
                path = Path(folder) / str(kind)
                file.save(path)
                given[kind] = GivenFile(_plain_name(file.filename), path)
        yield given


def _plain_name(name: str) -> str:
    """The last part of a file's name, of what can be printed."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(one for one in last if one.isprintable())[:LONGEST_NAME] or "file"


def _aco_page(found: YearProgress) -> AcoPage:
    """The ACOs that the address asks for; what is late first when something is, and nothing else was asked."""
    show = asked("show") if asked("show") in FILTERS else ("late" if found.late else "all")
    cohort, text = asked("cohort"), asked("text")[:LONGEST_NAME]
    fitting = [one for one in found.acos if fits(one, show, cohort, text.casefold())]
    page = asked_page()
    start = (page - 1) * PAGE_ACOS
    return AcoPage(tuple(fitting[start : start + PAGE_ACOS]), len(fitting), page, show, cohort, text)


def _totals(found: YearProgress) -> dict[str, int]:
    """How many ACOs there are behind each of the filters."""
    alike = Counter((one.late, one.finished, one.waits_for_cms) for one in found.acos)
    late, finished, waiting = (sum(count for key, count in alike.items() if key[at]) for at in range(3))
    every = len(found.acos)
    return {"all": every, "late": late, "open": every - finished, "cms": waiting, "done": finished}


def fits(one: AcoProgress, show: str, cohort: str, text: str) -> bool:
    """Whether an ACO is one of those that are asked for: one of `FILTERS`, a cohort or none, a text in its ID and name."""
    answers = {
        "all": True,
        "late": one.late,
        "open": not one.finished,
        "cms": one.waits_for_cms,
        "done": one.finished,
    }
    return answers[show] and cohort in {"", one.aco.cohort} and (not text or text in _named(one))


def _named(one: AcoProgress) -> str:
    return f"{one.aco.aco_id} {one.aco.legal_name}".casefold()
