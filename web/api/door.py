"""The door of the API: every declared operation becomes a route, which reads what is sent, has it done and writes the answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache, partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.routing import BaseConverter

from packets.errors import PacketsError, Problem
from web.api import refusals
from web.api.admission import OPERATION
from web.api.bodies import MOST_BYTES, UnusableError, read_body, read_query
from web.api.conditions import require_condition, require_match, tag_of, write_json
from web.api.openapi import describe
from web.api.operations import FORM, JSON, LONGEST_FILES, PREFIX, Asked, Operation, Reply
from web.api.repetition import once, read_key
from web.api.v1 import NOUNS
from web.auth.roles import MARK, Audience
from web.visit import roles, visitor

OPERATIONS = tuple(operation for noun in NOUNS for operation in noun.operations)


class WrongTypeError(PacketsError):
    """A body of another media type than the address takes."""

    status_hint = 415


class AcoConverter(BaseConverter):
    """An ACO ID; anything else is nowhere."""

    regex = "A[0-9]{4}"


class SlugConverter(BaseConverter):
    """A name in small letters and hyphens."""

    regex = "[a-z][a-z-]{0,39}"


@cache
def description() -> dict[str, Any]:
    """The API's description; it is the same for as long as the program is."""
    return describe(OPERATIONS)


def make_door(app: Flask) -> Blueprint:
    """Open the API on an application: the blueprint with a route for each operation, and for their description."""
    app.url_map.converters |= {"aco": AcoConverter, "slug": SlugConverter}
    door = Blueprint("api", __name__)
    for operation in OPERATIONS:
        view = _route(operation)
        view.__dict__.update({MARK: operation.audience, OPERATION: operation})
        door.add_url_rule(f"{PREFIX}{operation.path}", operation.endpoint, view, methods=[operation.method])
    describing: Any = lambda: jsonify(description())  # noqa: E731
    describing.__dict__[MARK] = Audience.ANYONE
    door.add_url_rule("/api/openapi.json", "openapi", describing)
    app.register_blueprint(door)
    refusals.register(app)
    return door


def _route(operation: Operation) -> Callable[..., ResponseReturnValue]:
    def view(**address: Any) -> ResponseReturnValue:
        named = {name: str(one) if isinstance(one, UUID) else one for name, one in address.items()}
        content = _content(operation)
        asked = _read(operation, content)
        act = partial(_do, operation, asked, named)
        return once(asked.token, asked.key, content, act, refusals.refuse) if operation.creates else act()

    return view


def _content(operation: Operation) -> bytes:
    """The body; a JSON one is cut off early."""
    if operation.body is not None:
        request.max_content_length = MOST_BYTES
    if operation.files:
        request.max_content_length = LONGEST_FILES
    wanted = operation.takes or (JSON if operation.body else FORM if operation.files else "")
    if not wanted:
        return b""
    if request.mimetype != wanted:
        sentence = f"The address takes {wanted}."
        raise WrongTypeError(Problem("media-type", sentence, "Send that, and say so in Content-Type.", "Content-Type"))
    return _form(operation) if operation.files else request.get_data(cache=False)


def _form(operation: Operation) -> bytes:
    """What a form of files brings, by names and digests; the files themselves lie on the disk until they are read.

    Raises:
        UnusableError: something is in it that the address does not take.
    """
    sent = [(name, one) for name, one in request.files.items(multi=True)]
    names = [*request.form, *(name for name, _ in sent)]
    problems = [
        Problem("member-unknown", "The form has something in it that is no file of this name.", "Leave it out.", name)
        for name in dict.fromkeys(names)
        if name in request.form or name not in operation.files
    ]
    problems += [
        Problem("member-twice", "A file stands twice in the form.", "Send it once.", name)
        for name in operation.files
        if names.count(name) > 1
    ]
    if problems:
        raise UnusableError(problems)
    told = []
    for name, one in sorted(sent, key=lambda pair: pair[0]):
        told.append([name, one.filename, hashlib.file_digest(one.stream, "sha256").hexdigest()])  # type: ignore[arg-type]  # it reads
        one.stream.seek(0)
    return json.dumps(told).encode()


def _read(operation: Operation, content: bytes) -> Asked:
    """Everything that was sent; what is wrong with it is told at once."""
    key = read_key() if operation.creates else ""
    if operation.changes:
        require_condition()
    problems: list[Problem] = []
    query = body = None
    try:
        query = read_query(operation.query, request.args)
    except UnusableError as error:
        problems += error.problems
    try:
        body = read_body(operation.body, content) if operation.body else None
    except UnusableError as error:
        problems += error.problems
    if problems:
        raise UnusableError(problems)
    file = b"" if operation.body else content
    return Asked(visitor(), g.token, roles(), query, body, file, key, require_match)


def _do(operation: Operation, asked: Asked, address: dict[str, Any]) -> Response:
    reply: Reply = operation.view(asked, **address)
    if isinstance(reply.content, Response):
        return reply.content
    content = write_json(reply.content) if isinstance(reply.content, BaseModel) else reply.content or b""
    response = Response(content, reply.status, content_type=operation.gives if content else None)
    if reply.status == 204:  # noqa: PLR2004  nothing to say
        del response.headers["Content-Type"]
    response.headers.extend(reply.headers)
    if isinstance(reply.content, BaseModel):
        response.headers["ETag"] = tag_of(content)
        if operation.method == "GET":
            response.make_conditional(request)
    return response
