"""Designees of every ACO of a year who are not ready to sign, found weeks ahead (R15, R16, R77)."""

from __future__ import annotations

from dataclasses import dataclass

from packets.clock import Clock
from packets.model.aco import Aco
from packets.model.calendar import agency_day
from packets.model.people import CONTACT_SLOTS, Person, Role
from packets.model.readiness import Readiness, readiness_of
from packets.store.database import Database


@dataclass(frozen=True, slots=True)
class DesigneeLine:
    """A signing slot of an ACO that somebody should look after: who holds it and how they stand; None where nobody does."""

    aco: Aco
    role: Role
    person: Person | None
    readiness: Readiness | None


@dataclass(frozen=True, slots=True)
class DesigneeDesk:
    """Where the readiness of a whole year's designees is looked at; built once with the services that it needs."""

    database: Database
    clock: Clock

    def unready(self, year: int) -> list[DesigneeLine]:
        """Signing slots that are empty, or whose holder cannot sign or soon cannot; by ACO and slot. For CMS staff."""
        today = agency_day(self.clock())
        roles = [slot.role for slot in CONTACT_SLOTS if slot.designee]
        with self.database.read() as records:
            acos = records.acos.in_year(year)
            holders = records.acos.holders_in(year, roles)
        lines = []
        for aco in acos:
            for role in roles:
                person = holders.get((aco.aco_id, role))
                found = readiness_of(person, today) if person else None
                if found is None or found.told:
                    lines.append(DesigneeLine(aco, role, person, found))
        return lines
