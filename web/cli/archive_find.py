"""`esm archive find`: records by the questions of the page *Records* (R4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from packets.documents.reading import RecordLine
from packets.errors import NotFoundError, Problem
from packets.finding.query import FIELDS, STAGES, Query, read_query
from packets.finding.sheets import COLUMNS, row_of, write_csv, write_sheet
from packets.model.calendar import agency_day
from web.bootstrap import Services
from web.cli.folder import folder_option, open_folder

HELP = {
    "text": "Words that names, NPIs or CCNs of the document, its signers or its lists begin with.",
    "aco_id": "ACO ID.",
    "year": "Performance year.",
    "kind": "Kind of document; `esm document types` lists them.",
    "signer": "Parts of a signer's name, or a CMS user ID.",
    "role": "Somebody signed in this role, e.g. aco-executive.",
    "stage": f"How far it is: {', '.join(STAGES)}.",
}
OPTIONS = {name: f"--{name.removesuffix('_id').replace('_', '-')}" for name in FIELDS}
SHOWN = ("aco_id", "year", "kind", "status", "document_id")
"""What stands in the table; files and JSON have every field."""


def _question(command: Callable[..., None]) -> Callable[..., None]:
    """The options that ask what the form on the page asks."""
    for name in reversed(FIELDS):
        meaning = HELP.get(name, "A day, like 2027-01-31.")
        command = click.option(OPTIONS[name], name, default="", help=meaning)(command)
    return command


@click.command("find")
@folder_option
@_question
@click.option(
    "--by", "user_id", required=True, help="CMS user ID of whoever asks; they find what they find on the page."
)
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write what is found as CSV.")
@click.option("--xlsx", "workbook", type=click.Path(path_type=Path, dir_okay=False), help="Write it as a workbook.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, with every field of the files.")
def find(
    *, folder: Path, user_id: str, csv_file: Path | None, workbook: Path | None, as_json: bool, **asked: str
) -> None:
    """Find records, newest year first; all questions must hold. What was asked, and how much was taken, is logged.

    Exit 0 also when nothing fits; 1 when a question cannot be asked, or more than 10,000 records fit.
    """
    services, query = open_folder(folder), read_query(asked)
    _require_person(services, user_id)
    lines = services.finding.take(user_id, query)
    _write(lines, query, services, csv_file, workbook)
    if as_json:
        click.echo(json.dumps([_as_data(one) for one in lines], indent=2, ensure_ascii=False))
        return
    for row in _table([_as_data(one) for one in lines]):
        click.echo(row)
    click.echo(f"{len(lines):,} record{'s' if len(lines) != 1 else ''}", err=True)


def _require_person(services: Services, user_id: str) -> None:
    """Refuse whom the directory does not know, instead of finding nothing.

    Raises:
        NotFoundError: there is no such person, or their user ID is not active.
    """
    person = services.reading.person(user_id)
    if person is None or not person.is_active(agency_day(services.clock())):
        sentence = "Nobody with an active user ID is called so in the directory."
        raise NotFoundError(Problem("user-unknown", sentence, "`esm user list` shows everybody.", user_id))


def _write(
    lines: Sequence[RecordLine], query: Query, services: Services, csv_file: Path | None, workbook: Path | None
) -> None:
    if csv_file is not None:
        csv_file.write_bytes(write_csv(lines))
    if workbook is not None:
        workbook.write_bytes(write_sheet(lines, query, services.clock()))


def _as_data(line: RecordLine) -> dict[str, Any]:
    return dict(zip((one.key for one in COLUMNS), row_of(line), strict=True))


def _table(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    headings = {one.key: one.heading for one in COLUMNS}
    rows = [[headings[key] for key in SHOWN], *([one[key] for key in SHOWN] for one in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if found else ():
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
