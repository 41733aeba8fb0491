"""More time for one ACO: CMS moves a due date, with a reason; the log and the packet tell of it (R7, R8, E19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.frozen_facts import require_aco
from packets.errors import ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.model.aco import Aco
from packets.model.calendar import AGENCY_ZONE, Activity, Extension, PerformanceYear, Window
from packets.people.access import Action, may
from packets.store.database import Database
from packets.store.records import Records

LONGEST_REASON = 500
LONGEST_EXTENSION = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The windows of one ACO as they are now, and the extensions that moved them, oldest first."""

    aco: Aco
    windows: tuple[Window, ...]
    extensions: tuple[Extension, ...]


@dataclass(frozen=True, slots=True)
class DeadlineDesk:
    """Where due dates are looked up and moved; built once with the services that it needs."""

    database: Database
    clock: Clock

    def look_up(self, aco_id: str, year: int) -> Deadlines:
        """An ACO's windows. Whoever asks was let in by the packet's rules.

        Raises:
            NotFoundError: the ACO is not in that year.
        """
        with self.database.read() as records:
            aco, opened = self._year_of(records, aco_id, year)
            extensions = tuple(records.years.extensions(aco_id, year))
        windows = tuple(opened.window(one, aco.cohort) for one in Activity if _has(opened, one, aco))
        return Deadlines(aco, windows, extensions)

    def extend(self, aco_id: str, year: int, activity: str, due_on: str, reason: str, user_id: str) -> Extension:
        """Grant more time for an activity; the due date moves later, never earlier.

        Args:
            aco_id: for whom.
            year: the performance year.
            activity: name of the activity, e.g. `sign-documents`.
            due_on: the new last day, `YYYY-MM-DD`.
            reason: why, for the record.
            user_id: who grants it; CMS staff.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not grant it.
            InputError: with everything that is wrong with the request.
        """
        now = self.clock()
        refused: PacketsError
        with self.database.write() as records:
            try:
                extension = self._check(records, aco_id, year, activity, due_on, reason, user_id, now)
            except PacketsError as error:
                refused = error
                codes = sorted({one.code for one in error.problems})
                records.journal.log(Act.WINDOW_EXTEND, user_id, f"{aco_id}/{year}", now, Outcome.REFUSED, reasons=codes)
            else:
                self._record(records, require_aco(records, aco_id, year), extension)
                return extension
        raise refused

    def _check(
        self,
        records: Records,
        aco_id: str,
        year: int,
        activity: str,
        due_on: str,
        reason: str,
        user_id: str,
        now: datetime,
    ) -> Extension:
        aco, opened = self._year_of(records, aco_id, year)
        person = records.people.get(user_id)
        if person is None or not may(Action.MANAGE_YEAR, person.cms_roles):
            raise ForbiddenError(
                Problem("extension-not-permitted", "Only CMS staff grant more time.", "Ask CMS for an extension.")
            )
        window = _window(opened, activity, aco)
        until = _day(due_on)
        problems = [*_day_problems(due_on, until, window, now), *_reason_problems(reason)]
        if window is None:
            problems.insert(0, _unknown_activity(activity))
        if problems or window is None or until is None:
            raise InputError(problems)
        return Extension(window.activity, until, reason.strip(), user_id, now)

    @staticmethod
    def _record(records: Records, aco: Aco, extension: Extension) -> None:
        records.years.extend(aco, extension)
        told = {"activity": str(extension.activity), "due_on": extension.due_on.isoformat()}
        subject, at = f"{aco.aco_id}/{aco.performance_year}", extension.granted_at
        records.journal.log(
            Act.WINDOW_EXTEND, extension.granted_by, subject, at, Outcome.DONE, **told, reason=extension.reason
        )
        records.journal.queue("window-extended", {"aco_id": aco.aco_id, "year": aco.performance_year, **told}, at)

    @staticmethod
    def _year_of(records: Records, aco_id: str, year: int) -> tuple[Aco, PerformanceYear]:
        aco = require_aco(records, aco_id, year)
        opened = records.years.for_aco(aco)
        if opened is None:
            raise NotFoundError(Problem("year-unknown", f"Year {year} was not opened.", "Check the year.", str(year)))
        return aco, opened


def _has(year: PerformanceYear, activity: Activity, aco: Aco) -> bool:
    return any(one.activity is activity and one.cohort is aco.cohort for one in year.windows)


def _window(year: PerformanceYear, activity: str, aco: Aco) -> Window | None:
    known = activity in set(Activity) and _has(year, Activity(activity), aco)
    return year.window(Activity(activity), aco.cohort) if known else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _day_problems(text: str, until: date | None, window: Window | None, now: datetime) -> list[Problem]:
    if until is None:
        return [Problem("day-unusable", f"“{text}” is not a day.", "Write it as YYYY-MM-DD.", "due_on")]
    problems = []
    if window is not None and until <= window.due_on:
        sentence = f"The activity is due on {window.due_on:%B %-d, %Y} already; time is never shortened."
        problems.append(Problem("day-not-later", sentence, "Give a later day.", "due_on"))
    today = now.astimezone(AGENCY_ZONE).date()
    if until < today:
        problems.append(Problem("day-past", "The day is over.", "Give today or a later day.", "due_on"))
    if window is not None and until - window.due_on > LONGEST_EXTENSION:
        sentence = "The day is more than a year after the due date."
        problems.append(Problem("day-too-late", sentence, "Check the year of the date.", "due_on"))
    return problems


def _reason_problems(reason: str) -> list[Problem]:
    if not reason.strip():
        return [Problem("reason-missing", "There is no reason.", "Say why more time is granted.", "reason")]
    if len(reason) > LONGEST_REASON:
        sentence = f"The reason has more than {LONGEST_REASON} characters."
        return [Problem("reason-too-long", sentence, "Shorten it.", "reason")]
    return []


def _unknown_activity(activity: str) -> Problem:
    return Problem(
        "activity-unknown",
        f"There is no activity “{activity}” for this ACO.",
        f"Choose one of: {', '.join(Activity)}.",
        "activity",
    )
