"""`esm notices`: remind, write and mail what is due; show what a day would bring."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from packets.notices.reminders import Planned
from web.cli.folder import folder_option, open_folder
from web.rounds import Round, send_notices


@click.group()
def notices() -> None:
    """Notices and reminders to the people of the ACOs and of CMS."""


@notices.command("send")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def send(folder: Path, *, as_json: bool) -> None:
    """Queue the reminders that are due, write waiting notices, and mail what is due; one pass.

    Without a mail server in the settings, notices stand in the inbox only. A server that takes nothing ends the pass with
    exit code 1; the mail waits for the next one.
    """
    services = open_folder(folder)
    done = send_notices(services)
    services.database.close()
    told = _told(done)
    if as_json:
        problems = [{"code": one.code, "sentence": one.sentence} for one in done.delivered.problems]
        click.echo(json.dumps({**told, "problems": problems}, indent=2))
    else:
        click.echo("\n".join(f"{name:<10} {count:>6}" for name, count in told.items()))
    for problem in done.delivered.problems:
        click.echo(f"esm: {problem}", err=True)
    if done.delivered.problems:
        sys.exit(1)


@notices.command("plan")
@folder_option
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day, in Eastern time; today when it is not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def plan(folder: Path, day: datetime | None, *, as_json: bool) -> None:
    """Show the reminders of a day with the records as they are now; nothing is queued or sent."""
    services = open_folder(folder)
    planned = [_line(one) for one in services.reminders.plan(day.date() if day else None)]
    services.database.close()
    if as_json:
        click.echo(json.dumps(planned, indent=2))
        return
    for one in planned:
        click.echo("{aco_id:<6} {year}  {topic:<13} {subject:<22} due {due_on}  {days:>3} days".format(**one))
    if not planned:
        click.echo("No reminder is due.", err=True)


def _told(done: Round) -> Mapping[str, int]:
    counts = {str(state): count for state, count in done.delivered.counts.items() if state != "inbox-only"}
    return {"reminders": done.reminders, "written": done.written, **counts}


def _line(planned: Planned) -> dict[str, object]:
    one = planned.reminder
    about = {"aco_id": one.aco_id or "CMS", "year": one.year, "topic": str(planned.topic), "subject": str(one.subject)}
    roles = sorted(map(str, planned.roles))
    return {**about, "due_on": one.due_on.isoformat(), "days": one.days, "roles": roles, "documents": planned.count}
