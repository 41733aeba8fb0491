"""`esm backup`: a copy of the folder of the embedded mode."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from packets.keeping.backup import BackupReport, back_up
from web.cli.folder import folder_option, open_folder


@click.command()
@folder_option
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), required=True, help="A new folder for the copy."
)
@click.option(
    "--with-keys", is_flag=True, help="Take the service's keys and kept secrets too; keep such a copy locked away."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def backup(folder: Path, to: Path, *, with_keys: bool, as_json: bool) -> None:
    """Copy the database as it is at one moment, and every stored file that it names. The service may be running.

    Exit 0: everything is in the copy; 1: files that the records name were missing or damaged, and are told.
    """
    services = open_folder(folder)
    report = back_up(
        services.database, services.objects, services.settings.dir, to.absolute(), services.clock, keys=with_keys
    )
    print_report(report, as_json=as_json, to=to)


def print_report(report: BackupReport, *, as_json: bool, to: Path) -> None:
    """Say what was copied, and end with 1 when something was missing, or the schema is not that of this program."""
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report), indent=2))
    else:
        for gap in report.gaps:
            click.echo(f"missing: {gap}", err=True)
        kept = "with keys" if report.keys else "without keys"
        if report.schema:
            click.echo(f"esm: {replace(report.schema, where=str(to))}", err=True)
        click.echo(f"{report.objects} stored files, {report.size} bytes, {kept}, in {to}; {len(report.gaps)} missing.")
    sys.exit(1 if report.gaps or report.schema else 0)
