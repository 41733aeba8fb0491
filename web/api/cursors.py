"""Pages of lines by opaque cursors: each says behind which line the next page begins, and for which question it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel

from packets.errors import Problem
from web.api.bodies import UnusableError
from web.api.shapes import PageQuestion
from web.visit import services

Line = TypeVar("Line")


def cut(
    lines: Iterable[Line], query: PageQuestion, key: Callable[[Line], Sequence[Any]]
) -> tuple[list[Line], str | None]:
    """A page of lines that are sorted by a key which no two share, and the cursor of the next one."""
    after = read_cursor(query)
    rest = [one for one in lines if after is None or list(key(one)) > after]
    page = rest[: query.limit]
    return page, write_cursor(query, list(key(page[-1]))) if len(rest) > query.limit else None


def write_cursor(query: PageQuestion, place: Any) -> str:
    """The cursor of what comes behind a place."""
    return str(_serializer(query).dumps(place))


def read_cursor(query: PageQuestion) -> Any:
    """The place behind which the page begins; None for the first page.

    Raises:
        UnusableError: the cursor is not one of ours for this question.
    """
    if not query.cursor:
        return None
    try:
        return _serializer(query).loads(query.cursor)
    except BadData:
        remedy = "Send `next` of the page before, with the same filters."
        problem = Problem("cursor-unusable", "The cursor is not one of this list.", remedy, "cursor")
        raise UnusableError(problem) from None


def _serializer(query: PageQuestion) -> URLSafeSerializer:
    question: BaseModel = query.model_copy(update={"cursor": "", "limit": 1})
    return URLSafeSerializer(services().session_secret, salt=f"{type(query).__name__} {question.model_dump_json()}")
