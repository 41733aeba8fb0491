"""How long a record is kept: its class, what starts its clock, and what makes it longer (42 CFR 425.314(b)). Pure.

A date is only ever moved to a later day. While a matter is open (an audit, a dispute, an allegation of fraud), nobody knows the
date; a legal hold keeps the records until it is known, and what came of it is recorded as an extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from packets.errors import Problem
from packets.model.agreements import CONTACTS_OCCASION, EXTENSION_GATE
from packets.model.calendar import AGENCY_ZONE
from packets.model.documents import DocumentType

LONGEST_YEARS = 100
LONGEST_REASON = 500
NOTICE = timedelta(days=30)
"""CMS tells the ACO of a special need so long before the records could be disposed of (42 CFR 425.314(b)(2)(i))."""


class Clock(StrEnum):
    """What a retention period is counted from."""

    AGREEMENT_END = "end of the agreement period"
    DUA_END = "last day of the data use agreement"
    LAST_SIGNATURE = "last signature"


class Ground(StrEnum):
    """Why records are kept longer than their class says."""

    SPECIAL_NEED = "special-need"
    AUDIT = "audit"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """A class of records: so many years from the latest of its clocks, and the rule that says so."""

    name: str
    label: str
    clocks: tuple[Clock, ...]
    years: int
    source: str


@dataclass(frozen=True, slots=True)
class Lengthening:
    """What a ground does: years from the day that is given, or until that day itself when there are none."""

    label: str
    years: int
    day: str
    source: str


AGREEMENT_RECORDS = RetentionClass(
    "agreement",
    "Records of an agreement period",
    (Clock.AGREEMENT_END, Clock.LAST_SIGNATURE),
    10,
    "42 CFR 425.314(b)(1)-(2)",
)
DUA_RECORDS = RetentionClass(
    "data-use",
    "Data use agreements",
    (Clock.AGREEMENT_END, Clock.DUA_END, Clock.LAST_SIGNATURE),
    10,
    "42 CFR 425.314(b)(1)-(2), 425.710",
)
CLASSES: Mapping[str, RetentionClass] = {one.name: one for one in (AGREEMENT_RECORDS, DUA_RECORDS)}

GROUNDS: Mapping[Ground, Lengthening] = {
    Ground.SPECIAL_NEED: Lengthening("Special need that CMS told the ACO of", 0, "Keep until", "42 CFR 425.314(b)(2)(i)"),
    Ground.AUDIT: Lengthening("Audit, evaluation or inspection", 10, "Day on which it was completed", "42 CFR 425.314(b)(2)"),
    Ground.DISPUTE: Lengthening(
        "Termination, dispute, or allegation of fraud or similar fault", 6, "Day of its final resolution",
        "42 CFR 425.314(b)(2)(ii)",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What the clocks of a document's class look at.

    Attributes:
        agreement_end: last day of the agreement period of the ACO in the document's year.
        dua_end: last day of the data use agreement as CMS enrolled it, extension included.
        last_signature: time of the newest signature, UTC; None while there is none.
        recorded: the date that was found before; it is never moved to an earlier day.
        stored: when its newest bytes were stored, UTC: from then on a store that locks objects counts.
    """

    agreement_end: date
    dua_end: date
    last_signature: datetime | None = None
    recorded: date | None = None
    stored: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document that is kept: whose it is, what it is, and what its clocks look at."""

    document_id: str
    aco_id: str
    performance_year: int
    kind: str
    occurrence: int
    legal_name: str
    executed: bool
    voided: bool
    facts: Facts


@dataclass(frozen=True, slots=True)
class Extension:
    """That records of an ACO, or one document, are kept longer.

    Attributes:
        document_id: the document; empty when all of the ACO's are meant.
        day: the day that was given: a last day, of completion, or of resolution.
        authority: who decided it, or where it is written.
    """

    extension_id: int
    aco_id: str
    document_id: str
    ground: Ground
    day: date
    authority: str
    recorded_by: str
    recorded_at: datetime

    @property
    def keep_until(self) -> date:
        """The last day on which the records must be there because of this."""
        return years_after(self.day, GROUNDS[self.ground].years)

    def covers(self, aco_id: str, document_id: str) -> bool:
        """Whether it is about a document."""
        return self.document_id == document_id if self.document_id else self.aco_id == aco_id


@dataclass(frozen=True, slots=True)
class Schedule:
    """Until when a document is kept, and why.

    Attributes:
        clock, clock_day: the clock of its class that runs out last, and the day from which it counts.
        keep_until: the last day on which it must be there.
        extensions: what makes it longer than its class says, if anything.
        locked_until: until when the store locks its bytes anyway; None when it locks nothing.
    """

    retention_class: RetentionClass
    clock: Clock
    clock_day: date
    keep_until: date
    extensions: tuple[Extension, ...] = ()
    locked_until: date | None = None

    @property
    def disposable_after(self) -> date:
        """The last day on which nobody can dispose of it: the store may lock it for longer than it has to be kept."""
        return max(self.keep_until, self.locked_until or self.keep_until)

    def is_over(self, today: date) -> bool:
        """Whether the last day is over, in the time zone of CMS."""
        return today > self.disposable_after


def class_of(document_type: DocumentType | None) -> RetentionClass:
    """The class of a type: whatever extends or amends a data use agreement has its clock too; all else is of the agreement."""
    if document_type and (EXTENSION_GATE in document_type.gates or document_type.occasion == CONTACTS_OCCASION):
        return DUA_RECORDS
    return AGREEMENT_RECORDS


def schedule(
    found: RetentionClass, facts: Facts, extensions: Iterable[Extension] = (), lock: timedelta | None = None
) -> Schedule:
    """Until when a document is kept: the latest of what its class, its extensions and an earlier finding say.

    Args:
        found: its class.
        facts: what the clocks look at.
        extensions: those that cover it.
        lock: for how long the store locks new objects; None when it locks nothing.
    """
    days = {
        Clock.AGREEMENT_END: facts.agreement_end,
        Clock.DUA_END: facts.dua_end,
        Clock.LAST_SIGNATURE: day_of(facts.last_signature) if facts.last_signature else date.min,
    }
    clock = max(found.clocks, key=lambda one: days[one])
    longer = tuple(extensions)
    normal = years_after(days[clock], found.years)
    latest = max([normal, facts.recorded or normal, *(one.keep_until for one in longer)])
    locked = day_of(facts.stored + lock) if lock is not None and facts.stored else None
    return Schedule(found, clock, days[clock], latest, tuple(one for one in longer if one.keep_until > normal), locked)


def extension_problems(ground: str, day: date | None, authority: str, today: date) -> list[Problem]:
    """What is wrong with an extension that somebody wants to record; a day that nobody can read is None."""
    problems = []
    if ground not in set(Ground):
        problems.append(Problem("ground-unknown", "There is no such ground.", "Choose one of those offered.", "ground"))
    if day is None:
        problems.append(Problem("day-unusable", "The day is not a day.", "Write it as YYYY-MM-DD.", "day"))
    elif ground == Ground.SPECIAL_NEED and day <= today:
        problems.append(Problem("day-past", "This last day is over.", "Give a day to come.", "day"))
    elif ground in {Ground.AUDIT, Ground.DISPUTE} and day > today:
        sentence = "This day is still to come, so the matter is open."
        problems.append(Problem("matter-open", sentence, "Place a legal hold until it is over.", "day"))
    elif day.year > today.year + LONGEST_YEARS:
        problems.append(Problem("day-too-late", "The day is too far away.", "Give an earlier one.", "day"))
    return problems + written_problems(
        authority, "authority", "authority", "Say who decided it, or where it is written."
    )


def written_problems(text: str, field: str, what: str, remedy: str) -> list[Problem]:
    """What is wrong with a text that must be given; `what` names it in the sentence."""
    if not text.strip():
        return [Problem(f"{field}-missing", f"There is no {what}.", remedy, field)]
    if len(text) > LONGEST_REASON:
        sentence = f"The {what} has more than {LONGEST_REASON} characters."
        return [Problem(f"{field}-too-long", sentence, "Shorten it.", field)]
    if not text.isprintable():
        sentence = f"The {what} holds characters that no page can show."
        return [Problem(f"{field}-unreadable", sentence, "Type it again.", field)]
    return []


def years_after(day: date, years: int) -> date:
    """The same day so many years later; March 1 for February 29, and the last day there is for what lies beyond."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1) if day.year + years <= date.max.year else date.max


def latest_end(until: date, classes: Iterable[RetentionClass]) -> date:
    """The last end of an agreement period whose records can come to their date by a day; every class counts from there, or later.

    It is a day later than it need be, so that February 29 is on the safe side.
    """
    counting = [one.years for one in classes if Clock.AGREEMENT_END in one.clocks]
    return years_after(until + timedelta(days=1), -min(counting))


def end_of(day: date) -> datetime:
    """The end of a day in the time zone of CMS: until then, bytes are locked."""
    return datetime.combine(day, time(23, 59, 59), AGENCY_ZONE)


def day_of(moment: datetime) -> date:
    """The day of a moment in the time zone of CMS."""
    return moment.astimezone(AGENCY_ZONE).date()
