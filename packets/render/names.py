"""Names that a body uses, compared with the names that it will see: without data, so branches not taken are checked too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from jinja2 import meta, nodes

from packets.errors import Problem
from packets.model.documents import DocumentType
from packets.render.environment import global_names, parse_body

Shape: TypeAlias = "dict[str, Shape] | None"
"""The names inside a value; None when they are not known, e.g. those of a list."""

_REMEDY = "Correct the name; docs/template-dialect.md lists what the body sees."


def name_problems(document_type: DocumentType) -> Iterator[Problem]:
    """Every name in the body that does not exist, with its line.

    Raises:
        RenderError: the body is not Jinja.
    """
    tree = parse_body(document_type.body)
    seen = visible_names(document_type)
    outside = meta.find_undeclared_variables(tree)
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in outside - seen.keys() - global_names():
            yield _problem(name.name, name.lineno)
    for member in tree.find_all(nodes.Getattr):
        inside = _shape_at(member.node, {one: seen[one] for one in outside & seen.keys()})
        if inside is not None and member.attr not in inside and not hasattr(dict, member.attr):
            yield _problem(_path(member), member.lineno)


def unused_sections(document_type: DocumentType) -> Iterator[str]:
    """Sections that the manifest names and the body never asks for: facts about people that nobody needs to freeze."""
    asked = meta.find_undeclared_variables(parse_body(document_type.body))
    through = {"contacts": {"contacts", "holders"}}
    for section in document_type.sections:
        if not asked & through.get(section, {section}):
            yield section


def visible_names(document_type: DocumentType) -> dict[str, Shape]:
    """The names that the body sees, with the names inside them (docs/template-dialect.md)."""
    schema = document_type.schema
    data = {name: _schema_shape(one, schema["$defs"]) for name, one in schema["properties"].items()}
    counts: Shape = {one.name: dict.fromkeys(("rows", "excluded", "groups")) for one in document_type.rosters}
    return {**data, "counts": counts, "holders": None, "record": _value_shape(document_type.record)}


def _schema_shape(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Shape:
    if "$ref" in schema:
        return _schema_shape(known[schema["$ref"].removeprefix("#/$defs/")], known)
    for one in schema.get("oneOf", ()):
        if one.get("type") == "object":
            return _schema_shape(one, known)
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        return None
    return {name: _schema_shape(one, known) for name, one in schema.get("properties", {}).items()}


def _value_shape(value: Any) -> Shape:
    return {name: _value_shape(one) for name, one in value.items()} if isinstance(value, Mapping) else None


def _shape_at(node: nodes.Node, seen: Mapping[str, Shape]) -> Shape:
    """The names inside what a chain of names leads to; None where nothing is known of it."""
    if isinstance(node, nodes.Name):
        return seen.get(node.name)
    if isinstance(node, nodes.Getattr):
        above = _shape_at(node.node, seen)
        return above.get(node.attr) if above else None
    return None


def _path(member: nodes.Getattr) -> str:
    above = member.node
    return f"{_path(above) if isinstance(above, nodes.Getattr) else getattr(above, 'name', '…')}.{member.attr}"


def _problem(name: str, line: int) -> Problem:
    return Problem(
        "template-name", f"The body asks for {name}, which does not exist.", _REMEDY, f"body.xml.j2 line {line}"
    )
