"""What waits for CMS, and batches of it: laid out, watched, stopped. A batch is started on its page, by a passkey (ADR 43)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from packets.model.batches import MOST_DOCUMENTS, Batch, BatchItem, ItemState
from packets.model.jobs import Job, JobState
from packets.model.people import Role
from packets.model.tokens import Scope
from signing.countersigning import Line, Waiting
from web.api.cursors import cut
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Digest, Fault, Page, PageQuestion, Shape, Time, fault_of, write_time
from web.api.v1.packets import Year
from web.auth.roles import Audience
from web.visit import services

noun = Noun("batches")
BATCH = "/batches/<uuid:batch_id>"


class WaitingLine(Shape):
    """A document that the ACO has signed and CMS has not; `reasons` say why this person cannot sign it now."""

    document_id: str
    aco_id: str
    performance_year: int
    legal_name: str
    kind: str
    title: str
    digest: Digest
    since: Time = Field(description="When the ACO's last signature was made.")
    due_on: date = Field(description="Last day of CMS's own window.")
    slot: str
    difference: str = Field(description="To the document of last year, in words.")
    reasons: list[Fault]


class BatchWanted(Shape):
    """Which documents are countersigned together."""

    documents: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=60)]], Field(min_length=1, max_length=MOST_DOCUMENTS)
    ]


class BatchState(Shape):
    """How far a batch is. `moving` while a job works on it or will; `page` is where it is started."""

    batch_id: str
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    sheet_digest: Digest
    documents: int
    signed: int
    skipped: int
    waiting: int
    moving: bool
    job_states: list[JobState]
    errors: list[str]
    page: str


class BatchDocument(Shape):
    """One document of a batch, and what became of it; `opened` says that the person was shown it whole, not only its line."""

    document_id: str
    digest: Digest
    slot: str
    role: Role
    opened: bool
    state: ItemState
    reasons: list[Fault]


class WaitingQuestion(PageQuestion):
    """Which documents are asked for; what is empty is not asked."""

    year: Year | None = None
    kind: Annotated[str, Field(max_length=40, pattern="^[a-z-]*$")] = ""
    text: Annotated[str, Field(max_length=100, description="Stands in the ACO's ID or name.")] = ""


@noun.operation(
    "GET", "/countersigning", Audience.CMS_READERS, Scope.READ, answer=Page[WaitingLine], query=WaitingQuestion
)
def waiting(asked: Asked) -> Reply:
    """What waits for CMS, oldest first."""
    query: WaitingQuestion = asked.query
    desk = services().countersigning
    found = desk.queue(year=query.year, kind=query.kind, text=query.text)
    page, following = cut(sorted(found, key=_key), query, _key)
    lines = desk.lines(asked.person.user_id, page)
    return Reply(Page[WaitingLine](items=[_line(one) for one in lines], next=following))


@noun.operation("GET", "/batches", Audience.CMS_SIGNATORIES, Scope.READ, answer=Page[BatchState])
def recent(asked: Asked) -> Reply:
    """The person's newest batches that were started."""
    desk, user_id = services().countersigning, asked.person.user_id
    found = [_state(*desk.batch(user_id, one.batch_id)) for one in desk.recent(user_id)]
    return Reply(Page[BatchState](items=found, next=None))


@noun.operation(
    "POST",
    "/batches",
    Audience.CMS_SIGNATORIES,
    Scope.SIGN,
    answer=BatchState,
    status=201,
    body=BatchWanted,
    creates=True,
)
def prepare(asked: Asked) -> Reply:
    """Lay out a batch.

    Nothing is signed by it: the signatory reads its sheet at `page` and starts it there, by proving who they are for exactly
    these documents.
    """
    desk, user_id = services().countersigning, asked.person.user_id
    batch = desk.prepare(user_id, asked.body.documents)
    return Reply(_state(*desk.batch(user_id, batch.batch_id)), 201)


@noun.operation("GET", BATCH, Audience.CMS_SIGNATORIES, Scope.READ, answer=BatchState)
def show(asked: Asked, batch_id: str) -> Reply:
    """How far a batch of one's own is."""
    return Reply(_state(*services().countersigning.batch(asked.person.user_id, batch_id)))


@noun.operation(
    "GET",
    f"{BATCH}/documents",
    Audience.CMS_SIGNATORIES,
    Scope.READ,
    answer=Page[BatchDocument],
    query=PageQuestion,
)
def documents(asked: Asked, batch_id: str) -> Reply:
    """The documents of a batch, by their ids, and what became of each."""
    batch, _ = services().countersigning.batch(asked.person.user_id, batch_id)
    items = sorted(batch.items, key=lambda one: one.document_id)
    page, following = cut(items, asked.query, lambda one: [one.document_id])
    return Reply(Page[BatchDocument](items=[_item(one) for one in page], next=following))


@noun.operation("POST", f"{BATCH}/stop", Audience.CMS_SIGNATORIES, Scope.SIGN, answer=BatchState)
def stop(asked: Asked, batch_id: str) -> Reply:
    """Stop a batch after the document under way; nothing when it is over. It is resumed on its page."""
    desk, user_id = services().countersigning, asked.person.user_id
    desk.stop(user_id, batch_id)
    return Reply(_state(*desk.batch(user_id, batch_id)))


def _key(one: Waiting) -> list[str]:
    return [write_time(one.since), one.document.document_id]


def _line(line: Line) -> WaitingLine:
    document, aco = line.document, line.waiting.aco
    return WaitingLine(
        document_id=document.document_id,
        aco_id=document.aco_id,
        performance_year=document.performance_year,
        legal_name=aco.legal_name,
        kind=document.kind,
        title=line.waiting.document_type.title,
        digest=document.head_digest,
        since=line.waiting.since,
        due_on=line.due_on,
        slot=line.slot,
        difference=line.difference,
        reasons=[fault_of(one) for one in line.reasons],
    )


def _state(batch: Batch, jobs: tuple[Job, ...]) -> BatchState:
    return BatchState(
        batch_id=batch.batch_id,
        created_at=batch.created_at,
        started_at=batch.started_at,
        finished_at=batch.finished_at,
        sheet_digest=batch.sheet_digest,
        documents=len(batch.items),
        signed=batch.count(ItemState.SIGNED),
        skipped=batch.count(ItemState.SKIPPED),
        waiting=batch.count(ItemState.WAITING),
        moving=any(not one.state.is_over for one in jobs),
        job_states=sorted({one.state for one in jobs}),
        errors=sorted({one.error for one in jobs if one.error}),
        page=f"/countersign/batches/{batch.batch_id}",
    )


def _item(item: BatchItem) -> BatchDocument:
    names = ("document_id", "digest", "slot", "role", "opened", "state")
    return BatchDocument(
        **{name: getattr(item, name) for name in names}, reasons=[fault_of(one) for one in item.reasons]
    )
