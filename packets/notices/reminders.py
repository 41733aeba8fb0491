"""Reminders: whoever has not finished what is due is told, at most once for each stage of the schedule (R7, R8, REQ 2.4).

What was given is recorded in the transaction that queues it, so that a pass may run as often as it likes and be interrupted
anywhere. A due date that moves begins its schedule anew; the stages that lie before the move are not made up for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.list_desks.corrections import SOURCE
from packets.model.aco import Aco, StepOne
from packets.model.agreements import EXTENSION_GATE
from packets.model.calendar import AGENCY_ZONE, Activity, Extension, PerformanceYear, Window
from packets.model.documents import Document, DocumentType, Party
from packets.model.people import Role
from packets.notices.schedule import ACTIVITY_SCHEDULE, DUA_ENDED_SCHEDULE, DUA_SCHEDULE, owed, reminder_day
from packets.notices.topics import ACTORS, DESIGNEES, Topic
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.notices import Reminder
from packets.years.standings import read_standing

DUA = "data-use-agreement"
"""What a reminder of the agreement's end is about."""

NEWEST_YEARS = 2
"""In so many of the newest years an ACO's Data Use Agreement is looked for."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A reminder that is owed: its stage, its topic, and the roles that still have to act (none: those of the topic)."""

    reminder: Reminder
    topic: Topic
    roles: frozenset[Role] = frozenset()
    count: int = 0

    @property
    def payload(self) -> dict[str, Any]:
        """The outbox message."""
        one = self.reminder
        shared = {"aco_id": one.aco_id, "year": one.year, "days": one.days}
        if self.topic is not Topic.DEADLINE_NEAR:
            return {**shared, "expires_on": one.due_on.isoformat()}
        told = {"activity": one.subject, "due_on": one.due_on.isoformat(), "count": self.count}
        return {**shared, **told, "roles": sorted(map(str, self.roles))}


@dataclass(frozen=True, slots=True)
class ReminderDesk:
    """Where reminders are planned and queued; built once with the services that it needs."""

    database: Database
    catalog: Catalog
    clock: Clock

    def plan(self, today: date | None = None) -> list[Planned]:
        """What is owed on a day and was not given yet: today, or any other day with the records as they are now."""
        day = reminder_day(self.clock()) if today is None else today
        with self.database.read() as records:
            return [one for year in self._years(records) for one in year.owed(day)]

    def remind(self) -> int:
        """Queue what is owed today.

        Returns:
            How many reminders were queued.
        """
        return sum(self._queue(one) for one in self.plan())

    def _queue(self, planned: Planned) -> bool:
        now = self.clock()
        with self.database.write() as records:
            if not records.notices.remind(planned.reminder, now):
                return False
            records.journal.queue(planned.topic, planned.payload, now)
        return True

    def _years(self, records: Records) -> Iterator[_Year]:
        """Every year, newest first; an ACO's Data Use Agreement is the one of its newest year."""
        seen: set[str] = set()
        for place, number in enumerate(records.years.numbers()):
            opened = records.years.get(number)
            if opened is None:
                continue
            acos = records.acos.in_year(number)
            newest = [] if place >= NEWEST_YEARS else [one for one in acos if one.aco_id not in seen]
            seen.update(one.aco_id for one in acos)
            yield _Year(records, self.catalog, opened, acos, newest)


