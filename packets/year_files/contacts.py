"""The contacts of a year's ACOs, one row a slot (R9, R13, R15-R17, R21, REQ 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packets.lists.findings import place
from packets.model.aco import contact_problems, shared_pair_problems
from packets.model.people import SLOTS_BY_ROLE, Address, Contact, Person, Role
from packets.year_files.layouts import CONTACTS, ROLES
from packets.year_files.report import Reading
from packets.year_files.sheets import column_of, read_sheet

DETAILS = ("user_id", "given_name", "family_name", "title", "organization", "email", "phone")


def read_contacts(
    path: Path, directory: Mapping[str, Person], reading: Reading, *, sample: bool
) -> dict[str, tuple[Contact, ...]]:
    """The contacts of each ACO of the file; what is wrong with it is noted in `reading`.

    Args:
        path: the file.
        directory: people whom CMS knows already, by user ID; their accounts stay as they are.
        reading: where findings go.
        sample: whether the year is a demonstration.
    """
    found: dict[str, dict[Role, tuple[int, Contact]]] = {}
    people: dict[str, Person] = {}
    for number, row in read_sheet(path, CONTACTS, reading):
        role = ROLES[row["role"].upper()]
        held = found.setdefault(row["aco_id"], {})
        if role in held:
            sentence = f"The slot {SLOTS_BY_ROLE[role].label} is filled in row {held[role][0]} already."
            reading.errors.add("slot-duplicate", sentence, "Leave one row for each slot.", _place(number, "role"))
            continue
        person = _person(row, directory.get(row["user_id"]), sample=sample)
        _check_person(number, row, role, person, people, reading)
        _warn_directory(number, row, directory.get(row["user_id"]), reading)
        held[role] = number, Contact(role, person)
    return {aco_id: _checked(aco_id, held, reading) for aco_id, held in found.items()}


def _checked(aco_id: str, held: Mapping[Role, tuple[int, Contact]], reading: Reading) -> tuple[Contact, ...]:
    contacts = tuple(held[role][1] for role in SLOTS_BY_ROLE if role in held)
    shared = shared_pair_problems(tuple(one for one in contacts if one.person.user_id))
    for one in shared:
        where = place(held[Role(one.where)][0], column_of(CONTACTS, "user_id"))
        reading.errors.add(one.code, f"{aco_id}: {one.sentence}", one.remedy, where)
    first = min(number for number, _ in held.values())
    for one in contact_problems(contacts):
        if one.code == "contact-missing":
            reading.warnings.add(
                one.code, f"{aco_id}: {one.sentence}", "The ACO has to fill it in Step 1.", place(first)
            )
    return contacts


def _check_person(
    number: int, row: Mapping[str, str], role: Role, person: Person, people: dict[str, Person], reading: Reading
) -> None:
    if SLOTS_BY_ROLE[role].designee and not person.user_id:
        sentence = f"{SLOTS_BY_ROLE[role].label} is an ESM designee and needs a CMS user ID."
        reading.errors.add("user-id-missing", sentence, "Complete it.", _place(number, "user_id"))
    if not person.user_id:
        return
    if not row["account_active"] or not row["may_sign_electronically"]:
        sentence = "Whether the user ID is active and may sign is blank."
        reading.errors.add("flag-missing", sentence, "Write 1 or 0 in both columns.", _place(number, "account_active"))
    known = people.setdefault(person.user_id, person)
    if known.full_name != person.full_name:
        sentence = f"The user ID belongs to {known.full_name} in an earlier row."
        reading.errors.add("user-id-shared", sentence, "Give every person their own.", _place(number, "user_id"))
    elif _account(known) != _account(person):
        sentence = "The account of this user ID is another one in an earlier row."
        reading.errors.add("flags-differ", sentence, "Say the same in every row.", _place(number, "account_active"))


def _account(person: Person) -> tuple[bool, bool]:
    return person.account_active, person.may_sign_electronically


def _warn_directory(number: int, row: Mapping[str, str], known: Person | None, reading: Reading) -> None:
    if known is None:
        return
    if known.full_name.casefold() != f"{row['given_name']} {row['family_name']}".casefold():
        sentence = f"The directory knows {known.user_id} as {known.full_name}."
        reading.warnings.add("name-differs", sentence, "Check the user ID.", _place(number, "user_id"))
    if tuple(row[key] == "1" for key in ("account_active", "may_sign_electronically")) != _account(known):
        sentence = f"The directory says otherwise about the account of {known.user_id}, and stands."
        remedy = "Use `esm user grant`, `revoke` or `deactivate` to change it."
        reading.warnings.add("account-differs", sentence, remedy, _place(number, "account_active"))


def _person(row: Mapping[str, str], known: Person | None, *, sample: bool) -> Person:
    """The contact as the file states it; the account as the directory knows it, or else as the file says."""
    active = known.account_active if known else row["account_active"] == "1"
    signs = known.may_sign_electronically if known else row["may_sign_electronically"] == "1"
    details: dict[str, Any] = {name: row[name] for name in DETAILS}
    return Person(
        **details,
        address=Address(**{name: row[name] for name in ("line_1", "line_2", "city", "state", "zip_code")}),
        account_active=active and bool(row["user_id"]),
        may_sign_electronically=signs and bool(row["user_id"]),
        cms_roles=known.cms_roles if known else frozenset(),
        sample=sample,
    )


def _place(number: int, key: str) -> str:
    return place(number, column_of(CONTACTS, key))
