"""The folder that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from packets.errors import InputError, NotFoundError, Problem, StoreError
from packets.settings import Settings, load_settings
from web.bootstrap import Services, build_services

folder_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    show_default=True,
    help="The data folder.",
)


def open_folder(folder: Path, *, demo: bool = False) -> Services:
    """The services on a folder that `esm demo` or `esm db upgrade` made.

    Args:
        folder: the data folder.
        demo: list the sample accounts, whatever the settings say.

    Raises:
        NotFoundError: there is no database in it.
        SchemaError: this program cannot work on its database.
        InputError: this user may not use the folder.
    """
    settings = load_settings(dir=folder.absolute(), **({"mode": "demo"} if demo else {}))
    with for_folder(settings):
        if not settings.has_database:
            remedy = "Run `esm db upgrade --dir …` for a new service, or `esm demo --dir …` for a demonstration."
            raise NotFoundError(Problem("folder-empty", "There is no database in this folder.", remedy, str(folder)))
        return build_services(settings)


@contextmanager
def for_folder(settings: Settings) -> Iterator[None]:
    """Say which database cannot be worked on, or that the folder is closed to this user.

    Raises:
        StoreError: with its place in each problem.
        InputError: the folder, or a file in it, may not be read or written.
    """
    try:
        yield
    except StoreError as error:
        where = "ESM_DATABASE_URL" if settings.database_url else str(settings.dir / "esm.db")
        raise type(error)([replace(problem, where=problem.where or where) for problem in error.problems]) from error
    except PermissionError as error:
        sentence = f"This user may not use {error.filename or settings.dir}."
        remedy = "Run the command as the user who owns the folder, or name another one with --dir."
        raise InputError(Problem("folder-closed", sentence, remedy, str(settings.dir))) from error
