"""Decide in what state the schema of a database is, from what stands in it and what this program knows. No IO."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from packets.errors import Problem, SchemaError

OLDEST_PROGRAM = "0022"
"""Programs that know this schema may go on working on the newest one: every migration after it only added."""
VERSIONS_TABLE = "alembic_version"

Columns: TypeAlias = Mapping[str, frozenset[str]]
"""The names of the columns of each table."""


class SchemaState(StrEnum):
    """What a program may do with a database."""

    READY = "ready"
    AHEAD = "ahead"
    EMPTY = "empty"
    OLDER = "older"
    NEWER = "newer"
    UNRELEASED = "unreleased"
    INCOMPLETE = "incomplete"
    FOREIGN = "foreign"
    FORBIDDEN = "forbidden"
    UNREADABLE = "unreadable"

    @property
    def is_usable(self) -> bool:
        """Whether the service works on it."""
        return self in {SchemaState.READY, SchemaState.AHEAD}

    @property
    def is_upgradable(self) -> bool:
        """Whether `esm db upgrade` may change it."""
        return self in {SchemaState.READY, SchemaState.EMPTY, SchemaState.OLDER}


@dataclass(frozen=True, slots=True)
class SchemaUpgrade:
    """What a program wrote into the database when it brought the schema to a revision.

    Attributes:
        revision: the revision that was reached.
        oldest_program: programs that know this revision may go on working.
        version: the version of the program that did it.
    """

    revision: str
    oldest_program: str
    version: str


@dataclass(frozen=True, slots=True)
class FoundSchema:
    """What stands in a database.

    Attributes:
        revisions: the rows of Alembic's table.
        columns: of every table that may be read, Alembic's among them.
        unreadable: tables that the role sees and may not read.
        hidden: tables in schemas that the role may not use, with the name of that schema.
        upgrade: what the newest upgrade wrote down; None where none did.
    """

    revisions: tuple[str, ...] = ()
    columns: Columns = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    upgrade: SchemaUpgrade | None = None

    @property
    def revision(self) -> str:
        """The revision in one word; empty when there is none."""
        return " and ".join(self.revisions)


@dataclass(frozen=True, slots=True)
class KnownSchemas:
    """The schemas that this program knows.

    Attributes:
        revisions: oldest first.
        columns: answers the columns of a revision.
    """

    revisions: tuple[str, ...]
    columns: Callable[[str], Columns]

    @property
    def newest(self) -> str:
        """The revision that this program needs."""
        return self.revisions[-1]


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """What was found of a database's schema.

    Attributes:
        found: the revision in the database; empty when there is none.
        needed: the revision that this program needs.
        problem: what is wrong and how to mend it; None where nothing is.
    """

    state: SchemaState
    found: str
    needed: str
    problem: Problem | None = None

    def require(self, *, upgradable: bool = False) -> None:
        """Refuse a database that cannot be worked on, or, with `upgradable`, one that cannot be upgraded.

        Raises:
            SchemaError: with the sentence and the remedy.
        """
        if self.problem and not (self.state.is_upgradable if upgradable else self.state.is_usable):
            raise SchemaError(self.problem)


def report_schema(found: FoundSchema, known: KnownSchemas) -> SchemaReport:
    """Judge what stands in a database, and say it in a sentence."""
    state = judge_schema(found, known)
    return SchemaReport(state, found.revision, known.newest, _problem(state, found, known))


def report_unreadable(problem: Problem, known: KnownSchemas) -> SchemaReport:
    """Report something that is not a database at all."""
    return SchemaReport(SchemaState.UNREADABLE, "", known.newest, problem)


def judge_schema(found: FoundSchema, known: KnownSchemas) -> SchemaState:
    """Decide what may be done with a database."""
    tables = found.columns.keys() - {VERSIONS_TABLE}
    if closed_tables(found, known):
        return SchemaState.FORBIDDEN
    if not tables and not found.revisions:
        return SchemaState.EMPTY
    if len(found.revisions) == 1 and found.revisions[0] in known.revisions:
        return _judge_known(found, known)
    if not _has_most(found.columns, known.columns(known.revisions[0])):
        return SchemaState.FOREIGN
    return _judge_unknown(found, known) if found.revisions else SchemaState.INCOMPLETE


def closed_tables(found: FoundSchema, known: KnownSchemas) -> list[str]:
    """List the service's tables that the role may not read or does not see."""
    ours = {*known.columns(known.newest), VERSIONS_TABLE}
    if found.columns.keys() & ours:
        return sorted(found.unreadable & ours)
    hidden = {name for name in found.hidden if name.rpartition(".")[2] in ours}
    return sorted(found.unreadable & ours) or sorted(hidden)


