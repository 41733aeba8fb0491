"""Moving the window of a whole cohort: by CMS staff, with a reason; nothing that was signed changes (R7, R8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from packets.audit.log import Act, Entry, Outcome
from packets.clock import Clock
from packets.errors import ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.model.aco import Cohort
from packets.model.calendar import AGENCY_ZONE, Activity, PerformanceYear, Window
from packets.notices.schedule import ACTIVITY_SCHEDULE, reminder_day
from packets.people.access import manages_years
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.notices import Reminder

LONGEST_REASON = 500
FARTHEST = timedelta(days=366)
"""So far from the first day of the performance year a window may reach; farther is a slip of the year."""


@dataclass(frozen=True, slots=True)
class WindowMove:
    """What the log tells of one move of a window."""

    window: Window
    before: Window
    reason: str
    moved_by: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class CohortWindowDesk:
    """Where the windows of cohorts are looked up and moved; built once with the services that it needs.

    More time for one ACO is another act (`packets.years.deadlines`) and stays what it is: an ACO's due date is the later
    of the two.
    """

    database: Database
    clock: Clock

    def look_up(self, year: int) -> tuple[PerformanceYear, tuple[WindowMove, ...]]:
        """A year's windows, and every move of one, newest first.

        Raises:
            NotFoundError: the year was not opened.
        """
        with self.database.read() as records:
            opened = _opened(records, year)
            entries = [one for window in opened.windows for one in records.journal.entries(_subject(year, window))]
        done = [one for one in entries if one.act is Act.WINDOW_MOVE and one.outcome is Outcome.DONE]
        return opened, tuple(_move(one) for one in sorted(done, key=lambda one: -one.sequence))

    def move(
        self, year: int, cohort: str, activity: str, begins_on: str, due_on: str, reason: str, user_id: str
    ) -> Window:
        """Move a window; a day that is left blank stays as it is.

        Args:
            year: the performance year.
            cohort: `current` or `new`.
            activity: name of the activity, e.g. `sign-documents`.
            begins_on: the new first day, `YYYY-MM-DD`, or nothing.
            due_on: the new last day, `YYYY-MM-DD`, or nothing.
            reason: why, for the record.
            user_id: who moves it; CMS staff.

        Raises:
            NotFoundError: the year was not opened.
            ForbiddenError: the person may not move windows.
            InputError: with everything that is wrong with the request.
        """
        now = self.clock()
        refused: PacketsError
        with self.database.write() as records:
            try:
                opened = _opened(records, year)
                _require_staff(records, user_id)
                before = _find(opened, cohort, activity)
                after = _checked(before, begins_on, due_on, reason, year, now)
            except PacketsError as error:
                refused = error
                codes = sorted({one.code for one in error.problems})
                told = {"reasons": codes, "cohort": cohort, "activity": activity}
                records.journal.log(Act.WINDOW_MOVE, user_id, str(year), now, Outcome.REFUSED, **told)
            else:
                _record(records, year, before, after, reason.strip(), user_id, now)
                return after
        raise refused


def _record(
    records: Records, year: int, before: Window, after: Window, reason: str, user_id: str, now: datetime
) -> None:
    records.years.move(year, after)
    told = {"begins_on": str(after.begins_on), "due_on": str(after.due_on), "reason": reason}
    was = {"began_on": str(before.begins_on), "was_due_on": str(before.due_on)}
    records.journal.log(Act.WINDOW_MOVE, user_id, _subject(year, after), now, Outcome.DONE, **told, **was)
    if after.due_on > before.due_on:
        _tell_acos(records, year, before, after, now)


def _tell_acos(records: Records, year: int, before: Window, after: Window, now: datetime) -> None:
    """Every ACO of the cohort that has more time than before is told so, and is not reminded of the same date on top of it."""
    stage = ACTIVITY_SCHEDULE.stage(after.due_on, reminder_day(now))
    extensions = records.years.extensions_in(year)
    for aco in records.acos.in_year(year):
        granted = [one.due_on for one in extensions.get(aco.aco_id, ()) if one.activity is after.activity]
        if aco.cohort is after.cohort and after.due_on > max([before.due_on, *granted]):
            told = {"activity": str(after.activity), "due_on": str(after.due_on)}
            records.journal.queue("window-extended", {"aco_id": aco.aco_id, "year": year, **told}, now)
            if stage is not None:
                records.notices.remind(Reminder(aco.aco_id, year, after.activity, after.due_on, stage), now)


def _opened(records: Records, year: int) -> PerformanceYear:
    opened = records.years.get(year)
    if opened is None:
        raise NotFoundError(Problem("year-unknown", f"Year {year} was not opened.", "Check the year.", str(year)))
    return opened


def _require_staff(records: Records, user_id: str) -> None:
    if not manages_years(records.people.get(user_id)):
        raise ForbiddenError(
            Problem("window-not-permitted", "Only CMS staff move windows.", "Ask a member of CMS staff.", user_id)
        )


def _find(opened: PerformanceYear, cohort: str, activity: str) -> Window:
    problems = []
    if cohort not in set(Cohort):
        problems.append(
            Problem("cohort-invalid", f"There is no cohort “{cohort}”.", "Choose current or new.", "cohort")
        )
    if activity not in set(Activity):
        sentence = f"There is no activity “{activity}”."
        problems.append(Problem("activity-unknown", sentence, f"Choose one of: {', '.join(Activity)}.", "activity"))
    if problems:
        raise InputError(problems)
    try:
        return opened.window(Activity(activity), Cohort(cohort))
    except KeyError:
        sentence = f"The year has no window for {activity} of {cohort} ACOs."
        raise InputError(Problem("window-missing", sentence, "Choose another activity.", "activity")) from None


def _checked(before: Window, begins_on: str, due_on: str, reason: str, year: int, now: datetime) -> Window:
    problems: list[Problem] = []
    begins = _day(begins_on, before.begins_on, "begins_on", problems)
    due = _day(due_on, before.due_on, "due_on", problems)
    if not problems:
        problems += _day_problems(before, begins, due, year, now.astimezone(AGENCY_ZONE).date())
    if not reason.strip():
        problems.append(Problem("reason-missing", "There is no reason.", "Say why the window is moved.", "reason"))
    if len(reason) > LONGEST_REASON:
        sentence = f"The reason has more than {LONGEST_REASON} characters."
        problems.append(Problem("reason-too-long", sentence, "Shorten it.", "reason"))
    if problems:
        raise InputError(problems)
    return replace(before, begins_on=begins, due_on=due)


def _day(text: str, otherwise: date, where: str, problems: list[Problem]) -> date:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else otherwise
    except ValueError:
        problems.append(Problem("day-unusable", f"“{text}” is not a day.", "Write it as YYYY-MM-DD.", where))
        return otherwise


def _day_problems(before: Window, begins: date, due: date, year: int, today: date) -> list[Problem]:
    problems = []
    if (begins, due) == (before.begins_on, before.due_on):
        sentence = "The window is from that day to that day already."
        problems.append(Problem("window-unchanged", sentence, "Give another day.", "due_on"))
    if due < begins:
        sentence = "The window is due before it begins."
        problems.append(Problem("window-crossed", sentence, "Give a later last day or an earlier first day.", "due_on"))
    if due < before.due_on and due < today:
        sentence = "The due date would move to a day that is over."
        problems.append(Problem("day-past", sentence, "Give today or a later day.", "due_on"))
    if any(abs(one - date(year, 1, 1)) > FARTHEST for one in (begins, due)):
        sentence = f"A day is more than a year away from the beginning of {year}."
        problems.append(Problem("day-too-far", sentence, "Check the year of the date.", "due_on"))
    return problems


def _subject(year: int, window: Window) -> str:
    return f"{year}/{window.cohort}/{window.activity}"


def _move(entry: Entry) -> WindowMove:
    _, cohort, activity = entry.subject.split("/")
    told = entry.details
    after, before = (
        Window(Activity(activity), Cohort(cohort), *(date.fromisoformat(told[name]) for name in names))
        for names in (("begins_on", "due_on"), ("began_on", "was_due_on"))
    )
    return WindowMove(after, before, told["reason"], entry.actor, entry.at_utc)
