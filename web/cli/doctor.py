"""`esm doctor`: whether the service is in order, part by part, and how to mend what is not."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from packets.errors import PacketsError
from packets.settings import load_settings
from web.cli.folder import folder_option
from web.monitoring.examiner import examine
from web.monitoring.findings import Finding, State, watch
from web.monitoring.installation import Installation

MARKS = {State.GOOD: "ok    ", State.WATCH: "watch ", State.BROKEN: "BROKEN"}
FORMAT = 1
"""Of the JSON that is printed; docs/operations.md describes it."""


@click.command()
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
def doctor(folder: Path, *, as_json: bool) -> None:
    """Examine every part of the service, and say how to mend what is broken.

    Settings, database, objects, queue, keys, time-stamps, clock, mail, sign-on, disk, search, assets and sandbox; nothing is left
    of the trials. Exit 0: nothing is broken; 1: something is.
    """
    findings = _examine(folder)
    broken = [finding for finding in findings if finding.state is State.BROKEN]
    if as_json:
        told = {"format": FORMAT, "healthy": not broken, "findings": [_as_data(finding) for finding in findings]}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(
                " ".join(filter(None, (MARKS[finding.state], f"{finding.part}:", finding.sentence, finding.remedy)))
            )
    sys.exit(1 if broken else 0)


def _examine(folder: Path) -> list[Finding]:
    """Examine what the settings lead to; settings that cannot be read are a finding too, and then the only one."""
    try:
        settings = load_settings(dir=folder.absolute())
    except PacketsError as error:
        problems = [Finding(State.BROKEN, one.sentence, one.remedy, "settings") for one in error.problems]
        rest = watch("Nothing else was examined, because the settings say where it is.", "Mend the settings first.")
        return [*problems, dataclasses.replace(rest, part="start")]
    installation = Installation(settings)
    with _quiet_libraries():
        try:
            return examine(installation)
        finally:
            installation.close()


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep what libraries log of a failure away from the terminal: the finding tells of it."""
    silence = logging.NullHandler()
    logging.getLogger().addHandler(silence)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(silence)


def _as_data(finding: Finding) -> dict[str, str]:
    """A finding as JSON tells it; the detail is there where a fault of the program was found."""
    told = {name: getattr(finding, name) for name in ("part", "state", "sentence", "remedy", "detail")}
    return {name: value for name, value in told.items() if value or name != "detail"}
