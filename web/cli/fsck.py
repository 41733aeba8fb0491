"""`esm fsck`: whether the records, the log and the stored bytes agree."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from signing.fsck import Checker, Findings
from web.cli.folder import folder_option, open_folder


@click.command()
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def fsck(folder: Path, *, as_json: bool) -> None:
    """Check every document, signature, intent and entry of the log against each other and against the stored bytes.

    Reads only; the service may be running. Exit 0: everything holds; 1: not, and everything that does not is told.
    """
    findings = _run(open_folder(folder).checker)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(findings), indent=2, ensure_ascii=False))
    else:
        _print(findings)
    sys.exit(1 if findings.problems else 0)


def _run(checker: Checker) -> Findings:
    """With a bar on a terminal, and silently elsewhere."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Documents", total=None)
        return checker.run(lambda done, all_of_them: progress.update(bar, completed=done, total=all_of_them))


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
