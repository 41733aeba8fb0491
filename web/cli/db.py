"""`esm db`: the database's schema."""

from __future__ import annotations

from pathlib import Path

import click

from packets.settings import load_settings
from packets.store.grants import apply_grants, grant_script
from packets.store.modes import tighten
from web.bootstrap import initialize
from web.cli.folder import folder_option


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@folder_option
def upgrade(folder: Path) -> None:
    """Bring the schema to the newest version; make folder and keys where there are none, for the folder's owner only."""
    settings = load_settings(dir=folder.absolute())
    initialize(settings, sample=False)
    for sentence in tighten(settings.dir).sentences():
        click.echo(sentence, err=True)
    click.echo("The schema is up to date.")


@db.command("grants")
@click.argument("role")
@click.option("--schema", default="public", show_default=True, help="The schema that has the tables.")
@click.option(
    "--apply", "at_once", is_flag=True, help="Run it on the database of ESM_DATABASE_URL, instead of printing it."
)
def grants(role: str, schema: str, *, at_once: bool) -> None:
    """Print SQL that lets a role of PostgreSQL run the service, and not change what was recorded.

    Run it as the owner of the tables, after every `esm db upgrade`, with --apply or by `esm db grants esm_app | psql …`; the
    service may be at work. Then let the service connect as that role.
    """
    if at_once:
        apply_grants(load_settings().database, role, schema)
        click.echo(f"The role {role} may do its work, and change nothing that was recorded.")
    else:
        click.echo(grant_script(role, schema))
