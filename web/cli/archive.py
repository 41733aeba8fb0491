"""`esm archive`: keeping what was executed provable."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click

from signing.bags import Selection, write_zip
from signing.renewal import WITHIN, RenewalReport
from signing.standalone import verifier
from web.bootstrap import build_bags, build_fixity
from web.cli.folder import folder_option, open_folder


@click.group()
def archive() -> None:
    """The archive of executed documents."""


@archive.command("renew")
@folder_option
@click.option(
    "--within-days",
    type=click.IntRange(0, 36500),
    default=WITHIN.days,
    show_default=True,
    help="Renew what would end within so many days.",
)
@click.option(
    "--all", "everything", is_flag=True, help="Renew also what is not due, where a new time-stamp holds longer."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def renew(folder: Path, within_days: int, *, everything: bool, as_json: bool) -> None:
    """Put a further archival time-stamp on every executed document that is due; run it at least once a year.

    A document is due when the certificate behind its newest time-stamp ends soon, or when its digest is weaker than
    ESM_ARCHIVAL_DIGEST. Exit 0: everything that was due is renewed; 1: not, and every reason is told.
    """
    report = open_folder(folder).renewal.run(within=timedelta(days=within_days), everything=everything)
    if as_json:
        click.echo(json.dumps(_as_data(report), indent=2))
    else:
        _print(report)
    sys.exit(1 if report.refused else 0)


@archive.command("fixity")
@folder_option
@click.option("--repair", is_flag=True, help="Mend the store from its copy, and the copy from the store.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def fixity(folder: Path, *, repair: bool, as_json: bool) -> None:
    """Read every stored file that a record names, in the store and in its copy, and compare the digests.

    Exit 0: everything is there, or was mended; 1: not, and what is missing, damaged or lost is told.
    """
    report = build_fixity(open_folder(folder)).run(repair=repair)
    if as_json:
        click.echo(json.dumps({**dataclasses.asdict(report), "holds": report.holds}, indent=2))
    else:
        for kind, names in dataclasses.asdict(report).items():
            for name in names if isinstance(names, list) else ():
                click.echo(f"{kind.replace('_', ' ')}: {name}", err=True)
        click.echo(f"{report.examined} stored files: {'all of them hold' if report.holds else 'not all of them hold'}.")
    sys.exit(0 if report.holds else 1)


@archive.command("export")
@folder_option
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder.")
@click.option("--aco", "aco_id", default="", help="Only documents of this ACO.")
@click.option("--year", type=int, help="Only documents of this performance year.")
@click.option("--document", "document_ids", multiple=True, help="Only the document with this id.")
@click.option("--zip", "zipped", is_flag=True, help="Write the same bag as a zip file beside the folder.")
def export(
    folder: Path, target: Path, aco_id: str, year: int | None, document_ids: tuple[str, ...], *, zipped: bool
) -> None:
    """Write executed documents, with everything that proves them, as a bag that is checked without this service."""
    count = build_bags(open_folder(folder)).export(Selection(aco_id, year, document_ids), target)
    if zipped:
        write_zip(target, target.with_name(f"{target.name}.zip"))
    click.echo(f"{target}: {count} documents. Check it with esm archive verify {target}")


@archive.command("verify")
@click.argument("bag", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--trust",
    "roots",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificate to trust, PEM, instead of those in the bag.",
)
def verify_bag(bag: Path, roots: tuple[Path, ...]) -> None:
    """Check a bag as the program inside it does. Exit 0: everything holds; 1: every finding is told."""
    sys.exit(verifier.report(bag, list(roots)))


def _print(report: RenewalReport) -> None:
    for done in report.renewed:
        click.echo(
            f"{done.subject}: revision {done.revision.number}, {done.protection.digest},"
            f" holds until {_day(done.protection.ends_at)}"
        )
    for refused in report.refused:
        for problem in refused.problems:
            click.echo(f"{refused.subject}: {problem}", err=True)
    click.echo(". ".join(_summary(report)) + ".")


def _summary(report: RenewalReport) -> Iterator[str]:
    yield f"Executed documents: {report.examined} examined, {len(report.renewed)} renewed, {len(report.refused)} refused"
    if report.stopped:
        yield "Stopped: no authority gives a time-stamp now; run it again"
    if report.next_due is not None:
        yield f"The next is due on {_day(report.next_due)}"


def _as_data(report: RenewalReport) -> dict[str, object]:
    return {
        "examined": report.examined,
        "renewed": [
            {
                "document": one.subject,
                "revision": one.revision.number,
                "sha256": one.revision.digest,
                "digest": one.protection.digest,
                "holds_until": one.protection.ends_at.isoformat(),
            }
            for one in report.renewed
        ],
        "refused": [
            {"document": one.subject, "problems": [str(problem) for problem in one.problems]} for one in report.refused
        ],
        "next_due": report.next_due.isoformat() if report.next_due else None,
        "stopped": report.stopped,
    }


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
