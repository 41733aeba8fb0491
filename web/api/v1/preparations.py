"""Preparing the documents of a year, for CMS staff: what is missing is laid out as jobs and watched (R5, R36, R42)."""

from __future__ import annotations

from pydantic import Field

from packets.model.tokens import Scope
from web.api.cursors import cut
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Page, PageQuestion, Shape
from web.api.v1.packets import AcoId
from web.api.v1.years import YEAR
from web.auth.roles import Audience
from web.visit import services

noun = Noun("preparations")
PREPARATION = f"{YEAR}/preparation"


class PreparationState(Shape):
    """How far the documents of a year are that were asked for last.

    `moving` while a job works on them or will. `problems` say what stood in the way of documents, `errors` why jobs came to
    nothing; `jobs` can be looked at one by one.
    """

    performance_year: int
    missing: int = Field(description="Documents of the year that are not made yet.")
    asked: bool = Field(description="Whether preparing was ever asked for; if not, there is nothing else to tell.")
    moving: bool
    done: int
    total: int
    problems: list[str]
    errors: list[str]
    jobs: list[str]


class MissingQuestion(PageQuestion):
    """Whose documents are asked for; what is empty is not asked."""

    aco_id: AcoId | None = None


class MissingDocument(Shape):
    """A document that is not made yet."""

    aco_id: str
    kind: str


@noun.operation("GET", PREPARATION, Audience.YEAR_MANAGERS, Scope.READ, answer=PreparationState)
def show(_asked: Asked, year: int) -> Reply:
    """How far preparing the documents of a year is."""
    return Reply(_state(year))


@noun.operation(
    "POST", PREPARATION, Audience.YEAR_MANAGERS, Scope.MANAGE, answer=PreparationState, status=201, creates=True
)
def prepare(asked: Asked, year: int) -> Reply:
    """Let every document that is missing be prepared, outside of this call.

    What is under way for the year is not asked for twice; then its state is the answer.
    """
    services().preparation.ask(year, asked.person.user_id)
    return Reply(_state(year), 201)


@noun.operation(
    "GET",
    f"{PREPARATION}/missing",
    Audience.YEAR_MANAGERS,
    Scope.READ,
    answer=Page[MissingDocument],
    query=MissingQuestion,
)
def missing(asked: Asked, year: int) -> Reply:
    """The documents that are not made yet, by ACO."""
    found = sorted(services().preparation.missing(year, asked.query.aco_id or ""))
    page, following = cut(found, asked.query, list)
    return Reply(
        Page[MissingDocument](items=[MissingDocument(aco_id=one[0], kind=one[1]) for one in page], next=following)
    )


def _state(year: int) -> PreparationState:
    desk = services().preparation
    left, newest = len(desk.missing(year)), desk.newest(year)
    return PreparationState(
        performance_year=year,
        missing=left,
        asked=newest is not None,
        moving=newest is not None and not newest.is_over,
        done=newest.done if newest else 0,
        total=newest.total if newest else 0,
        problems=newest.problems if newest else [],
        errors=newest.errors if newest else [],
        jobs=[one.job_id for one in newest.jobs] if newest else [],
    )
