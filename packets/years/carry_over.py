"""Contacts of the year before, for an ACO that is enrolled again (R20)."""

from __future__ import annotations

from packets.model.aco import Aco
from packets.model.people import Contact
from packets.store.records import Records


def carried_contacts(records: Records, aco_id: str, year: int) -> tuple[Contact, ...]:
    """The contacts that an ACO had in the year before, as they stand there now; none when it was not enrolled then."""
    return records.acos.contacts(aco_id, year - 1)


def fill_slots(records: Records, aco: Aco, given: tuple[Contact, ...] | None) -> int:
    """Put the contacts of a newly enrolled ACO on record: those that were given, or else those of the year before (R20).

    Contacts that carry over are not confirmed: the ACO confirms them for the new year (R12).

    Returns:
        How many were carried over.
    """
    place = (aco.aco_id, aco.performance_year)
    carried = () if given else carried_contacts(records, *place)
    records.acos.put_contacts(*place, given or carried)
    if carried:
        records.acos.carry_contacts(*place, aco.performance_year - 1)
    return len(carried)
