"""The desk of grants: certified copies are given to a named person until a day, and what was given can be withdrawn.

The secret of a link is made from the service's own secret and the grant's random id. The database keeps its digest; only the mail
that carries the link, or the page on which it is shown once, ever holds it (docs/adr/0057).
"""

from __future__ import annotations

import base64
import hmac
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.reading import not_yours
from packets.errors import ConflictError, InputError, Problem
from packets.model.documents import Document
from packets.model.grants import OF_THE_ACO, Capacity, Grant, last_instant, link_digest, request_problems
from packets.model.notices import Notice
from packets.model.people import Role
from packets.model.retention import day_of, written_problems
from packets.notices.message import is_address
from packets.notices.topics import Topic
from packets.people.access import Action, may
from packets.store.database import Database
from packets.store.records import Records

PATH = "/copies"
MOST_DOCUMENTS = 20
FIELDS = ("name", "email", "capacity", "reason", "documents", "until", "most")
"""The order in which problems are told, that of the form; a document that is named is told of first."""


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """A grant that somebody asks for, as it was typed."""

    aco_id: str
    performance_year: int
    name: str
    email: str
    capacity: str
    reason: str
    document_ids: tuple[str, ...]
    until: str
    most: str


@dataclass(frozen=True, slots=True)
class Given:
    """A grant that was made, and the secret of its link; empty when the link is mailed, for then nobody else gets it."""

    grant: Grant
    token: str


