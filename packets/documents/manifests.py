"""What is wrong with the files of a document type: its manifest, its body and its sample data (docs/template-dialect.md).

The shape of a manifest is a JSON Schema, so a misspelt key, a role that nobody has and a missing edition are all found in
one go; what the schema cannot say (slots that name each other) is looked at afterwards.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from packets.errors import Problem
from packets.model.aco import Cohort
from packets.model.agreements import CONTACTS_GATE, CONTACTS_OCCASION, EXTENSION_GATE
from packets.model.documents import Party
from packets.model.people import Role

MANIFEST, BODY, SAMPLE = "document.toml", "body.xml.j2", "sample.json"
GATES = ("contacts", "organization", CONTACTS_GATE, EXTENSION_GATE)
OCCASIONS = (CONTACTS_OCCASION,)
EFFECTS = ("on-last-signature", "on-start-of-performance-year")
RESERVED_SLOTS = frozenset({"Seal"})

_TEXT: dict[str, Any] = {"type": "string", "pattern": r"\S"}
_MAYBE: dict[str, Any] = {"type": "string"}


def _record(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def _list(items: Mapping[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


def _names(names: Iterable[str]) -> dict[str, Any]:
    return {"enum": list(map(str, names))}


_SLOT = _record(
    {"name": _TEXT, "party": _names(Party), "label": _TEXT, "roles": _list(_names(Role), 1), "purpose": _TEXT},
    {"different_from": _list(_TEXT)},
)
_COLUMN = _record({"key": _TEXT, "label": _TEXT, "width": {"type": "number", "exclusiveMinimum": 0}})
_ROSTER = _record(
    {"name": _TEXT, "source": _TEXT, "title": _TEXT, "columns": _list(_COLUMN, 1)},
    {"group_by": _MAYBE, "group_label": _MAYBE, "excluded_by": _MAYBE},
)
MANIFEST_SCHEMA = _record(
    {
        "title": _TEXT,
        "short_title": _TEXT,
        "edition": _TEXT,
        "step": {"type": "integer", "minimum": 2},
        "cohorts": _list(_names(Cohort), 1),
        "prerequisites": _list(_TEXT),
        "gates": _list(_names(GATES)),
        "takes_effect": _names(EFFECTS),
        "language": _TEXT,
        "sections": _list(_TEXT),
        "citations": _list(_TEXT),
        "slots": _list(_SLOT, 1),
    },
    {
        "occasion": _names(OCCASIONS),
        "rosters": _list(_ROSTER),
        "record": {"type": "object"},
        "schema": {"type": "object"},
    },
)
"""The shape of a manifest. Step 1 is the contacts and the organization data, so documents begin at step 2 (R2)."""


def type_problems(folder: Traversable, sections: Collection[str]) -> list[Problem]:
    """Everything that keeps a folder from being a document type, each problem with its file and, where known, its line.

    Args:
        folder: of one document type.
        sections: the sections of frozen data that the service can fill.
    """
    missing = [name for name in (MANIFEST, BODY, SAMPLE) if not folder.joinpath(name).is_file()]
    problems = [_file_problem(folder, name, f"The file {name} is missing.") for name in missing]
    if MANIFEST not in missing:
        problems += _manifest_problems(folder, sections)
    if SAMPLE not in missing:
        problems += _sample_problems(folder)
    if BODY not in missing:
        problems += _body_problems(folder)
    return problems


def _file_problem(folder: Traversable, name: str, sentence: str, line: int | None = None) -> Problem:
    where = f"{folder.name}/{name}" + (f" line {line}" if line else "")
    return Problem("manifest-unreadable", sentence, "Mend the file; docs/template-dialect.md explains it.", where)


def _manifest_problems(folder: Traversable, sections: Collection[str]) -> Iterator[Problem]:
    try:
        manifest = tomllib.loads(folder.joinpath(MANIFEST).read_text("utf-8"))
    except UnicodeDecodeError:
        yield _file_problem(folder, MANIFEST, "The manifest is not UTF-8.")
        return
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        yield _file_problem(folder, MANIFEST, f"The manifest is not TOML: {error}.", int(line[1]) if line else None)
        return
    faults = list(_shape_faults(manifest)) or [*_slot_faults(manifest["slots"]), *_section_faults(manifest, sections)]
    remedy = "Mend the manifest; docs/template-dialect.md explains it."
    for fault in faults:
        yield Problem("manifest-invalid", f"In the manifest {fault}.", remedy, f"{folder.name}/{MANIFEST}")


def _shape_faults(manifest: Mapping[str, Any]) -> Iterator[str]:
    for error in Draft202012Validator(MANIFEST_SCHEMA).iter_errors(manifest):
        place = error.json_path.removeprefix("$").removeprefix(".")
        yield f"{place}: {error.message}" if place else error.message


def _slot_faults(slots: list[Mapping[str, Any]]) -> Iterator[str]:
    names = [slot["name"] for slot in slots]
    for slot, name in zip(slots, names, strict=True):
        for other in slot.get("different_from", []):
            if other not in names:
                yield f"the slot {name} must differ from {other}, which is no slot"
        if name in RESERVED_SLOTS or "." in name or names.count(name) > 1:
            yield f"the slot name {name} is reserved, has a full stop or stands twice"


def _section_faults(manifest: Mapping[str, Any], sections: Collection[str]) -> Iterator[str]:
    known = {*sections, *manifest.get("schema", {})}
    for name in manifest["sections"]:
        if name not in known:
            yield f"the section {name} is unknown: there are {', '.join(sorted(known))}"
    for name, schema in manifest.get("schema", {}).items():
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            yield f"the schema of the section {name} is no JSON Schema: {error.message}"


def _sample_problems(folder: Traversable) -> Iterator[Problem]:
    try:
        sample = json.loads(folder.joinpath(SAMPLE).read_text("utf-8"))
    except UnicodeDecodeError:
        yield _file_problem(folder, SAMPLE, "The sample data is not UTF-8.")
        return
    except json.JSONDecodeError as error:
        yield _file_problem(folder, SAMPLE, f"The sample data is not JSON: {error}.", error.lineno)
        return
    if not isinstance(sample, dict):
        yield _file_problem(folder, SAMPLE, "The sample data is not a JSON object.")


def _body_problems(folder: Traversable) -> Iterator[Problem]:
    try:
        folder.joinpath(BODY).read_text("utf-8")
    except UnicodeDecodeError:
        yield _file_problem(folder, BODY, "The body is not UTF-8.")