class _Year:
    """A performance year and who has still to act in it; documents and contacts are read only where a stage is reached."""

    def __init__(
        self, records: Records, catalog: Catalog, opened: PerformanceYear, acos: list[Aco], agreements: list[Aco]
    ) -> None:
        self._records, self._catalog = records, catalog
        self._opened, self._acos, self._agreements = opened, acos, agreements
        self._extensions: Mapping[str, list[Extension]] = records.years.extensions_in(opened.year)
        self._given = records.notices.reminded(opened.year)

    def owed(self, today: date) -> Iterator[Planned]:
        """Every reminder of the year that is owed on a day."""
        for aco in self._acos:
            extended = self._opened.extended(self._extensions.get(aco.aco_id, ()))
            for window in extended.windows:
                if window.cohort is aco.cohort and window.activity is not Activity.COUNTERSIGN:
                    yield from self._activity(aco, window, today)
        yield from self._countersigning(today)
        for aco in self._agreements:
            yield from self._agreement(aco, today)

    def _activity(self, aco: Aco, window: Window, today: date) -> Iterator[Planned]:
        if today < window.begins_on:
            return
        stage = owed(ACTIVITY_SCHEDULE, window.due_on, today, self._told_on(aco, window))
        if stage is None:
            return
        reminder = Reminder(aco.aco_id, self._opened.year, window.activity, window.due_on, stage)
        if reminder not in self._given and (roles := self._still_to_act(aco, window.activity)):
            yield Planned(reminder, Topic.DEADLINE_NEAR, roles)

    def _told_on(self, aco: Aco, window: Window) -> date | None:
        """The day on which CMS moved the due date to where it is, and everybody was told."""
        moved = [one for one in self._extensions.get(aco.aco_id, ()) if one.activity is window.activity]
        here = [one.granted_at.astimezone(AGENCY_ZONE).date() for one in moved if one.due_on == window.due_on]
        return max(here, default=None)

    def _still_to_act(self, aco: Aco, activity: Activity) -> frozenset[Role]:
        step_one = self._records.acos.step_one(aco.aco_id, aco.performance_year)
        packet = self._records.documents.packet(aco.aco_id, aco.performance_year)
        if step_one is None:
            return frozenset()
        if activity is Activity.SIGN:
            closed = self._is_closed(aco)
            types = [
                one for one in self._catalog.for_cohort(aco.cohort) if not (closed and EXTENSION_GATE in one.gates)
            ]
            return unsigned_roles(types, packet)
        uploaded = bool(self._records.lists.uploads(aco.aco_id, aco.performance_year))
        reviewed = uploaded or _is_list_signed(self._catalog, packet)
        return frozenset() if is_finished(activity, step_one, reviewed=reviewed) else ACTORS[activity]

    def _countersigning(self, today: date) -> Iterator[Planned]:
        """One reminder for CMS and due date, however many documents wait."""
        open_now = {
            (aco.aco_id): window
            for aco in self._acos
            for window in self._opened.extended(self._extensions.get(aco.aco_id, ())).windows
            if (window.activity, window.cohort) == (Activity.COUNTERSIGN, aco.cohort) and today >= window.begins_on
        }
        due: dict[date, int | None] = {
            one: owed(ACTIVITY_SCHEDULE, one, today) for one in {window.due_on for window in open_now.values()}
        }
        for due_on, stage in sorted(due.items()):
            reminder = Reminder("", self._opened.year, Activity.COUNTERSIGN, due_on, stage or 0)
            if stage is None or reminder in self._given:
                continue
            ids = frozenset(one for one, window in open_now.items() if window.due_on == due_on)
            if count := self._waiting(ids):
                yield Planned(reminder, Topic.DEADLINE_NEAR, ACTORS[Activity.COUNTERSIGN], count)

    def _waiting(self, aco_ids: frozenset[str]) -> int:
        """How many documents of these ACOs wait for CMS to countersign."""
        return sum(
            1
            for one in self._records.documents.in_year(self._opened.year)
            if one.aco_id in aco_ids and waits_for_agency(self._catalog, one)
        )

    def _agreement(self, aco: Aco, today: date) -> Iterator[Planned]:
        ends_on = self._ends_on(aco, today)
        for topic, schedule in ((Topic.DUA_EXPIRING, DUA_SCHEDULE), (Topic.DUA_EXPIRED, DUA_ENDED_SCHEDULE)):
            stage = owed(schedule, ends_on, today)
            if stage is not None:
                reminder = Reminder(aco.aco_id, self._opened.year, DUA, ends_on, stage)
                if reminder not in self._given and not self._is_closed(aco):
                    yield Planned(reminder, topic)

    def _is_closed(self, aco: Aco) -> bool:
        """Whether CMS closed the agreement: nobody is reminded of its end."""
        return self._records.agreements.closure(aco.aco_id, aco.dua.number) is not None

    def _ends_on(self, aco: Aco, today: date) -> date:
        """The day on which an ACO's agreement ends: the new day once every document that extends it is executed."""
        if owed(DUA_SCHEDULE, aco.dua.expires_on, today) is None and today <= aco.dua.expires_on:
            return aco.dua.expires_on
        return read_standing(self._records, self._catalog, aco).expires_on


def unsigned_roles(types: list[DocumentType], packet: list[Document]) -> frozenset[Role]:
    """The roles of the ACO that may sign something that is not signed yet; what is not assembled is not signed."""
    by_kind = {one.kind: one for one in packet}
    return frozenset(
        role
        for one in types
        for slot in (by_kind[one.kind].unsigned(one) if one.kind in by_kind else one.slots)
        if slot.party is Party.ACO
        for role in slot.roles
    )


def is_finished(activity: Activity, step_one: StepOne, *, reviewed: bool) -> bool:
    """Whether an ACO has done an activity before its documents.

    Args:
        activity: any but signing and countersigning.
        step_one: Step 1 as it stands.
        reviewed: corrections were uploaded, or the list is signed as it is.
    """
    filled = {one.role for one in step_one.contacts if one.person.user_id}
    answers = {
        Activity.DESIGNATE: filled >= DESIGNEES,
        Activity.CONTACTS: step_one.contacts_submitted,
        Activity.ORGANIZATION: step_one.organization_submitted,
        Activity.CORRECTIONS: reviewed,
    }
    return answers[activity]


def waits_for_agency(catalog: Catalog, document: Document) -> bool:
    """Whether the ACO has signed everything on a document and CMS has not."""
    document_type = catalog.get(document.kind)
    return (
        document_type is not None
        and document.finished_by_aco(document_type)
        and bool(document.unsigned(document_type, Party.CMS))
    )


def _is_list_signed(catalog: Catalog, packet: list[Document]) -> bool:
    """Whether the document that carries the list of corrections is signed."""
    return any(
        one.signatures and one.kind in catalog and any(roster.source == SOURCE for roster in catalog[one.kind].rosters)
        for one in packet
    )