@dataclass(frozen=True, slots=True)
class GrantDesk:
    """Where copies are granted and grants withdrawn; built once with the services that it needs.

    Attributes:
        secret: from which the secrets of links are made.
        public_url: where links lead; empty when no setting says.
        mailed: whether there is a mail server.
    """

    database: Database
    clock: Clock
    secret: str
    public_url: str
    mailed: bool

    def of_packet(self, user_id: str, aco_id: str, year: int) -> list[Grant]:
        """The grants of an ACO's documents of a year that a person may see, newest first.

        Raises:
            NotFoundError: there is no such ACO, or the person gives no copies of its documents.
        """
        with self.database.read() as records:
            capacities = _capacities(records, user_id, aco_id, year, day_of(self.clock()))
            return [one for one in records.grants.of_packet(aco_id, year) if one.capacity in capacities]

    def get(self, user_id: str, aco_id: str, year: int, grant_id: str) -> Grant:
        """One grant.

        Raises:
            NotFoundError: there is none, or it is not theirs to see.
        """
        with self.database.read() as records:
            return _require(records, user_id, aco_id, year, grant_id, day_of(self.clock()))

    def capacities(self, user_id: str, aco_id: str, year: int) -> list[Capacity]:
        """To whom a person may give copies of an ACO's documents.

        Raises:
            NotFoundError: there is no such ACO, or the person gives no copies of its documents.
        """
        with self.database.read() as records:
            found = _capacities(records, user_id, aco_id, year, day_of(self.clock()))
        return sorted(found, key=list(Capacity).index)

    def executed(self, aco_id: str, year: int) -> list[Document]:
        """The documents of which copies can be given, in the order of their steps. The caller has asked who may see them."""
        with self.database.read() as records:
            return [one for one in records.documents.packet(aco_id, year) if not copy_problems([one])]

    def documents(self, grant: Grant) -> list[Document]:
        """The documents of a grant as they are now, in the order of their steps."""
        with self.database.read() as records:
            return records.documents.several(grant.document_ids)

    def make(self, user_id: str, request: GrantRequest) -> Given:
        """Give somebody access to certified copies, and mail the link where there is a mail server.

        Raises:
            NotFoundError: there is no such ACO, or the person gives no copies of its documents.
            InputError: with everything that is wrong with the request; nothing was stored.
        """
        now, place = self.clock(), (request.aco_id, request.performance_year)
        chosen = tuple(sorted(set(request.document_ids)))

        def check(records: Records) -> Grant:
            capacities = _capacities(records, user_id, *place, day_of(now))
            problems = [*_request_problems(request, capacities, now), *_document_problems(records, place, chosen)]
            if problems:
                raise InputError(
                    sorted(problems, key=lambda one: FIELDS.index(one.where) if one.where in FIELDS else 0)
                )
            return _grant(request, user_id, now)

        def record(records: Records, grant: Grant) -> Given:
            message_id, token = None, self._token(grant.grant_id)
            if self.mailed:
                message_id = records.journal.queue(Topic.COPIES_GRANTED, {"grant_id": grant.grant_id}, now)
            records.grants.add(made := replace(grant, message_id=message_id), link_digest(token))
            about = {"documents": list(grant.document_ids), "until": grant.expires_at.isoformat(), "most": grant.most}
            tale.tell(records, grant=grant.grant_id, capacity=str(grant.capacity), mailed=self.mailed, **about)
            return Given(made, "" if self.mailed else token)

        tale = Tale(Act.COPY_GRANT, user_id, f"{request.aco_id}/{request.performance_year}", now)
        return carry_out(self.database, tale, check, record)

    def withdraw(self, user_id: str, aco_id: str, year: int, grant_id: str, reason: str) -> None:
        """Withdraw a grant: its link opens nothing from the next request on.

        Raises:
            NotFoundError: there is none, or it is not theirs to withdraw.
            ConflictError: it was withdrawn before.
            InputError: there is no reason.
        """
        now = self.clock()

        def check(records: Records) -> None:
            if _require(records, user_id, aco_id, year, grant_id, day_of(now)).withdrawn_at is not None:
                sentence = "This grant was withdrawn before."
                raise ConflictError(Problem("grant-withdrawn", sentence, "There is nothing left to withdraw."))
            if problems := written_problems(reason, "reason", "reason", "Say why it is withdrawn."):
                raise InputError(problems)

        def record(records: Records, _checked: None) -> None:
            records.grants.withdraw(grant_id, reason.strip(), user_id, now)
            tale.tell(records, packet=f"{aco_id}/{year}")

        tale = Tale(Act.COPY_WITHDRAW, user_id, subject_of(grant_id), now)
        carry_out(self.database, tale, check, record)

    def newest(self, most: int, skip: int = 0) -> tuple[list[Grant], int]:
        """The newest grants of all ACOs, and how many there are; for CMS and archivists."""
        with self.database.read() as records:
            return records.grants.newest(most, skip), records.grants.count()

    def find(self, grant_id: str) -> Grant | None:
        """The grant of that id, or None; for whoever may see every one."""
        with self.database.read() as records:
            return records.grants.get(grant_id)

    def link(self, notice: Notice) -> str:
        """The link that the mail of a notice carries; empty for notices that carry none."""
        if notice.topic != Topic.COPIES_GRANTED:
            return ""
        with self.database.read() as records:
            found = records.grants.of_message(notice.message_id)
        token = self._token(found[0].grant_id) if found else ""
        return self.address(token) if found and hmac.compare_digest(link_digest(token), found[1]) else ""

    def address(self, token: str) -> str:
        """Where the link with a secret leads; without the host when no setting names it."""
        return f"{self.public_url}{PATH}?token={token}"

    def _token(self, grant_id: str) -> str:
        said = f"esm-packets copies|{grant_id}"
        return base64.urlsafe_b64encode(hmac.digest(self.secret.encode(), said.encode(), "sha256")).decode().rstrip("=")


def subject_of(grant_id: str) -> str:
    """How the log names a grant; whom it is for stands with the grant alone."""
    return f"grant/{grant_id}"


