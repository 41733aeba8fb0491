"""Packets: those that the person may see, and one step by step."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from packets.model.aco import Aco
from packets.model.documents import Status
from packets.model.tokens import Scope
from web.api.cursors import cut
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Fault, Page, PageQuestion, Shape, fault_of
from web.auth.roles import Audience
from web.pages.lines import StepLine, packet_lines
from web.visit import services

noun = Noun("packets")
PACKET = "/packets/<aco:aco_id>/<int(min=2012, max=2999):year>"
Year = Annotated[int, Field(ge=2012, le=2999)]
AcoId = Annotated[str, Field(pattern="^A[0-9]{4}$")]


class DocumentStatus(StrEnum):
    """How far a document is: the statuses of the pages, by stable names."""

    NOT_AVAILABLE = "not-available"
    LOCKED = "locked"
    READY = "ready"
    PARTIALLY_SIGNED = "partially-signed"
    DECLINED = "declined"
    PENDING_CMS = "pending-cms"
    EXECUTED = "executed"
    NOT_APPLICABLE = "not-applicable"
    PAST_DUE = "past-due"
    VOIDED = "voided"


class PacketLine(Shape):
    """An ACO's packet in a list."""

    aco_id: str
    performance_year: int
    legal_name: str
    cohort: str
    sample: bool


class Step(Shape):
    """One step: the document, how far it is, and what the person may do about it.

    `may_sign` names the slots that the person may sign now; where there is none, `reasons` says why.
    """

    kind: str
    title: str
    number: int
    status: DocumentStatus
    document_id: str | None
    due_on: date
    may_sign: list[str]
    reasons: list[Fault]


class Packet(PacketLine):
    """A packet with its steps."""

    signing_begins_on: date
    signing_due_on: date
    contacts_submitted: bool
    organization_submitted: bool
    steps: list[Step]
    voided: list[str] = Field(description="Ids of documents that no longer count.")


class PacketQuestion(PageQuestion):
    """Which packets are asked for."""

    year: Year | None = None
    aco_id: AcoId | None = None


@noun.operation("GET", "/packets", Audience.SIGNED_IN, Scope.READ, answer=Page[PacketLine], query=PacketQuestion)
def listed(asked: Asked) -> Reply:
    """The packets that the person may see, newest year first."""
    query: PacketQuestion = asked.query
    found = [
        one
        for one in services().reading.acos_of(asked.person.user_id)
        if query.year in {None, one.performance_year} and query.aco_id in {None, one.aco_id}
    ]
    page, following = cut(sorted(found, key=_key), query, _key)
    return Reply(Page[PacketLine](items=[PacketLine(**_line(one)) for one in page], next=following))


@noun.operation("GET", PACKET, Audience.PACKET_READERS, Scope.READ, answer=Packet)
def show(asked: Asked, aco_id: str, year: int) -> Reply:
    """One packet, step by step."""
    view = services().reading.packet(asked.person.user_id, aco_id, year)
    steps = [_step(one) for one in packet_lines(services(), asked.person, view)]
    return Reply(
        Packet(
            **_line(view.aco),
            signing_begins_on=view.window.begins_on,
            signing_due_on=view.window.due_on,
            contacts_submitted=view.step_one.contacts_submitted,
            organization_submitted=view.step_one.organization_submitted,
            steps=steps,
            voided=[one.document_id for one in view.voided],
        )
    )


def status_slug(status: Status) -> DocumentStatus:
    """A status as the API tells it."""
    return DocumentStatus[status.name]


def _key(aco: Aco) -> list[int | str]:
    return [-aco.performance_year, aco.aco_id]


def _line(aco: Aco) -> dict[str, Any]:
    return {
        "aco_id": aco.aco_id,
        "performance_year": aco.performance_year,
        "legal_name": aco.legal_name,
        "cohort": str(aco.cohort),
        "sample": aco.sample,
    }


def _step(line: StepLine) -> Step:
    document = line.step.document
    return Step(
        kind=line.step.document_type.kind,
        title=line.step.document_type.title,
        number=line.step.document_type.step,
        status=status_slug(line.step.status),
        document_id=document.document_id if document else None,
        due_on=line.due_on,
        may_sign=[one.slot.name for one in line.may_sign],
        reasons=[fault_of(one) for one in line.reasons],
    )
