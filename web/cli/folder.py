"""The folder that a command works on."""

from __future__ import annotations

from pathlib import Path

import click

from packets.errors import NotFoundError, Problem
from packets.settings import load_settings
from web.bootstrap import Services, build_services
from web.hints import fill_folder

folder_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    show_default=True,
    help="The data folder.",
)


def open_folder(folder: Path, **given: str) -> Services:
    """The services on a folder that `esm demo` or `esm db upgrade` made, with settings that the command line gave.

    Raises:
        NotFoundError: there is no database in it.
    """
    settings = load_settings(dir=folder.absolute(), **given)
    if not settings.has_database:
        raise NotFoundError(
            Problem(
                "folder-empty",
                "There is no database in this folder.",
                fill_folder(folder, settings.mode),
                str(folder),
            )
        )
    return build_services(settings)
