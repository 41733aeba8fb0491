"""`esm year`: how far a year is, and more time for one ACO."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click

from packets.errors import NotFoundError, Problem
from packets.model.calendar import Activity
from packets.model.people import Role
from web.bootstrap import Services
from web.cli.folder import folder_option, open_folder


@click.group()
def year() -> None:
    """Performance years and their due dates."""


@year.command("status")
@click.argument("number", metavar="YEAR", type=int)
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def status(number: int, folder: Path, *, as_json: bool) -> None:
    """Count the documents of a year by step and status, for each cohort."""
    counts = _counts(open_folder(folder), number)
    if as_json:
        click.echo(
            json.dumps([_line(*key, count) for key, count in sorted(counts.items())], indent=2, ensure_ascii=False)
        )
        return
    for (cohort, step, title, word), count in sorted(counts.items()):
        click.echo(f"{cohort:<8} Step {step}  {title:<45} {word:<28} {count:>5}")


@year.command("extend")
@click.argument("aco_id")
@click.argument("number", metavar="YEAR", type=int)
@click.argument("activity", type=click.Choice([str(one) for one in Activity]))
@click.argument("due_on", metavar="YYYY-MM-DD")
@click.option("--reason", required=True, help="Why, for the record; the ACO sees it.")
@click.option("--by", "user_id", required=True, help="CMS user ID of the member of CMS staff who grants it.")
@folder_option
def extend(aco_id: str, number: int, activity: str, due_on: str, reason: str, user_id: str, folder: Path) -> None:
    """Grant one ACO more time for an activity; due dates only ever move later."""
    granted = open_folder(folder).deadlines.extend(aco_id, number, activity, due_on, reason, user_id)
    click.echo(f"{aco_id} {number}: {granted.activity} is due on {granted.due_on.isoformat()}.")


def _counts(services: Services, number: int) -> Counter[tuple[str, int, str, str]]:
    with services.database.read() as records:
        staff = records.people.holding(Role.CMS_STAFF)
        known = number in records.years.numbers()
    if not known or not staff:
        raise NotFoundError(Problem("year-unknown", f"Year {number} was not opened.", "Check the year.", str(number)))
    lines = services.reading.archive(staff[0].user_id, year=number)
    return Counter((str(one.aco.cohort), one.document.step, one.title, str(one.status)) for one in lines)


def _line(cohort: str, step: int, title: str, word: str, count: int) -> dict[str, object]:
    return {"cohort": cohort, "step": step, "title": title, "status": word, "documents": count}
