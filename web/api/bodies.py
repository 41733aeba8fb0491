"""Reading JSON that anybody may have written: each thing once, nothing that two readers could understand differently.

Names that stand twice in an object, numbers that are none (`NaN`), numbers beyond what a double holds, control characters, lone
surrogates and deep nesting are refused before any of it is looked at (RFC 8259, 4, 6, 8, 9; RFC 7493).
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict

from packets.errors import PacketsError, Problem

MOST_BYTES = 64 * 1024
DEEPEST = 16
UNCLEAN = frozenset({"Cc", "Cs"})
"""Control characters and lone surrogates, as Unicode sorts them."""

Read = TypeVar("Read", bound=BaseModel)


class UnreadableError(PacketsError):
    """What was sent is not what the address takes at all."""

    status_hint = 400


class UnusableError(PacketsError):
    """What was sent can be read, and has faults."""


class TooLargeError(PacketsError):
    """What was sent is longer than any honest call."""

    status_hint = 413


def read_json(content: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        TooLargeError: it is too long.
        UnreadableError: it is no JSON, or not such that everybody reads the same.
    """
    if len(content) > MOST_BYTES:
        sentence = f"The body is longer than {MOST_BYTES // 1024} KB."
        raise TooLargeError(Problem("body-too-large", sentence, "Send less."))
    try:
        text = content.decode("utf-8")
        _refuse_deep(text)
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
        for one in _texts(value):
            _refuse_characters(one)
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, _FaultError) else "it is not JSON in UTF-8"
        raise UnreadableError(
            Problem("body-unreadable", f"The body cannot be read: {said}.", "Send one JSON object in UTF-8.")
        ) from None
    return value


def read_body(shape: type[Read], content: bytes) -> Read:
    """The body as its shape.

    Raises:
        PacketsError: with everything that is wrong.
    """
    value = read_json(content)
    try:
        return shape.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise UnusableError(list(_problems(error, "member"))) from None


def read_query(shape: type[Read], given: MultiDict[str, str]) -> Read:
    """What stands behind the question mark, as its shape.

    Raises:
        UnusableError: with everything that is wrong.
    """
    problems = [
        Problem("parameter-twice", "A parameter stands twice in the address.", "Send it once.", name)
        for name, values in given.lists()
        if len(values) > 1
    ]
    problems += [
        Problem("parameter-characters", "A parameter has control characters in it.", "Send it without.", name)
        for name, values in given.lists()
        if not all(_is_clean(one) for one in (name, *values))
    ]
    try:
        read = shape.model_validate(given.to_dict())
    except ValidationError as error:
        raise UnusableError([*problems, *_problems(error, "parameter")]) from None
    if problems:
        raise UnusableError(problems)
    return read


def _problems(error: ValidationError, what: str) -> Iterator[Problem]:
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(map(str, one["loc"]))
        if one["type"] == "extra_forbidden":
            yield Problem(f"{what}-unknown", f"There is no {what} of this name.", "Leave it out.", where)
        elif one["type"] == "missing":
            yield Problem(f"{what}-missing", f"A {what} is missing.", "Send it.", where)
        else:
            sentence = f"A {what} cannot be used: {one['msg']}."
            yield Problem(f"{what}-invalid", sentence, "Send it as the documentation says.", where)


class _FaultError(ValueError):
    """A text that some readers would take."""


def _refuse_deep(text: str) -> None:
    """Brackets are counted outside of texts, before anything is built."""
    depth, inside, escaped = 0, False, False
    for one in text:
        if inside:
            escaped, inside = one == "\\" and not escaped, one != '"' or escaped
        elif one == '"':
            inside = True
        else:
            depth += (one in "[{") - (one in "]}")
            if depth > DEEPEST:
                raise _FaultError(f"it is nested more than {DEEPEST} deep")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _FaultError("a name stands twice in an object")
    return found


def _no_number(_text: str) -> Any:
    raise _FaultError("it has a number that is none")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _FaultError("it has a number that is too large")
    return number


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _refuse_characters(text: str) -> None:
    if not _is_clean(text, also="\t\n\r"):
        raise _FaultError("a text has control characters or lone surrogates in it")


def _is_clean(text: str, also: Iterable[str] = ()) -> bool:
    return not any(unicodedata.category(one) in UNCLEAN and one not in also for one in text)
