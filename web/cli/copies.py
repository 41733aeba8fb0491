"""`esm copies`: certified copies given to somebody without an account: give, list, withdraw."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from packets.errors import NotFoundError, Problem
from packets.giving.grants import GrantRequest
from packets.model.grants import CAPACITIES, LONGEST_DAYS, MOST_RETRIEVALS, USUAL_DAYS, USUAL_RETRIEVALS, Grant
from packets.model.retention import day_of
from web.cli.folder import folder_option, open_folder
from web.cli.user import json_option

LISTED = 10_000
giver_option = click.option(
    "--by", "user_id", required=True, help="CMS user ID of whoever acts: CMS staff, an archivist, the ACO Executive."
)


@click.group()
def copies() -> None:
    """Certified copies, given by a named grant that ends (42 CFR 425.210)."""


@copies.command("give")
@click.argument("aco_id")
@click.argument("year", type=int)
@click.option("--document", "documents", multiple=True, help="A document of it; all that are executed when absent.")
@click.option("--name", required=True, help="Of the person who is given the copies.")
@click.option("--email", required=True, help="Where the link is mailed, if the service has mail.")
@click.option("--as", "capacity", type=click.Choice([str(one) for one in CAPACITIES]), required=True, help="Given as.")
@click.option("--reason", required=True, help="Why; printed on the sheet.")
@click.option("--days", type=click.IntRange(0, LONGEST_DAYS), default=USUAL_DAYS, show_default=True, help="From today.")
@click.option(
    "--most",
    type=click.IntRange(1, MOST_RETRIEVALS),
    default=USUAL_RETRIEVALS,
    show_default=True,
    help="How often copies can be taken.",
)
@giver_option
@folder_option
def give(
    aco_id: str, year: int, *, documents: tuple[str, ...], days: int, most: int, folder: Path, **said: str
) -> None:
    """Give somebody certified copies; the link is mailed, or printed this once where there is no mail."""
    services, user_id = open_folder(folder), said.pop("user_id")
    chosen = documents or tuple(one.document_id for one in services.grants.executed(aco_id, year))
    until = (day_of(services.clock()) + timedelta(days=days)).isoformat()
    asked = GrantRequest(aco_id, year, **said, document_ids=chosen, until=until, most=str(most))
    given = services.grants.make(user_id, asked)
    if given.token:
        click.echo(services.grants.address(given.token))
    told = f"{len(chosen)} documents, {most} retrievals, until {until}"
    sent = "the link is not shown again" if given.token else f"the link is mailed to {given.grant.email}"
    click.echo(f"Grant {given.grant.grant_id}: {told}; {sent}.", err=True)


@copies.command("list")
@click.option("--aco", "aco_id", default="", help="Only those of this ACO.")
@json_option
@folder_option
def listed(*, aco_id: str, as_json: bool, folder: Path) -> None:
    """List grants, newest first: who was given what until when, and how often it was taken."""
    services = open_folder(folder)
    found = [one for one in services.grants.newest(LISTED)[0] if aco_id in {"", one.aco_id}]
    if as_json:
        click.echo(json.dumps([_told(one, services.clock()) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        taken = f"{len(one.retrievals)}/{one.most} taken"
        until = f"until {day_of(one.expires_at)}"
        place = f"{one.aco_id}/{one.performance_year}"
        click.echo(f"{one.grant_id}  {one.state(services.clock()):9}  {place}  {until}  {taken}  {one.name}")


@copies.command("withdraw")
@click.argument("grant_id")
@click.option("--reason", required=True, help="Why.")
@giver_option
@folder_option
def withdraw(grant_id: str, *, reason: str, user_id: str, folder: Path) -> None:
    """Withdraw a grant; its link opens nothing from the next request on."""
    desk = open_folder(folder).grants
    grant = desk.find(grant_id)
    if grant is None:
        raise NotFoundError(Problem("grant-unknown", "There is no such grant.", "See esm copies list.", grant_id))
    desk.withdraw(user_id, grant.aco_id, grant.performance_year, grant_id, reason)
    click.echo(f"Withdrawn: {grant_id}.")


def _told(one: Grant, now: datetime) -> dict[str, Any]:
    return {
        "grant_id": one.grant_id,
        "aco": one.aco_id,
        "year": one.performance_year,
        "name": one.name,
        "email": one.email,
        "capacity": one.capacity,
        "documents": list(one.document_ids),
        "made_by": one.made_by,
        "made_at": one.made_at.isoformat(),
        "until": one.expires_at.isoformat(),
        "state": one.state(now),
        "most": one.most,
        "retrievals": [
            {"at": each.at.isoformat(), "documents": dict(each.taken), "sheet": each.sheet_digest}
            for each in one.retrievals
        ],
    }
