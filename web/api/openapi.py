"""The description of the API (OpenAPI 3.1), made from the same declarations that the door is made from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.api.operations import FORM, PREFIX, Operation
from web.api.refusals import PROBLEM_JSON
from web.api.shapes import Refusal

PLACE = re.compile(r"<([a-z]+)(?:\(min=(\d+), max=(\d+)\))?:([a-z_]+)>")
PLACES: dict[str, dict[str, Any]] = {
    "aco": {"type": "string", "pattern": "^A[0-9]{4}$"},
    "uuid": {"type": "string", "format": "uuid"},
    "slug": {"type": "string", "pattern": "^[a-z][a-z-]{0,39}$"},
}
ABOUT = (
    "What the pages do with packets, for programs. Send `Authorization: Bearer` with a token; what its person may do is "
    "asked anew at each call. Refusals are `application/problem+json` with every reason, its code, its remedy and its place. "
    "`docs/api.md` has examples."
)
SCHEMA_PLACE = "#/components/schemas/{model}"


def describe(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document."""
    listed = list(operations)
    shapes: list[type[BaseModel]] = sorted({*_shapes(listed), Refusal}, key=str)
    names, definitions = models_json_schema([(one, "validation") for one in shapes], ref_template=SCHEMA_PLACE)
    refs = {one: names[one, "validation"] for one in shapes}
    paths: dict[str, Any] = {}
    for one in listed:
        paths.setdefault(_path(one), {})[one.method.lower()] = _operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "esm-packets", "version": version("esm-packets"), "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(one.noun for one in listed)],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _shapes(operations: Iterable[Operation]) -> Iterable[type[BaseModel]]:
    return (shape for one in operations for shape in (one.answer, one.body) if shape is not None)


def _path(operation: Operation) -> str:
    return PREFIX + PLACE.sub(r"{\4}", operation.path)


def _operation(operation: Operation, refs: dict[type[BaseModel], Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.endpoint,
        "tags": [operation.noun],
        "summary": operation.summary,
        "description": f"{operation.description} For {operation.audience}; scope `{operation.scope}`.".strip(),
        "parameters": [*_places(operation), *_questions(operation), *_headers(operation)],
        "responses": _responses(operation, refs),
    }
    if operation.body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": refs[operation.body]}}}
    elif operation.files:
        told["requestBody"] = {"required": True, "content": {FORM: {"schema": _files(operation.files)}}}
    elif operation.takes:
        file = {"type": "string", "format": "binary"}
        told["requestBody"] = {"required": True, "content": {operation.takes: {"schema": file}}}
    return told


def _places(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": PLACES.get(kind) or _number(least, most)}
        for kind, least, most, name in PLACE.findall(operation.path)
    ]


def _number(least: str, most: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": int(least), "maximum": int(most)}


def _files(names: Iterable[str]) -> dict[str, Any]:
    """A form of files, each under its name."""
    file = {"type": "string", "format": "binary"}
    return {"type": "object", "properties": dict.fromkeys(names, file), "additionalProperties": False}


def _questions(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.query.model_json_schema()
    wanted = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in wanted,
            "description": one.pop("description", ""),
            "schema": _inlined(one, schema.get("$defs", {})),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _inlined(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema of one member without references to the shape that it came from; a text in an address is never null."""
    kinds = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if "$ref" not in schema and not kinds:
        return schema
    more = {name: one for name, one in schema.items() if name not in {"$ref", "anyOf", "default"}}
    kind = definitions[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else _inlined(kinds[0], definitions)
    return {**kind, **more}


def _headers(operation: Operation) -> list[dict[str, Any]]:
    found = []
    if operation.creates:
        key = {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"}
        told = "New for each act; the same key and request have the same answer for a day."
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "description": told, "schema": key})
    if operation.changes:
        told = "The `ETag` of what you looked at."
        tag = {"type": "string", "pattern": '^"[0-9a-f]{32}"$'}
        found.append({"name": "If-Match", "in": "header", "required": True, "description": told, "schema": tag})
    return found


def _responses(operation: Operation, refs: dict[type[BaseModel], Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done." if operation.method != "GET" else "What was asked for."}
    if operation.answer is not None:
        done["content"] = {operation.gives: {"schema": refs[operation.answer]}}
    elif operation.status != 204:  # noqa: PLR2004  nothing to say
        done["content"] = {operation.gives: {"schema": {"type": "string", "format": "binary"}}}
    refused = {"content": {PROBLEM_JSON: {"schema": refs[Refusal]}}}
    found = {str(operation.status): done}
    if operation.method == "GET" and operation.answer is not None:
        found["304"] = {"description": "It is as you have seen it (`If-None-Match`)."}
    return found | {
        "4XX": {"description": "Refused, with every reason.", **refused},
        "503": {"description": "Not possible at the moment; send it again later.", **refused},
    }
