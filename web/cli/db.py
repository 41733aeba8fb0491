"""`esm db`: the database's schema."""

from __future__ import annotations

from pathlib import Path

import click

from packets.settings import load_settings
from web.bootstrap import initialize
from web.cli.folder import folder_option


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@folder_option
def upgrade(folder: Path) -> None:
    """Bring the schema to the newest version; make folder and keys where there are none."""
    settings = load_settings(dir=folder.absolute())
    initialize(settings, sample=False)
    click.echo("The schema is up to date.")
