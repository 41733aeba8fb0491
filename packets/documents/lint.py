"""Lint: everything that is wrong with document types, found before anybody has to certify with them (R24).

Manifests are checked, names in bodies are compared with what bodies see, and every type is rendered with its sample data
and with every variant of it. All problems are reported at once, each with its kind and, where it has one, its line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from packets.documents.catalog import survey_types
from packets.errors import InputError, Problem, RenderError
from packets.model.documents import DocumentType
from packets.render.body import places, read_body
from packets.render.dialect import RosterPlace
from packets.render.document import render_document
from packets.render.fonts import FontSet, ensure_fonts
from packets.render.frozen import check_data
from packets.render.names import name_problems, unused_sections
from packets.render.variants import variants

_LINE = re.compile(r"\bline (\d+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a document type.

    Attributes:
        kind: of the type.
        problem: what is wrong, and how to mend it.
        variants: the variants of the sample data that show it; empty when it is wrong whatever the data.
    """

    kind: str
    problem: Problem
    variants: tuple[str, ...] = ()

    @property
    def line(self) -> int | None:
        """The line in the file that the problem names, if it names one."""
        found = _LINE.search(self.problem.where)
        return int(found[1]) if found else None

    def as_data(self) -> dict[str, Any]:
        """The finding as JSON types."""
        problem = self.problem
        return {
            "kind": self.kind,
            "code": problem.code,
            "sentence": problem.sentence,
            "remedy": problem.remedy,
            "where": problem.where,
            "line": self.line,
            "variants": list(self.variants),
        }


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was looked at, and what was found.

    Attributes:
        kinds: the types that were rendered.
        renderings: how many documents were made.
        findings: everything that is wrong.
    """

    kinds: tuple[str, ...]
    renderings: int
    findings: tuple[Finding, ...]


def lint_types(
    folder: Traversable | None = None,
    extra: Traversable | None = None,
    *,
    kind: str = "",
    fonts: FontSet | None = None,
) -> LintReport:
    """Look at every document type, or at one.

    Args:
        folder: where the types are; the ones that ship with the service when absent.
        extra: a further folder of types.
        kind: look at this one only.
        fonts: the faces to draw with; those of this installation when absent.

    Raises:
        InputError: there is no type of that kind, and no folder of its name either.
    """
    types, problems = survey_types(folder, extra)
    findings = [Finding(_kind_of(one), one) for one in problems]
    known = {one.kind for one in types} | {one.kind for one in findings}
    if kind and kind not in known:
        raise InputError(unknown_kind(kind, known))
    faces = fonts or ensure_fonts()
    chosen = [one for one in types if kind in {"", one.kind}]
    for one in chosen:
        findings += lint_type(one, faces)
    return LintReport(
        tuple(one.kind for one in chosen),
        sum(len(variants(one)) for one in chosen),
        tuple(one for one in findings if kind in {"", one.kind} or not one.kind),
    )


def lint_type(document_type: DocumentType, fonts: FontSet) -> list[Finding]:
    """Everything that is wrong with one type whose manifest could be read."""
    try:
        static = [*name_problems(document_type), *_section_problems(document_type)]
        check_data(document_type, document_type.sample, fonts.coverage)
    except RenderError as error:
        return [Finding(document_type.kind, problem) for problem in error.problems]
    findings = [Finding(document_type.kind, problem) for problem in static]
    told = {one.line for one in findings if one.line}
    shown: dict[Problem, list[str]] = {}
    for name, data in variants(document_type).items():
        for problem in dict.fromkeys(_rendering_problems(document_type, data, fonts)):
            shown.setdefault(problem, []).append(name)
    rendered = [Finding(document_type.kind, problem, tuple(names)) for problem, names in shown.items()]
    findings += [one for one in rendered if one.problem.code != "template-name" or one.line not in told]
    return findings if shown else findings + list(_roster_findings(document_type, fonts))


def unknown_kind(kind: str, known: Collection[str]) -> Problem:
    """The refusal for a kind that there is not."""
    return Problem(
        "kind-unknown",
        f"There is no document type {kind}.",
        f"Choose one of {', '.join(sorted(known))}; `esm document types` lists them.",
        kind,
    )


def _kind_of(problem: Problem) -> str:
    """The type that a problem of the catalogue is about; none when it is about the folder of types."""
    return problem.where.partition("/")[0] if problem.code.startswith("manifest-") else ""


def _section_problems(document_type: DocumentType) -> Iterator[Problem]:
    remedy = "Remove it from `sections` of the manifest, or use it."
    for name in unused_sections(document_type):
        sentence = f"The manifest freezes the section {name}, which the body never uses."
        yield Problem("section-unused", sentence, remedy, "document.toml")


def _rendering_problems(document_type: DocumentType, data: dict[str, Any], fonts: FontSet) -> tuple[Problem, ...]:
    try:
        render_document(document_type, data, fonts=fonts)
    except RenderError as error:
        return error.problems
    return ()


def _roster_findings(document_type: DocumentType, fonts: FontSet) -> Iterator[Finding]:
    """Rosters that no variant prints: what is certified would not be in the document."""
    placed = {
        place.name
        for data in variants(document_type).values()
        for place in places(read_body(document_type, data, fonts))
        if isinstance(place, RosterPlace)
    }
    for roster in document_type.rosters:
        if roster.name not in placed:
            sentence = f"The roster {roster.name} of the manifest is never printed."
            remedy = f'Place <roster name="{roster.name}"/> in the body, or remove it from the manifest.'
            yield Finding(document_type.kind, Problem("roster-unplaced", sentence, remedy, "body.xml.j2"))
