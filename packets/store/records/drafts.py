"""Records of what an ACO has entered in Step 1 and not submitted yet (R12, R25, R34)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.people import Address, Person, Role
from packets.store.records.people import ADDRESS, DETAILS
from packets.store.tables import contact_drafts, organization_drafts


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """What a contact slot shall hold once it is submitted: a person, or nobody. Who entered it, and when."""

    role: Role
    person: Person | None
    edited_by: str
    edited_at_utc: datetime


@dataclass(frozen=True, slots=True)
class OrganizationDraft:
    """What the four fields of Basic Agreement Data that are the ACO's own shall say once they are submitted (R30)."""

    trade_name: str
    web_page: str
    line_2: str
    tax_status: str
    edited_by: str
    edited_at_utc: datetime


class DraftRecords:
    """Drafts by ACO and year. A draft changes nothing on record; submitting puts it there and removes it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put_contact(self, aco_id: str, year: int, draft: ContactDraft) -> None:
        """Keep what a slot shall hold, instead of what was kept for it before."""
        self.drop_contact(aco_id, year, draft.role)
        self._connection.execute(contact_drafts.insert().values(aco_id=aco_id, year=year, **_values(draft)))

    def drop_contact(self, aco_id: str, year: int, role: Role) -> None:
        """Forget what was entered for a slot."""
        self._connection.execute(
            contact_drafts.delete().where(*_is(contact_drafts, aco_id, year), contact_drafts.c.role == role)
        )

    def drop_contacts(self, aco_id: str, year: int) -> None:
        """Forget what was entered for every slot."""
        self._connection.execute(contact_drafts.delete().where(*_is(contact_drafts, aco_id, year)))

    def contacts(self, aco_id: str, year: int) -> Mapping[Role, ContactDraft]:
        """What was entered, by slot."""
        found = self._connection.execute(contact_drafts.select().where(*_is(contact_drafts, aco_id, year)))
        return {Role(row.role): _read(row) for row in found}

    def put_organization(self, aco_id: str, year: int, draft: OrganizationDraft) -> None:
        """Keep what was entered for the organization, instead of what was kept before."""
        self.drop_organization(aco_id, year)
        values = {name: getattr(draft, name) for name in OrganizationDraft.__dataclass_fields__}
        self._connection.execute(organization_drafts.insert().values(aco_id=aco_id, year=year, **values))

    def drop_organization(self, aco_id: str, year: int) -> None:
        """Forget what was entered for the organization."""
        self._connection.execute(organization_drafts.delete().where(*_is(organization_drafts, aco_id, year)))

    def organization(self, aco_id: str, year: int) -> OrganizationDraft | None:
        """What was entered for the organization, or None."""
        asked = organization_drafts.select().where(*_is(organization_drafts, aco_id, year))
        row = self._connection.execute(asked).one_or_none()
        names = OrganizationDraft.__dataclass_fields__
        return OrganizationDraft(**{name: getattr(row, name) for name in names}) if row else None


def _is(table: sa.Table, aco_id: str, year: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (table.c.aco_id == aco_id, table.c.year == year)


def _values(draft: ContactDraft) -> dict[str, Any]:
    person = draft.person
    return {
        "role": draft.role,
        "emptied": person is None,
        "user_id": person.user_id if person else "",
        **{name: getattr(person, name) if person else "" for name in DETAILS},
        **{name: getattr(person.address, name) if person else "" for name in ADDRESS},
        "edited_by": draft.edited_by,
        "edited_at_utc": draft.edited_at_utc,
    }


def _read(row: Any) -> ContactDraft:
    address = Address(**{name: getattr(row, name) for name in ADDRESS})
    details = {name: getattr(row, name) for name in DETAILS}
    person = None if row.emptied else Person(user_id=row.user_id, **details, address=address)
    return ContactDraft(Role(row.role), person, row.edited_by, row.edited_at_utc)
