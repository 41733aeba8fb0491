"""Jobs that run outside requests: for CMS staff, who watch them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.errors import NotFoundError, Problem
from packets.model.jobs import Job, JobState
from packets.model.tokens import Scope
from packets.store.records.jobs import JobFilter
from web.api.cursors import read_cursor, write_cursor
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Page, PageQuestion, Shape, Time
from web.auth.roles import Audience
from web.visit import services

noun = Noun("jobs")


class JobLine(Shape):
    """A job: `done` of `total` in its own units, and why its newest attempt came to nothing."""

    job_id: str
    kind: str
    state: JobState
    due_at: Time
    attempts: int
    done: int
    total: int
    error: str
    request_id: str = Field(description="Number of the request that asked for it; empty when none did.")


class JobQuestion(PageQuestion):
    """Which jobs are asked for."""

    state: JobState | None = None
    kind: Annotated[str, Field(max_length=40, pattern="^[a-z-]*$")] = ""


@noun.operation("GET", "/jobs", Audience.YEAR_MANAGERS, Scope.READ, answer=Page[JobLine], query=JobQuestion)
def listed(asked: Asked) -> Reply:
    """Jobs, in the order of their ids."""
    query: JobQuestion = asked.query
    which = JobFilter(str(query.state or ""), query.kind)
    with services().database.read() as records:
        found = records.jobs.some(which, after=read_cursor(query) or "", most=query.limit + 1)
    page = found[: query.limit]
    following = write_cursor(query, page[-1].job_id) if len(found) > query.limit else None
    return Reply(Page[JobLine](items=[_line(one) for one in page], next=following))


@noun.operation("GET", "/jobs/<uuid:job_id>", Audience.YEAR_MANAGERS, Scope.READ, answer=JobLine)
def show(_asked: Asked, job_id: str) -> Reply:
    """One job."""
    with services().database.read() as records:
        job = records.jobs.get(job_id)
    if job is None:
        raise NotFoundError(Problem("not-found", "There is no such job.", "List the jobs.", job_id))
    return Reply(_line(job))


def _line(job: Job) -> JobLine:
    return JobLine(**{name: getattr(job, name) for name in JobLine.model_fields})
