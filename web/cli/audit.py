"""`esm audit`: whether the log of acts holds together, and copies of it that can be checked elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from packets.audit.transcript import read_entries, write_entries
from packets.clock import system_clock
from packets.errors import ConflictError, InputError, Problem
from signing.checkpoints import LogVerdict, verify_log
from signing.trust import read_trust
from web.bootstrap import Services
from web.cli.folder import folder_option, open_folder

ENTRIES, CHECKPOINTS = "entries.jsonl", "checkpoints"


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@click.argument("export", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@folder_option
@click.option(
    "--trust",
    "roots",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificate of the service, PEM; needed for an export.",
)
@click.option(
    "--time-trust",
    "timestamp_roots",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificate of an independent time-stamp authority, PEM.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def verify_audit(
    export: Path | None, folder: Path, roots: tuple[Path, ...], timestamp_roots: tuple[Path, ...], *, as_json: bool
) -> None:
    """Check every entry of the log against the one before it, and the log against its signed checkpoints.

    With EXPORT, a folder that `esm audit export` made, neither database nor service is needed.
    """
    verdict = _verify_export(export, roots, timestamp_roots) if export else _verify_service(open_folder(folder))
    click.echo(json.dumps(asdict(verdict), indent=2, ensure_ascii=False)) if as_json else _print(verdict)
    sys.exit(1 if verdict.problems else 0)


@audit.command("export")
@folder_option
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder for it."
)
def export_audit(folder: Path, target: Path) -> None:
    """Write the log and its checkpoints into a new folder, to be kept or checked away from the service."""
    services = open_folder(folder)
    if target.exists() and any(target.iterdir()):
        raise ConflictError(
            Problem("folder-not-empty", "There is something in the folder.", "Name a new folder.", str(target))
        )
    services.checkpoints.make()
    (target / CHECKPOINTS).mkdir(parents=True)
    with services.database.read() as records, (target / ENTRIES).open("wb") as file:
        file.writelines(write_entries(records.journal.entries()))
    for number, bundle in enumerate(services.checkpoints.bundles(), start=1):
        (target / CHECKPOINTS / f"{number:08}.json").write_bytes(bundle)
    click.echo(f"{target}: the log and its checkpoints. Check it with esm audit verify {target} --trust ROOT.pem")


@audit.command("checkpoint")
@folder_option
def make_checkpoint(folder: Path) -> None:
    """Make a signed and time-stamped checkpoint now; `esm serve` makes one every minute in which something happened."""
    kept = open_folder(folder).checkpoints.make()
    click.echo(f"{kept.size} entries, {kept.digest}" if kept else "The log is empty.")


def _verify_service(services: Services) -> LogVerdict:
    with services.database.read() as records:
        bundles = services.checkpoints.bundles()
        return verify_log(records.journal.entries(), bundles, services.signer.trust, services.clock())


def _verify_export(export: Path, roots: tuple[Path, ...], timestamp_roots: tuple[Path, ...]) -> LogVerdict:
    if not roots:
        raise InputError(
            Problem("trust-missing", "An export is checked against a root.", "Name one with --trust.", "--trust")
        )
    bundles = [one.read_bytes() for one in sorted((export / CHECKPOINTS).glob("*.json"))]
    trust = read_trust(roots, timestamp_roots)
    return verify_log(read_entries(_lines(export / ENTRIES)), bundles, trust, system_clock())


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError:
        problem = Problem("export-incomplete", "The folder holds no log.", "Name an export of the log.", str(path))
        raise InputError(problem) from None


def _print(verdict: LogVerdict) -> None:
    for problem in verdict.problems:
        click.echo(str(problem), err=True)
    held = "one unbroken chain" if not verdict.problems else f"{len(verdict.problems)} problems"
    click.echo(
        f"{verdict.entries} entries, {held}; {verdict.checkpoints} signed checkpoints cover the first {verdict.covered}."
    )
