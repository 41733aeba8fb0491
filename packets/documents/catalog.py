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
from packets.documents.manifests import BODY, MANIFEST, SAMPLE, type_problems
from packets.errors import InputError, Problem
from packets.model.aco import Cohort
from packets.model.documents import ISSUERS, DocumentType, Party, Roster, RosterColumn, Slot
from packets.model.people import Role


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
        """The types that a cohort certifies, in the order of their steps (R2, R5); what is made on demand is no step."""
        return [one for one in self.values() if cohort in one.cohorts and not one.on_demand]


def load_catalog(folder: Traversable | None = None, extra: Traversable | None = None) -> Catalog:
    """Read every document type.

    Args:
        folder: where the types are; the ones that ship with the service when absent.
        extra: a further folder of types, e.g. an agency's own.

    Raises:
        InputError: with everything that is wrong in any manifest.
    """
    types, problems = survey_types(folder, extra)
    if problems:
        raise InputError(problems)
    return Catalog(types)


def survey_types(
    folder: Traversable | None = None, extra: Traversable | None = None
) -> tuple[list[DocumentType], list[Problem]]:
    """The types that can be read, and everything that is wrong with those that cannot.

    Args:
        folder: as for `load_catalog`.
        extra: likewise.
    """
    roots = [root for root in (folder or templates.documents(), extra) if root]
    if missing := [_folder_problem(root) for root in roots if not root.is_dir()]:
        return [], missing
    shared = json.loads(templates.schema().read_text("utf-8"))
    faults = {one: type_problems(one, shared["sections"]) for root in roots for one in _type_folders(root)}
    problems = [problem for found in faults.values() for problem in found]
    types = [_read_type(one, shared) for one, found in faults.items() if not found]
    return types, problems or _chain_problems(types)


def load_certificate(name: str) -> DocumentType:
    """A certificate that the service itself writes and seals, and that nobody signs; in the words of its folder."""
    return _read_type(templates.certificates() / name, json.loads(templates.schema().read_text("utf-8")))


def _folder_problem(root: Traversable) -> Problem:
    return Problem("folder-missing", "There is no folder of document types here.", "Name one that exists.", str(root))


def _type_folders(root: Traversable) -> list[Traversable]:
    """Every folder that has a manifest or a body: one of the two alone is a mistake that must not pass unseen."""
    return sorted(
        (one for one in root.iterdir() if one.joinpath(MANIFEST).is_file() or one.joinpath(BODY).is_file()),
        key=lambda one: one.name,
    )


def _chain_problems(types: list[DocumentType]) -> list[Problem]:
    """Prerequisites must be steps, earlier ones; what is made on demand may follow a step of its own number.

    No step waits for what is made on demand; two types cannot share a kind.
    """
    steps = {one.kind: one.step for one in types if not one.on_demand}
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
        if steps.get(kind, one.step + 1) >= one.step + one.on_demand
    ]
    if len({one.kind for one in types}) < len(types):
        problems.append(
            Problem("manifest-invalid", "Two folders have the same name.", "Give each kind a name of its own.")
        )
    return problems


def _read_type(folder: Traversable, shared: Mapping[str, Any]) -> DocumentType:
    manifest_bytes = folder.joinpath(MANIFEST).read_bytes()
    body = folder.joinpath(BODY).read_bytes()
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
        occasion=manifest.get("occasion", ""),
        record=manifest.get("record", {}),
        sample=json.loads(folder.joinpath(SAMPLE).read_text("utf-8")),
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
    issuers = {ISSUERS: {"type": "array", "items": {"type": "string"}}}
    return {
        "$defs": shared["$defs"],
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties | issuers,
    }
