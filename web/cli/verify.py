"""`esm verify`: judge any PDF from anywhere, offline."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from packets.clock import system_clock
from signing.etsi_report import write_report
from signing.judge import verify_in_child
from signing.trust import read_trust
from signing.verdict import Verdict


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--trust",
    "roots",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificate of the signing service, PEM; a data folder keeps its own in pki/trust.pem.",
)
@click.option(
    "--time-trust",
    "timestamp_roots",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificate of an independent time-stamp authority, PEM.",
)
@click.option(
    "--signer-policy",
    "policies",
    multiple=True,
    help="Certificate policy (OID) of signers whose keys another authority certified, besides the service's own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.option(
    "--report",
    "reports",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for a validation report on each file by ETSI TS 119 102-2, XML.",
)
def verify(
    files: tuple[Path, ...],
    roots: tuple[Path, ...],
    timestamp_roots: tuple[Path, ...],
    policies: tuple[str, ...],
    reports: Path | None,
    *,
    as_json: bool,
) -> None:
    """Say who signed FILES, as what and when, and whether anything changed since.

    Works without any database or network. Exit 0: every file passed; 1: not.
    """
    trust = read_trust(roots, timestamp_roots).accepting(policies)
    verdicts = [(path, verify_in_child(path.read_bytes(), trust)) for path in files]
    if reports is not None:
        _write_reports(reports, verdicts)
    if as_json:
        click.echo(
            json.dumps([{"file": str(path), **one.as_data()} for path, one in verdicts], indent=2, ensure_ascii=False)
        )
    else:
        for path, one in verdicts:
            _print(path, one)
    sys.exit(0 if all(one.passed for _, one in verdicts) else 1)


def _write_reports(folder: Path, verdicts: Sequence[tuple[Path, Verdict]]) -> None:
    """One report a file; files of one name stay apart by their digests."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, verdict in verdicts:
        report = folder / f"{path.stem}-{verdict.digest[:12]}.xml"
        report.write_bytes(write_report(verdict, system_clock()))


def _print(path: Path, verdict: Verdict) -> None:
    click.echo(f"{path}: {verdict.overall}. {verdict.sentence}")
    for one in verdict.signatures:
        at = one.signed_at.strftime("%Y-%m-%d %H:%M:%S UTC") if one.signed_at else "no time"
        who = ", ".join(filter(None, (one.name, str(one.role or ""), one.aco_id or "", one.organization or "")))
        click.echo(f"  {one.indication:<13} {one.field:<18} {one.level or one.kind:<9} {at}  {who} ({one.trust} time)")
    for problem in verdict.problems:
        click.echo(f"  {problem}")
