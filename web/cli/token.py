"""`esm token`: tokens of the JSON API: make one for a person, list them, revoke one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from packets.model.tokens import LONGEST_LIFE, ApiToken, Scope
from web.cli.folder import folder_option, open_folder
from web.cli.user import by_option, json_option

DAYS = 90


@click.group()
def token() -> None:
    """Tokens of the JSON API (docs/api.md)."""


@token.command("create")
@click.argument("user_id")
@click.option("--label", required=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([str(one) for one in Scope]),
    multiple=True,
    required=True,
    help="What it may be used for at most; may be given again.",
)
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST_LIFE.days),
    default=DAYS,
    show_default=True,
    help="How long it counts.",
)
@json_option
@by_option
@folder_option
def create(
    user_id: str, *, label: str, scopes: tuple[str, ...], days: int, as_json: bool, actor: str, folder: Path
) -> None:
    """Make a token for a person and print it; it is shown this once."""
    services = open_folder(folder)
    made, text = services.tokens.create(user_id, label, map(Scope, scopes), timedelta(days=days), actor)
    if as_json:
        click.echo(json.dumps({**_told(made), "token": text}, indent=2, ensure_ascii=False))
        return
    click.echo(text)
    click.echo(f"Token {made.token_id} counts until {made.expires_at_utc:%Y-%m-%d}; it is not shown again.", err=True)


@token.command("list")
@click.option("--user", "user_id", default="", help="Of this person only.")
@json_option
@folder_option
def listed(user_id: str, *, as_json: bool, folder: Path) -> None:
    """List tokens, newest first, with the time of their last use."""
    services = open_folder(folder)
    found = services.tokens.listed(user_id)
    if as_json:
        click.echo(json.dumps([_told(one) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        click.echo("  ".join(_columns(one, counts=one.counts(services.clock()))))


@token.command("revoke")
@click.argument("token_id")
@by_option
@folder_option
def revoke(token_id: str, *, actor: str, folder: Path) -> None:
    """End a token; it does not count at the next request any more."""
    ended = open_folder(folder).tokens.revoke(token_id, actor)
    click.echo(f"Revoked {ended.token_id} of {ended.user_id}.")


def _told(one: ApiToken) -> dict[str, Any]:
    times = ("created_at_utc", "expires_at_utc", "revoked_at_utc", "used_at_utc")
    return {
        "token_id": one.token_id,
        "user_id": one.user_id,
        "label": one.label,
        "scopes": sorted(one.scopes),
        "created_by": one.created_by,
        **{name: _time(getattr(one, name)) for name in times},
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _columns(one: ApiToken, *, counts: bool) -> tuple[str, ...]:
    state = "counts" if counts else "revoked" if one.revoked_at_utc else "expired"
    used = f"used {one.used_at_utc:%Y-%m-%d %H:%M}" if one.used_at_utc else "never used"
    until = f"until {one.expires_at_utc:%Y-%m-%d}"
    return one.token_id, one.user_id, f"{state:7}", until, used, ",".join(sorted(one.scopes)), one.label
