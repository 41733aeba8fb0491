"""One pass over the mail that is due: claim, hand over, record.

At least once, and as near to once as mail can be: a notice is claimed before it is handed over, and the server's answer is
recorded after it. A process that dies in between has the notice sent again when its lease ends, under the same Message-ID.
One address never holds up another: what the server does not take now waits, and longer each time; what it refuses for good,
or does not take within the time in `packets.notices.desk`, ends, and CMS staff see why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from packets.audit.log import SERVICE, Act
from packets.audit.log import Outcome as Told
from packets.clock import Clock
from packets.errors import InputError, Problem
from packets.faultpoints import FaultPoint, passing
from packets.model.notices import DeliveryState, Notice
from packets.notices.message import Sender, build_message
from packets.notices.smtp import Answer, Line, MailServer, Outcome, UnreachableError
from packets.store.database import Database
from packets.store.records import Records

LEASE = timedelta(minutes=15)
"""How long a sender has a notice for itself; longer than all answers that it may wait for together."""

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
AT_ONCE = 200
"""Most messages of one pass."""


@dataclass
class Delivered:
    """What a pass did: notices by what became of them, and what kept it from doing more."""

    counts: dict[DeliveryState, int] = field(default_factory=lambda: dict.fromkeys(DeliveryState, 0))
    problems: tuple[Problem, ...] = ()


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts (at least one): a minute, then twice as long each time, four hours at most."""
    doublings: int = 2 ** min(attempts - 1, 16)
    return min(FIRST_WAIT * doublings, LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class PostOffice:
    """Where notices are handed to the mail server; built once with the services that it needs."""

    database: Database
    clock: Clock
    server: MailServer | None
    sender: Sender | None
    link: Callable[[Notice], str] = lambda _notice: ""
    """What only the mail of a notice carries, and nothing that is kept; empty for nearly all."""

    def deliver(self, before_each: Callable[[int], None] = lambda _done: None) -> Delivered:
        """Hand over the mail that is due. Without a mail server there is none.

        Args:
            before_each: told before each message how many were handed over; what it raises ends the pass there.
        """
        done = Delivered()
        if self.server is None or self.sender is None:
            return done
        with self.database.read() as records:
            if not records.notices.is_any_due(self.clock()):
                return done
        try:
            with self.server.connect() as line:
                for number in range(AT_ONCE):
                    before_each(number)
                    if not self._deliver_next(line, self.sender, done):
                        break
        except UnreachableError as error:
            done.problems = error.problems
            self._give_up(done)
        return done

    def _deliver_next(self, line: Line, sender: Sender, done: Delivered) -> bool:
        now = self.clock()
        with self.database.write() as records:
            notice = records.notices.claim(now, now + LEASE)
        if notice is None:
            return False
        try:
            answer = _hand_over(line, notice, sender, self.link(notice))
        except UnreachableError as error:
            self._settle(notice, Answer(Outcome.LATER, error.problems[0].sentence), done)
            raise
        passing(FaultPoint.AFTER_SENDING)
        self._settle(notice, answer, done)
        return True

    def _settle(self, notice: Notice, answer: Answer, done: Delivered) -> None:
        now = self.clock()
        state, again = _state(notice, answer.outcome, now)
        with self.database.write() as records:
            if records.notices.settle(notice, state, answer.words, next_attempt_at=again, now=now):
                done.counts[state] += 1
                _log(records, notice, state, now)

    def _give_up(self, done: Delivered) -> None:
        """End what waited too long for a server that cannot be reached."""
        now = self.clock()
        with self.database.write() as records:
            for notice in records.notices.overdue(now):
                words = notice.last_error or "The mail server could not be reached in time."
                records.notices.settle(notice, DeliveryState.FAILED, words, next_attempt_at=None, now=now)
                done.counts[DeliveryState.FAILED] += 1
                _log(records, notice, DeliveryState.FAILED, now)


def _hand_over(line: Line, notice: Notice, sender: Sender, link: str) -> Answer:
    try:
        message = build_message(notice, sender, link)
    except InputError as error:
        return Answer(Outcome.REFUSED, error.problems[0].sentence)
    return line.send(message, sender.address, notice.recipient.email)


def _state(notice: Notice, outcome: Outcome, now: datetime) -> tuple[DeliveryState, datetime | None]:
    """What becomes of a notice, and when it is tried again."""
    again = now + wait_after(notice.attempts)
    if outcome is Outcome.LATER and again < notice.give_up_at:
        return DeliveryState.QUEUED, again
    ends = {
        Outcome.ACCEPTED: DeliveryState.SENT,
        Outcome.REFUSED: DeliveryState.REFUSED,
        Outcome.LATER: DeliveryState.FAILED,
    }
    return ends[outcome], None


def _log(records: Records, notice: Notice, state: DeliveryState, now: datetime) -> None:
    """The log tells how it ended; that it is tried again is no end."""
    if state is DeliveryState.QUEUED:
        return
    outcome = Told.DONE if state is DeliveryState.SENT else Told.REFUSED
    about = {"topic": notice.topic, "attempts": notice.attempts, "state": str(state)}
    records.journal.log(Act.NOTICE_SEND, SERVICE, f"notice/{notice.notice_id}", now, outcome, **about)
