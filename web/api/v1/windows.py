"""Windows of cohorts, and more time for one ACO: everybody of the ACO looks at them, CMS staff move them (R7, R8)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from packets.model.aco import Cohort
from packets.model.calendar import Activity, Window
from packets.model.tokens import Scope
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Shape, Time
from web.api.v1.packets import PACKET
from web.api.v1.years import YEAR
from web.auth.roles import Audience
from web.visit import services

noun = Noun("windows")
Reason = Annotated[str, Field(max_length=4000)]


class WindowDays(Shape):
    """From which day to which something is to be done; the last day counts whole, in Eastern Time."""

    activity: Activity
    cohort: Cohort
    begins_on: date
    due_on: date


class Moved(Shape):
    """A move of a window, with its reason."""

    window: WindowDays
    before: WindowDays
    reason: str
    moved_by: str
    moved_at: Time


class YearWindows(Shape):
    """The windows of both cohorts, and every move of one, newest first."""

    performance_year: int
    windows: list[WindowDays]
    moves: list[Moved]


class WindowMove(Shape):
    """Where a window is moved, and why; a day that is null stays as it is."""

    begins_on: date | None = None
    due_on: date | None = None
    reason: Reason


class MoreTime(Shape):
    """An extension: the new last day of an activity, and why."""

    activity: Activity
    due_on: date
    reason: Reason
    granted_by: str
    granted_at: Time


class AcoDeadlines(Shape):
    """The windows of one ACO as they are now, and the extensions that moved them, oldest first."""

    aco_id: str
    performance_year: int
    windows: list[WindowDays]
    extensions: list[MoreTime]


class ExtensionWanted(Shape):
    """More time for one activity; a due date moves later, never earlier."""

    activity: Activity
    due_on: date
    reason: Reason


@noun.operation("GET", f"{YEAR}/windows", Audience.YEAR_MANAGERS, Scope.READ, answer=YearWindows)
def show(_asked: Asked, year: int) -> Reply:
    """The windows of a year."""
    return Reply(_windows(year))


@noun.operation(
    "PUT",
    f"{YEAR}/windows/<slug:cohort>/<slug:activity>",
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=YearWindows,
    body=WindowMove,
    changes=True,
)
def move(asked: Asked, year: int, cohort: str, activity: str) -> Reply:
    """Move the window of a cohort, with a reason; nothing that was signed changes.

    `If-Match` is the `ETag` of the year's windows. ACOs that have more time than before are told so.
    """
    asked.match(_windows(year))
    wanted: WindowMove = asked.body
    begins, due = (one.isoformat() if one else "" for one in (wanted.begins_on, wanted.due_on))
    services().cohort_windows.move(year, cohort, activity, begins, due, wanted.reason, asked.person.user_id)
    return Reply(_windows(year))


@noun.operation("GET", f"{PACKET}/deadlines", Audience.PACKET_READERS, Scope.READ, answer=AcoDeadlines)
def deadlines(_asked: Asked, aco_id: str, year: int) -> Reply:
    """The windows of an ACO, and every extension with its reason."""
    return Reply(_deadlines(aco_id, year))


@noun.operation(
    "POST",
    f"{PACKET}/extensions",
    Audience.YEAR_MANAGERS,
    Scope.MANAGE,
    answer=AcoDeadlines,
    status=201,
    body=ExtensionWanted,
    creates=True,
    changes=True,
)
def extend(asked: Asked, aco_id: str, year: int) -> Reply:
    """Grant an ACO more time; `If-Match` is the `ETag` of its deadlines."""
    asked.match(_deadlines(aco_id, year))
    wanted: ExtensionWanted = asked.body
    told = (wanted.activity, wanted.due_on.isoformat(), wanted.reason, asked.person.user_id)
    services().deadlines.extend(aco_id, year, *told)
    return Reply(_deadlines(aco_id, year), 201)


def _windows(year: int) -> YearWindows:
    opened, moves = services().cohort_windows.look_up(year)
    return YearWindows(
        performance_year=year,
        windows=[_days(one) for one in opened.windows],
        moves=[
            Moved(
                window=_days(one.window),
                before=_days(one.before),
                reason=one.reason,
                moved_by=one.moved_by,
                moved_at=one.moved_at,
            )
            for one in moves
        ],
    )


def _deadlines(aco_id: str, year: int) -> AcoDeadlines:
    found, names = services().deadlines.look_up(aco_id, year), MoreTime.model_fields
    return AcoDeadlines(
        aco_id=aco_id,
        performance_year=year,
        windows=[_days(one) for one in found.windows],
        extensions=[MoreTime(**{name: getattr(one, name) for name in names}) for one in found.extensions],
    )


def _days(window: Window) -> WindowDays:
    return WindowDays(activity=window.activity, cohort=window.cohort, begins_on=window.begins_on, due_on=window.due_on)
