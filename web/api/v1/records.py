"""Archive records: every document that counts, of all years, for archivists and CMS."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.documents.reading import RecordLine
from packets.model.tokens import Scope
from web.api.cursors import cut
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


class RecordQuestion(PageQuestion):
    """Which records are asked for; everything that is empty is not asked."""

    year: Year | None = None
    aco_id: AcoId | None = None
    kind: Annotated[str, Field(max_length=40, pattern="^[a-z-]*$")] = ""
    text: Annotated[str, Field(max_length=100, description="Stands in the ACO's name, the title or a signer.")] = ""


@noun.operation("GET", "/records", Audience.ARCHIVE_READERS, Scope.READ, answer=Page[Record], query=RecordQuestion)
def listed(asked: Asked) -> Reply:
    """Archive records, newest year first."""
    query: RecordQuestion = asked.query
    found = services().reading.archive(
        asked.person.user_id, aco_id=query.aco_id or "", year=query.year, kind=query.kind, text=query.text
    )
    page, following = cut(sorted(found, key=_key), query, _key)
    return Reply(Page[Record](items=[_record(one) for one in page], next=following))


def _key(line: RecordLine) -> list[int | str]:
    document = line.document
    return [-document.performance_year, document.aco_id, document.step, document.document_id]


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
