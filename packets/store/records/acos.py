"""Records of ACOs in a performance year, their contacts and the state of Step 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from packets.model.aco import Aco, Agreement, Cohort, DataUseAgreement, StepOne
from packets.model.identifiers import AcoId
from packets.model.people import PAIRS, Address, Contact, Person, Role
from packets.store.records.entries import EntryRecords
from packets.store.records.people import ADDRESS, DETAILS
from packets.store.records.places import Place, at_places
from packets.store.tables import acos, contacts, people, years

PLAIN = ("legal_name", "trade_name", "tax_status", "web_page", "service_area", "sample")
AGREEMENT = ("period_number", "initial_start_date", "start_date", "end_date", "track")
DUA = ("number", "expires_on", "extended_to")
ACCOUNT = ("account_active", "may_sign_electronically", "cms_roles", "sample", "recertification_due_on")
# Asked with nearly every act: built once, since building them takes longer than answering them.
_PLACE = {"aco_id": sa.bindparam("aco_id", type_=sa.String), "year": sa.bindparam("year", type_=sa.Integer)}
HELD = sa.select(contacts, *(people.c[name] for name in ACCOUNT)).outerjoin(
    people, people.c.user_id == contacts.c.user_id
)
HELD_AT = HELD.where(contacts.c.aco_id == _PLACE["aco_id"], contacts.c.year == _PLACE["year"])
ROLES = sa.select(contacts.c.role).where(
    contacts.c.aco_id == _PLACE["aco_id"],
    contacts.c.year == _PLACE["year"],
    contacts.c.user_id == sa.bindparam("user_id", type_=sa.String),
)
OPEN = acos.c.year.not_in(sa.select(years.c.year).where(years.c.opened_by_job != ""))
"""Of a year that is open. What a job has laid out of another is told to nobody."""
ACO = acos.select().where(acos.c.aco_id == _PLACE["aco_id"], acos.c.year == _PLACE["year"], OPEN)


@dataclass(frozen=True, slots=True)
class AcoOutline:
    """An ACO in a list of many: who it is, and what of Step 1 was submitted (R35)."""

    aco_id: str
    legal_name: str
    cohort: Cohort
    contacts_submitted: bool
    organization_submitted: bool


@dataclass(frozen=True, slots=True)
class AcoLine:
    """An ACO in a year in a list of many: who it is."""

    aco_id: str
    performance_year: int
    legal_name: str
    cohort: Cohort


@dataclass(frozen=True, slots=True)
class AcoAgreement:
    """An ACO in a list of many: who it is, and its data use agreement as CMS enrolled it."""

    aco_id: str
    legal_name: str
    dua: DataUseAgreement


@dataclass(frozen=True, slots=True)
class SlotLine:
    """A slot of an ACO: who holds it; None where nobody does."""

    aco_id: str
    legal_name: str
    role: Role
    person: Person | None


class AcoRecords:
    """ACOs by ID and year; contacts by slot (R9, R29)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, aco: Aco) -> None:
        """Enrol an ACO in a year; Step 1 is open."""
        self._connection.execute(acos.insert().values(**_values(aco)))

    def lay_out(self, enrolled: Iterable[Aco]) -> None:
        """Make room for the lists of the ACOs of a year that is not open yet; nobody is told of them."""
        if rows := [_values(one) for one in enrolled]:
            self._connection.execute(acos.insert(), rows)

    def laid_out(self, year: int) -> list[str]:
        """The IDs of the ACOs of a year, whether or not it is open."""
        return list(self._connection.scalars(sa.select(acos.c.aco_id).where(acos.c.year == year)))

    def complete(self, aco: Aco) -> None:
        """Put an ACO on record as it is enrolled, in place of what was laid out or added before."""
        self._connection.execute(
            acos.update().where(*_is(acos, aco.aco_id, aco.performance_year)).values(**_values(aco))
        )

    def give_up(self, year: int) -> None:
        """Forget the ACOs of a year that is not open; their lists are gone already."""
        half = sa.select(years.c.year).where(years.c.year == year, years.c.opened_by_job != "")
        self._connection.execute(acos.delete().where(acos.c.year.in_(half)))

    def get(self, aco_id: str, year: int) -> Aco | None:
        """The ACO in that year, or None."""
        row = self._connection.execute(ACO, {"aco_id": aco_id, "year": year}).one_or_none()
        return _read(row) if row else None

    def is_known(self, aco_id: str) -> bool:
        """Whether the ACO was enrolled in any year."""
        return self._connection.scalar(sa.select(sa.exists().where(acos.c.aco_id == aco_id, OPEN))) is True

    def in_year(self, year: int) -> list[Aco]:
        """Every ACO of a year, by ID."""
        return [
            _read(row)
            for row in self._connection.execute(acos.select().where(acos.c.year == year, OPEN).order_by(acos.c.aco_id))
        ]

    def several(self, places: Iterable[Place]) -> dict[Place, Aco]:
        """Some ACOs of whatever years, by ID and year."""
        asked = acos.select().where(at_places(acos, places), OPEN)
        return {(row.aco_id, row.year): _read(row) for row in self._connection.execute(asked)}

    def of_person(self, user_id: str) -> list[Aco]:
        """Every ACO and year in which the person holds a slot, newest year first."""
        held = sa.select(contacts.c.aco_id, contacts.c.year).where(contacts.c.user_id == user_id).distinct().subquery()
        joined = acos.select().join(held, sa.and_(acos.c.aco_id == held.c.aco_id, acos.c.year == held.c.year))
        joined = joined.where(OPEN).order_by(acos.c.year.desc(), acos.c.aco_id)
        return [_read(row) for row in self._connection.execute(joined)]

    def put_contacts(self, aco_id: str, year: int, filled: Iterable[Contact]) -> None:
        """Replace who holds which slot."""
        self._connection.execute(contacts.delete().where(*_is(contacts, aco_id, year)))
        rows = [{"aco_id": aco_id, "year": year, **_contact_values(one)} for one in filled]
        if rows:
            self._connection.execute(contacts.insert(), rows)

    def contacts(self, aco_id: str, year: int) -> tuple[Contact, ...]:
        """Who holds which slot, in the order of the slots: the details as the ACO states them, the account as CMS knows it."""
        rows = self._connection.execute(HELD_AT, {"aco_id": aco_id, "year": year})
        return _in_order({Role(row.role): Contact(Role(row.role), _read_contact(row)) for row in rows})

    def without_active(self, year: int, roles: Iterable[Role], today: date) -> list[Aco]:
        """The ACOs of a year of which nobody holds any of these slots with a user ID that is active on a day, by ID.

        Active as `Person.is_active` says.
        """
        due = people.c.recertification_due_on
        active = (
            sa.select(contacts.c.user_id)
            .join(people, people.c.user_id == contacts.c.user_id)
            .where(contacts.c.aco_id == acos.c.aco_id, contacts.c.year == acos.c.year)
            .where(contacts.c.role.in_(sorted(roles)), people.c.account_active, due.is_(None) | (due >= today))
        )
        asked = acos.select().where(acos.c.year == year, OPEN, ~active.exists()).order_by(acos.c.aco_id)
        return [_read(row) for row in self._connection.execute(asked)]

    def doubtful_slots(
        self, year: int, roles: Sequence[Role], until: date, *, most: int, skip: int = 0
    ) -> tuple[list[SlotLine], int]:
        """Slots of a year's ACOs that somebody should look after, by ACO and in the order of the roles, and how many there are.

        They are those that nobody holds, or whose holder has no user ID, an inactive one, no electronic signature access, or a
        recertification that is due on a day or was before: where `packets.model.readiness` has something to tell.
        """
        slots = _numbered(roles)
        held = sa.and_(
            contacts.c.aco_id == acos.c.aco_id, contacts.c.year == acos.c.year, contacts.c.role == slots.c.role
        )
        of = (
            acos.join(slots, sa.true())
            .outerjoin(contacts, held)
            .outerjoin(people, people.c.user_id == contacts.c.user_id)
        )
        fine = people.c.account_active & people.c.may_sign_electronically
        due = people.c.recertification_due_on <= until
        wanted = acos.c.year == year, sa.or_(people.c.user_id.is_(None), ~fine, due)
        count = self._connection.scalar(sa.select(sa.func.count()).select_from(of).where(*wanted)) or 0
        told = acos.c.aco_id.label("of"), acos.c.legal_name, slots.c.role.label("slot"), contacts.c.role.label("held")
        account = [people.c[name] for name in ACCOUNT]
        stated = [contacts.c[name] for name in ("user_id", *DETAILS, *ADDRESS)]
        asked = sa.select(*told, *stated, *account).select_from(of).where(*wanted)
        rows = self._connection.execute(asked.order_by(acos.c.aco_id, slots.c.place).limit(most).offset(skip))
        lines = [
            SlotLine(row.of, row.legal_name, Role(row.slot), _read_contact(row) if row.held else None) for row in rows
        ]
        return lines, count

    def roles_of(self, user_id: str, aco_id: str, year: int) -> frozenset[Role]:
        """The slots that a person holds at an ACO."""
        held = self._connection.scalars(ROLES, {"aco_id": aco_id, "year": year, "user_id": user_id})
        return frozenset(map(Role, held))

    def step_one(self, aco_id: str, year: int) -> StepOne | None:
        """Step 1 as it stands, or None when the ACO is not in the year."""
        row = self._connection.execute(ACO, {"aco_id": aco_id, "year": year}).one_or_none()
        return _step_one(row, self.contacts(aco_id, year)) if row else None

    def step_ones(self, year: int, aco_ids: Iterable[str]) -> dict[str, StepOne]:
        """Step 1 of several ACOs of a year, by ACO ID."""
        wanted = sorted(aco_ids)
        held: dict[str, dict[Role, Contact]] = {}
        for row in self._connection.execute(HELD.where(contacts.c.year == year, contacts.c.aco_id.in_(wanted))):
            held.setdefault(row.aco_id, {})[Role(row.role)] = Contact(Role(row.role), _read_contact(row))
        asked = acos.select().where(acos.c.year == year, acos.c.aco_id.in_(wanted), OPEN)
        return {
            row.aco_id: _step_one(row, _in_order(held.get(row.aco_id, {}))) for row in self._connection.execute(asked)
        }

    def carry_contacts(self, aco_id: str, year: int, from_year: int) -> None:
        """Record that the contacts were carried over from an earlier year (R20)."""
        self._connection.execute(acos.update().where(*_is(acos, aco_id, year)).values(contacts_carried_from=from_year))

    def change(self, aco_id: str, year: int, values: Mapping[str, object]) -> None:
        """Change fields of Basic Agreement Data, by the names that they have in the database (R30, R31)."""
        self._connection.execute(acos.update().where(*_is(acos, aco_id, year)).values(**values))
        EntryRecords(self._connection).follow_aco(aco_id, year)

    def reopen_organization(self, aco_id: str, year: int) -> None:
        """Record that organization data has to be confirmed again (R29, R31)."""
        self._connection.execute(
            acos.update().where(*_is(acos, aco_id, year)).values(organization_submitted_at_utc=None)
        )

    def reopen_contacts(self, aco_id: str, year: int) -> None:
        """Record that contact data has to be confirmed again (R28)."""
        self._connection.execute(acos.update().where(*_is(acos, aco_id, year)).values(contacts_submitted_at_utc=None))

    def outlines(self, year: int) -> list[AcoOutline]:
        """Every ACO of a year by ID, with what lists of many ACOs need of it."""
        columns = (acos.c.aco_id, acos.c.legal_name, acos.c.cohort)
        submitted = (acos.c.contacts_submitted_at_utc.is_not(None), acos.c.organization_submitted_at_utc.is_not(None))
        asked = sa.select(*columns, *submitted).where(acos.c.year == year, OPEN).order_by(acos.c.aco_id)
        return [
            AcoOutline(aco_id, name, Cohort(cohort), bool(contacts), bool(organization))
            for aco_id, name, cohort, contacts, organization in self._connection.execute(asked)
        ]

    def lines(self, text: str, *, most: int, skip: int = 0) -> tuple[list[AcoLine], int]:
        """A part of the ACOs of all years, newest year first, whose ID or name has a text in it; and how many there are."""
        named = sa.func.lower(acos.c.aco_id + " " + acos.c.legal_name)
        wanted = named.contains(text.lower(), autoescape=True) if text else sa.true()
        count = self._connection.scalar(sa.select(sa.func.count()).select_from(acos).where(wanted)) or 0
        asked = sa.select(acos.c.aco_id, acos.c.year, acos.c.legal_name, acos.c.cohort).where(wanted)
        rows = self._connection.execute(asked.order_by(acos.c.year.desc(), acos.c.aco_id).limit(most).offset(skip))
        return [AcoLine(aco_id, year, name, Cohort(cohort)) for aco_id, year, name, cohort in rows], count

    def agreements(self, year: int) -> list[AcoAgreement]:
        """The data use agreement of every ACO of a year, by ID."""
        asked = sa.select(acos.c.aco_id, acos.c.legal_name, *(acos.c[f"dua_{name}"] for name in DUA))
        rows = self._connection.execute(asked.where(acos.c.year == year).order_by(acos.c.aco_id))
        return [AcoAgreement(aco_id, name, DataUseAgreement(*dua)) for aco_id, name, *dua in rows]

    def cohorts(self, year: int) -> dict[Cohort, int]:
        """How many ACOs of each cohort a year has."""
        asked = sa.select(acos.c.cohort, sa.func.count()).where(acos.c.year == year, OPEN).group_by(acos.c.cohort)
        return {Cohort(cohort): count for cohort, count in self._connection.execute(asked)}

    def submit_contacts(self, aco_id: str, year: int, now: datetime) -> None:
        """Record that contact data was confirmed and submitted (R28, R35)."""
        self._connection.execute(acos.update().where(*_is(acos, aco_id, year)).values(contacts_submitted_at_utc=now))

    def submit_organization(self, aco_id: str, year: int, now: datetime) -> None:
        """Record that organization data was confirmed and submitted (R34, R35)."""
        self._connection.execute(
            acos.update().where(*_is(acos, aco_id, year)).values(organization_submitted_at_utc=now)
        )


