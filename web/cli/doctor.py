"""`esm doctor`: whether the service is in order, part by part, and how to mend what is not."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click

from packets.errors import PacketsError
from web.cli.folder import folder_option, open_folder
from web.examination import Finding, State, examine

MARKS = {State.GOOD: "ok    ", State.WATCH: "watch ", State.BROKEN: "BROKEN"}


@click.command()
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
def doctor(folder: Path, *, as_json: bool) -> None:
    """Examine database, objects, queue, keys, time-stamps, clock, mail, disk and assets, and say how to mend what is broken.

    Exit 0: nothing is broken; 1: something is.
    """
    findings = _examine(folder)
    broken = [one for one in findings if one.state is State.BROKEN]
    if as_json:
        told = {"healthy": not broken, "findings": [dataclasses.asdict(one) for one in findings]}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for one in findings:
            click.echo(" ".join(filter(None, (MARKS[one.state], f"{one.part}:", one.sentence, one.remedy))))
    sys.exit(1 if broken else 0)


def _examine(folder: Path) -> list[Finding]:
    """A service that cannot even be put together is a finding too."""
    try:
        services = open_folder(folder)
    except PacketsError as error:
        return [Finding("start", State.BROKEN, one.sentence, one.remedy) for one in error.problems]
    try:
        return examine(services)
    finally:
        services.database.close()
