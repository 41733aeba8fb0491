"""A question to the records: what is asked, how it is written in an address, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from urllib.parse import urlencode

from packets.errors import InputError, Problem
from packets.finding.words import words_of
from packets.model.identifiers import AcoId
from packets.model.people import Role

LONGEST_TERM = 100
"""In characters; the rest of a longer one is cut."""
MOST_WORDS = 8
YEAR_DIGITS = 4
RANGES = (("signed", "signed"), ("executed", "executed"), ("ends", "end of the period"))


class Stage(StrEnum):
    """How far a document is, by what was recorded alone. Whether it is past due or locked also depends on the day."""

    UNSIGNED = "unsigned"
    PARTIALLY_SIGNED = "partially-signed"
    PENDING_CMS = "pending-cms"
    DECLINED = "declined"
    EXECUTED = "executed"
    VOIDED = "voided"


STAGES: Mapping[Stage, str] = {
    Stage.UNSIGNED: "Unsigned",
    Stage.PARTIALLY_SIGNED: "Partially signed",
    Stage.PENDING_CMS: "Signed by ACO – pending CMS",
    Stage.DECLINED: "Declined",
    Stage.EXECUTED: "Executed",
    Stage.VOIDED: "Voided",
}


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked; every part that is empty is not asked. All parts must hold.

    Attributes:
        text: words that begin so must all stand in the document's names, its signers' or its lists'.
        signer: the same, of signers alone: parts of the name, or the user ID.
        role: somebody signed in this role.
        stage: how far it is; without one, every document that counts, which the voided ones do not.
        signed_from, signed_to: somebody signed from this day on, to that one, in the time zone of CMS, in that role.
        executed_from, executed_to, ends_from, ends_to: likewise, of the execution and of the end of the period it states.
    """

    text: str = ""
    aco_id: str = ""
    year: int | None = None
    kind: str = ""
    signer: str = ""
    role: Role | None = None
    stage: Stage | None = None
    signed_from: date | None = None
    signed_to: date | None = None
    executed_from: date | None = None
    executed_to: date | None = None
    ends_from: date | None = None
    ends_to: date | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words of `text`, sorted."""
        return tuple(sorted(words_of(self.text)))[:MOST_WORDS]

    @property
    def signer_words(self) -> tuple[str, ...]:
        """The words of `signer`, sorted."""
        return tuple(sorted(words_of(self.signer)))[:MOST_WORDS]

    def parts(self) -> dict[str, str]:
        """What is asked, as the form sends it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: str(value) for name, value in values.items() if value not in {"", None}}

    def written(self) -> str:
        """What is asked, as it stands in an address."""
        return urlencode(self.parts())


FIELDS = tuple(one.name for one in fields(Query))


def read_query(given: Mapping[str, str]) -> Query:
    """The question that a form sends.

    Raises:
        InputError: parts of it cannot be asked; every one is told.
    """
    typed = {name: given.get(name, "").strip()[:LONGEST_TERM] for name in FIELDS}
    if problems := list(_problems(typed)):
        raise InputError(problems)
    days = {name: date.fromisoformat(typed[name]) if typed[name] else None for name in FIELDS if _is_day(name)}
    return Query(
        text=typed["text"],
        aco_id=typed["aco_id"].upper(),
        year=int(typed["year"]) if typed["year"] else None,
        kind=typed["kind"],
        signer=typed["signer"],
        role=Role(typed["role"]) if typed["role"] else None,
        stage=Stage(typed["stage"]) if typed["stage"] else None,
        **days,
    )


def _is_day(name: str) -> bool:
    return name.endswith(("_from", "_to"))


def _problems(typed: Mapping[str, str]) -> Iterator[Problem]:
    year = typed["year"]
    if year and not (year.isascii() and year.isdigit() and len(year) == YEAR_DIGITS):
        yield Problem("year-unusable", "The performance year is not a year.", "Enter four digits, e.g. 2027.", "year")
    if typed["aco_id"] and AcoId.problem(typed["aco_id"].upper()):
        sentence = "An ACO ID is the letter A and four digits."
        yield Problem("aco-id-invalid", sentence, "Enter one like A1001; a part of a name goes into Words.", "aco_id")
    if typed["role"] and typed["role"] not in set(Role):
        yield Problem("role-unknown", "There is no such role.", "Choose one from the list.", "role")
    if typed["stage"] and typed["stage"] not in set(Stage):
        yield Problem("stage-unknown", "There is no such stage.", "Choose one from the list.", "stage")
    for name, what in RANGES:
        yield from _range_problems(typed, name, what)


def _range_problems(typed: Mapping[str, str], name: str, what: str) -> Iterator[Problem]:
    ends = f"{name}_from", f"{name}_to"
    for one in ends:
        if typed[one] and _day(typed[one]) is None:
            yield Problem("day-unusable", f"A day of “{what}” is none.", "Enter it like 2027-01-31.", one)
    first, last = (_day(typed[one]) for one in ends)
    if first and last and last < first:
        remedy = "Exchange them, or leave one empty."
        yield Problem("days-reversed", f"The first day of “{what}” is after the last one.", remedy, ends[1])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.isascii() and len(text) == len("2027-01-31") else None
    except ValueError:
        return None