def copy_problems(documents: Iterable[Document]) -> list[Problem]:
    """Why no certified copy of these documents can be given."""
    problems = []
    for one in documents:
        if one.disposed_at:
            sentence = (
                f"This document was disposed of on {one.disposed_at:%Y-%m-%d}: there are no bytes of it any more."
            )
            remedy = "The certificate of its disposition says what it was."
            problems.append(Problem("document-disposed", sentence, remedy, one.document_id))
        elif one.voided_at:
            sentence = "This document was voided and does not count any more."
            problems.append(
                Problem("document-voided", sentence, "Give a copy of the one in its place.", one.document_id)
            )
        elif not one.executed_at:
            sentence = "This document is not executed: not everybody has signed it."
            problems.append(Problem("document-not-executed", sentence, "Wait until it is.", one.document_id))
    return problems


def _capacities(records: Records, user_id: str, aco_id: str, year: int, today: date) -> frozenset[Capacity]:
    """To whom somebody may give copies; CMS staff and archivists to anybody, an ACO Executive to those of the ACO.

    Raises:
        NotFoundError: there is no such ACO, or the person gives no copies of its documents.
    """
    person, aco = records.people.get(user_id), records.acos.get(aco_id, year)
    if person is None or aco is None or not person.is_active(today):
        raise not_yours(aco_id)
    if may(Action.GIVE_COPIES, person.cms_roles):
        return frozenset(Capacity)
    if Role.ACO_EXECUTIVE in records.acos.roles_of(user_id, aco_id, year):
        return OF_THE_ACO
    raise not_yours(aco_id)


def _require(records: Records, user_id: str, aco_id: str, year: int, grant_id: str, today: date) -> Grant:
    capacities = _capacities(records, user_id, aco_id, year, today)
    grant = records.grants.get(grant_id)
    if grant is None or (grant.aco_id, grant.performance_year) != (aco_id, year) or grant.capacity not in capacities:
        raise not_yours(grant_id)
    return grant


def _request_problems(request: GrantRequest, capacities: frozenset[Capacity], now: datetime) -> list[Problem]:
    most = _read_number(request.most)
    problems = request_problems(request.name, request.reason, _read_day(request.until), most, day_of(now))
    if not is_address(request.email.strip()):
        problems.append(
            Problem("email-unusable", "This is no e-mail address.", "Write it as name@example.org.", "email")
        )
    if request.capacity not in set(Capacity):
        sentence = "It is not said as what the person is given the copy."
        problems.append(Problem("capacity-unknown", sentence, "Choose one of those offered.", "capacity"))
    elif request.capacity not in capacities:
        sentence = "An ACO gives copies to its participants, providers and suppliers and its governing body."
        problems.append(Problem("capacity-not-permitted", sentence, "Ask CMS to give an auditor access.", "capacity"))
    return problems


def _document_problems(records: Records, place: tuple[str, int], chosen: tuple[str, ...]) -> list[Problem]:
    """What is another ACO's is answered as what does not exist."""
    if not 1 <= len(chosen) <= MOST_DOCUMENTS:
        sentence = f"{len(chosen) or 'No'} documents are chosen."
        remedy = f"Choose from 1 to {MOST_DOCUMENTS} documents."
        return [Problem("documents-unusable", sentence, remedy, "documents")]
    found = [one for one in records.documents.several(chosen) if (one.aco_id, one.performance_year) == place]
    known = {one.document_id for one in found}
    missing = [
        Problem("document-unknown", "There is no such document in this packet.", "Choose from the list.", one)
        for one in chosen
        if one not in known
    ]
    return missing + copy_problems(found)


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _read_number(text: str) -> int | None:
    written = text.strip()
    return int(written) if re.fullmatch("[0-9]{1,6}", written) else None


def _grant(request: GrantRequest, user_id: str, now: datetime) -> Grant:
    """The grant of a request in which nothing is wrong."""
    return Grant(
        grant_id=str(uuid.uuid4()),
        aco_id=request.aco_id,
        performance_year=request.performance_year,
        name=request.name.strip(),
        email=request.email.strip(),
        capacity=Capacity(request.capacity),
        reason=request.reason.strip(),
        document_ids=tuple(sorted(set(request.document_ids))),
        made_by=user_id,
        made_at=now,
        expires_at=last_instant(date.fromisoformat(request.until.strip())),
        most=int(request.most),
    )
