"""Records of people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from packets.model.people import Address, Person, Role
from packets.store.tables import people

ADDRESS = ("line_1", "line_2", "city", "state", "zip_code")
PLAIN = (
    "user_id",
    "given_name",
    "family_name",
    "title",
    "organization",
    "email",
    "phone",
    "account_active",
    "may_sign_electronically",
    "sample",
    "recertification_due_on",
)
PERSON = people.select().where(people.c.user_id == sa.bindparam("user_id", type_=sa.String))
DETAILS = ("given_name", "family_name", "title", "organization", "email", "phone")


class PeopleRecords:
    """People by their CMS user ID (R21)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, person: Person) -> None:
        """Add the person, or replace what is known of them."""
        values = _values(person)
        changed = self._connection.execute(people.update().where(people.c.user_id == person.user_id).values(**values))
        if changed.rowcount == 0:
            self._connection.execute(people.insert().values(**values))

    def add_all(self, new: Iterable[Person]) -> None:
        """Add people whom the directory does not know yet."""
        rows = [_values(one) for one in new]
        if rows:
            self._connection.execute(people.insert(), rows)

    def get(self, user_id: str) -> Person | None:
        """The person, or None."""
        row = self._connection.execute(PERSON, {"user_id": user_id}).one_or_none()
        return read_person(row) if row else None

    def everybody(self) -> list[Person]:
        """Everybody in the directory, by user ID."""
        return [read_person(row) for row in self._connection.execute(people.select().order_by(people.c.user_id))]

    def search(self, words: str, role: Role | None, most: int, skip: int = 0) -> tuple[list[Person], int]:
        """People by a piece of their user ID, name, organization or e-mail address, by name; and how many there are."""
        where = [_has_word(one) for one in words.split()]
        if role is not None:
            where.append(sa.literal(" ").concat(people.c.cms_roles).concat(" ").contains(f" {role} "))
        count = int(self._connection.scalar(sa.select(sa.func.count()).select_from(people).where(*where)) or 0)
        asked = people.select().where(*where).order_by(people.c.family_name, people.c.given_name, people.c.user_id)
        return [read_person(row) for row in self._connection.execute(asked.limit(most).offset(skip))], count

    def known(self, user_ids: Iterable[str]) -> dict[str, Person]:
        """Those of these people who are in the directory, by user ID."""
        found = self._connection.execute(people.select().where(people.c.user_id.in_(sorted(set(user_ids)))))
        return {row.user_id: read_person(row) for row in found}

    def holding(self, role: Role) -> list[Person]:
        """People on the CMS side with a role, by user ID."""
        found = self._connection.execute(people.select().order_by(people.c.user_id))
        return [person for person in map(read_person, found) if role in person.cms_roles]


def _has_word(word: str) -> sa.ColumnElement[bool]:
    searched = (people.c.user_id, people.c.given_name, people.c.family_name, people.c.organization, people.c.email)
    return sa.or_(*(sa.func.lower(one).contains(word.lower(), autoescape=True) for one in searched))


def read_person(row: Any) -> Person:
    """A person from a row that has the columns of `people`."""
    address = Address(**{name: getattr(row, name) for name in ADDRESS})
    roles = frozenset(Role(one) for one in row.cms_roles.split())
    return Person(**{name: getattr(row, name) for name in PLAIN}, address=address, cms_roles=roles)


def _values(person: Person) -> dict[str, Any]:
    return {
        **{name: getattr(person, name) for name in PLAIN},
        **{name: getattr(person.address, name) for name in ADDRESS},
        "cms_roles": " ".join(sorted(person.cms_roles)),
    }
