"""Grants of certified copies: who may take which executed documents of an ACO away, until when, and who did. Pure.

The ACO gives a copy of its agreement to its participants, its providers and suppliers, and those who govern it (42 CFR
425.210(a)); CMS and archivists give copies to auditors too (42 CFR 425.314(a)). None of them needs an account here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from packets.errors import Problem
from packets.model.retention import end_of, written_problems

LONGEST_DAYS = 90
"""A grant ends on a day at most so far away; whoever needs longer is given another one."""
MOST_RETRIEVALS = 50
USUAL_DAYS, USUAL_RETRIEVALS = 14, 5
LONGEST_NAME = 100


class Capacity(StrEnum):
    """As what somebody is given a copy."""

    PARTICIPANT = "participant"
    PROVIDER_SUPPLIER = "provider-supplier"
    GOVERNING_BODY = "governing-body"
    AUDITOR = "auditor"


CAPACITIES: Mapping[Capacity, str] = {
    Capacity.PARTICIPANT: "ACO participant",
    Capacity.PROVIDER_SUPPLIER: "ACO provider or supplier",
    Capacity.GOVERNING_BODY: "Member of the governing body",
    Capacity.AUDITOR: "Auditor",
}
OF_THE_ACO = frozenset({Capacity.PARTICIPANT, Capacity.PROVIDER_SUPPLIER, Capacity.GOVERNING_BODY})
"""To whom the ACO itself gives copies (42 CFR 425.210(a)); an audit is the agency's matter."""


class GrantState(StrEnum):
    """Whether a grant opens anything at an instant, and what ended it."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED_UP = "used-up"


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A certified copy that was handed out.

    Attributes:
        number: the first of a grant is 1.
        sheet_digest: SHA-256 of the certification sheet that went with it; empty when a PDF was taken alone.
        taken: the SHA-256 that was handed out of each document, by its id.
    """

    retrieval_id: str
    grant_id: str
    number: int
    at: datetime
    sheet_digest: str
    taken: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant: to one person, of named documents of one ACO and year, until an instant, so many times at most.

    Attributes:
        capacity: as what the person is given the copy.
        message_id: of the outbox, whose mail carries the link; None when the link was shown to whoever made the grant.
        retrievals: those that were made, the first one first.
    """

    grant_id: str
    aco_id: str
    performance_year: int
    name: str
    email: str
    capacity: Capacity
    reason: str
    document_ids: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime
    most: int
    message_id: int | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdraw_reason: str = ""
    retrievals: tuple[Retrieval, ...] = ()

    def state(self, now: datetime) -> GrantState:
        """What it is at an instant; what was withdrawn stays so, and the clock counts before the number."""
        if self.withdrawn_at is not None:
            return GrantState.WITHDRAWN
        if now >= self.expires_at:
            return GrantState.EXPIRED
        return GrantState.USED_UP if self.left < 1 else GrantState.OPEN

    @property
    def left(self) -> int:
        """How many retrievals are left."""
        return self.most - len(self.retrievals)


def link_digest(token: str) -> str:
    """Under what the secret of a link is kept: SHA-256, hex. A fast digest suffices for a secret of 256 bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def last_instant(day: date) -> datetime:
    """When a grant until a day ends: with that day, in the time zone of CMS."""
    return end_of(day)


def request_problems(name: str, reason: str, day: date | None, most: int | None, today: date) -> list[Problem]:
    """What is wrong with a grant that somebody asks for, its documents, address and capacity apart.

    Args:
        name: of whom it is for.
        reason: why.
        day: the last one on which it counts; None when nobody can read it.
        most: retrievals; None when it is no number.
        today: in the time zone of CMS.
    """
    problems = written_problems(name, "name", "name", "Say who is given the copy.")
    if len(name) > LONGEST_NAME:
        problems.append(Problem("name-too-long", "The name is too long.", "Shorten it.", "name"))
    problems += written_problems(reason, "reason", "reason", "Say why the person is given the copy.")
    if day is None:
        problems.append(Problem("until-unusable", "The last day is not a day.", "Write it as YYYY-MM-DD.", "until"))
    elif day < today:
        problems.append(Problem("until-past", "The last day is over.", "Give a day to come.", "until"))
    elif (day - today).days > LONGEST_DAYS:
        sentence = f"A grant lasts {LONGEST_DAYS} days at most."
        problems.append(Problem("until-too-late", sentence, "Give an earlier day; another grant can follow.", "until"))
    if most is None or not 1 <= most <= MOST_RETRIEVALS:
        sentence = f"The number of retrievals is not one from 1 to {MOST_RETRIEVALS}."
        problems.append(Problem("most-unusable", sentence, "Write such a number.", "most"))
    return problems
