"""The catalogue of document types: every folder in `templates/documents/` becomes a `DocumentType`.

Adding a type needs a new folder and nothing else (DESIGN 2). A manifest that cannot be used is refused with all that is
wrong with it, before anything is stored.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any

import templates
from packets.errors import InputError, Problem
from packets.model.aco import Cohort
from packets.model.documents import DocumentType, Party, Roster, RosterColumn, Slot
from packets.model.people import Role

REQUIRED_KEYS = (
    "title",
    "short_title",
    "edition",
    "step",
    "cohorts",
    "prerequisites",
    "gates",
    "citations",
    "takes_effect",
    "language",
    "sections",
)
GATES = frozenset({"contacts", "organization"})
EFFECTS = frozenset({"on-last-signature", "on-start-of-performance-year"})
RESERVED_SLOTS = frozenset({"Seal"})


class Catalog(Mapping[str, DocumentType]):
    """Document types by kind, iterated in the order of their steps."""

    def __init__(self, types: list[DocumentType]) -> None:
        self._types = {one.kind: one for one in sorted(types, key=lambda one: (one.step, one.kind))}

    def __getitem__(self, kind: str) -> DocumentType:
        """The type of that kind; a `KeyError` when there is none."""
        return self._types[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def for_cohort(self, cohort: Cohort) -> list[DocumentType]:
        """The types that a cohort certifies, in the order of their steps (R2, R5)."""
        return [one for one in self.values() if cohort in one.cohorts]


def load_catalog(folder: Traversable | None = None, extra: Traversable | None = None) -> Catalog:
    """Read every document type.

    Args:
        folder: where the types are; the ones that ship with the service when absent.
        extra: a further folder of types, e.g. an agency's own.

    Raises:
        InputError: with everything that is wrong in any manifest.
    """
    folders = [one for root in (folder or templates.documents(), extra) if root for one in _type_folders(root)]
    shared = json.loads(templates.schema().read_text("utf-8"))
    problems = [problem for one in folders for problem in _manifest_problems(one)]
    if not problems:
        types = [_read_type(one, shared) for one in folders]
        problems = _chain_problems(types)
    if problems:
        raise InputError(problems)
    return Catalog(types)


def _type_folders(root: Traversable) -> list[Traversable]:
    return sorted((one for one in root.iterdir() if one.joinpath("document.toml").is_file()), key=lambda one: one.name)


def _manifest_problems(folder: Traversable) -> list[Problem]:
    """What is wrong with one manifest, each problem with the key it is about."""
    where = f"{folder.name}/document.toml"
    try:
        manifest = tomllib.loads(folder.joinpath("document.toml").read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        return [Problem("manifest-unreadable", f"The manifest is not TOML: {error}.", "Mend the line it names.", where)]
    found = [f"the key {key} is missing" for key in (*REQUIRED_KEYS, "slots") if key not in manifest]
    found += [
        f"the file {name} is missing" for name in ("body.xml.j2", "sample.json") if not folder.joinpath(name).is_file()
    ]
    found += [f"the cohort {one} is unknown" for one in manifest.get("cohorts", []) if one not in set(Cohort)]
    found += [f"the gate {one} is unknown" for one in manifest.get("gates", []) if one not in GATES]
    if manifest.get("takes_effect", "on-last-signature") not in EFFECTS:
        found.append(f"takes_effect must be one of {', '.join(sorted(EFFECTS))}")
    found += _slot_faults(manifest.get("slots", []))
    return [
        Problem(
            "manifest-invalid",
            f"In the manifest {fault}.",
            "Mend the manifest; docs/template-dialect.md explains it.",
            where,
        )
        for fault in found
    ]


def _slot_faults(slots: list[dict[str, Any]]) -> Iterator[str]:
    names = [slot.get("name", "") for slot in slots]
    for slot, name in zip(slots, names, strict=True):
        yield from (
            f"slot {name} lacks {key}" for key in ("name", "party", "label", "roles", "purpose") if key not in slot
        )
        yield from (
            f"slot {name} names the unknown role {role}" for role in slot.get("roles", []) if role not in set(Role)
        )
        yield from (
            f"slot {name} must differ from {one}, which is no slot"
            for one in slot.get("different_from", [])
            if one not in names
        )
        if name in RESERVED_SLOTS or "." in name or names.count(name) > 1:
            yield f"the slot name {name} is reserved, has a full stop or stands twice"


def _chain_problems(types: list[DocumentType]) -> list[Problem]:
    """Prerequisites must exist and must stand at an earlier step; two types cannot share a kind."""
    steps = {one.kind: one.step for one in types}
    remedy = "Name kinds of an earlier step."
    problems = [
        Problem(
            "manifest-invalid",
            f"The prerequisite {kind} does not exist or is not earlier.",
            remedy,
            f"{one.kind}/document.toml",
        )
        for one in types
        for kind in one.prerequisites
        if steps.get(kind, one.step) >= one.step
    ]
    if len(steps) < len(types):
        problems.append(
            Problem("manifest-invalid", "Two folders have the same name.", "Give each kind a name of its own.")
        )
    return problems


def _read_type(folder: Traversable, shared: Mapping[str, Any]) -> DocumentType:
    manifest_bytes = folder.joinpath("document.toml").read_bytes()
    body = folder.joinpath("body.xml.j2").read_bytes()
    manifest = tomllib.loads(manifest_bytes.decode("utf-8"))
    rosters = tuple(_read_roster(one) for one in manifest.get("rosters", []))
    return DocumentType(
        kind=folder.name,
        title=manifest["title"],
        short_title=manifest["short_title"],
        edition=manifest["edition"],
        step=manifest["step"],
        cohorts=tuple(Cohort(one) for one in manifest["cohorts"]),
        prerequisites=tuple(manifest["prerequisites"]),
        gates=tuple(manifest["gates"]),
        slots=tuple(_read_slot(one) for one in manifest["slots"]),
        citations=tuple(manifest["citations"]),
        takes_effect=manifest["takes_effect"],
        language=manifest["language"],
        sections=tuple(manifest["sections"]),
        schema=_schema(manifest, rosters, shared),
        rosters=rosters,
        body=body.decode("utf-8"),
        template_digest=hashlib.sha256(manifest_bytes + b"\0" + body).hexdigest(),
        record=manifest.get("record", {}),
        sample=json.loads(folder.joinpath("sample.json").read_text("utf-8")),
    )


def _read_slot(slot: Mapping[str, Any]) -> Slot:
    return Slot(
        name=slot["name"],
        party=Party(slot["party"]),
        label=slot["label"],
        roles=tuple(Role(role) for role in slot["roles"]),
        purpose=slot["purpose"],
        different_from=tuple(slot.get("different_from", ())),
    )


def _read_roster(roster: Mapping[str, Any]) -> Roster:
    return Roster(
        **{key: roster[key] for key in ("name", "source", "title")},
        **{key: roster.get(key, "") for key in ("group_by", "group_label", "excluded_by")},
        columns=tuple(RosterColumn(one["key"], one["label"], float(one["width"])) for one in roster["columns"]),
    )


def _schema(manifest: Mapping[str, Any], rosters: tuple[Roster, ...], shared: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of the frozen data: the document's own facts, the sections it names, its rosters."""
    row_of = {
        one.name: {"type": "array", "minItems": len(one.keys), "maxItems": len(one.keys), "items": {"type": "string"}}
        for one in rosters
    }
    tables = {
        name: {"$ref": "#/$defs/roster", "properties": {key: {"items": row} for key in ("rows", "excluded")}}
        for name, row in row_of.items()
    }
    document = {
        "kind": {"type": "string"},
        "title": {"type": "string"},
        "edition": {"type": "string"},
        "performance_year": {"type": "integer"},
    }
    properties = {
        "document": {
            "type": "object",
            "additionalProperties": False,
            "required": list(document),
            "properties": document,
        },
        "sample": {"type": "boolean"},
        "rosters": {"type": "object", "additionalProperties": False, "required": list(tables), "properties": tables},
        **{name: shared["sections"][name] for name in manifest["sections"] if name in shared["sections"]},
        **manifest.get("schema", {}),
    }
    return {
        "$defs": shared["$defs"],
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }
