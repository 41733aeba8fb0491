"""`esm demo`: the main job on sample data."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from packets.clock import system_clock
from packets.documents.catalog import load_catalog
from packets.errors import ConflictError, Problem
from packets.lists.intake import read_participants_puf
from packets.sample.year import SampleAco, SampleYear, sample_year, sample_year_from_puf
from packets.settings import Settings, load_settings
from web.bootstrap import build_services, initialize
from web.cli.folder import for_folder
from web.demo import Demonstration, FinishedPacket, Progress, Report, signers
from web.demo_episodes import Episode
from web.demo_folder import FolderState, claimed, clear_unfinished, inspect_folder
from web.hints import get_validator, serve_demo
from web.judges import DEBIAN_PACKAGES, Opinion, ask_judges

INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended."""

LEAST_WIDTH = 112
"""Narrower than this, the table would lose the names of the signers."""


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, readable=False),
    default=Path("demo-data"),
    envvar="ESM_DIR",
    help="Where to put everything.",
)
@click.option(
    "--acos", type=click.IntRange(2, 1000), default=3, show_default=True, help="How many packets to carry through."
)
@click.option(
    "--participants",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CMS public-use participants file, .csv or .csv.gz.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def demo(folder: Path, acos: int, participants: Path | None, *, as_json: bool) -> None:
    """Do the main job on sample data, from an empty folder to executed, verified packets.

    One more ACO is enrolled and left unsigned, so that you can sign it yourself with `esm serve --demo`.
    """
    settings = load_settings(dir=folder.absolute(), mode="demo")
    with for_folder(settings):
        if inspect_folder(folder) is FolderState.FINISHED:
            report = _look_again(settings)
        else:
            report = _make(settings, *_sample(participants, acos))
    click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False)) if as_json else _print(report)
    sys.exit(0 if report.passed else 1)


def _look_again(settings: Settings) -> Report:
    initialize(settings, sample=True)
    click.echo(
        f"{settings.dir} holds a demonstration already; nothing was changed. Its files, verified again:", err=True
    )
    return Demonstration(build_services(settings), settings.dir, _teller()).look_again()


def _make(settings: Settings, year: SampleYear, practice: SampleYear) -> Report:
    """Make the demonstration; where an earlier one was interrupted, begin anew."""
    try:
        with claimed(settings.dir) as interrupted:
            if interrupted:
                _begin_anew(settings)
            initialize(settings, sample=True)
            demonstration = Demonstration(build_services(settings), settings.dir, _teller())
            return demonstration.run(year, practice, password=f"sample-{secrets.token_hex(4)}")
    except KeyboardInterrupt:
        click.echo("Interrupted. Run the same command again: it begins the demonstration anew.", err=True)
        sys.exit(INTERRUPTED)


def _begin_anew(settings: Settings) -> None:
    if settings.database_url:
        sentence = "A demonstration was interrupted here, and what it wrote into the database stays there."
        remedy = "Name an empty database with ESM_DATABASE_URL, and another folder with --dir."
        raise ConflictError(Problem("demo-interrupted", sentence, remedy, str(settings.dir)))
    click.echo(f"The demonstration in {settings.dir} was interrupted; it is begun anew.", err=True)
    clear_unfinished(settings.dir, load_catalog(extra=settings.templates_dir))


def _sample(participants: Path | None, acos: int) -> tuple[SampleYear, SampleYear]:
    """The year to carry through, and the ACOs left for practice."""
    now, wanted = system_clock(), acos + 1
    year = (
        sample_year_from_puf(read_participants_puf(participants), wanted, now=now)
        if participants
        else sample_year(now.year + 1, wanted, now=now)
    )
    practice = _spare(year)
    carried = tuple(one for one in year.acos if one is not practice)
    return replace(year, acos=carried), replace(year, acos=(practice,))


def _spare(year: SampleYear) -> SampleAco:
    """The last ACO without which both cohorts are still there."""
    cohorts = [one.aco.cohort for one in year.acos]
    return next((one for one in reversed(year.acos) if cohorts.count(one.aco.cohort) > 1), year.acos[-1])


def _teller() -> Progress:
    console = Console(stderr=True)
    return (
        (lambda line: console.print(f"  {line}", highlight=False, markup=False))
        if console.is_terminal
        else (lambda _line: None)
    )


def _print(report: Report) -> None:
    console = Console(width=max(Console().width, LEAST_WIDTH))
    for packet in report.packets:
        console.print(
            f"[bold]{packet.aco_id}[/] {escape(packet.legal_name)} ({packet.cohort} ACO, {packet.performance_year})",
            highlight=False,
        )
        console.print(_table(packet))
    documents = [one for packet in report.packets for one in packet.documents]
    lines = [
        f"{len(documents)} documents of {len(report.packets)} ACOs in {report.seconds:.1f} s, in {report.folder}/packets"
    ]
    lines += ["Along the way:", *_along_the_way(report.episodes)]
    lines += [_opinion(one) for one in ask_judges(one.file for one in documents)]
    if report.practice:
        lines.append(
            f"{', '.join(report.practice)} is enrolled and unsigned: sign it yourself with `{serve_demo(report.folder)}`."
        )
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _along_the_way(episodes: Sequence[Episode]) -> Iterator[str]:
    """One line for each kind of thing that happened, with its first occurrence."""
    seen: dict[str, list[Episode]] = {}
    for one in episodes:
        seen.setdefault(one.act, []).append(one)
    for first, *others in seen.values():
        more = f" (and {len(others)} more like it)" if others else ""
        yield f"  {first.aco_id} {first.sentence}{more}"


def _table(packet: FinishedPacket) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("Document", "Step", "Status"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Signers")
    for heading in ("Level", "Pages", "Seconds", "Verdict"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in {"Pages", "Seconds"} else "left")
    for one in packet.documents:
        numbers = (str(one.document.pages), f"{one.seconds:.2f}", str(one.verdict.overall))
        who = "\n".join(signers(one.document))
        table.add_row(
            one.document_type.short_title,
            str(one.document.step),
            str(one.status),
            escape(who),
            one.file_level,
            *numbers,
        )
    return table


def _opinion(opinion: Opinion) -> str:
    if opinion.agrees is None:
        remedy = get_validator(DEBIAN_PACKAGES[opinion.program])
        return f"{opinion.program} is not on this machine, so it was not asked; {remedy}."
    return f"{opinion.program} agrees on {opinion.agrees} of {opinion.asked} files."
