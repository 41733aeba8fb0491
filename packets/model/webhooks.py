"""Webhooks: what is told, to whom, and what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HookEvent(StrEnum):
    """What an endpoint can be told of: past tense, closed."""

    DOCUMENT_SIGNED = "document-signed"
    DOCUMENT_EXECUTED = "document-executed"
    DOCUMENT_DECLINED = "document-declined"
    DOCUMENT_VOIDED = "document-voided"
    WINDOW_EXTENDED = "window-extended"
    CHANGE_REQUEST_FILED = "change-request-filed"
    CHANGE_REQUEST_ANSWERED = "change-request-answered"


class HookState(StrEnum):
    """What became of a message."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where somebody wants to be told.

    Attributes:
        aco_id, year: of whose packet it is told; None of both for CMS, which is told of all.
        generation: which secret signs; it grows when the secret is replaced.
        rotated_at_utc: when that was last, so that the secret before signs too for a while; None if never.
    """

    endpoint_id: str
    aco_id: str | None
    year: int | None
    url: str
    events: frozenset[HookEvent]
    created_by: str
    created_at_utc: datetime
    generation: int = 1
    rotated_at_utc: datetime | None = None
    ended_at_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One message to one endpoint.

    Attributes:
        message_id: number of the message in the outbox that it was made from.
        body: the bytes that are sent and signed, the same at every attempt.
        status: of the newest answer; 0 when there was none.
        error: why the newest attempt came to nothing; empty when it did not.
    """

    delivery_id: str
    endpoint_id: str
    message_id: int
    event: HookEvent
    body: str
    queued_at_utc: datetime
    state: HookState = HookState.QUEUED
    attempts: int = 0
    status: int = 0
    error: str = ""
    ended_at_utc: datetime | None = None
