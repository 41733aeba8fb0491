"""What every shape of the API has in common: strict, closed, times in UTC, and the two shapes that every noun uses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from packets.errors import Problem

Line = TypeVar("Line", bound=BaseModel)
MOST_LINES = 100


def write_time(at: datetime) -> str:
    """A time as RFC 3339 has it, UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Time = Annotated[AwareDatetime, PlainSerializer(write_time, return_type=str)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Shape(BaseModel):
    """A JSON object with exactly these members."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Question(BaseModel):
    """What stands behind the question mark of an address; texts become what the members say."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(Shape):
    """One thing that is wrong."""

    code: str = Field(description="A stable name of the rule.")
    detail: str = Field(description="What is wrong, one sentence.")
    remedy: str = Field(description="How to mend it, one sentence.")
    where: str = Field(description="The place: a member, a row and column, a file; empty when there is none.")


class Refusal(Shape):
    """A refusal (RFC 9457) with every reason, never only the first."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="The request's number, under which the log has it.")
    problems: list[Fault]
    count: int = Field(description="How many things are wrong; more than are listed when a file has too many.")


class Page(Shape, Generic[Line]):
    """A page of lines."""

    items: list[Line]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


class PageQuestion(Question):
    """How much is asked for, and from where on."""

    limit: Annotated[int, Field(ge=1, le=MOST_LINES, description="So many lines at most.")] = 50
    cursor: Annotated[str, Field(max_length=500, description="`next` of the page before; empty for the first.")] = ""


def fault_of(problem: Problem) -> Fault:
    """A problem as the API tells it."""
    return Fault(code=problem.code, detail=problem.sentence, remedy=problem.remedy, where=problem.where)


def dump(shape: BaseModel) -> Any:
    """A shape as JSON types."""
    return shape.model_dump(mode="json")
