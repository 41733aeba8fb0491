"""The words of a notice: a topic's `words.toml` and facts become one line of subject, plain text and HTML.

The words are written once and set twice, so that the two bodies cannot say different things. The environment is sandboxed
and strict about names; what the words come to is one line a paragraph, without a control character, whatever the facts hold.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

import templates
from packets.errors import Problem, RenderError
from packets.model.notices import Letter

LONGEST_SUBJECT = 150

_WORDS = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # plain text; frames escape
_TEXT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,  # plain text
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_HTML = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a topic, as templates: the subject, what happened, what to do, and by when.

    `guest`: they go to somebody who has no account, and is not sent to sign in.
    """

    subject: str
    happened: tuple[str, ...]
    todo: tuple[str, ...]
    due: str
    guest: bool = False


def write_letter(topic: str, facts: Mapping[str, Any]) -> Letter:
    """The letter of a topic.

    Args:
        topic: name of the folder in `templates/mail`.
        facts: what the words may use; `sample`, and `page`, the address where to go (may be empty), are always there.

    Raises:
        RenderError: there is no such topic, or its words ask for what is not there.
    """
    try:
        words = _read_words(topic)
        said = {
            "subject": _write(words.subject, facts)[:LONGEST_SUBJECT],
            "happened": _paragraphs(words.happened, facts),
            "todo": _paragraphs(words.todo, facts),
            "due": _write(words.due, facts),
            "page": facts["page"],
            "guest": words.guest,
            "sample": facts["sample"],
        }
        return Letter(said["subject"], *(one.from_string(_read_frame(name)).render(said) for one, name in _FRAMES))
    except (TemplateError, TypeError, ValueError, LookupError, OSError) as error:
        sentence = f"The words of the topic {topic} cannot be written: {error}."
        remedy = f"Mend templates/mail/{topic}/words.toml."
        raise RenderError(Problem("letter-unwritable", sentence, remedy, topic)) from error


_FRAMES = ((_TEXT, "frame.txt.j2"), (_HTML, "frame.html.j2"))


def one_line(text: str) -> str:
    """Text as one line: every run of white space is a blank, and what cannot be shown is left out."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())


def _write(words: str, facts: Mapping[str, Any]) -> str:
    return one_line(_WORDS.from_string(words).render(facts))


def _paragraphs(words: tuple[str, ...], facts: Mapping[str, Any]) -> list[str]:
    return [said for one in words if (said := _write(one, facts))]


@cache
def _read_words(topic: str) -> Words:
    read = tomllib.loads((templates.mail() / topic / "words.toml").read_text("utf-8"))
    return Words(
        read["subject"], tuple(read["happened"]), tuple(read["todo"]), read.get("due", ""), read.get("guest", False)
    )


@cache
def _read_frame(name: str) -> str:
    return (templates.mail() / name).read_text("utf-8")
