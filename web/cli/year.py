"""`esm year`: opening a year from files, loading lists again, moving windows, more time for one ACO, and how far a year is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from packets.clock import system_clock
from packets.errors import InputError, Problem
from packets.model.aco import Cohort
from packets.model.calendar import Activity
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind, FilesRefusedError, Report
from packets.years.progress import YearProgress
from web.cli.folder import folder_option, open_folder
from web.cli.progress import show_progress

Command = TypeVar("Command", bound=Callable[..., Any])
FILES = {
    FileKind.AGREEMENTS: "Agreement data, one row an ACO (.csv, .txt or .gz).",
    FileKind.PARTICIPANTS: "Participant Lists.",
    FileKind.PROVIDERS: "Provider/Supplier Lists.",
    FileKind.CONTACTS: "Contacts, one row a slot; carried over from the year before where absent.",
    FileKind.WINDOWS: "Windows (.toml); those of the guide's calendar where absent.",
}
by_option = click.option("--by", "user_id", required=True, help="CMS user ID of the member of CMS staff who does it.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
check_option = click.option("--check", is_flag=True, help="Only read the files and tell what is wrong; store nothing.")


def file_options(*kinds: FileKind) -> Callable[[Command], Command]:
    """An option for each kind of file."""

    def add(command: Command) -> Command:
        for kind in reversed(kinds):
            path = click.Path(path_type=Path, exists=True, dir_okay=False)
            command = click.option(f"--{kind}", str(kind), type=path, help=FILES[kind])(command)
        return command

    return add


@click.group()
def year() -> None:
    """Performance years: their files, their due dates, and how far they are."""


@year.command("open")
@click.argument("number", metavar="YEAR", type=int)
@file_options(*FileKind)
@by_option
@click.option("--sample", is_flag=True, help="The data is invented: every page and document says so.")
@check_option
@folder_option
@json_option
def open_year(
    number: int, user_id: str, folder: Path, *, sample: bool, check: bool, as_json: bool, **files: Path | None
) -> None:
    """Open a year with the ACOs, contacts, lists and windows of files: all of it, or nothing.

    Everything that is wrong in any file is told at once. `esm year template` writes the layouts of the files. A command that ends
    in the middle is gone on with by a worker, or by the same command once more.
    """
    services = open_folder(folder)
    given = _given(files)
    with show_progress("Opening the year") as progress:
        _told(
            lambda: (
                services.years.check(number, given, user_id, opening=True)
                if check
                else services.openings.open(number, given, user_id, sample=sample, progress=progress)
            ),
            stores=not check,
            as_json=as_json,
        )


@year.command("load")
@click.argument("number", metavar="YEAR", type=int)
@file_options(FileKind.AGREEMENTS, FileKind.PARTICIPANTS, FileKind.PROVIDERS, FileKind.CONTACTS)
@click.option("--aco", "aco_id", default="", help="Take the rows of this ACO only.")
@by_option
@check_option
@folder_option
@json_option
def load(
    number: int, aco_id: str, user_id: str, folder: Path, *, check: bool, as_json: bool, **files: Path | None
) -> None:
    """Load lists again for the ACOs that the files name, or add ACOs to an open year.

    A list is replaced until a document that carries it is signed. Unsigned documents are prepared again. A command that ends in
    the middle is gone on with by a worker.
    """
    services = open_folder(folder)
    given = _given(files)
    with show_progress("Preparing documents again") as progress:
        _told(
            lambda: (
                services.years.check(number, given, user_id, opening=False, only_aco=aco_id)
                if check
                else services.loadings.load(number, given, user_id, only_aco=aco_id, progress=progress)
            ),
            stores=not check,
            as_json=as_json,
        )


@year.command("template")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A new folder, where the files are put.",
)
@click.option("--year", "number", type=int, help="The year of the examples; next year when absent.")
@click.option(
    "--acos",
    type=click.IntRange(0, 600),
    default=2,
    show_default=True,
    help="So many invented ACOs; 0: headings only.",
)
def template(folder: Path, number: int | None, acos: int) -> None:
    """Write the layouts of a year's files, with invented examples and a README of every column."""
    from packets.sample.files import example_files

    if folder.exists() and any(folder.iterdir()):
        raise InputError(Problem("folder-not-empty", "The folder holds files.", "Name a new folder.", str(folder)))
    folder.mkdir(parents=True, exist_ok=True)
    now = system_clock()
    for name, content in example_files(number or now.year + 1, acos, now=now).items():
        (folder / name).write_bytes(content)
        click.echo(folder / name)


