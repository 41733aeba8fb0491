"""A request to correct Basic Agreement Data that only CMS may change: its five facts and the answer (R30, R31). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from packets.errors import Problem
from packets.model.aco import Aco, Agreement
from packets.model.mailing import read_state, read_zip
from packets.model.people import Address

LONGEST_VALUE = 300
LONGEST_TEXT = 2000
LARGEST_PERIOD = 99


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A request and its five facts: ACO ID, legal name as held, field with current value, corrected value, explanation."""

    aco_id: str
    year: int
    legal_name: str
    field: str
    current_value: str
    corrected_value: str
    explanation: str
    filed_by: str
    filed_at: datetime
    state: RequestState = RequestState.OPEN
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    request_id: int = 0

    @property
    def label(self) -> str:
        """The field's name as people read it."""
        return LOCKED[self.field].label


@dataclass(frozen=True, slots=True)
class Answer:
    """What CMS answers: granted or refused, in which words, by whom."""

    state: RequestState
    text: str
    by: str


Reader = Callable[[str], object]
"""Reads a corrected value as the database keeps it; None when it is none."""


def _as_text(text: str) -> str | None:
    return text or None


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _as_period(text: str) -> int | None:
    fits = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_PERIOD))
    return int(text) or None if fits else None


@dataclass(frozen=True, slots=True)
class LockedField:
    """A field of Basic Agreement Data that the ACO cannot edit: label, how it is written, how it is read and shown."""

    label: str
    form: str
    read: Reader
    show: Callable[[Aco], str]


LOCKED: dict[str, LockedField] = {
    "legal_name": LockedField("Legal business name", "its name in full", _as_text, lambda aco: aco.legal_name),
    "line_1": LockedField("Address, line 1", "street and number", _as_text, lambda aco: aco.address.line_1),
    "city": LockedField("City", "the city’s name", _as_text, lambda aco: aco.address.city),
    "state": LockedField("State", "a state or its two letters", read_state, lambda aco: aco.address.state),
    "zip_code": LockedField("ZIP code", "five digits, or five and four", read_zip, lambda aco: aco.address.zip_code),
    "service_area": LockedField("Service area", "the states or counties", _as_text, lambda aco: aco.service_area),
    "track": LockedField("Track", "the track’s name", _as_text, lambda aco: aco.agreement.track),
    "period_number": LockedField(
        "Agreement period", "a number", _as_period, lambda aco: str(aco.agreement.period_number)
    ),
    "initial_start_date": LockedField(
        "Initial start date", "a day, YYYY-MM-DD", _as_day, lambda aco: aco.agreement.initial_start_date.isoformat()
    ),
    "start_date": LockedField(
        "Agreement start date", "a day, YYYY-MM-DD", _as_day, lambda aco: aco.agreement.start_date.isoformat()
    ),
    "end_date": LockedField(
        "Agreement end date", "a day, YYYY-MM-DD", _as_day, lambda aco: aco.agreement.end_date.isoformat()
    ),
}
"""What is read-only on Basic Agreement Data and can be corrected by CMS. ACO ID and cohort say which packet this is, and the DUA
has a step of its own; they are not corrected here."""


def request_problems(aco: Aco, field: str, corrected: str, explanation: str) -> list[Problem]:
    """Everything that is wrong with a request before it is filed (R31)."""
    problems = []
    if field not in LOCKED:
        remedy = "Choose a field that is read-only on Basic Agreement Data."
        problems.append(Problem("request-field-unknown", f"“{field}” is no field of that kind.", remedy, "field"))
    else:
        problems += _value_problems(aco, LOCKED[field], corrected)
    if not explanation:
        remedy = "Say why the value on record is wrong."
        problems.append(Problem("request-unexplained", "There is no explanation.", remedy, "explanation"))
    elif len(explanation) > LONGEST_TEXT:
        sentence = f"The explanation has more than {LONGEST_TEXT:,} characters."
        problems.append(Problem("request-too-long", sentence, "Shorten it.", "explanation"))
    return problems


def _value_problems(aco: Aco, field: LockedField, corrected: str) -> list[Problem]:
    if not corrected:
        return [Problem("request-value-missing", "There is no corrected value.", "Enter it.", "corrected_value")]
    if len(corrected) > LONGEST_VALUE or not corrected.isprintable() or field.read(corrected) is None:
        sentence = f"“{corrected[:LONGEST_VALUE]}” cannot be the {field.label[0].lower()}{field.label[1:]}."
        return [Problem("request-value-unusable", sentence, f"Enter {field.form}.", "corrected_value")]
    if str(field.read(corrected)) == field.show(aco):
        sentence = "The corrected value is what CMS holds already."
        return [Problem("request-value-same", sentence, "Enter the right value.", "corrected_value")]
    return []


def corrected_aco(aco: Aco, field: str, text: str) -> Aco:
    """The ACO as it would be with a corrected value."""
    value: Any = LOCKED[field].read(text)
    if field in Agreement.__dataclass_fields__:
        return replace(aco, agreement=replace(aco.agreement, **{field: value}))
    if field in Address.__dataclass_fields__:
        return replace(aco, address=replace(aco.address, **{field: value}))
    return replace(aco, **{field: value})


def period_problems(aco: Aco) -> list[Problem]:
    """What a correction may not do to the agreement period: its days stay in their order (42 CFR 425.200)."""
    agreement = aco.agreement
    if agreement.initial_start_date <= agreement.start_date < agreement.end_date:
        return []
    sentence = "The agreement period would end before it starts, or start before the first one."
    return [
        Problem("agreement-days-disordered", sentence, "Correct the other day first, or refuse.", "corrected_value")
    ]
