"""The folder that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from packets.disk_errors import disk_errors
from packets.errors import NotFoundError, Problem, StoreError
from packets.settings import Settings, load_settings
from web.bootstrap import Services, build_services
from web.cli.waiting import START_CODES, try_until_ready
from web.hints import fill_folder

folder_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, readable=False),
    default=Path("demo-data"),
    show_default=True,
    envvar="ESM_DIR",
    help="The data folder.",
)


wait_option = click.option(
    "--wait",
    "seconds",
    type=click.IntRange(0, 3600),
    default=0,
    show_default=True,
    help="Wait so many seconds for a database that does not answer yet, or that set-up has not made yet.",
)
SET_UP_CODES = frozenset({"schema-empty", "schema-older", "schema-forbidden"})
"""What a database says until `esm db upgrade` and the SQL of `esm db grants` are done."""


def open_folder_when_ready(folder: Path, seconds: float, *, demo: bool = False) -> Services:
    """Open the folder as `open_folder` does, as soon as its database is up and was set up.

    Raises:
        StoreError: it was not in time, or cannot be used.
    """
    waiting = "The database is not ready yet; waiting for it, {seconds:g} seconds at most."
    return try_until_ready(lambda: open_folder(folder, demo=demo), seconds, START_CODES | SET_UP_CODES, waiting)


def open_folder(folder: Path, *, demo: bool = False) -> Services:
    """The services on a folder that `esm demo` or `esm db upgrade` made; their database is closed when the command ends.

    Args:
        folder: the data folder.
        demo: list the sample accounts, whatever the settings say.

    Raises:
        NotFoundError: there is no database in it.
        SchemaError: this program cannot work on its database.
        StoreError: this user may not use the folder, or the disk refuses.
    """
    settings = load_settings(dir=folder.absolute(), **({"mode": "demo"} if demo else {}))
    with for_folder(settings):
        if not settings.has_database:
            remedy = fill_folder(folder, settings.mode)
            raise NotFoundError(Problem("folder-empty", "There is no database in this folder.", remedy, str(folder)))
        services = build_services(settings)
    click.get_current_context().call_on_close(services.database.close)
    return services


@contextmanager
def for_folder(settings: Settings) -> Iterator[None]:
    """Say which database cannot be worked on, or that the folder is closed to this user.

    Raises:
        StoreError: with its place in each problem; the folder is closed, the disk is full or broken, or a file is in the way.
    """
    try:
        with disk_errors(settings.dir):
            yield
    except StoreError as error:
        raise type(error)([_in_its_place(problem, settings) for problem in error.problems]) from error


def _in_its_place(problem: Problem, settings: Settings) -> Problem:
    """Name the database where a problem of it names no place."""
    if problem.where or not problem.code.startswith(("database", "schema")):
        return problem
    return replace(problem, where="ESM_DATABASE_URL" if settings.database_url else str(settings.dir / "esm.db"))
