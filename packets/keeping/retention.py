"""Retention: until when each document is kept, why, and what makes it longer (42 CFR 425.314(b)).

The date is worked out from what is recorded, each time that somebody asks. What was found is recorded too, once a week, so that
a change of the records, such as an agreement that ends earlier, never makes a date come sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.errors import ForbiddenError, InputError, NotFoundError, Problem
from packets.model.holds import Hold
from packets.model.retention import (
    Extension,
    Ground,
    KeptDocument,
    Schedule,
    class_of,
    day_of,
    extension_problems,
    latest_end,
    schedule,
)
from packets.people.access import Action, may
from packets.store.database import Database
from packets.store.records import Records

SOON = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that is kept: until when and why, the holds that stand on it, and the disposition that it is in.

    Attributes:
        disposition_id: of a disposition that has not come to its end; empty when there is none.
    """

    document: KeptDocument
    schedule: Schedule
    holds: tuple[Hold, ...]
    disposition_id: str = ""

    def is_due(self, today: date) -> bool:
        """Whether it may be disposed of: its date is over and nothing holds it."""
        return self.schedule.is_over(today) and not self.holds


@dataclass(frozen=True, slots=True)
class Outlook:
    """What somebody should look at.

    Attributes:
        due: what may be disposed of, soonest first.
        soon: what comes to its date within `SOON`, or has come to it and is held.
        held: what a hold stands on.
        count: how many documents are kept.
    """

    due: list[Kept]
    soon: list[Kept]
    held: list[Kept]
    count: int


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """What makes records be kept longer, as somebody typed it: all of an ACO, or one document."""

    aco_id: str
    document_id: str
    ground: str
    day: str
    authority: str


@dataclass(frozen=True, slots=True)
class RetentionDesk:
    """Where it is said how long documents are kept; built once with the services that it needs.

    Attributes:
        lock: for how long the store locks a new object; None when it locks nothing.
    """

    database: Database
    catalog: Catalog
    clock: Clock
    lock: timedelta | None = None

    def kept(self, document_ids: Iterable[str] | None = None) -> list[Kept]:
        """Every document that was not disposed of, or some of them."""
        with self.database.read() as records:
            return self.look_up(records, document_ids)

    def one(self, document_id: str) -> Kept | None:
        """What holds for one document; None when there is none, or it was disposed of."""
        return next(iter(self.kept([document_id])), None)

    def outlook(self, today: date) -> Outlook:
        """What is due on a day or soon, and what is held; only what can be is looked at, so it costs little when little is."""
        until = today + SOON
        classes = {class_of(None), *map(class_of, self.catalog.values())}
        with self.database.read() as records:
            near = self._judged(records, records.keeping.kept_of(latest_end(until, classes), until))
            holds = records.keeping.holds(standing=True)
            held = self._judged(records, records.keeping.kept_under(holds))
            count = records.keeping.count()
        due = [one for one in near if one.is_due(today)]
        soon = [one for one in near if not one.is_due(today) and one.schedule.disposable_after <= until]
        return Outlook(by_date(due), by_date(soon), by_date([one for one in held if one.holds]), count)

    def look_up(self, records: Records, document_ids: Iterable[str] | None = None) -> list[Kept]:
        """As `kept`, in a transaction that is under way."""
        return self._judged(records, records.keeping.kept(document_ids))

    def _judged(self, records: Records, found: Iterable[KeptDocument]) -> list[Kept]:
        extensions, holds = records.keeping.extensions(), records.keeping.holds(standing=True)
        moving = records.dispositions.under_way()
        return [self._kept(one, extensions, holds, moving) for one in found]

    def record_dates(self) -> int:
        """Record every date that is later than what was recorded; answer how many there were."""
        with self.database.read() as records:
            later = [
                (one.document.document_id, one.schedule.keep_until)
                for one in self.look_up(records)
                if one.document.facts.recorded is None or one.document.facts.recorded < one.schedule.keep_until
            ]
        if not later:
            return 0
        with self.database.write() as records:
            return sum(records.keeping.record_date(*one) for one in later)

    def extensions(self) -> list[Extension]:
        """Everything that makes records be kept longer."""
        with self.database.read() as records:
            return records.keeping.extensions()

    def extend(self, user_id: str, request: ExtensionRequest) -> None:
        """Record that records of an ACO, or one document, are kept longer. It can only add days, and is never taken back.

        Raises:
            ForbiddenError: the person is neither CMS staff nor archivist.
            NotFoundError: there is no such document, or no such ACO.
            InputError: with everything that is wrong with it.
        """
        now, day = self.clock(), _read_day(request.day)
        subject = request.document_id or request.aco_id

        def check(records: Records) -> date:
            require_keeper(records, user_id)
            problems = extension_problems(request.ground, day, request.authority, day_of(now))
            if problems or day is None:
                raise InputError(problems)
            require_scope(records, request.aco_id, [request.document_id] if request.document_id else [])
            return day

        def record(records: Records, found: date) -> None:
            aco_id = "" if request.document_id else request.aco_id
            authority, ground = request.authority.strip(), Ground(request.ground)
            records.keeping.extend(aco_id, request.document_id, ground, found, authority, user_id, now)
            tale.tell(records, ground=request.ground, day=found.isoformat(), authority=authority)

        tale = Tale(Act.RETENTION_EXTEND, user_id, subject, now)
        carry_out(self.database, tale, check, record)

    def _kept(
        self, one: KeptDocument, extensions: Iterable[Extension], holds: Iterable[Hold], moving: Mapping[str, str]
    ) -> Kept:
        place = one.aco_id, one.document_id
        longer = [each for each in extensions if each.covers(*place)]
        found = schedule(class_of(self.catalog.get(one.kind)), one.facts, longer, self.lock)
        return Kept(one, found, tuple(each for each in holds if each.covers(*place)), moving.get(one.document_id, ""))


def by_date(kept: Iterable[Kept]) -> list[Kept]:
    """In the order in which they come to their dates, then by ACO."""
    return sorted(kept, key=lambda one: (one.schedule.keep_until, one.document.aco_id))


def require_keeper(records: Records, user_id: str, action: Action = Action.KEEP_RECORDS) -> None:
    """Refuse whoever may not.

    Raises:
        ForbiddenError: they may not, or their user ID is not active.
    """
    person = records.people.get(user_id)
    if person is None or not person.account_active or not may(action, person.cms_roles):
        raise ForbiddenError(
            Problem("keeping-not-permitted", "Only CMS staff and archivists do this.", "Ask one of them.")
        )


def require_scope(records: Records, aco_id: str, document_ids: Iterable[str]) -> None:
    """Refuse an ACO that nobody knows, and documents that are not there or were disposed of.

    Raises:
        NotFoundError: with each of them.
    """
    wanted = set(document_ids)
    known = {one.document_id for one in records.keeping.kept(wanted)} if wanted else set()
    problems = [
        Problem(
            "document-not-kept", "There is no such document, or it was disposed of.", "Look it up in the archive.", one
        )
        for one in sorted(wanted - known)
    ]
    if not wanted and not records.acos.is_known(aco_id):
        problems.append(
            Problem("aco-unknown", "There is no such ACO.", "Write its ID as it stands in the archive.", "aco_id")
        )
    if problems:
        raise NotFoundError(problems)


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
