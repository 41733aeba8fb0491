"""What pages about all ACOs ask is answered alike by both databases, and as the pages of one ACO answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from packets.keeping.holds import HoldRequest
from packets.model.calendar import agency_day
from packets.model.people import Role
from packets.model.readiness import WARN_DAYS
from packets.store.database import Database
from packets.years.standings import read_standing
from worlds import build_world


@pytest.mark.requirement("R15", "R23", "R42", "R77")
def test_long_lists_leave_nothing_out(new_database: Callable[[], Database]) -> None:
    """Slots to look after, ACOs by a part of their name, agreements, signed slots, and what is held."""
    world = build_world(2, database=new_database())
    services, current, new = world.services, world.first("current"), world.first("new")
    world.finish(current, before_step=3)
    today, staff = agency_day(world.clock()), world.agency(Role.CMS_STAFF)
    holders = {one.role: one.person for one in current.contacts}
    late = replace(holders[Role.DUA_CUSTODIAN], recertification_due_on=today + timedelta(days=WARN_DAYS))
    fine = replace(holders[Role.DUA_REQUESTOR], recertification_due_on=today + timedelta(days=WARN_DAYS + 1))
    services.enrollment.register([late, fine])
    with services.database.write() as records:
        left = [one for one in new.contacts if one.role is not Role.ACO_EXECUTIVE]
        records.acos.put_contacts(new.aco.aco_id, 2027, left)
    found = services.designees.unready(2027, most=10)
    wanted = {(current.aco.aco_id, Role.DUA_CUSTODIAN), (new.aco.aco_id, Role.ACO_EXECUTIVE)}
    assert {(one.aco_id, one.role) for one in found.lines} == wanted
    assert [services.designees.unready(2027, most=1, skip=at).lines[0] for at in range(2)] == list(found.lines)
    part = current.aco.legal_name[1:6].upper()
    assert current.aco.aco_id in {one.aco_id for one in services.reading.every_aco(part, most=5).lines}
    assert services.reading.every_aco("_", most=5).count == 0
    assert (services.reading.every_aco("", most=1).count, services.reading.every_aco("", most=1).years) == (2, (2027,))
    with services.database.read() as records:
        standings = {one.aco_id: read_standing(records, services.catalog, one) for one in records.acos.in_year(2027)}
        signed = {(one.aco_id, one.kind): set(one.slots) for one in records.documents.outlines(2027)}
        whole = {(one.aco_id, one.kind): set(one.signed_slots) for one in records.documents.in_year(2027)}
    assert {one.aco.aco_id: one.standing for one in services.agreements.list_year(2027)} == standings
    assert signed == whole
    assert any(signed.values())
    assert services.retention.outlook(today).held == []
    services.holds.place(staff, HoldRequest(current.aco.aco_id, (), "Audit", "OIG, letter 7"))
    outlook = services.retention.outlook(today)
    assert {one.document.aco_id for one in outlook.held} == {current.aco.aco_id}
    assert (outlook.due, outlook.count) == ([], len(services.retention.kept()))
    last = max(one.schedule.disposable_after for one in services.retention.kept())
    assert len(services.retention.outlook(last + timedelta(days=1)).due) == outlook.count - len(outlook.held)
