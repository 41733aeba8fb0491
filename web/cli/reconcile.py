"""`esm reconcile`: close what a crash left open."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import click

from signing.reconciler import PATIENCE
from web.cli.folder import folder_option, open_folder


@click.command()
@folder_option
@click.option(
    "--after-minutes",
    type=click.IntRange(0, 1440),
    default=int(PATIENCE.total_seconds() // 60),
    show_default=True,
    help="Close what has been open for so long; 0 only while nothing else runs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def reconcile(folder: Path, after_minutes: int, *, as_json: bool) -> None:
    """Give up signatures that were begun and never recorded; whoever began one signs again.

    `esm serve` does this at every start, and its workers every five minutes.
    """
    closed = open_folder(folder).reconciler.run(timedelta(minutes=after_minutes))
    if as_json:
        told = [{"intent": one.intent_id, "document": one.document_id, "slot": one.slot} for one in closed]
        click.echo(json.dumps({"abandoned": told}, indent=2))
        return
    for one in closed:
        click.echo(f"Gave up {one.slot} of document {one.document_id}, begun by {one.user_id}.")
    click.echo(f"{len(closed)} unfinished signatures were given up.")
