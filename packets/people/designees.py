"""Designees of every ACO of a year who are not ready to sign, found weeks ahead (R15, R16, R77)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from packets.clock import Clock
from packets.model.calendar import agency_day
from packets.model.people import CONTACT_SLOTS, Person, Role
from packets.model.readiness import WARN_DAYS, Readiness, readiness_of
from packets.store.database import Database
from packets.store.records.acos import SlotLine


@dataclass(frozen=True, slots=True)
class DesigneeLine:
    """A signing slot of an ACO that somebody should look after: who holds it and how they stand; None where nobody does."""

    aco_id: str
    legal_name: str
    role: Role
    person: Person | None
    readiness: Readiness | None


@dataclass(frozen=True, slots=True)
class DesigneePage:
    """Some of the slots, and how many there are in all."""

    lines: tuple[DesigneeLine, ...]
    count: int


@dataclass(frozen=True, slots=True)
class DesigneeDesk:
    """Where the readiness of a whole year's designees is looked at; built once with the services that it needs."""

    database: Database
    clock: Clock

    def unready(self, year: int, *, most: int, skip: int = 0) -> DesigneePage:
        """Signing slots that are empty, or whose holder cannot sign or soon cannot; by ACO and slot. For CMS staff."""
        today = agency_day(self.clock())
        roles, until = [slot.role for slot in CONTACT_SLOTS if slot.designee], today + timedelta(days=WARN_DAYS)
        with self.database.read() as records:
            found, count = records.acos.doubtful_slots(year, roles, until, most=most, skip=skip)
        return DesigneePage(tuple(_line(one, today) for one in found), count)


def _line(one: SlotLine, today: date) -> DesigneeLine:
    readiness = readiness_of(one.person, today) if one.person else None
    return DesigneeLine(one.aco_id, one.legal_name, one.role, one.person, readiness)
