"""What an ACO states of a contact: its fields read, and everything that is wrong with them told at once (R21, R26, R27, E4, E6).

Pure. A problem is tied to its slot and field: `dua-requestor.email`. A warning may be right and says so; it refuses nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from packets.errors import Problem
from packets.model.aco import Aco
from packets.model.email import email_fault, is_personal, is_shared, tells_organization, tidy_email
from packets.model.identifiers import UserId
from packets.model.mailing import read_state, read_zip
from packets.model.people import SLOTS_BY_ROLE, Address, Contact, Person, Role
from packets.model.telephone import read_phone

LONGEST_VALUE = 200
SPELLED = "Spell it with ordinary letters and signs."


@dataclass(frozen=True, slots=True)
class ContactField:
    """A field of a contact: its name, its label on the page, and whether it must be filled (R26)."""

    name: str
    label: str
    required: bool = True


CONTACT_FIELDS: tuple[ContactField, ...] = (
    ContactField("given_name", "First name"),
    ContactField("family_name", "Last name"),
    ContactField("title", "Title"),
    ContactField("organization", "Organization"),
    ContactField("line_1", "Mailing address, line 1"),
    ContactField("line_2", "Mailing address, line 2", required=False),
    ContactField("city", "City"),
    ContactField("state", "State"),
    ContactField("zip_code", "ZIP code"),
    ContactField("phone", "Phone"),
    ContactField("email", "E-mail"),
    ContactField("user_id", "CMS user ID", required=False),
)
"""The fields of a contact in the order of the page. The user ID is required of designees only (R21)."""

FIELD_LABELS: dict[str, str] = {one.name: one.label for one in CONTACT_FIELDS}
ADDRESS = ("line_1", "line_2", "city", "state", "zip_code")


def fields_of(person: Person) -> dict[str, str]:
    """What is stated of a contact, by field."""
    return {name: getattr(person.address if name in ADDRESS else person, name) for name in FIELD_LABELS}


def tidy(text: str) -> str:
    """A text as it is stored: composed (NFC), single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def read_contact(role: Role, given: Mapping[str, str]) -> tuple[Person, list[Problem]]:
    """The person whom a form states, its values as they are stored, and everything that is wrong with them.

    Values that cannot be read stay as they were typed, so that the form shows them again.
    """
    values = _as_stored({name: tidy(given.get(name, "")) for name in FIELD_LABELS})
    address = Address(**{name: values[name] for name in ADDRESS})
    details: dict[str, Any] = {name: value for name, value in values.items() if name not in ADDRESS}
    person = Person(**details, address=address)
    return person, statement_problems(Contact(role, person))


def _as_stored(values: dict[str, str]) -> dict[str, str]:
    return {
        **values,
        "email": tidy_email(values["email"]),
        "phone": read_phone(values["phone"]) or values["phone"],
        "state": read_state(values["state"]) or values["state"],
        "zip_code": read_zip(values["zip_code"]) or values["zip_code"],
        "user_id": values["user_id"].upper(),
    }


def statement_problems(contact: Contact) -> list[Problem]:
    """What is wrong with what is stated of one contact: missing, too long, or not of the right form (R21, R26, R27, E4, E6)."""
    return [replace(problem, where=f"{contact.role}.{problem.where}") for problem in _statement_faults(contact)]


def _statement_faults(contact: Contact) -> Iterator[Problem]:
    values, slot = fields_of(contact.person), SLOTS_BY_ROLE[contact.role]
    for one in CONTACT_FIELDS:
        value, needed = values[one.name], one.required or (one.name == "user_id" and slot.designee)
        if not value.strip():
            if needed:
                label = one.label if one.label[:3].isupper() else f"{one.label[0].lower()}{one.label[1:]}"
                sentence = f"The {slot.label} has no {label}."
                if one.name == "user_id":
                    sentence = f"The {slot.label} is an ESM designee and has no CMS user ID."
                yield Problem("contact-field-missing", sentence, "Fill the field; it is required.", one.name)
        elif len(value) > LONGEST_VALUE:
            sentence = f"{one.label} has more than {LONGEST_VALUE} characters."
            yield Problem("contact-field-too-long", sentence, "Shorten it.", one.name)
        else:
            yield from _form_faults(one, value)


