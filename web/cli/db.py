"""`esm db`: the database's schema."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from packets.settings import Settings, load_settings
from packets.store.grants import apply_grants, grant_script
from packets.store.modes import tighten
from packets.store.schema_state import SchemaReport, SchemaState
from web.bootstrap import upgrade_folder
from web.carriers import open_database
from web.cli.folder import folder_option, for_folder
from web.cli.waiting import START_CODES, try_until_ready
from web.keys import describe_missing_keys


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@folder_option
@click.option(
    "--wait",
    "seconds",
    type=click.IntRange(0, 3600),
    default=0,
    show_default=True,
    help="Wait so many seconds for a database that does not answer yet.",
)
def upgrade(folder: Path, seconds: int) -> None:
    """Bring the schema to the newest version; outside production, make the keys of a new folder.

    What was begun and broke off is as it was before; run it again. Production's keys are made by `esm pki init`.
    """
    settings = load_settings(dir=folder.absolute())
    with for_folder(settings):
        wait_for_database(settings, seconds)
        _print(upgrade_folder(settings))
        for sentence in tighten(settings.dir).sentences():
            click.echo(sentence, err=True)
        _hint_at_keys(settings)


def wait_for_database(settings: Settings, seconds: float) -> None:
    """Look at the database until it answers.

    Raises:
        StoreError: it has not answered in time, or answers that it cannot be used.
    """
    waiting = "The database does not answer yet; waiting for it, {seconds:g} seconds at most."
    with closing(open_database(settings)) as database:
        try_until_ready(database.inspect_schema, seconds, START_CODES, waiting)


def _print(before: SchemaReport) -> None:
    if before.state is SchemaState.READY:
        click.echo(f"The schema is up to date: {before.needed}.")
    else:
        click.echo(f"The schema is up to date: {before.needed}; it was {before.found or 'none'}.")


def _hint_at_keys(settings: Settings) -> None:
    """The schema is upgraded without them; nothing else works."""
    if not settings.pki.exists():
        with closing(open_database(settings)) as database:
            click.echo(f"esm: {describe_missing_keys(settings, database)}", err=True)


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
