"""People, the contact slots that they hold, and what they may do (R9, R11, R13-R21, permission matrix 1.7).

A person is known by a CMS user ID (four characters, R21). The same person may hold several slots, at several ACOs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """The seventeen contact slots of an ACO (REQUIREMENTS 2.7) and the roles on the CMS side."""

    ACO_EXECUTIVE = "aco-executive"
    AUTHORIZED_TO_SIGN_PRIMARY = "authorized-to-sign-primary"
    AUTHORIZED_TO_SIGN_SECONDARY = "authorized-to-sign-secondary"
    DUA_REQUESTOR = "dua-requestor"
    DUA_CUSTODIAN = "dua-custodian"
    CMS_LIAISON = "cms-liaison"
    APPLICATION_CONTACT_PRIMARY = "application-contact-primary"
    APPLICATION_CONTACT_SECONDARY = "application-contact-secondary"
    IT_CONTACT_PRIMARY = "it-contact-primary"
    IT_CONTACT_SECONDARY = "it-contact-secondary"
    FINANCIAL_CONTACT_PRIMARY = "financial-contact-primary"
    FINANCIAL_CONTACT_SECONDARY = "financial-contact-secondary"
    COMPLIANCE_CONTACT = "compliance-contact"
    MEDICAL_DIRECTOR = "medical-director"
    PUBLIC_CONTACT = "public-contact"
    QUALITY_CONTACT = "quality-contact"
    MARKETING_CONTACT = "marketing-contact"
    CMS_STAFF = "cms-staff"
    CMS_SIGNATORY = "cms-signatory"
    ARCHIVIST = "archivist"


@dataclass(frozen=True, slots=True)
class ContactSlot:
    """One of the seventeen contact slots: whether it must be filled, and whether its holder is an ESM designee (R13)."""

    role: Role
    label: str
    required: bool
    designee: bool = False
    edits_step_one: bool = False
    uploads_corrections: bool = False


CONTACT_SLOTS: tuple[ContactSlot, ...] = (
    ContactSlot(
        Role.ACO_EXECUTIVE, "ACO Executive", required=True, designee=True, edits_step_one=True, uploads_corrections=True
    ),
    ContactSlot(
        Role.AUTHORIZED_TO_SIGN_PRIMARY,
        "Authorized to Sign (primary)",
        required=True,
        designee=True,
        edits_step_one=True,
        uploads_corrections=True,
    ),
    ContactSlot(
        Role.AUTHORIZED_TO_SIGN_SECONDARY,
        "Authorized to Sign (secondary)",
        required=True,
        designee=True,
        edits_step_one=True,
        uploads_corrections=True,
    ),
    ContactSlot(Role.DUA_REQUESTOR, "DUA Requestor", required=True, designee=True),
    ContactSlot(Role.DUA_CUSTODIAN, "DUA Custodian", required=True, designee=True),
    ContactSlot(Role.CMS_LIAISON, "CMS Liaison", required=True, edits_step_one=True),
    ContactSlot(Role.APPLICATION_CONTACT_PRIMARY, "Application Contact (primary)", required=True, edits_step_one=True),
    ContactSlot(
        Role.APPLICATION_CONTACT_SECONDARY, "Application Contact (secondary)", required=False, edits_step_one=True
    ),
    ContactSlot(Role.IT_CONTACT_PRIMARY, "IT Contact (primary)", required=True),
    ContactSlot(Role.IT_CONTACT_SECONDARY, "IT Contact (secondary)", required=False),
    ContactSlot(Role.FINANCIAL_CONTACT_PRIMARY, "Financial Contact (primary)", required=True),
    ContactSlot(Role.FINANCIAL_CONTACT_SECONDARY, "Financial Contact (secondary)", required=False),
    ContactSlot(Role.COMPLIANCE_CONTACT, "Compliance Contact", required=True),
    ContactSlot(Role.MEDICAL_DIRECTOR, "Medical Director", required=True),
    ContactSlot(Role.PUBLIC_CONTACT, "Public Contact", required=True),
    ContactSlot(Role.QUALITY_CONTACT, "Quality Contact", required=False),
    ContactSlot(Role.MARKETING_CONTACT, "Marketing Contact", required=False),
)

SLOTS_BY_ROLE: dict[Role, ContactSlot] = {slot.role: slot for slot in CONTACT_SLOTS}

DIFFERENT_PEOPLE: tuple[tuple[Role, Role], ...] = (
    (Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY),
    (Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN),
)
"""Pairs of slots that one person may never hold together (R17)."""

PAIRS: dict[Role, str] = {
    Role.AUTHORIZED_TO_SIGN_PRIMARY: "authorized-to-sign",
    Role.AUTHORIZED_TO_SIGN_SECONDARY: "authorized-to-sign",
    Role.DUA_REQUESTOR: "dua",
    Role.DUA_CUSTODIAN: "dua",
}
"""The same by name, as the database's constraint knows them."""

CMS_ROLE_LABELS: dict[Role, str] = {
    Role.CMS_STAFF: "CMS staff",
    Role.CMS_SIGNATORY: "CMS signatory",
    Role.ARCHIVIST: "Archivist",
}


def role_label(role: Role) -> str:
    """The role's name as people read it on pages and in documents."""
    return SLOTS_BY_ROLE[role].label if role in SLOTS_BY_ROLE else CMS_ROLE_LABELS[role]


@dataclass(frozen=True, slots=True)
class Address:
    """A complete United States mailing address (R26)."""

    line_1: str
    city: str
    state: str
    zip_code: str
    line_2: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the directory knows them, or as an ACO states a contact.

    Attributes:
        user_id: CMS user ID, four characters A-Z 0-9, the key of a person (E5 compares people by it); empty for a
            contact who has none, as only designees need one (R21).
        account_active: the CMS-issued user ID is active (R15), as far as CMS has said; `is_active` asks about a day.
        may_sign_electronically: the separate electronic signature entitlement (R15).
        cms_roles: roles on the CMS side, empty for ACO contacts.
        sample: made for a demonstration; every record and page says so.
        recertification_due_on: last day of the yearly recertification of the user ID; when it has passed without a later
            one, the user ID is revoked (R77). None when CMS has not told it.
    """

    user_id: str
    given_name: str
    family_name: str
    title: str
    organization: str
    email: str
    phone: str
    address: Address
    account_active: bool = True
    may_sign_electronically: bool = False
    cms_roles: frozenset[Role] = frozenset()
    sample: bool = False
    recertification_due_on: date | None = None

    def is_active(self, today: date) -> bool:
        """Whether the user ID is active on a day: it was not deactivated, and its recertification is not overdue (R15, R77)."""
        due = self.recertification_due_on
        return self.account_active and (due is None or today <= due)

    @property
    def full_name(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in a contact slot of one ACO for one performance year."""

    role: Role
    person: Person