@year.command("window")
@click.argument("number", metavar="YEAR", type=int)
@click.option("--cohort", type=click.Choice([str(one) for one in Cohort]), required=True, help="Which ACOs.")
@click.option("--activity", type=click.Choice([str(one) for one in Activity]), required=True, help="Which activity.")
@click.option("--begins", default="", metavar="YYYY-MM-DD", help="The new first day; as it is when absent.")
@click.option("--due", default="", metavar="YYYY-MM-DD", help="The new last day; as it is when absent.")
@click.option("--reason", required=True, help="Why, for the record.")
@by_option
@folder_option
def window(
    number: int, cohort: str, activity: str, begins: str, due: str, reason: str, user_id: str, folder: Path
) -> None:
    """Move the window of a whole cohort for an activity; nothing that was signed changes."""
    moved = open_folder(folder).cohort_windows.move(number, cohort, activity, begins, due, reason, user_id)
    click.echo(f"{number} {cohort}: {activity} from {moved.begins_on} to {moved.due_on}.")


@year.command("status")
@click.argument("number", metavar="YEAR", type=int)
@folder_option
@json_option
def status(number: int, folder: Path, *, as_json: bool) -> None:
    """Count the documents of a year by step, cohort and status, and name the ACOs that are past due."""
    found = open_folder(folder).progress.look_up(number)
    if as_json:
        click.echo(json.dumps(_described(found), indent=2, ensure_ascii=False))
        return
    for one in found.steps:
        for word, count in sorted(one.counts.items()):
            click.echo(f"{one.cohort:<8} Step {one.step}  {one.title:<45} {word:<28} {count:>5}")
    for aco in found.late:
        click.echo(f"Past due since {aco.due_on}: {aco.aco.aco_id} {aco.aco.legal_name}")


@year.command("extend")
@click.argument("aco_id")
@click.argument("number", metavar="YEAR", type=int)
@click.argument("activity", type=click.Choice([str(one) for one in Activity]))
@click.argument("due_on", metavar="YYYY-MM-DD")
@click.option("--reason", required=True, help="Why, for the record; the ACO sees it.")
@click.option("--by", "user_id", required=True, help="CMS user ID of the member of CMS staff who grants it.")
@folder_option
def extend(aco_id: str, number: int, activity: str, due_on: str, reason: str, user_id: str, folder: Path) -> None:
    """Grant one ACO more time for an activity; due dates only ever move later."""
    granted = open_folder(folder).deadlines.extend(aco_id, number, activity, due_on, reason, user_id)
    click.echo(f"{aco_id} {number}: {granted.activity} is due on {granted.due_on.isoformat()}.")


def _given(files: dict[str, Path | None]) -> dict[FileKind, GivenFile]:
    return {FileKind(kind): GivenFile(path.name, path) for kind, path in files.items() if path is not None}


def _told(act: Callable[[], Report], *, stores: bool, as_json: bool) -> None:
    """Print the report, also that of files that were refused; these end the command with 1."""
    try:
        report = act()
    except FilesRefusedError as error:
        report = error.report
    click.echo(
        json.dumps(report.as_json(), indent=2, ensure_ascii=False)
        if as_json
        else report.as_text(stored=stores and report.accepted)
    )
    if not report.accepted:
        sys.exit(1)


def _described(found: YearProgress) -> dict[str, object]:
    return {
        "year": found.year.year,
        "acos": len(found.acos),
        "unprepared": found.unprepared,
        "documents": [
            {"cohort": one.cohort, "step": one.step, "title": one.title, "status": word, "documents": count}
            for one in found.steps
            for word, count in sorted(one.counts.items())
        ],
        "late": [one.aco.aco_id for one in found.late],
    }
