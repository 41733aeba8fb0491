"""Closing a Data Use Agreement: CMS records what the ACO certified; nothing is done under it any more (REQ 2.4).

A DUA does not close by itself at its expiry. An ACO that leaves destroys or returns the data, certifies that in writing, and CMS
closes the agreement here, for every year that has its number (docs/adr/0062).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import require_aco
from packets.documents.voiding import reason_problems
from packets.errors import ConflictError, ForbiddenError, InputError, Problem
from packets.model.aco import Aco
from packets.model.agreements import CONTACTS_OCCASION, EXTENSION_GATE, Closure, DataOutcome
from packets.model.calendar import agency_day
from packets.model.documents import Document
from packets.people.access import manages_years
from packets.store.database import Database
from packets.store.records import Records
from packets.years.standings import read_standing, refuse_closed


@dataclass(frozen=True, slots=True)
class ClosingRequest:
    """What CMS records: what became of the data, the day of the ACO's certificate (`YYYY-MM-DD`), and why it is closed."""

    outcome: str
    certified_on: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClosingDesk:
    """Where CMS closes agreements; built once with the services that it needs."""

    database: Database
    catalog: Catalog
    clock: Clock

    def close(self, aco_id: str, year: int, request: ClosingRequest, user_id: str) -> Closure:
        """Close an ACO's agreement, for good.

        Args:
            aco_id: whose.
            year: a performance year that has it.
            request: what is recorded.
            user_id: CMS staff.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person is no CMS staff.
            ConflictError: it is closed, or a document of it is half signed.
            InputError: with everything that is wrong with the request.
        """
        tale = Tale(Act.DUA_CLOSE, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records) -> Closure:
            if not manages_years(records.people.get(user_id)):
                sentence = "Only CMS staff close data use agreements."
                raise ForbiddenError(Problem("closing-not-permitted", sentence, "Ask a member of CMS staff.", user_id))
            aco = require_aco(records, aco_id, year)
            refuse_closed(read_standing(records, self.catalog, aco))
            if pending := self._half_signed(records, aco):
                raise ConflictError([_pending(one) for one in pending])
            day = _day(request.certified_on)
            problems = [*_outcome_problems(request.outcome), *_day_problems(day, aco, agency_day(tale.now))]
            problems += reason_problems(request.reason, "the agreement is closed")
            if problems or day is None:
                raise InputError(problems)
            outcome = DataOutcome(request.outcome)
            return Closure(aco.dua.number, outcome, day, request.reason.strip(), user_id, tale.now)

        def record(records: Records, closure: Closure) -> Closure:
            records.agreements.close(aco_id, year, closure)
            told = {"data": str(closure.outcome), "certified_on": closure.certified_on.isoformat()}
            tale.tell(records, number=closure.number, reason=closure.reason, **told)
            payload = {"aco_id": aco_id, "year": year, "closed_on": closure.closed_on.isoformat()}
            records.journal.queue("dua-closed", payload, tale.now)
            return closure

        return carry_out(self.database, tale, check, record)

    def half_signed(self, aco_id: str, year: int) -> list[Document]:
        """Documents of an ACO's agreement that somebody has signed and not everybody: to be countersigned, or voided by CMS.

        Raises:
            NotFoundError: the ACO is not in that year.
        """
        with self.database.read() as records:
            return self._half_signed(records, require_aco(records, aco_id, year))

    def _half_signed(self, records: Records, aco: Aco) -> list[Document]:
        """Documents of this agreement, of any year, that somebody has signed and not everybody."""
        kinds = {
            one.kind
            for one in self.catalog.values()
            if EXTENSION_GATE in one.gates or one.occasion == CONTACTS_OCCASION
        }
        found = []
        for year in records.years.numbers():
            there = records.acos.get(aco.aco_id, year)
            if there is not None and there.dua.number == aco.dua.number:
                packet = records.documents.packet(aco.aco_id, year)
                found += [one for one in packet if one.kind in kinds and one.signatures and one.executed_at is None]
        return found


def _pending(document: Document) -> Problem:
    which = f"{document.kind}, {document.performance_year}"
    sentence = f"A document of the agreement ({which}) carries signatures, and not all of them."
    return Problem("dua-half-signed", sentence, "Countersign or void it first.", document.document_id)


def _outcome_problems(outcome: str) -> list[Problem]:
    if outcome in set(DataOutcome):
        return []
    remedy = f"Choose one of: {', '.join(DataOutcome)}."
    return [Problem("outcome-missing", "It was not said what became of the data.", remedy, "outcome")]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _day_problems(day: date | None, aco: Aco, today: date) -> list[Problem]:
    if day is None:
        return [
            Problem(
                "day-unusable", "The day of the certificate is not a day.", "Write it as YYYY-MM-DD.", "certified_on"
            )
        ]
    if day > today:
        sentence = "The day of the certificate is still to come."
        return [Problem("day-to-come", sentence, "Close the agreement once the ACO has certified it.", "certified_on")]
    if day < aco.agreement.initial_start_date:
        sentence = "The day of the certificate is before the ACO took part."
        return [Problem("day-too-early", sentence, "Check the year of the date.", "certified_on")]
    return []
