"""Migrations up and down, for tests that hold what they do to data."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config

from packets.store.database import Database


def migrate(database: Database, target: str) -> None:
    """Bring a database to a revision, up or down."""
    config = Config()
    config.set_main_option("script_location", str(files("packets.store") / "migrations"))
    with database._engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        (command.upgrade if target == "head" else command.downgrade)(config, target)