def _numbered(roles: Sequence[Role]) -> sa.Subquery:
    """The roles as rows with their places."""
    rows = [
        sa.select(sa.literal(str(role)).label("role"), sa.literal(place).label("place"))
        for place, role in enumerate(roles)
    ]
    return sa.union_all(*rows).subquery("slots")


def _in_order(held: Mapping[Role, Contact]) -> tuple[Contact, ...]:
    """Contacts in the order of the slots."""
    return tuple(held[role] for role in Role if role in held)


def _step_one(row: Any, held: tuple[Contact, ...]) -> StepOne:
    submitted = (row.contacts_submitted_at_utc is not None, row.organization_submitted_at_utc is not None)
    return StepOne(_read(row), held, *submitted, carried_from=row.contacts_carried_from)


def _is(table: sa.Table, aco_id: str, year: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (table.c.aco_id == aco_id, table.c.year == year)


def _read(row: Any) -> Aco:
    told = row._asdict()
    return Aco(
        **{name: told[name] for name in PLAIN},
        aco_id=AcoId(row.aco_id),
        performance_year=row.year,
        cohort=Cohort(row.cohort),
        address=Address(**{name: told[name] for name in ADDRESS}),
        agreement=Agreement(**{name: told[name] for name in AGREEMENT}),
        dua=DataUseAgreement(**{name: told[f"dua_{name}"] for name in DUA}),
    )


def _contact_values(contact: Contact) -> dict[str, Any]:
    person = contact.person
    return {
        "role": contact.role,
        "user_id": person.user_id or None,
        "pair": PAIRS.get(contact.role) if person.user_id else None,
        **{name: getattr(person, name) for name in DETAILS},
        **{name: getattr(person.address, name) for name in ADDRESS},
    }


def _read_contact(row: Any) -> Person:
    known, told = row.account_active is not None, row._asdict()
    return Person(
        user_id=row.user_id or "",
        **{name: told[name] for name in DETAILS},
        address=Address(**{name: told[name] for name in ADDRESS}),
        account_active=known and row.account_active,
        may_sign_electronically=known and row.may_sign_electronically,
        cms_roles=frozenset(Role(one) for one in (row.cms_roles or "").split()),
        sample=known and row.sample,
        recertification_due_on=row.recertification_due_on,
    )


def _values(aco: Aco) -> dict[str, Any]:
    return {
        "aco_id": aco.aco_id,
        **{name: getattr(aco, name) for name in PLAIN},
        "year": aco.performance_year,
        "cohort": aco.cohort,
        **{name: getattr(aco.address, name) for name in ADDRESS},
        **{name: getattr(aco.agreement, name) for name in AGREEMENT},
        **{f"dua_{name}": getattr(aco.dua, name) for name in DUA},
    }
