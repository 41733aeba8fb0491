"""One declaration for each route: who may use it, what it takes, what it answers. The door and the OpenAPI document read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask import Response
from pydantic import BaseModel

from packets.model.people import Person, Role
from packets.model.tokens import ApiToken, Scope
from web.api.shapes import Question
from web.auth.roles import Audience
from web.request_limits import YEAR_BYTES

PREFIX = "/api/v1"
JSON, PDF, ZIP = "application/json", "application/pdf", "application/zip"
FORM = "multipart/form-data"
LONGEST_FILES = YEAR_BYTES
"""Longest form of files: the lists of a whole nation have about 130 MB, and a tenth of that as gzip."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was let in, with what it sent, read and checked.

    Attributes:
        roles: what the person holds at CMS and at the ACO that the address names, at this moment.
        query, body: of the operation's shapes.
        content: the body of an operation that takes a file.
        key: the idempotency key; empty where none is wanted.
    """

    person: Person
    token: ApiToken
    roles: frozenset[Role]
    query: Any
    body: Any
    content: bytes
    key: str
    match: Callable[[BaseModel], None]
    """Refuses when the thing that is about to be changed is no longer what the caller has seen."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers; a file that is sent piece by piece is a response already."""

    content: BaseModel | bytes | Response | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


View: TypeAlias = Callable[..., Reply]
"""Does an operation: from what was asked, and what the address names, the answer, or a refusal raised as `PacketsError`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One route.

    Attributes:
        path: behind the prefix, as Werkzeug writes it.
        scope: what a token must be for.
        answer: the shape of the answer; None where it is a file or nothing.
        query, body: the shapes of what is asked.
        takes: media type of a body that is a file; empty where there is none.
        files: names of the files that a form may bring.
        gives: media type of the answer.
        creates: whether it makes something, so that it must be safe to send twice.
        changes: whether it wants to be told what the caller has seen (`If-Match`).
    """

    method: str
    path: str
    noun: str
    name: str
    summary: str
    description: str
    audience: Audience
    scope: Scope
    view: View
    answer: type[BaseModel] | None = None
    status: int = 200
    query: type[Question] = Question
    body: type[BaseModel] | None = None
    takes: str = ""
    files: tuple[str, ...] = ()
    gives: str = JSON
    creates: bool = False
    changes: bool = False

    @property
    def endpoint(self) -> str:
        """Its name for Flask and for OpenAPI."""
        return f"{self.noun}_{self.name}"


@dataclass
class Noun:
    """The operations of one noun."""

    name: str
    operations: list[Operation] = field(default_factory=list)

    def operation(
        self, method: str, path: str, audience: Audience, scope: Scope, **declared: Any
    ) -> Callable[[View], View]:
        """Declare the function below as an operation; its docstring is what the documentation says of it."""

        def declare(view: View) -> View:
            self.add(method, path, audience, scope, view, **declared)
            return view

        return declare

    def add(self, method: str, path: str, audience: Audience, scope: Scope, view: View, **declared: Any) -> None:
        """Declare a function as an operation."""
        text = (view.__doc__ or "").strip()
        summary, _, more = text.partition("\n\n")
        name = declared.pop("name", getattr(view, "__name__", ""))
        told = (summary, " ".join(more.split()))
        self.operations.append(Operation(method, path, self.name, name, *told, audience, scope, view, **declared))
