"""Finding records (R4, 36 CFR 1236.20): for archivists and CMS, who look and never change anything here."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from packets.documents.reading import RecordLine
from packets.errors import Problem
from web.auth.roles import Audience, open_to
from web.visit import asked, services, visitor

pages = Blueprint("archive", __name__)
MOST_SHOWN = 200
LONGEST_TERM = 100


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed into the search form."""

    text: str
    aco_id: str
    year: str
    kind: str

    def problems(self) -> list[Problem]:
        """What cannot be searched for."""
        if self.year and not (self.year.isascii() and self.year.isdigit() and len(self.year) == 4):  # noqa: PLR2004
            return [
                Problem("year-unusable", "The performance year is not a year.", "Enter four digits, e.g. 2027.", "year")
            ]
        return []


@pages.get("/archive")
@open_to(Audience.ARCHIVE_READERS)
def search() -> ResponseReturnValue:
    """The search form and what it finds; without any term, everything, newest year first."""
    query = Query(*(asked(name)[:LONGEST_TERM] for name in ("text", "aco_id", "year", "kind")))
    problems = query.problems()
    found = [] if problems else _find(query)
    page = render_template(
        "archive.html",
        query=query,
        problems=problems,
        shown=found[:MOST_SHOWN],
        count=len(found),
        types=services().catalog.values(),
    )
    return page, 422 if problems else 200


def _find(query: Query) -> list[RecordLine]:
    return services().reading.archive(
        visitor().user_id,
        aco_id=query.aco_id.upper(),
        year=int(query.year) if query.year else None,
        kind=query.kind,
        text=query.text,
    )
