"""The data that a document is made from: checked as a whole before anything is painted, then given its derived names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from packets.errors import Problem, RenderError
from packets.model.documents import DocumentType, Roster
from packets.render.characters import character_problems

_LONGEST = 160


def check_data(document_type: DocumentType, data: Mapping[str, Any], coverage: frozenset[int]) -> None:
    """Check frozen data against the type's schema and against the typefaces.

    Rows of rosters are checked here and not by the schema's validator, which takes a second for ten thousand cells;
    the rules are the same: each row is a list of as many texts as the roster has keys.

    Raises:
        RenderError: with everything that is wrong, each with its field path.
    """
    problems = [*_schema_problems(document_type, data), *_mismatches(document_type, data)]
    for roster in document_type.rosters:
        problems += _row_problems(roster, data)
    if not problems:
        problems = [*character_problems(dict(data), coverage)]
    if problems:
        raise RenderError(problems)


def _schema_problems(document_type: DocumentType, data: Mapping[str, Any]) -> Iterator[Problem]:
    validator = Draft202012Validator(document_type.schema)
    for error in sorted(validator.iter_errors(_without_rows(data)), key=lambda one: (one.json_path, one.message)):
        yield from _leaves(error)


def _mismatches(document_type: DocumentType, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Data frozen for another type or edition must not be printed under this one's words."""
    document = data.get("document")
    for name in ("kind", "title", "edition"):
        said = document.get(name) if isinstance(document, dict) else None
        if said is not None and said != getattr(document_type, name):
            sentence = (
                f"The data was frozen for the {name} “{said}”, and the template is of “{getattr(document_type, name)}”."
            )
            yield Problem("document-mismatch", sentence, "Assemble the document again.", f"document.{name}")


def _leaves(error: ValidationError) -> Iterator[Problem]:
    """The faults below an alternative say more than that no alternative fits."""
    if error.context and error.validator == "oneOf":
        for inner in error.context:
            if inner.validator != "type":
                yield from _leaves(inner)
                return
    where = error.json_path.removeprefix("$").removeprefix(".")
    fault = error.message if len(error.message) <= _LONGEST else error.message[:_LONGEST] + "…"
    yield Problem(
        "data-invalid",
        f"The data does not fit the document: {fault}.",
        "Correct the field, then assemble again.",
        where,
    )


def _without_rows(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with its rosters emptied, whatever they are."""
    rosters = data.get("rosters")
    if not isinstance(rosters, dict):
        return dict(data)
    emptied = {
        name: {key: [] if isinstance(value, list) else value for key, value in roster.items()}
        if isinstance(roster, dict)
        else roster
        for name, roster in rosters.items()
    }
    return {**data, "rosters": emptied}


def _row_problems(roster: Roster, data: Mapping[str, Any]) -> Iterator[Problem]:
    rosters = data.get("rosters")
    tables = rosters.get(roster.name) if isinstance(rosters, dict) else None
    for part in ("rows", "excluded"):
        rows = tables.get(part) if isinstance(tables, dict) else None
        if not isinstance(rows, list):
            continue  # the schema has said so
        for index, row in enumerate(rows):
            if fault := _row_fault(row, len(roster.keys)):
                where = f"rosters.{roster.name}.{part}[{index}]"
                yield Problem("row-invalid", f"The row {fault}.", f"Give the values {', '.join(roster.keys)}.", where)


def _row_fault(row: Any, width: int) -> str:
    if not isinstance(row, list):
        return "is not a list"
    if len(row) != width:
        return f"has {len(row)} values instead of {width}"
    return "" if all(isinstance(cell, str) for cell in row) else "holds something that is not text"


def body_names(document_type: DocumentType, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the body sees: the data, and the names derived from it (docs/template-dialect.md)."""
    return {
        **data,
        "counts": {roster.name: _counts(roster, data["rosters"][roster.name]) for roster in document_type.rosters},
        "holders": {contact["role"]: contact for contact in data.get("contacts") or []},
        "record": document_type.record,
    }


def _counts(roster: Roster, tables: Mapping[str, Any]) -> dict[str, int]:
    groups = len({row[0] for row in tables["rows"]}) if roster.group_by else 0
    return {"rows": len(tables["rows"]), "excluded": len(tables["excluded"]), "groups": groups}
