"""What a program may do with a database, judged from what stands in it; nothing is opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packets.errors import SchemaError
from packets.store.schema_state import (
    FoundSchema,
    KnownSchemas,
    SchemaState,
    SchemaUpgrade,
    report_schema,
    report_unreadable,
)

FIRST = {"audit": frozenset({"sequence"}), "documents": frozenset({"id"}), "people": frozenset({"id"})}
SECOND = {**FIRST, "people": frozenset({"id", "title"})}
THIRD = {**SECOND, "upgrades": frozenset({"revision"})}
SCHEMAS = {"1": FIRST, "2": SECOND, "3": THIRD}
KNOWN = KnownSchemas(tuple(SCHEMAS), SCHEMAS.__getitem__)
VERSIONS = {"alembic_version": frozenset({"version_num"})}
OTHERS = {"orders": frozenset({"id"}), "people": frozenset({"id"})}
BESIDE = {"somebody's": frozenset({"id"})}
BY_NEXT = SchemaUpgrade("4", "3", "9.9.9")


def found(revision: str, columns: dict[str, frozenset[str]], upgrade: SchemaUpgrade | None = None) -> FoundSchema:
    """A database at a revision."""
    return FoundSchema((revision,), {**columns, **VERSIONS}, upgrade=upgrade)


CASES = {
    "the newest schema": (found("3", THIRD), SchemaState.READY),
    "a table of somebody else beside ours": (found("3", THIRD | BESIDE), SchemaState.READY),
    "nothing at all": (FoundSchema(), SchemaState.EMPTY),
    "Alembic's table alone, as after the way down": (FoundSchema(columns=VERSIONS), SchemaState.EMPTY),
    "the schema before": (found("2", SECOND), SchemaState.OLDER),
    "the first schema": (found("1", FIRST), SchemaState.OLDER),
    "a newer schema on which this program may work": (found("4", THIRD, BY_NEXT), SchemaState.AHEAD),
    "a newer one on which it may not": (found("4", THIRD, replace(BY_NEXT, oldest_program="4")), SchemaState.NEWER),
    "a newer one that lacks a column of ours": (
        found("4", {**THIRD, "people": frozenset({"id"})}, BY_NEXT),
        SchemaState.NEWER,
    ),
    "a revision that nobody released": (found("0035", THIRD), SchemaState.UNRELEASED),
    "two revisions": (FoundSchema(("2", "x"), {**SECOND, **VERSIONS}), SchemaState.UNRELEASED),
    "the newest revision without a table": (found("3", SECOND), SchemaState.INCOMPLETE),
    "an older revision without a column": (found("2", FIRST), SchemaState.INCOMPLETE),
    "our tables without a revision": (FoundSchema(columns=THIRD), SchemaState.INCOMPLETE),
    "our tables and an empty table of revisions": (FoundSchema(columns={**THIRD, **VERSIONS}), SchemaState.INCOMPLETE),
    "tables of another program": (FoundSchema(columns=OTHERS), SchemaState.FOREIGN),
    "another program with Alembic": (found("a1b2c3", OTHERS), SchemaState.FOREIGN),
    "another program at a revision of our name": (found("3", OTHERS), SchemaState.FOREIGN),
    "a revision and not one table": (found("3", {}), SchemaState.FOREIGN),
    "a table that may not be read": (
        replace(found("3", SECOND), unreadable=frozenset({"upgrades"})),
        SchemaState.FORBIDDEN,
    ),
    "no revision that may be read": (
        FoundSchema(columns=THIRD, unreadable=frozenset({"alembic_version"})),
        SchemaState.FORBIDDEN,
    ),
    "tables in a schema that may not be used": (FoundSchema(hidden=frozenset({"public.audit"})), SchemaState.FORBIDDEN),
    "a closed table of somebody else": (
        replace(found("3", THIRD), unreadable=frozenset({"orders"}), hidden=frozenset({"other.audit"})),
        SchemaState.READY,
    ),
}


@pytest.mark.parametrize(("schema", "state"), CASES.values(), ids=CASES)
def test_a_database_is_judged_by_its_revision_and_its_tables(schema: FoundSchema, state: SchemaState) -> None:
    """And what is wrong is one sentence, with a way to mend it and a code of its own."""
    report = report_schema(schema, KNOWN)
    assert (report.state, report.needed) == (state, "3")
    if state is SchemaState.READY:
        assert report.problem is None
        return
    assert report.problem is not None
    assert report.problem.code == f"schema-{state}"
    assert report.problem.sentence.count(". ") == 0
    assert report.problem.sentence.endswith(".")
    assert report.problem.remedy.endswith(".")


@pytest.mark.parametrize("state", [state for state in SchemaState if state is not SchemaState.UNREADABLE])
def test_every_state_is_reached(state: SchemaState) -> None:
    """No state is there for nothing."""
    assert state in {expected for _, expected in CASES.values()}


@pytest.mark.parametrize(("schema", "state"), CASES.values(), ids=CASES)
def test_only_what_is_usable_is_worked_on_and_only_what_is_ours_is_upgraded(
    schema: FoundSchema, state: SchemaState
) -> None:
    """A newer schema is never upgraded, and one that is older is not worked on."""
    report = report_schema(schema, KNOWN)
    for upgradable, allowed in (
        (False, {SchemaState.READY, SchemaState.AHEAD}),
        (True, {SchemaState.READY, SchemaState.EMPTY, SchemaState.OLDER}),
    ):
        if state in allowed:
            report.require(upgradable=upgradable)
        else:
            with pytest.raises(SchemaError):
                report.require(upgradable=upgradable)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("the schema before", ("The schema is 2 and 3 is needed", "esm db upgrade")),
        ("a newer one on which it may not", ("The schema is 4", "version 9.9.9")),
        ("a revision that nobody released", ("never released", "0035")),
        ("an older revision without a column", ("people.title is missing",)),
        ("the newest revision without a table", ("upgrades is missing",)),
        ("our tables without a revision", ("alembic_version is missing",)),
        ("a table that may not be read", ("table upgrades", "esm db grants")),
        ("tables in a schema that may not be used", ("public.audit", "esm db grants")),
    ],
)
def test_the_sentence_names_what_one_has_to_know(name: str, words: tuple[str, ...]) -> None:
    """Revisions, the version that is wanted, what is missing, what may not be read."""
    problem = report_schema(CASES[name][0], KNOWN).problem
    assert [word for word in words if word not in str(problem)] == []


def test_something_that_is_not_a_database_is_reported_as_it_was_found() -> None:
    """With the problem of whoever tried to open it."""
    older = report_schema(found("2", SECOND), KNOWN).problem
    assert older is not None
    report = report_unreadable(older, KNOWN)
    assert (report.state, report.found, report.problem) == (SchemaState.UNREADABLE, "", older)
