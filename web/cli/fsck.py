"""`esm fsck`: whether the records, the log and the stored bytes agree."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from packets.errors import Problem
from packets.settings import Settings
from signing.fsck import Checker, Findings, Look, Spread
from signing.fsck_bytes import ByteChecker, Recorded
from web.bootstrap import build_services
from web.cli.folder import folder_option, open_folder

AT_ONCE = 4
"""Documents that a process is handed at a time."""
MANY = 100
"""Of fewer documents, the start of another process takes longer than what it saves."""
_mine: list[ByteChecker] = []  # of a process that helps: what it looks with


@click.command()
@folder_option
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=os.cpu_count() or 1,
    help="How many processes look at the bytes of many documents; one for each processor if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def fsck(folder: Path, processes: int, *, as_json: bool) -> None:
    """Check every document, signature, intent and entry of the log against each other and against the stored bytes.

    Reads only; the service may be running. Exit 0: everything holds; 1: not, and everything that does not is told.
    """
    services = open_folder(folder)
    with many_hands(services.settings, processes) as spread:
        findings = _run(services.checker, spread)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(findings), indent=2, ensure_ascii=False))
    else:
        _print(findings)
    sys.exit(1 if findings.problems else 0)


@contextmanager
def many_hands(settings: Settings, processes: int) -> Iterator[Spread]:
    """Processes that share looking at documents, where there are many; each is started anew and builds its own services."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(settings,)) as pool:

        def spread(look: Look, recorded: list[Recorded]) -> Iterable[list[Problem]]:
            few = processes == 1 or len(recorded) < MANY
            return map(look, recorded) if few else pool.map(_look, recorded, chunksize=AT_ONCE)

        yield spread


def _begin(settings: Settings) -> None:
    _mine.append(build_services(settings).checker.bytes)


def _look(recorded: Recorded) -> list[Problem]:
    return _mine[0].check(recorded)


def _run(checker: Checker, spread: Spread) -> Findings:
    """With a bar on a terminal, and silently elsewhere."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Documents", total=None)
        return checker.run(
            lambda done, all_of_them: progress.update(bar, completed=done, total=all_of_them), spread=spread
        )


def _print(findings: Findings) -> None:
    for problem in findings.problems:
        click.echo(str(problem), err=True)
    click.echo(
        f"{findings.documents} documents, {findings.revisions} revisions, {findings.signatures} signatures,"
        f" {findings.entries} entries of the log: {len(findings.problems)} problems."
    )
    if findings.open_intents:
        click.echo(
            f"{findings.open_intents} intents are open: signatures under way, or left by a crash (`esm reconcile`)."
        )
