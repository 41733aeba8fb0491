"""The sample accounts that the sign-in page of a demonstration lists; in any other mode there are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from packets.model.people import Person, Role, role_label
from packets.store.records import Records
from web.bootstrap import Services
from web.demo import MARKER

MOST_ACOS = 4
AGENCY_ROLES = (Role.CMS_SIGNATORY, Role.CMS_STAFF, Role.ARCHIVIST)


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """Somebody to sign in as, and the roles that they hold."""

    user_id: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """The sample accounts of one organization."""

    heading: str
    accounts: tuple[SampleAccount, ...]


@dataclass(frozen=True, slots=True)
class Samples:
    """Every listed account, and the one password that they share."""

    password: str
    groups: tuple[SampleGroup, ...]


def sample_accounts(services: Services) -> Samples | None:
    """The sample accounts, in demonstrations only: ACOs whose packets are left to be signed first."""
    marker = services.settings.dir / MARKER
    if services.settings.mode != "demo" or not marker.exists():
        return None
    kept = json.loads(marker.read_text("utf-8"))
    with services.database.read() as records:
        return Samples(kept["password"], tuple(_groups(records, kept["practice"])))


def _groups(records: Records, practice: list[str]) -> Iterator[SampleGroup]:
    found = [aco for year in records.years.numbers() for aco in records.acos.in_year(year)]
    found.sort(key=lambda aco: aco.aco_id not in practice)
    groups = []
    for aco in found[:MOST_ACOS]:
        left = ": to be signed" if aco.aco_id in practice else ""
        holders: dict[str, list[tuple[Person, Role]]] = {}
        for contact in records.acos.contacts(aco.aco_id, aco.performance_year):
            holders.setdefault(contact.person.user_id, []).append((contact.person, contact.role))
        accounts = tuple(_account(held) for held in holders.values())
        groups.append(SampleGroup(f"{aco.aco_id} {aco.legal_name}, {aco.cohort} ACO{left}", accounts))
    agency = tuple(_account([(person, role)]) for role in AGENCY_ROLES for person in records.people.holding(role))
    yield from (*groups[:1], SampleGroup("CMS and the archive", agency), *groups[1:])


def _account(held: list[tuple[Person, Role]]) -> SampleAccount:
    person = held[0][0]
    return SampleAccount(person.user_id, person.full_name, tuple(role_label(role) for _, role in held))
