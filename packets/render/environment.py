"""The Jinja environment in which bodies write their markup: sandboxed, escaping, and strict about names.

A body is a template of ours or of an agency; data in it is escaped, and code in it can reach nothing but the data it is
given (`ImmutableSandboxedEnvironment`).
"""

from __future__ import annotations

import re
import traceback
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment

from packets.errors import Problem, RenderError

_REMEDY = "Mend body.xml.j2; docs/template-dialect.md lists what the body sees."


def write_date(value: str) -> str:
    """An ISO date as people write it: `2027-01-01` becomes `January 1, 2027`."""
    day = date.fromisoformat(value)
    return f"{day:%B} {day.day}, {day.year}"


def write_number(value: int) -> str:
    """A whole number with thousands set apart: 12345 becomes `12,345`."""
    return f"{int(value):,}"


def write_plural(count: int, noun: str, nouns: str = "") -> str:
    """A count with its noun: 1 and `row` become `1 row`, 3 and `row` become `3 rows`; `nouns` is the plural if not regular."""
    return f"{write_number(count)} {noun if count == 1 else nouns or noun + 's'}"


def write_address(address: Mapping[str, str]) -> str:
    """A mailing address on one line."""
    street = ", ".join(line for line in (address["line_1"], address["line_2"]) if line)
    return f"{street}, {address['city']}, {address['state']} {address['zip_code']}"


_MARK = re.compile("\ue000([0-9]+)\ue001")
"""Says, inside what a traced body writes, in which line of the body the words that follow stand. Data cannot hold it."""


class _LineMarks(Extension):
    """Marks the words of a body with their lines, for those who look for a fault in what it wrote."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type != "data":
                yield token
                continue
            lines = token.value.split("\n")
            marked = (f"\ue000{number}\ue001{line}" for number, line in enumerate(lines, token.lineno))
            yield Token(token.lineno, token.type, "\n".join(marked))


def _environment(*extensions: type[Extension]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True, extensions=extensions)
    environment.filters.update(date=write_date, number=write_number, plural=write_plural, address=write_address)
    return environment


_ENVIRONMENT = _environment()
_TRACING = _environment(_LineMarks)


@lru_cache(maxsize=64)
def _compiled(body: str) -> Template:
    """A body made into a program, once for all documents of its kind."""
    return _ENVIRONMENT.from_string(body)


def learn_body(body: str) -> None:
    """Make a body into a program now, so that a process that is forked afterwards has it; a faulty one is told of there."""
    with suppress(TemplateError, RecursionError):
        _compiled(body)


def write_markup(body: str, names: Mapping[str, Any]) -> str:
    """Let a body write its markup.

    Args:
        body: the Jinja source.
        names: what it sees.

    Raises:
        RenderError: the body is not Jinja, or asks for what is not there, with the line in the body.
    """
    try:
        return _compiled(body).render(names)
    except TemplateSyntaxError as error:
        raise _refusal("template-syntax", error, error.lineno) from error
    except (
        TemplateError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        raise _refusal("template-name", error, (lines or [0])[-1]) from error


def trace_markup(body: str, names: Mapping[str, Any]) -> Callable[[int, int], int]:
    """Where what a body wrote comes from: a function from line (from 1) and column (from 0) in it to the line in the body.

    Args:
        body: a Jinja source that `write_markup` could write with these names.
        names: what it sees.
    """
    traced = _TRACING.from_string(body).render(names)
    offsets, lines, taken = [0], [1], 0
    for mark in _MARK.finditer(traced):
        offsets.append(mark.start() - taken)
        lines.append(int(mark[1]))
        taken += len(mark[0])
    starts = [0, *(found.end() for found in re.finditer("\n", _MARK.sub("", traced)))]

    def locate(line: int, column: int) -> int:
        offset = starts[min(line, len(starts)) - 1] + column
        return lines[bisect_right(offsets, offset) - 1]

    return locate


def parse_body(body: str) -> nodes.Template:
    """The syntax tree of a body, for those who check it without data.

    Raises:
        RenderError: the body is not Jinja, with the line.
    """
    try:
        _ENVIRONMENT.from_string(body)  # finds unknown filters too
        return _ENVIRONMENT.parse(body)
    except TemplateSyntaxError as error:
        raise _refusal("template-syntax", error, error.lineno) from error


def global_names() -> frozenset[str]:
    """Names that every body sees: those that Jinja itself gives."""
    return frozenset(_ENVIRONMENT.globals)


def _refusal(code: str, error: Exception, line: int | None) -> RenderError:
    return RenderError(Problem(code, f"The body fails in line {line}: {error}.", _REMEDY, f"body.xml.j2 line {line}"))
