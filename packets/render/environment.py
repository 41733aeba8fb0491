"""The Jinja environment in which bodies write their markup: sandboxed, escaping, and strict about names.

A body is a template of ours or of an agency; data in it is escaped, and code in it can reach nothing but the data it is
given (`ImmutableSandboxedEnvironment`).
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from datetime import date
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
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


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    environment.filters.update(date=write_date, number=write_number, plural=write_plural, address=write_address)
    return environment


_ENVIRONMENT = _environment()


def write_markup(body: str, names: Mapping[str, Any]) -> str:
    """Let a body write its markup.

    Args:
        body: the Jinja source.
        names: what it sees.

    Raises:
        RenderError: the body is not Jinja, or asks for what is not there, with the line in the body.
    """
    try:
        return _ENVIRONMENT.from_string(body).render(names)
    except TemplateSyntaxError as error:
        raise _refusal("template-syntax", error, error.lineno) from error
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        raise _refusal("template-name", error, (lines or [0])[-1]) from error


def _refusal(code: str, error: Exception, line: int | None) -> RenderError:
    return RenderError(Problem(code, f"The body fails in line {line}: {error}.", _REMEDY, f"body.xml.j2 line {line}"))