def missing_names(found: Columns, expected: Columns) -> list[str]:
    """List tables, and columns of tables that are there, which are missing."""
    tables = sorted(expected.keys() - found.keys())
    columns = (
        f"{table}.{name}" for table in sorted(expected.keys() & found.keys()) for name in expected[table] - found[table]
    )
    return [*tables, *sorted(columns)]


def _judge_known(found: FoundSchema, known: KnownSchemas) -> SchemaState:
    expected = known.columns(found.revision)
    if not missing_names(found.columns, expected):
        return SchemaState.READY if found.revision == known.newest else SchemaState.OLDER
    return SchemaState.INCOMPLETE if _has_most(found.columns, expected) else SchemaState.FOREIGN


def _judge_unknown(found: FoundSchema, known: KnownSchemas) -> SchemaState:
    if found.upgrade is None:
        return SchemaState.UNRELEASED
    fits = found.upgrade.oldest_program in known.revisions and not missing_names(
        found.columns, known.columns(known.newest)
    )
    return SchemaState.AHEAD if fits else SchemaState.NEWER


def _has_most(found: Columns, expected: Columns) -> bool:
    """Tell a database of ours from another program's, which may have a table of the same name or two."""
    return len(found.keys() & expected.keys()) * 2 >= len(expected)


def _problem(state: SchemaState, found: FoundSchema, known: KnownSchemas) -> Problem | None:
    if state is SchemaState.READY:
        return None
    sentence, remedy = {
        SchemaState.AHEAD: _words_of_ahead,
        SchemaState.EMPTY: _words_of_empty,
        SchemaState.OLDER: _words_of_older,
        SchemaState.NEWER: _words_of_newer,
        SchemaState.UNRELEASED: _words_of_unreleased,
        SchemaState.INCOMPLETE: _words_of_incomplete,
        SchemaState.FOREIGN: _words_of_foreign,
        SchemaState.FORBIDDEN: _words_of_forbidden,
    }[state](found, known)
    return Problem(f"schema-{state}", sentence, remedy)


def _words_of_ahead(found: FoundSchema, known: KnownSchemas) -> tuple[str, str]:
    return (
        f"The schema is {found.revision}, newer than the {known.newest} of this program, which may go on working.",
        f"Start {_version(found)} in its place.",
    )


def _words_of_empty(_found: FoundSchema, _known: KnownSchemas) -> tuple[str, str]:
    return (
        "The database has no tables.",
        "Run `esm db upgrade --dir …` to make them; if it had records, restore the last backup instead.",
    )


def _words_of_older(found: FoundSchema, known: KnownSchemas) -> tuple[str, str]:
    return (
        f"The schema is {found.revision} and {known.newest} is needed.",
        "Run `esm db upgrade --dir …`, after a backup (docs/operations.md).",
    )


def _words_of_newer(found: FoundSchema, known: KnownSchemas) -> tuple[str, str]:
    return (
        f"The schema is {found.revision}, and this program knows {known.newest} at most.",
        f"Install {_version(found)} or a newer one; a schema does not go back.",
    )


def _words_of_unreleased(found: FoundSchema, _known: KnownSchemas) -> tuple[str, str]:
    return (
        f"This database was made by a version of esm-packets that was never released; its schema is {found.revision}.",
        "Open it with the very program that made it, or restore the backup of a released version.",
    )


def _words_of_incomplete(found: FoundSchema, known: KnownSchemas) -> tuple[str, str]:
    expected = known.columns(found.revision if found.revision in known.revisions else known.newest)
    missing = missing_names(found.columns, {**expected, VERSIONS_TABLE: frozenset({"version_num"})})
    named = found.revision or "none"
    return (
        f"The database says that its schema is {named}, and {missing[0] if missing else 'its revision'} is missing.",
        "Restore a whole backup; a version that was never released leaves such a database, too.",
    )


def _words_of_foreign(_found: FoundSchema, _known: KnownSchemas) -> tuple[str, str]:
    return (
        "The database holds the tables of another program.",
        "Give the service a database of its own, and look at --dir and ESM_DATABASE_URL.",
    )


def _words_of_forbidden(found: FoundSchema, known: KnownSchemas) -> tuple[str, str]:
    return (
        f"The role of the database may not read the table {closed_tables(found, known)[0]}.",
        "Run the SQL of `esm db grants` as the owner of the tables, after every `esm db upgrade`.",
    )


def _version(found: FoundSchema) -> str:
    return f"version {found.upgrade.version}" if found.upgrade and found.upgrade.version else "the version that made it"
