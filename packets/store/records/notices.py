"""Records of notices and of the reminders that were given.

A notice is claimed for sending by compare-and-swap on its number of attempts, so that of several senders one has it. The
claim is a lease: when the sender dies, the notice is due again after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from packets.model.notices import DeliveryState, Draft, Letter, Notice, Recipient
from packets.store.tables import notices, reminders

DRAFTED = ("message_id", "topic", "aco_id", "year", "sample")


@dataclass(frozen=True, slots=True)
class Reminder:
    """A stage of a schedule: so many days before a due date, for an ACO and a subject (an activity, or the DUA)."""

    aco_id: str
    year: int
    subject: str
    due_on: date
    days: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which notices to list: of a state, of an ACO; empty means any."""

    state: DeliveryState | None = None
    aco_id: str = ""


class NoticeRecords:
    """Notices by id, by person and by delivery state."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def dispose(self, before: datetime) -> int:
        """Remove what was written before then and waits for no mail; how many there were."""
        old = notices.c.created_at_utc < before, notices.c.state != DeliveryState.QUEUED
        return self._connection.execute(notices.delete().where(*old)).rowcount

    def add(self, draft: Draft, recipients: Iterable[Recipient], *, mailed: bool) -> None:
        """Write one notice for each recipient of a message; mailed ones are due at once."""
        shared = {
            **{name: getattr(draft, name) for name in DRAFTED},
            "subject": draft.letter.subject,
            "body_text": draft.letter.text,
            "body_html": draft.letter.html,
            "created_at_utc": draft.created_at,
            "give_up_at_utc": draft.give_up_at,
            "attempts": 0,
            "last_error": "",
            "state": DeliveryState.QUEUED if mailed else DeliveryState.INBOX_ONLY,
            "next_attempt_at_utc": draft.created_at if mailed else None,
        }
        rows = [
            {**shared, "recipient": one.key, "user_id": one.user_id or None, "email": one.email} for one in recipients
        ]
        if rows:
            self._connection.execute(notices.insert(), rows)

    def get(self, notice_id: int) -> Notice | None:
        """The notice, or None."""
        row = self._connection.execute(notices.select().where(notices.c.notice_id == notice_id)).one_or_none()
        return _notice(row) if row else None

    def of_person(self, user_id: str, *, skip: int, most: int) -> list[Notice]:
        """A person's notices, newest first."""
        asked = notices.select().where(notices.c.user_id == user_id).order_by(notices.c.notice_id.desc())
        return [_notice(row) for row in self._connection.execute(asked.offset(skip).limit(most))]

    def count_of_person(self, user_id: str, *, unread: bool = False) -> int:
        """How many notices a person has, or has not read yet."""
        asked = sa.select(sa.func.count()).select_from(notices).where(notices.c.user_id == user_id)
        return int(self._connection.scalar(asked.where(notices.c.read_at_utc.is_(None)) if unread else asked) or 0)

    def read(self, user_id: str, now: datetime, notice_id: int | None = None) -> None:
        """Record that a person read a notice, or all that they have; the first time counts."""
        asked = notices.update().where(notices.c.user_id == user_id, notices.c.read_at_utc.is_(None))
        if notice_id is not None:
            asked = asked.where(notices.c.notice_id == notice_id)
        self._connection.execute(asked.values(read_at_utc=now))

    def states(self) -> dict[DeliveryState, int]:
        """How many notices there are in each state."""
        asked = sa.select(notices.c.state, sa.func.count()).group_by(notices.c.state)
        found = {DeliveryState(state): count for state, count in self._connection.execute(asked)}
        return {state: found.get(state, 0) for state in DeliveryState}

    def listed(self, which: Filter, *, skip: int, most: int) -> list[Notice]:
        """Notices that a filter lets through, newest first."""
        asked = notices.select().where(*_let_through(which)).order_by(notices.c.notice_id.desc())
        return [_notice(row) for row in self._connection.execute(asked.offset(skip).limit(most))]

    def count_listed(self, which: Filter) -> int:
        """How many a filter lets through."""
        asked = sa.select(sa.func.count()).select_from(notices).where(*_let_through(which))
        return int(self._connection.scalar(asked) or 0)

    def is_any_due(self, now: datetime) -> bool:
        """Whether any mail is due."""
        return self._connection.execute(_due(now).limit(1)).first() is not None

    def claim(self, now: datetime, until: datetime) -> Notice | None:
        """Take the notice that is due longest, for sending until the lease ends; None when none is due."""
        while row := self._connection.execute(_due(now).limit(1)).one_or_none():
            asked = notices.update().where(*_unchanged(row.notice_id, row.attempts))
            if self._connection.execute(
                asked.values(attempts=row.attempts + 1, next_attempt_at_utc=until)
            ).rowcount:  # pragma: no branch  a lost race looks again
                return self.get(row.notice_id)
        return None

    def settle(
        self, claimed: Notice, state: DeliveryState, error: str, *, next_attempt_at: datetime | None, now: datetime
    ) -> bool:
        """Record what came of a claimed notice. False when the lease was over and another sender has it."""
        values = {
            "state": state,
            "last_error": error,
            "next_attempt_at_utc": next_attempt_at,
            "sent_at_utc": now if state is DeliveryState.SENT else None,
        }
        asked = notices.update().where(*_unchanged(claimed.notice_id, claimed.attempts))
        return self._connection.execute(asked.values(**values)).rowcount == 1

    def overdue(self, now: datetime) -> list[Notice]:
        """Queued notices whose time to be given up has come, and that no sender has at the moment."""
        asked = _due(now).where(notices.c.give_up_at_utc <= now)
        return [_notice(row) for row in self._connection.execute(asked)]

    def requeue(self, notice_id: int, now: datetime, give_up_at: datetime) -> bool:
        """Try a failed or refused notice again from the start; False when it is neither."""
        ended = notices.c.state.in_([DeliveryState.FAILED, DeliveryState.REFUSED])
        values = {"state": DeliveryState.QUEUED, "next_attempt_at_utc": now, "give_up_at_utc": give_up_at}
        asked = notices.update().where(notices.c.notice_id == notice_id, ended).values(**values, last_error="")
        return self._connection.execute(asked).rowcount == 1

    def reminded(self, year: int) -> frozenset[Reminder]:
        """The reminders of a year that were given."""
        found = self._connection.execute(reminders.select().where(reminders.c.year == year))
        return frozenset(Reminder(row.aco_id, row.year, row.subject, row.due_on, row.days) for row in found)

    def remind(self, reminder: Reminder, now: datetime) -> bool:
        """Record that a reminder is given in this transaction; False when it was given before."""
        values = {field: getattr(reminder, field) for field in Reminder.__dataclass_fields__}
        try:
            with self._connection.begin_nested():
                self._connection.execute(reminders.insert().values(**values, queued_at_utc=now))
        except sa.exc.IntegrityError:
            return False
        return True


def _due(now: datetime) -> sa.Select[Any]:
    """Mail that is due, the one that waits longest first."""
    due = notices.c.state == DeliveryState.QUEUED, notices.c.next_attempt_at_utc <= now
    return notices.select().where(*due).order_by(notices.c.next_attempt_at_utc, notices.c.notice_id)


def _unchanged(notice_id: int, attempts: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        notices.c.notice_id == notice_id,
        notices.c.attempts == attempts,
        notices.c.state == DeliveryState.QUEUED,
    )


def _let_through(which: Filter) -> list[sa.ColumnElement[bool]]:
    asked: list[sa.ColumnElement[bool]] = [] if which.state is None else [notices.c.state == which.state]
    return [*asked, notices.c.aco_id == which.aco_id] if which.aco_id else asked


def _notice(row: Any) -> Notice:
    return Notice(
        **{name: getattr(row, name) for name in ("notice_id", *DRAFTED)},
        recipient=Recipient(row.user_id or "", row.email),
        letter=Letter(row.subject, row.body_text, row.body_html),
        created_at=row.created_at_utc,
        read_at=row.read_at_utc,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at_utc,
        give_up_at=row.give_up_at_utc,
        sent_at=row.sent_at_utc,
        last_error=row.last_error,
    )
