"""`esm archive`: keeping what was executed provable."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click

from packets.keeping.holds import HoldRequest
from packets.keeping.retention import by_date
from packets.model.retention import day_of
from signing.bag_writing import write_zip
from signing.bags import Selection
from signing.renewal import WITHIN, RenewalReport
from signing.standalone import verifier
from web.cli.archive_find import find
from web.cli.folder import folder_option, open_folder
from web.cli.progress import show_progress
from web.keepers import build_bags, build_fixity


@click.group()
def archive() -> None:
    """The archive of executed documents."""


archive.add_command(find)


@archive.command("index")
@folder_option
@click.option("--all", "everything", is_flag=True, help="Index also the documents whose entry is right.")
def index(folder: Path, *, everything: bool) -> None:
    """Make anew by what documents are found, where it is not what is recorded of them; `esm doctor` tells when it is needed.

    The service may be running. Run it once after an upgrade from a version that had no search index.
    """
    with show_progress("Indexing documents") as progress:
        done = open_folder(folder).finding.rebuild(everything=everything, progress=progress)
    click.echo(f"{done} documents were indexed.")


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
        sum_up = "all of them hold" if report.holds else "not all of them hold"
        click.echo(f"{report.examined} stored files, {report.bytes_read:,} bytes read: {sum_up}.")
    sys.exit(0 if report.holds else 1)


@archive.command("hold")
@folder_option
@click.option("--aco", "aco_id", default="", help="Hold all records of an ACO.")
@click.option("--document", "documents", multiple=True, help="Hold this record; may be given several times.")
@click.option("--lift", "hold_id", type=click.IntRange(1), help="Lift the hold of this number instead.")
@click.option("--reason", default="", help="Why.")
@click.option("--authority", default="", help="Who ordered it, or where it is written.")
@click.option("--by", "user_id", default="", help="CMS user ID of whoever acts: CMS staff or an archivist.")
def hold(
    *,
    folder: Path,
    aco_id: str,
    documents: tuple[str, ...],
    hold_id: int | None,
    reason: str,
    authority: str,
    user_id: str,
) -> None:
    """Place a legal hold, lift one, or list all of them: without --aco, --document and --lift.

    While a hold stands, nothing that it covers is disposed of, whatever the date.
    """
    desk = open_folder(folder).holds
    if hold_id is not None:
        desk.lift(user_id, hold_id, reason)
        click.echo(f"Hold {hold_id} is lifted.")
    elif aco_id or documents:
        click.echo(f"Hold {desk.place(user_id, HoldRequest(aco_id, documents, reason, authority))} stands.")
    else:
        for one in desk.all():
            covers = one.aco_id or f"{len(one.document_ids)} documents"
            state = "stands" if one.stands else f"lifted {_day(one.lifted_at or one.placed_at)}"
            click.echo(f"{one.hold_id}: {covers}, {state}: {one.reason} ({one.authority})")


@archive.command("retention")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def retention(folder: Path, *, as_json: bool) -> None:
    """Until when each record is kept, soonest first, and what is held."""
    services = open_folder(folder)
    today = day_of(services.clock())
    kept = by_date(services.retention.kept())
    lines = [
        {
            "document": one.document.document_id,
            "aco": one.document.aco_id,
            "year": one.document.performance_year,
            "kind": one.document.kind,
            "class": one.schedule.retention_class.name,
            "keep_until": one.schedule.keep_until.isoformat(),
            "held": bool(one.holds),
            "due": one.is_due(today),
        }
        for one in kept
    ]
    if as_json:
        click.echo(json.dumps(lines, indent=2))
    else:
        for one in lines:
            state = "held" if one["held"] else "may be disposed of" if one["due"] else ""
            click.echo(f"{one['keep_until']}  {one['aco']}/{one['year']}/{one['kind']}  {state}".rstrip())


@archive.command("export")
@folder_option
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder, or a new file that ends in .zip.",
)
@click.option("--aco", "aco_id", default="", help="Only documents of this ACO.")
@click.option("--year", type=int, help="Only documents of this performance year.")
@click.option("--document", "document_ids", multiple=True, help="Only the document with this id.")
@click.option("--zip", "zipped", is_flag=True, help="Write the same bag as a zip file beside the folder.")
def export(
    folder: Path, target: Path, aco_id: str, year: int | None, document_ids: tuple[str, ...], *, zipped: bool
) -> None:
    """Write executed documents, with everything that proves them, as a bag that is checked without this service."""
    count = build_bags(open_folder(folder)).export(Selection(aco_id, year, document_ids), target)
    if zipped and target.is_dir():
        write_zip(target, target.with_name(f"{target.name}.zip"))
    click.echo(f"{target}: {count} documents. Check it with esm archive verify {target}")


@archive.command("verify")
@click.argument("bag", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--trust",
    "roots",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificate to trust, PEM, instead of those in the bag.",
)
@click.option(
    "--time-trust",
    "stamp_roots",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificate of an authority for time-stamps, PEM, beside those of --trust.",
)
@click.option(
    "--signer-policy",
    "policies",
    multiple=True,
    help="Certificate policy (OID) of signers whose keys another authority certified, besides the service's own.",
)
def verify_bag(bag: Path, roots: tuple[Path, ...], stamp_roots: tuple[Path, ...], policies: tuple[str, ...]) -> None:
    """Check a bag, a folder or a zip file, as the program inside it does. Exit 0: everything holds; 1: every finding is told."""
    sys.exit(verifier.report(bag, list(roots), policies, stamp_roots))


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
