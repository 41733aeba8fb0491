"""Variants of a document type's sample data: what a year can bring, so that no template meets it first on the day (R24)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle, islice
from types import MappingProxyType
from typing import Any, TypeAlias

from packets.model.documents import DocumentType

Data: TypeAlias = dict[str, Any]
ChangeText: TypeAlias = Callable[[str, str], str]
"""From the path and the value of a free text to another value."""

LONGEST = 500
"""The longest text that the sections of frozen data admit (templates/schema.json)."""
MANY_ROWS = 823
"""Rows of a long list: participants of one of the largest ACOs, with a margin."""


def change_texts(document_type: DocumentType, change: ChangeText, data: Mapping[str, Any] | None = None) -> Data:
    """The data with every free text changed: all that the schema leaves to whoever fills it in, cells of lists included.

    Args:
        document_type: its schema says what is free.
        change: gives the new value for a path and a value.
        data: the sample data when absent.
    """
    schema = document_type.schema
    return {
        name: value
        if name == "document"
        else _changed(value, schema["properties"].get(name, {}), schema["$defs"], change, name)
        for name, value in (document_type.sample if data is None else data).items()
    }


def _changed(value: Any, schema: Mapping[str, Any], known: Mapping[str, Any], change: ChangeText, where: str) -> Any:
    schema = _resolved(schema, value, known)
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        return {key: _changed(one, inner.get(key, {}), known, change, f"{where}.{key}") for key, one in value.items()}
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_changed(one, items, known, change, f"{where}[{index}]") for index, one in enumerate(value)]
    free = isinstance(value, str) and not {"pattern", "enum", "const"} & schema.keys()
    return change(where, value) if free else value


def _resolved(schema: Mapping[str, Any], value: Any, known: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema without references, and of its alternatives the one for a value that is there."""
    if "$ref" in schema:
        target = known[schema["$ref"].removeprefix("#/$defs/")]
        return {**target, **{key: one for key, one in schema.items() if key != "$ref"}}
    if "oneOf" in schema and value is not None:
        return next((one for one in schema["oneOf"] if one.get("type") != "null"), schema)
    return schema


def _sample(document_type: DocumentType) -> Data:
    return dict(document_type.sample)


def _with_rows(document_type: DocumentType, choose: Callable[[list[list[str]]], list[list[str]]]) -> Data:
    rosters = {
        name: {part: choose(rows) for part, rows in tables.items()}
        for name, tables in document_type.sample["rosters"].items()
    }
    return {**document_type.sample, "rosters": rosters}


def _without_rows(document_type: DocumentType) -> Data:
    return _with_rows(document_type, lambda _: [])


def _with_one_row(document_type: DocumentType) -> Data:
    return _with_rows(document_type, lambda rows: rows[:1])


def _with_many_rows(document_type: DocumentType) -> Data:
    def repeat(rows: list[list[str]]) -> list[list[str]]:
        return [[f"{900_000_000 + at}", *row[1:]] for at, row in enumerate(islice(cycle(rows), MANY_ROWS))]

    return _with_rows(document_type, repeat)


def _with_longest_words(document_type: DocumentType) -> Data:
    return change_texts(document_type, lambda _, value: ("Ŵ" * LONGEST) if value else "")


def _with_longest_names(document_type: DocumentType) -> Data:
    name = ("Worshipful and Long-Established Fellowship of Caregivers & Öthers, LLC, " * LONGEST)[:LONGEST].strip()
    return change_texts(document_type, lambda _, __: name)


def _without_optional_facts(document_type: DocumentType) -> Data:
    """Every text that may be empty is empty; cells of lists too."""
    empty = change_texts(document_type, lambda where, value: "" if where.startswith("rosters.") else value)
    aco = {name: "" for name in ("trade_name", "web_page", "service_area") if name in empty.get("aco", {})}
    return {**empty, "aco": {**empty["aco"], **aco}} if aco else empty


def _without_contacts(document_type: DocumentType) -> Data:
    return {**document_type.sample, "contacts": []} if "contacts" in document_type.sample else _sample(document_type)


def _without_corrections(document_type: DocumentType) -> Data:
    present = "corrections" in document_type.sample
    return {**document_type.sample, "corrections": None} if present else _sample(document_type)


def _of_cohort(cohort: str) -> Callable[[DocumentType], Data]:
    def make(document_type: DocumentType) -> Data:
        aco = document_type.sample.get("aco")
        return {**document_type.sample, "aco": {**aco, "cohort": cohort}} if aco else _sample(document_type)

    return make


def _of_record(document_type: DocumentType) -> Data:
    return {**document_type.sample, "sample": False}


VARIANTS: Mapping[str, Callable[[DocumentType], Data]] = MappingProxyType(
    {
        "sample data": _sample,
        "of record": _of_record,
        "no rows": _without_rows,
        "one row": _with_one_row,
        f"{MANY_ROWS} rows": _with_many_rows,
        "longest names": _with_longest_names,
        "longest words": _with_longest_words,
        "no optional facts": _without_optional_facts,
        "no contacts": _without_contacts,
        "no corrections": _without_corrections,
    }
)
"""Variants that every type must be right in, whatever its cohorts."""


def variants(document_type: DocumentType) -> dict[str, Data]:
    """Every variant of the sample data, by what is special about it: those of all types, and one for each cohort."""
    made = {name: make(document_type) for name, make in VARIANTS.items()}
    return made | {f"{cohort} ACO": _of_cohort(cohort)(document_type) for cohort in document_type.cohorts}
