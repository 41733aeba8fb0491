"""An Accountable Care Organization and what it says about itself for one performance year (R10, R29-R35)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from packets.errors import Problem
from packets.model.identifiers import AcoId
from packets.model.people import CONTACT_SLOTS, DIFFERENT_PEOPLE, Address, Contact, role_label


class Cohort(StrEnum):
    """Current ACOs do Steps 1-4, new ones (applicants accepted for this year) Steps 1-6 (R2)."""

    CURRENT = "current"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement period that the performance year belongs to (42 CFR 425.200)."""

    period_number: int
    initial_start_date: date
    start_date: date
    end_date: date
    track: str


@dataclass(frozen=True, slots=True)
class DataUseAgreement:
    """The ACO's DUA with CMS as it is when the year begins; it runs one year at most and is extended or closed (REQ 2.4).

    Attributes:
        number: of the DUA.
        expires_on: its last day, before this year's extension.
        extended_to: the last day that CMS offers; the ACO asks for it or for an earlier one (`model.agreements`).
    """

    number: str
    expires_on: date
    extended_to: date


@dataclass(frozen=True, slots=True)
class Aco:
    """One ACO in one performance year: Basic Agreement Data (R29, R30)."""

    aco_id: AcoId
    performance_year: int
    cohort: Cohort
    legal_name: str
    trade_name: str
    tax_status: str
    address: Address
    web_page: str
    service_area: str
    agreement: Agreement
    dua: DataUseAgreement
    sample: bool = False


@dataclass(frozen=True, slots=True)
class StepOne:
    """Step 1 as it stands: the contacts, and whether contact and organization data were submitted (R12, R35).

    Attributes:
        carried_from: the year from which the contacts were carried over when the ACO was enrolled (R20), or None.
    """

    aco: Aco
    contacts: tuple[Contact, ...]
    contacts_submitted: bool
    organization_submitted: bool
    carried_from: int | None = None


def contact_problems(contacts: tuple[Contact, ...]) -> list[Problem]:
    """What is wrong with an ACO's contact slots: required ones empty (R22, E1), paired ones shared (R17, E5)."""
    holders = {contact.role: contact.person for contact in contacts}
    problems = [
        Problem(
            "contact-missing", f"The {slot.label} contact is not filled.", "Enter a person in Contact Data.", slot.role
        )
        for slot in CONTACT_SLOTS
        if slot.required and slot.role not in holders
    ]
    return problems + shared_pair_problems(contacts)


def shared_pair_problems(contacts: tuple[Contact, ...]) -> list[Problem]:
    """Paired slots that one person holds, compared by user ID (R17, E5); such contacts are never recorded."""
    holders = {contact.role: contact.person for contact in contacts if contact.person.user_id}
    return [
        Problem(
            "contacts-same-person",
            f"{role_label(one)} and {role_label(other)} are the same person.",
            "Put two different people in these slots.",
            one,
        )
        for one, other in DIFFERENT_PEOPLE
        if one in holders and other in holders and holders[one].user_id == holders[other].user_id
    ]


def organization_problems(aco: Aco) -> list[Problem]:
    """What is wrong with an ACO's organization data: required fields empty (R34, E3), no web page for a new ACO (E2)."""
    fields = {
        "legal_name": aco.legal_name,
        "tax_status": aco.tax_status,
        "address": aco.address.line_1,
        "city": aco.address.city,
    }
    problems = [
        Problem("organization-field-missing", f"The field {name} is empty.", "Complete Basic Agreement Data.", name)
        for name, value in fields.items()
        if not value.strip()
    ]
    if aco.cohort is Cohort.NEW and not aco.web_page.strip():
        problems.append(
            Problem(
                "web-page-missing", "A new ACO must have a public reporting web page.", "Enter its address.", "web_page"
            )
        )
    return problems
