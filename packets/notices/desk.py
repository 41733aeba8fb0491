"""The desk of notices: messages of the outbox become notices; people read theirs; CMS staff see what became of the mail.

A message is taken and its notices are written in one transaction: however often the pass runs, and wherever it is
interrupted, there is one notice for each message and recipient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.errors import ConflictError, ForbiddenError, NotFoundError, PacketsError, Problem
from packets.model.notices import DeliveryState, Draft, Notice
from packets.model.people import Role
from packets.notices.cases import look_up
from packets.notices.topics import Case, Topic, recipients
from packets.people.access import Action, may
from packets.render.letters import write_letter
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.journal import Message
from packets.store.records.notices import Filter

KEEP_TRYING = timedelta(days=5)
"""How long mail is tried before it is given up (RFC 5321 4.5.4.1: at least four to five days)."""

AT_ONCE = 200
"""Most messages that one pass turns into notices."""

PAGE = 50
"""Notices on one page."""

Address = Callable[[str, int], str]
"""Where somebody who was told something goes: from ACO ID (or nothing) and year; empty when no address is known."""


Also = Callable[[Records, Message, Case, datetime], None]


def nobody_else(_records: Records, _message: Message, _case: Case, _now: datetime) -> None:
    """Tells nobody but people."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of a person's notices, newest first, and how many there are in all and unread."""

    notices: tuple[Notice, ...]
    total: int
    unread: int


@dataclass(frozen=True, slots=True)
class Deliveries:
    """One page of all notices that a filter lets through, the counts by state, and messages that could not be used."""

    notices: tuple[Notice, ...]
    total: int
    states: dict[DeliveryState, int]
    unusable: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class NoticeDesk:
    """Built once with the services that it needs.

    Attributes:
        address: where a notice leads.
        mailed: whether there is a mail server; without one, notices stand in the inbox only.
        also: is told of every message that was looked up, in the transaction that takes it.
    """

    database: Database
    catalog: Catalog
    clock: Clock
    address: Address
    mailed: bool
    also: Also = nobody_else

    def write(self) -> int:
        """Turn waiting messages into notices.

        Returns:
            How many notices were written.
        """
        with self.database.read() as records:
            waiting = records.journal.waiting(AT_ONCE)
        return sum(self._write_one(message) for message in waiting)

    def _write_one(self, message: Message) -> int:
        now = self.clock()
        with self.database.write() as records:
            if not records.journal.take(message.message_id, now):
                return 0
            try:
                case = look_up(records, self.catalog, message.topic, message.payload)
                return self._add(records, message, case, now)
            except PacketsError as error:
                told = "; ".join(str(one) for one in error.problems)
                records.journal.fail(message.message_id, told)
                codes = sorted({one.code for one in error.problems})
                subject = f"message/{message.message_id}"
                records.journal.log(Act.NOTICE_WRITE, SERVICE, subject, now, Outcome.REFUSED, reasons=codes)
                return 0

    def _add(self, records: Records, message: Message, case: Case, now: datetime) -> int:
        topic = Topic(message.topic)
        contacts = records.acos.contacts(case.aco_id, case.year) if case.aco_id else ()
        agency = [*records.people.holding(Role.CMS_STAFF), *records.people.holding(Role.CMS_SIGNATORY)]
        told = recipients(topic, case, contacts, agency)
        letter = write_letter(
            topic, {**case.facts, "page": self.address(case.aco_id, case.year), "sample": case.sample}
        )
        draft = Draft(message.message_id, topic, case.aco_id, case.year, case.sample, letter, now, now + KEEP_TRYING)
        records.notices.add(draft, told, mailed=self.mailed)
        self.also(records, message, case, now)
        subject = f"{case.aco_id}/{case.year}" if case.aco_id else f"message/{message.message_id}"
        users = [one.user_id for one in told if one.user_id]
        records.journal.log(
            Act.NOTICE_WRITE,
            SERVICE,
            subject,
            now,
            topic=str(topic),
            message=message.message_id,
            recipients=len(told),
            users=users,
        )
        return len(told)

    def inbox(self, user_id: str, page: int = 1) -> Inbox:
        """A page of a person's notices."""
        with self.database.read() as records:
            found = records.notices.of_person(user_id, skip=(page - 1) * PAGE, most=PAGE)
            counts = [records.notices.count_of_person(user_id, unread=unread) for unread in (False, True)]
        return Inbox(tuple(found), *counts)

    def unread(self, user_id: str) -> int:
        """How many notices a person has not read yet."""
        with self.database.read() as records:
            return records.notices.count_of_person(user_id, unread=True)

    def open(self, user_id: str, notice_id: int) -> Notice:
        """One notice, for its reader; that they read it is recorded.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
        """
        with self.database.write() as records:
            notice = records.notices.get(notice_id)
            if notice is None or notice.recipient.user_id != user_id:
                raise _not_yours()
            records.notices.read(user_id, self.clock(), notice_id)
        return notice

    def read_all(self, user_id: str) -> None:
        """Record that a person has read everything that they have."""
        with self.database.write() as records:
            records.notices.read(user_id, self.clock())

    def deliveries(self, user_id: str, which: Filter, page: int = 1) -> Deliveries:
        """What became of the mail, for CMS staff.

        Raises:
            ForbiddenError: the person may not see it.
        """
        with self.database.read() as records:
            _require_staff(records, user_id)
            found = records.notices.listed(which, skip=(page - 1) * PAGE, most=PAGE)
            total, states = records.notices.count_listed(which), records.notices.states()
            return Deliveries(tuple(found), total, states, tuple(records.journal.failed(PAGE)))

    def retry(self, user_id: str, notice_id: int) -> None:
        """Have mail that was given up or refused tried again, from the start.

        Raises:
            ForbiddenError: the person may not ask for it.
            NotFoundError: there is no such notice.
            ConflictError: it is neither failed nor refused, or there is no mail server.
        """
        now = self.clock()
        refused: PacketsError
        with self.database.write() as records:
            try:
                self._requeue(records, user_id, notice_id, now)
            except PacketsError as error:
                refused = error
                codes = sorted({one.code for one in error.problems})
                records.journal.log(
                    Act.NOTICE_RETRY, user_id, f"notice/{notice_id}", now, Outcome.REFUSED, reasons=codes
                )
            else:
                records.journal.log(Act.NOTICE_RETRY, user_id, f"notice/{notice_id}", now)
                return
        raise refused

    def _requeue(self, records: Records, user_id: str, notice_id: int, now: datetime) -> None:
        _require_staff(records, user_id)
        if not self.mailed:
            sentence = "The service has no mail server."
            raise ConflictError(Problem("mail-not-set-up", sentence, "Set ESM_MAIL_URL, then try again."))
        if records.notices.get(notice_id) is None:
            raise _not_yours()
        if not records.notices.requeue(notice_id, now, now + KEEP_TRYING):
            sentence = "The notice is neither failed nor refused."
            raise ConflictError(Problem("notice-not-ended", sentence, "Look at its state again."))


def _not_yours() -> NotFoundError:
    return NotFoundError(Problem("not-found", "There is nothing here for you.", "Go back to your notices."))


def _require_staff(records: Records, user_id: str) -> None:
    person = records.people.get(user_id)
    if person is None or not may(Action.MANAGE_YEAR, person.cms_roles):
        sentence = "Only CMS staff see how notices were delivered."
        raise ForbiddenError(Problem("deliveries-not-permitted", sentence, "Go back to your notices."))
