"""`esm packet`: what packets there are and how far they are, and preparing their documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from packets.audit.log import SERVICE
from packets.documents.reading import RecordLine
from packets.errors import NotFoundError, Problem
from packets.model.people import Role
from web.bootstrap import Services
from web.cli.acts import countersign, sign, void
from web.cli.folder import folder_option, open_folder
from web.cli.progress import show_progress


@click.group()
def packet() -> None:
    """Packets and their documents."""


for command in (sign, countersign, void):
    packet.add_command(command)


@packet.command("list")
@folder_option
@click.option("--year", type=int, help="One performance year only.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_packets(folder: Path, year: int | None, *, as_json: bool) -> None:
    """List every document of every packet with its status."""
    services = open_folder(folder)
    lines = services.reading.archive(_reader(services), year=year)
    if as_json:
        click.echo(json.dumps([_line(one) for one in lines], indent=2, ensure_ascii=False))
        return
    for one in lines:
        click.echo(
            f"{one.aco.aco_id} {one.aco.performance_year}  Step {one.document.step}  {one.status:<28} {one.title}"
        )


@packet.command("assemble")
@click.argument("year", type=int)
@click.option("--aco", "aco_id", default="", help="One ACO only.")
@click.option("--by", "actor", default=SERVICE, help="CMS user ID of whoever asks for it; the service when absent.")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def assemble(year: int, aco_id: str, actor: str, folder: Path, *, as_json: bool) -> None:
    """Prepare every document of a year, or of one ACO: those that are there and right are left alone.

    An unsigned document whose facts have changed is replaced. Exit 1: some could not be prepared; all of these are told.
    """
    desk = open_folder(folder).preparation
    with show_progress("Preparing documents") as progress:
        done = desk.prepare(year, desk.documents(year, aco_id), actor, progress=progress)
    for problem in done.problems:
        click.echo(f"esm: {problem}", err=True)
    told = {"year": year, "documents": done.prepared, "failed": len(done.problems)}
    click.echo(json.dumps(told) if as_json else f"{done.prepared} documents of {aco_id or year} are prepared.")
    sys.exit(1 if done.problems else 0)


@packet.command("show")
@click.argument("aco_id")
@click.argument("year", type=int)
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON; it always does.")
def show_packet(aco_id: str, year: int, folder: Path, *, as_json: bool) -> None:  # noqa: ARG001  for those who ask for it
    """Show one packet: each document, its signatures and its digest, as JSON."""
    services = open_folder(folder)
    lines = services.reading.archive(_reader(services), aco_id=aco_id, year=year)
    if not lines:
        raise NotFoundError(
            Problem(
                "packet-unknown", f"There is no packet of {aco_id} in {year}.", "`esm packet list` lists them.", aco_id
            )
        )
    told = [_line(one) | {"dates": services.reading.dates(one.document).as_json()} for one in lines]
    click.echo(json.dumps(told, indent=2, ensure_ascii=False))


def _reader(services: Services) -> str:
    """Whoever runs commands on the folder reads as the archivist does."""
    with services.database.read() as records:
        found = records.people.holding(Role.ARCHIVIST) or records.people.holding(Role.CMS_STAFF)
    if not found:
        raise NotFoundError(
            Problem(
                "year-missing",
                "No performance year was opened in this folder.",
                "Run `esm year open` or `esm demo` first.",
            )
        )
    return found[0].user_id


def _line(line: RecordLine) -> dict[str, object]:
    document = line.document
    return {
        "aco_id": document.aco_id,
        "performance_year": document.performance_year,
        "kind": document.kind,
        "step": document.step,
        "status": str(line.status),
        "sha256": document.head_digest,
        "pages": document.pages,
        "sample": document.sample,
        "signatures": [
            {"slot": one.slot, "signer": one.name, "role": str(one.role), "signed_at": one.signed_at.isoformat()}
            for one in document.signatures
        ],
    }
