"""Records: documents of all years by what is asked, for archivists and CMS."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.documents.reading import RecordLine
from packets.errors import InputError
from packets.finding.query import read_query
from packets.model.tokens import Scope
from web.api.bodies import UnusableError
from web.api.cursors import read_cursor, write_cursor
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Digest, Page, PageQuestion, Shape, Time
from web.api.v1.packets import AcoId, DocumentStatus, Year, status_slug
from web.auth.roles import Audience
from web.visit import services

noun = Noun("records")


class Record(Shape):
    """A document in the archive."""

    document_id: str
    aco_id: str
    performance_year: int
    legal_name: str
    kind: str
    title: str
    status: DocumentStatus
    digest: Digest
    executed_at: Time | None


Day = Annotated[str, Field(max_length=10, description="A day like 2027-01-31, in the time zone of CMS.")]


class RecordQuestion(PageQuestion):
    """Which records are asked for; everything that is empty is not asked."""

    year: Year | None = None
    aco_id: AcoId | None = None
    kind: Annotated[str, Field(max_length=40, pattern="^[a-z-]*$")] = ""
    text: Annotated[
        str, Field(max_length=100, description="Words, or beginnings of them: names, NPIs, CCNs, ACO IDs, user IDs.")
    ] = ""
    signer: Annotated[str, Field(max_length=100, description="Parts of a signer's name, or the user ID.")] = ""
    role: Annotated[str, Field(max_length=40, description="Somebody signed in this role.")] = ""
    stage: Annotated[
        str, Field(max_length=20, description="unsigned, partially-signed, pending-cms, declined, executed or voided.")
    ] = ""
    signed_from: Day = ""
    signed_to: Day = ""
    executed_from: Day = ""
    executed_to: Day = ""
    ends_from: Day = ""
    ends_to: Day = ""


@noun.operation("GET", "/records", Audience.ARCHIVE_READERS, Scope.READ, answer=Page[Record], query=RecordQuestion)
def listed(asked: Asked) -> Reply:
    """Records, newest year first."""
    query: RecordQuestion = asked.query
    given = query.model_dump(exclude={"cursor", "limit"}, exclude_none=True)
    try:
        wanted = read_query({name: str(value) for name, value in given.items()})
    except InputError as error:
        raise UnusableError(error.problems) from None
    found = services().finding.find(asked.person.user_id, wanted, after=read_cursor(query) or "", most=query.limit)
    following = write_cursor(query, found.next) if found.next else None
    return Reply(Page[Record](items=[_record(one) for one in found.lines], next=following))


def _record(line: RecordLine) -> Record:
    document = line.document
    return Record(
        document_id=document.document_id,
        aco_id=document.aco_id,
        performance_year=document.performance_year,
        legal_name=line.aco.legal_name,
        kind=document.kind,
        title=line.title,
        status=status_slug(line.status),
        digest=document.head_digest,
        executed_at=document.executed_at,
    )
