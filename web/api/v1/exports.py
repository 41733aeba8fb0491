"""Exports: executed records as one file that a job makes; a person's programs see that person's own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.errors import InputError
from packets.finding.query import read_query
from packets.keeping.exports import Watched
from packets.model.exports import ExportState
from packets.model.tokens import Scope
from web.api.bodies import UnusableError
from web.api.operations import ZIP, Asked, Noun, Reply
from web.api.shapes import Digest, Page, Shape, Time
from web.api.v1.packets import AcoId, Year
from web.api.v1.records import Day
from web.auth.roles import Audience
from web.pages.exports import send_export
from web.visit import services

noun = Noun("exports")
EXPORT = "/exports/<uuid:export_id>"


class ExportWanted(Shape):
    """Which executed records are exported, as the record search asks; everything that is empty is not asked."""

    year: Year | None = None
    aco_id: AcoId | None = None
    kind: Annotated[str, Field(max_length=40, pattern="^[a-z-]*$")] = ""
    text: Annotated[str, Field(max_length=100)] = ""
    signer: Annotated[str, Field(max_length=100)] = ""
    role: Annotated[str, Field(max_length=40)] = ""
    signed_from: Day = ""
    signed_to: Day = ""
    executed_from: Day = ""
    executed_to: Day = ""
    ends_from: Day = ""
    ends_to: Day = ""


class ExportProgress(Shape):
    """How far an export is. Digest, size and last day are there once it is `ready`."""

    export_id: str
    state: ExportState
    asked_at: Time
    documents: int
    done: int
    error: str
    digest: Digest | None
    size: int | None
    expires_at: Time | None


@noun.operation("GET", "/exports", Audience.ARCHIVE_READERS, Scope.READ, answer=Page[ExportProgress])
def listed(asked: Asked) -> Reply:
    """The person's newest exports."""
    found = services().exports.listed(asked.person.user_id)
    return Reply(Page[ExportProgress](items=[_shape(one) for one in found], next=None))


@noun.operation(
    "POST",
    "/exports",
    Audience.ARCHIVE_READERS,
    Scope.READ,
    answer=ExportProgress,
    status=201,
    body=ExportWanted,
    creates=True,
)
def ask(asked: Asked) -> Reply:
    """Ask for an export; a job makes it.

    Every record in it is logged as retrieved by the person. The same question, asked again while the first one is under way, is
    the same export.
    """
    desk, user_id = services().exports, asked.person.user_id
    given = asked.body.model_dump(exclude_none=True)
    try:
        query = read_query({name: str(value) for name, value in given.items()})
    except InputError as error:
        raise UnusableError(error.problems) from None
    return Reply(_shape(desk.watch(user_id, desk.ask(user_id, query))), 201)


@noun.operation("GET", EXPORT, Audience.ARCHIVE_READERS, Scope.READ, answer=ExportProgress)
def show(asked: Asked, export_id: str) -> Reply:
    """How far an export is."""
    return Reply(_shape(services().exports.watch(asked.person.user_id, export_id)))


@noun.operation("GET", f"{EXPORT}/file", Audience.ARCHIVE_READERS, Scope.READ, gives=ZIP)
def file(asked: Asked, export_id: str) -> Reply:
    """The file of an export, or one range of it (`Range`, `If-Range`); every retrieval is logged."""
    return Reply(send_export(asked.person.user_id, export_id))


@noun.operation("DELETE", EXPORT, Audience.ARCHIVE_READERS, Scope.READ, status=204)
def remove(asked: Asked, export_id: str) -> Reply:
    """Give up an export that is under way, or remove its file."""
    services().exports.remove(asked.person.user_id, export_id)
    return Reply(None, 204)


def _shape(watched: Watched) -> ExportProgress:
    export, job = watched.export, watched.job
    ready = export.finished if watched.state is ExportState.READY else None
    return ExportProgress(
        export_id=export.export_id,
        state=watched.state,
        asked_at=export.asked_at,
        documents=ready.held if ready else export.chosen,
        done=job.done if job else 0,
        error=job.error if job else "",
        digest=ready.digest if ready else None,
        size=ready.size if ready else None,
        expires_at=ready.expires_at if ready else None,
    )
