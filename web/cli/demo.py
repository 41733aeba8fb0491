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
from packets.errors import InputError, Problem
from packets.lists.intake import read_participants_puf
from packets.sample.year import SampleAco, SampleYear, sample_year, sample_year_from_puf
from packets.settings import load_settings
from web.bootstrap import build_services, initialize
from web.cli.folder import for_folder
from web.demo import MARKER, Demonstration, FinishedPacket, Progress, Report, signers
from web.demo_episodes import Episode
from web.hints import get_validator, serve_demo
from web.judges import DEBIAN_PACKAGES, Opinion, ask_judges

LEAST_WIDTH = 112
"""Narrower than this, the table would lose the names of the signers."""


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
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
        _refuse_foreign_folder(folder)
        initialize(settings, sample=True)
        demonstration = Demonstration(build_services(settings), folder.absolute(), _teller())
    if (folder / MARKER).exists():
        click.echo(f"{folder} holds a demonstration already; nothing was changed. Its files, verified again:", err=True)
        report = demonstration.look_again()
    else:
        year, practice = _sample(participants, acos)
        report = demonstration.run(year, practice, password=f"sample-{secrets.token_hex(4)}")
    click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False)) if as_json else _print(report)
    sys.exit(0 if report.passed else 1)


def _refuse_foreign_folder(folder: Path) -> None:
    """A folder with somebody's files in it is not ours to fill."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise InputError(
            Problem(
                "folder-not-empty",
                "The folder holds something else than a finished demonstration.",
                "Name a new folder with --dir.",
                str(folder),
            )
        )


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
