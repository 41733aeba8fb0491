"""How far a year is: every ACO's steps, what is late, and counts, in one pass over the records (R42, REQ 2.2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.errors import NotFoundError, Problem
from packets.model.aco import Cohort
from packets.model.calendar import Activity, PerformanceYear, Window
from packets.model.documents import Decline, Document, Signature, Status
from packets.model.people import Role
from packets.model.steps import document_status, finished_kinds
from packets.store.database import Database
from packets.store.records.acos import AcoOutline
from packets.store.records.documents import DocumentOutline

STEP_ONE_ACTIVITIES = (Activity.CONTACTS, Activity.ORGANIZATION)
STEP_ONE_TITLE = "Contacts and organization data"


@dataclass(frozen=True, slots=True)
class PacketState:
    """How far a packet is; many packets of a year are alike and share one.

    Attributes:
        statuses: of its documents, by kind.
        late: a document is past due.
        finished: every document is executed, or does not apply.
        waits_for_cms: a document waits for the countersignature.
    """

    statuses: Mapping[str, Status]
    late: bool
    finished: bool
    waits_for_cms: bool


@dataclass(frozen=True, slots=True)
class AcoProgress:
    """How far an ACO is.

    Attributes:
        aco: the ACO.
        step_one: Step 1 as a status: executed when submitted, else ready, not available or past due.
        packet: how far its documents are.
        due_on: last day of signing, extensions counted.
        countersigning_is_late: the ACO has signed something that CMS should have countersigned by now.
    """

    aco: AcoOutline
    step_one: Status
    packet: PacketState
    due_on: date
    countersigning_is_late: bool

    @property
    def statuses(self) -> Mapping[str, Status]:
        """The statuses of its documents, by kind."""
        return self.packet.statuses

    @property
    def late(self) -> bool:
        """Whether the ACO is past a due date."""
        return self.step_one is Status.PAST_DUE or self.packet.late

    @property
    def finished(self) -> bool:
        """Whether every document of its packet is executed."""
        return self.packet.finished

    @property
    def waits_for_cms(self) -> bool:
        """Whether a document of its packet waits for the countersignature."""
        return self.packet.waits_for_cms


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many documents of a step and cohort have which status."""

    step: int
    title: str
    kind: str
    cohort: Cohort
    counts: Mapping[Status, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class YearProgress:
    """How far a year is. `unprepared` counts documents that an ACO should have and CMS has not prepared."""

    year: PerformanceYear
    acos: tuple[AcoProgress, ...]
    steps: tuple[StepCount, ...]
    unprepared: int

    @property
    def late(self) -> tuple[AcoProgress, ...]:
        """The ACOs that are past a due date."""
        return tuple(one for one in self.acos if one.late)


@dataclass(frozen=True, slots=True)
class YearOutline:
    """A year in the list of years: its ACOs by cohort, its documents, and how many of them are executed."""

    year: int
    sample: bool
    acos: Mapping[Cohort, int]
    documents: int
    executed: int


@dataclass(frozen=True, slots=True)
class ProgressDesk:
    """Where a year's progress is looked up; built once with the services that it needs."""

    database: Database
    catalog: Catalog
    clock: Clock

    def years(self) -> list[YearOutline]:
        """Every year that was opened, newest first."""
        with self.database.read() as records:
            outlines = []
            for number in records.years.numbers():
                opened, acos = records.years.get(number), records.acos.cohorts(number)
                documents, executed = records.documents.counts(number)
                sample = opened is not None and opened.sample
                outlines.append(YearOutline(number, sample, acos, documents, executed))
        return outlines

    def look_up(self, year: int) -> YearProgress:
        """How far a year is now. Whoever asks was let in as CMS.

        Raises:
            NotFoundError: the year was not opened.
        """
        now = self.clock()
        with self.database.read() as records:
            opened = records.years.get(year)
            if opened is None:
                sentence = f"Year {year} was not opened."
                raise NotFoundError(Problem("year-unknown", sentence, "Check the year.", str(year)))
            acos, outlines = records.acos.outlines(year), records.documents.outlines(year)
            extensions = records.years.extensions_in(year)
        packets: dict[str, list[DocumentOutline]] = {}
        for one in outlines:
            if one.kind in self.catalog and not self.catalog[one.kind].on_demand:
                packets.setdefault(one.aco_id, []).append(one)
        common = {cohort: _windows(opened, cohort) for cohort in Cohort if _has(opened, cohort)}
        states, found = States(self.catalog, now), []
        for aco in acos:
            given = extensions.get(aco.aco_id)
            windows = _windows(opened.extended(given), aco.cohort) if given else common[aco.cohort]
            found.append(_aco(aco, packets.get(aco.aco_id, []), windows, states))
        wanted = {cohort: len(self.catalog.for_cohort(cohort)) for cohort in Cohort}
        unprepared = sum(max(0, wanted[aco.cohort] - len(packets.get(aco.aco_id, ()))) for aco in acos)
        return YearProgress(opened, tuple(found), self._counts(found), unprepared)

    def _counts(self, acos: Iterable[AcoProgress]) -> tuple[StepCount, ...]:
        counted: defaultdict[tuple[str, Cohort], Counter[Status]] = defaultdict(Counter)
        for one in acos:
            for kind, status in one.statuses.items():
                counted[kind, one.aco.cohort][status] += 1
        return tuple(
            StepCount(one.step, one.title, one.kind, cohort, counted[one.kind, cohort])
            for one in self.catalog.values()
            for cohort in Cohort
            if cohort in one.cohorts and (one.kind, cohort) in counted
        )


@dataclass(slots=True)
class States:
    """Statuses of packets. Of a year's packets many are alike, so each sort of packet is judged once."""

    catalog: Catalog
    now: datetime
    known: dict[Hashable, PacketState] = field(default_factory=dict)

    def of(self, packet: Iterable[DocumentOutline], cohort: Cohort, window: Window) -> PacketState:
        """How far a packet is."""
        shape = (cohort, window, *((one.kind, one.executed, one.declined, one.slots) for one in packet))
        if shape not in self.known:
            self.known[shape] = self._judge([self._stand_in(one) for one in packet], cohort, window)
        return self.known[shape]

    def _judge(self, packet: list[Document], cohort: Cohort, window: Window) -> PacketState:
        by_kind, finished = {one.kind: one for one in packet}, finished_kinds(self.catalog, packet)
        statuses = {
            one.kind: document_status(
                one, by_kind.get(one.kind), cohort=cohort, finished=finished, window=window, now=self.now
            )
            for one in self.catalog.values()
            if not one.on_demand
        }
        found = set(statuses.values())
        done = found <= {Status.EXECUTED, Status.NOT_APPLICABLE}
        return PacketState(statuses, Status.PAST_DUE in found, done, Status.PENDING_CMS in found)

    def _stand_in(self, one: DocumentOutline) -> Document:
        """A document with all that its status depends on, so that the rule of statuses is written once."""
        signatures = tuple(Signature(slot, "", "", Role.CMS_STAFF, self.now, "", "", "") for slot in one.slots)
        declines = (Decline(0, "", "", Role.CMS_STAFF, "", self.now),) if one.declined else ()
        executed = self.now if one.executed else None
        return Document("", one.aco_id, 0, one.kind, "", 0, "", 0, "", "", (), signatures, executed, declines=declines)


def _aco(
    aco: AcoOutline, packet: list[DocumentOutline], windows: Mapping[Activity, Window], states: States
) -> AcoProgress:
    state = states.of(packet, aco.cohort, windows[Activity.SIGN])
    late = state.waits_for_cms and states.now >= windows[Activity.COUNTERSIGN].closes_at
    return AcoProgress(aco, _step_one(aco, windows, states.now), state, windows[Activity.SIGN].due_on, late)


def _has(year: PerformanceYear, cohort: Cohort) -> bool:
    return any(one.cohort is cohort for one in year.windows)


def _windows(year: PerformanceYear, cohort: Cohort) -> dict[Activity, Window]:
    """The windows of a cohort; an activity without a window of its own is done when documents are signed."""
    found = {one.activity: one for one in year.windows if one.cohort is cohort}
    signing = year.window(Activity.SIGN, cohort)
    return {activity: found.get(activity, signing) for activity in Activity}


def _step_one(aco: AcoOutline, windows: Mapping[Activity, Window], now: datetime) -> Status:
    """Step 1 in the words of documents: it has no document, and two things to be submitted (R35)."""
    submitted = (aco.contacts_submitted, aco.organization_submitted)
    open_parts = [windows[one] for one, done in zip(STEP_ONE_ACTIVITIES, submitted, strict=True) if not done]
    if not open_parts:
        return Status.EXECUTED
    if any(now >= one.closes_at for one in open_parts):
        return Status.PAST_DUE
    return Status.READY if any(one.is_open(now) for one in open_parts) else Status.NOT_AVAILABLE
