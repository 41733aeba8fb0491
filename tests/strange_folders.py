"""Data folders whose database is not what a program needs, each made in one way that happens to people."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from packets.store.database import Database
from web.demo import MARKER

FUTURE = ("0099", "9.9.9")
"""A revision that is not known here, and the version of the program that made it."""


def _newest(folder: Path) -> Path:
    file = folder / "esm.db"
    with closing(Database(f"sqlite:///{file}")) as database:
        database.upgrade()
    return file


def change(file: Path, *statements: str) -> None:
    """Run statements on a database behind the service's back."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def make_newer(folder: Path, oldest_program: str = FUTURE[0]) -> None:
    """Upgraded by a version of the future."""
    values = (FUTURE[0], oldest_program, FUTURE[1])
    change(
        _newest(folder),
        f"UPDATE alembic_version SET version_num = '{FUTURE[0]}'",  # noqa: S608  a constant
        f"INSERT INTO schema_upgrades (revision, oldest_program, version) VALUES {values}",  # noqa: S608  constants
    )


def _make_unreleased(folder: Path) -> None:
    change(_newest(folder), "UPDATE alembic_version SET version_num = '0035'")


def _make_incomplete(folder: Path) -> None:
    change(_newest(folder), "DROP TABLE outbox")


def _make_without_revision(folder: Path) -> None:
    change(_newest(folder), "DROP TABLE alembic_version")


def _make_foreign(folder: Path) -> None:
    change(folder / "esm.db", "CREATE TABLE orders (id INTEGER)", "INSERT INTO orders VALUES (1)")


def _make_foreign_with_alembic(folder: Path) -> None:
    _make_foreign(folder)
    change(
        folder / "esm.db",
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('0022')",
    )


def _make_encrypted(folder: Path) -> None:
    (folder / "esm.db").write_bytes(bytes(range(255, -1, -1)) * 32)


def _make_cut_off(folder: Path) -> None:
    file = _newest(folder)
    file.write_bytes(file.read_bytes()[:5000])


STRANGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no byte": (lambda folder: (folder / "esm.db").touch(), "schema-empty"),
    "a newer version's": (make_newer, "schema-newer"),
    "one that was never released": (_make_unreleased, "schema-unreleased"),
    "a table less": (_make_incomplete, "schema-incomplete"),
    "no revision": (_make_without_revision, "schema-incomplete"),
    "another program's": (_make_foreign, "schema-foreign"),
    "another program's with Alembic": (_make_foreign_with_alembic, "schema-foreign"),
    "text": (lambda folder: (folder / "esm.db").write_text("Dear Sirs,\n" * 400, "utf-8"), "database-not-sqlite"),
    "noise": (_make_encrypted, "database-not-sqlite"),
    "the first pages": (_make_cut_off, "database-damaged"),
    "a folder": (lambda folder: (folder / "esm.db").mkdir(), "database-unopened"),
}
"""How each is made, and the code with which every command refuses it."""


def make_strange(folder: Path, name: str) -> str:
    """Make such a folder, with what a demonstration leaves beside its database; answer the code of its refusal."""
    folder.mkdir(parents=True)
    (folder / MARKER).write_text('{"practice": [], "packets": []}', "utf-8")
    make, code = STRANGE[name]
    make(folder)
    return code
