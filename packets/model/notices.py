"""A notice: what one person was told about one thing, and how the mail to them fares. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """How far a notice is on its way by mail. In the inbox it stands from the moment that it was written."""

    INBOX_ONLY = "inbox-only"
    QUEUED = "queued"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a notice says: one line of subject, and the same words as plain text and as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told: by CMS user ID where they have one (they have an inbox then), and by e-mail."""

    user_id: str
    email: str

    @property
    def key(self) -> str:
        """What tells recipients of one message apart."""
        return self.user_id or self.email.casefold()


@dataclass(frozen=True, slots=True)
class Draft:
    """What all notices of one message have in common when they are written."""

    message_id: int
    topic: str
    aco_id: str
    year: int
    sample: bool
    letter: Letter
    created_at: datetime
    give_up_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it is recorded.

    Attributes:
        message_id: the outbox message that it tells of.
        aco_id, year: what it is about; empty and 0 when it is about no one ACO.
        letter: the words, as they were when it was written; they are the record of what was said.
        attempts: how often the mail was tried.
        next_attempt_at: when it is tried next; only while it is queued.
        give_up_at: after this instant a queued notice is not tried any more.
        last_error: what the mail server, or the way to it, said last.
    """

    notice_id: int
    message_id: int
    recipient: Recipient
    topic: str
    aco_id: str
    year: int
    sample: bool
    letter: Letter
    created_at: datetime
    read_at: datetime | None
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    give_up_at: datetime
    sent_at: datetime | None
    last_error: str