def _form_faults(field: ContactField, value: str) -> Iterator[Problem]:
    if not value.isprintable():
        yield Problem(
            "contact-field-unusable", f"{field.label} has characters that cannot be printed.", SPELLED, field.name
        )
        return
    match field.name:
        case "email":
            yield from _email_faults(value)
        case "phone" if read_phone(value) != value:
            remedy = (
                "Write area code and number, e.g. 301-555-0100, with ext. 12 behind it where there is an extension."
            )
            yield Problem("phone-unusable", f"“{value}” is not a telephone number of ten digits.", remedy, "phone")
        case "state" if read_state(value) != value:
            remedy = "Choose a state or territory."
            yield Problem("state-unknown", f"There is no state “{value}” in a United States address.", remedy, "state")
        case "zip_code" if read_zip(value) != value:
            yield Problem(
                "zip-unusable", f"“{value}” is not a ZIP code.", "Write five digits, or five and four.", "zip_code"
            )
        case "user_id" if sentence := UserId.problem(value):
            remedy = "Copy the four characters of the CMS user ID."
            yield Problem("user-id-malformed", sentence, remedy, "user_id")


def _email_faults(address: str) -> Iterator[Problem]:
    if fault := email_fault(address):
        yield Problem("email-malformed", fault, "Write it like name@organization.org.", "email")
        return
    if is_personal(address):
        sentence = f"“{address}” is at a provider of personal mailboxes."
        yield Problem("email-personal", sentence, "Give the person’s e-mail address at the organization.", "email")
    if is_shared(address):
        sentence = f"“{address}” looks like a shared mailbox."
        yield Problem("email-shared", sentence, "Give the person’s own e-mail address.", "email")


def account_problems(contact: Contact, known: Mapping[str, Person], today: date) -> list[Problem]:
    """Whether the user ID stands for somebody who may do what the slot asks (R15, R21, E4).

    Args:
        contact: the contact as it is stated.
        known: people of the directory by user ID; those who are not in it are unknown.
        today: the day at CMS.
    """
    user_id, slot, where = contact.person.user_id, SLOTS_BY_ROLE[contact.role], f"{contact.role}.user_id"
    if not user_id or UserId.problem(user_id):
        return []
    person = known.get(user_id)
    if person is None:
        remedy = "Check the four characters; a new user ID is known here once CMS has issued it."
        return [Problem("user-id-unknown", f"CMS has issued no user ID {user_id}.", remedy, where)]
    problems = []
    if slot.designee and not person.is_active(today):
        remedy = "Have the user ID recertified, or designate somebody else."
        problems.append(Problem("user-id-inactive", f"The CMS user ID {user_id} is not active.", remedy, where))
    if slot.designee and not person.may_sign_electronically:
        sentence = f"The CMS user ID {user_id} has no electronic signature access."
        remedy = "Request electronic signature access for it, or designate somebody else."
        problems.append(Problem("user-id-not-entitled", sentence, remedy, where))
    return problems


def contact_warnings(contact: Contact, aco: Aco, known: Mapping[str, Person]) -> list[Problem]:
    """What is odd about a contact and may be right all the same (R17, R27, R28)."""
    person, label = contact.person, SLOTS_BY_ROLE[contact.role].label
    warnings = []
    names = (aco.legal_name, aco.trade_name, person.organization)
    if email_fault(person.email) is None and not tells_organization(person.email, names):
        domain = person.email.rpartition("@")[2]
        sentence = (
            f"The domain {domain} of the {label}’s e-mail does not look like the ACO or the contact’s organization."
        )
        remedy = "Check that the address identifies the organization."
        warnings.append(Problem("email-organization-unclear", sentence, remedy, f"{contact.role}.email"))
    holder = known.get(person.user_id)
    if holder is not None and holder.family_name.casefold() != person.family_name.casefold():
        sentence = (
            f"CMS knows user ID {person.user_id} as {holder.full_name}; the {label} is entered as {person.full_name}."
        )
        remedy = "Check that the user ID is this person’s own."
        warnings.append(Problem("user-id-name-differs", sentence, remedy, f"{contact.role}.user_id"))
    return warnings
