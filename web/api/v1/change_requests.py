"""Requests to correct what only CMS changes: an ACO files them, CMS staff grant or refuse them (R31)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.model.change_requests import ChangeRequest, RequestState
from packets.model.tokens import Scope
from web.api.cursors import cut
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Page, PageQuestion, Shape, Time
from web.api.v1.packets import PACKET
from web.auth.roles import Audience
from web.visit import services

noun = Noun("change-requests")
OF_ACO = f"{PACKET}/change-requests"
REQUEST = "/change-requests/<int(min=1, max=999999999):request_id>"
Text = Annotated[str, Field(max_length=4000)]


class CorrectionWanted(Shape):
    """Which read-only field is wrong (`locked` of the organization data names them), what it should say, and why."""

    field: Annotated[str, Field(max_length=60)]
    corrected_value: Text
    explanation: Text


class FiledRequest(Shape):
    """A request, and what CMS has answered."""

    request_id: int
    aco_id: str
    performance_year: int
    legal_name: str
    field: str
    label: str
    current_value: str
    corrected_value: str
    explanation: str
    filed_by: str
    filed_at: Time
    state: RequestState
    answer: str
    answered_by: str
    answered_at: Time | None


class Decision(Shape):
    """Whether a request is granted, and what CMS says to the ACO; a refusal wants a reason."""

    granted: bool
    answer: Text = ""


class QueueQuestion(PageQuestion):
    """Which requests are asked for."""

    answered: Annotated[bool, Field(description="Those that were answered instead of those that wait.")] = False


@noun.operation(
    "GET", OF_ACO, Audience.PACKET_READERS, Scope.READ, answer=Page[FiledRequest], query=PageQuestion, name="of_aco"
)
def of_aco(asked: Asked, aco_id: str, year: int) -> Reply:
    """Every request of an ACO, newest first."""
    page, following = cut(services().change_requests.of_aco(aco_id, year), asked.query, lambda one: [-one.request_id])
    return Reply(Page[FiledRequest](items=[_shape(one) for one in page], next=following))


@noun.operation(
    "POST",
    OF_ACO,
    Audience.STEP_ONE_EDITORS,
    Scope.EDIT,
    answer=FiledRequest,
    status=201,
    body=CorrectionWanted,
    creates=True,
)
def file(asked: Asked, aco_id: str, year: int) -> Reply:
    """File a request; one for each field can be open."""
    wanted: CorrectionWanted = asked.body
    desk, user_id = services().change_requests, asked.person.user_id
    return Reply(_shape(desk.file(aco_id, year, **wanted.model_dump(), user_id=user_id)), 201)


@noun.operation(
    "GET",
    "/change-requests",
    Audience.YEAR_MANAGERS,
    Scope.READ,
    answer=Page[FiledRequest],
    query=QueueQuestion,
)
def queue(asked: Asked) -> Reply:
    """The requests of every ACO, by number."""
    found = services().change_requests.queue(answered=asked.query.answered)
    page, following = cut(sorted(found, key=_key), asked.query, _key)
    return Reply(Page[FiledRequest](items=[_shape(one) for one in page], next=following))


@noun.operation("GET", REQUEST, Audience.YEAR_MANAGERS, Scope.READ, answer=FiledRequest)
def show(_asked: Asked, request_id: int) -> Reply:
    """One request; its `ETag` is wanted by whoever answers it."""
    return Reply(_shape(services().change_requests.get(request_id)))


@noun.operation(
    "POST",
    f"{REQUEST}/answer",
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=FiledRequest,
    status=201,
    body=Decision,
    creates=True,
    changes=True,
)
def answer(asked: Asked, request_id: int) -> Reply:
    """Grant or refuse a request.

    Granted, the field says what was asked for, and the ACO confirms its organization data again.
    """
    desk, decision = services().change_requests, asked.body
    asked.match(_shape(desk.get(request_id)))
    decide = desk.grant if decision.granted else desk.refuse
    decide(request_id, decision.answer, asked.person.user_id)
    return Reply(_shape(desk.get(request_id)), 201)


def _key(request: ChangeRequest) -> list[int]:
    return [request.request_id]


def _shape(request: ChangeRequest) -> FiledRequest:
    same = ("request_id", "aco_id", "legal_name", "field", "label", "current_value", "corrected_value", "explanation")
    more = ("filed_by", "filed_at", "state", "answer", "answered_by", "answered_at")
    return FiledRequest(performance_year=request.year, **{name: getattr(request, name) for name in (*same, *more)})
