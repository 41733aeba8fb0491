"""What an ACO states of a contact: the parsers by properties, and every rule with its code, slot and field."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model.contact_rules import (
    CONTACT_FIELDS,
    account_problems,
    contact_warnings,
    fields_of,
    read_contact,
    statement_problems,
)
from packets.model.email import email_fault, is_personal, is_shared, tells_organization, tidy_email
from packets.model.mail_domains import PERSONAL_DOMAINS
from packets.model.mailing import STATES, read_state, read_zip
from packets.model.people import CONTACT_SLOTS, SLOTS_BY_ROLE, Address, Contact, Person, Role
from packets.model.telephone import read_phone
from packets.sample.year import sample_year

TODAY = date(2026, 11, 16)
GOOD = {
    "given_name": "Ana", "family_name": "Ortiz", "title": "Director", "organization": "Cedar Ridge ACO, LLC",
    "line_1": "1 Main Street", "city": "Rockville", "state": "MD", "zip_code": "20850", "phone": "301-555-0100",
    "email": "ana.ortiz@cedarridge.org", "user_id": "AB12",
}  # fmt: skip
ANYTHING = st.text(max_size=80)


def person(**changed: object) -> Person:
    stated, problems = read_contact(Role.ACO_EXECUTIVE, GOOD)
    assert problems == []
    return replace(stated, may_sign_electronically=True, **changed)  # type: ignore[arg-type]


def codes(role: Role = Role.ACO_EXECUTIVE, **changed: str) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in read_contact(role, {**GOOD, **changed})[1]]


@pytest.mark.requirement("R27", "E6")
@given(ANYTHING)
def test_reading_an_email_address_never_fails_and_is_stable(text: str) -> None:
    """Any text is judged; a tidied address is tidied once and for all."""
    tidied = tidy_email(text)
    assert tidy_email(tidied) == tidied
    email_fault(tidied)
    is_personal(tidied)
    is_shared(tidied)
    tells_organization(tidied, [text])


@pytest.mark.requirement("R27")
@given(
    st.from_regex(r"[a-z0-9]([a-z0-9._+-]{0,20}[a-z0-9])?", fullmatch=True).filter(lambda text: ".." not in text),
    st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True), min_size=1, max_size=3),
    st.sampled_from(["org", "com", "health", "us"]),
)
def test_an_ordinary_address_is_well_formed(local: str, labels: list[str], top: str) -> None:
    """Letters, digits, dots and hyphens, a domain of several labels."""
    assert email_fault(f"{local}@{'.'.join(labels)}.{top}") is None


@pytest.mark.requirement("R27", "E6")
@pytest.mark.parametrize(
    "text",
    [
        "ana", "ana@", "@aco.org", "ana@aco", "ana@@aco.org", "ana@b@aco.org", "a na@aco.org", "ana@aco..org", ".ana@aco.org",
        "ana.@aco.org", "an..a@aco.org", "ana@-aco.org", "ana@aco-.org", "ana@aco.1", "ana@[192.0.2.1]", '"ana b"@aco.org',
        "añа@aco.org", "ana@ácó.org", "ana@aco.org\r\nBcc: x@y.org", "ana@aco.org,bob@aco.org", "a" * 65 + "@aco.org",  # noqa: RUF001  a Cyrillic letter is the point
        "ana@" + "a" * 64 + ".org", "ana@" + "a." * 125 + "org", "ana@aco.org.", "mailto:ana@aco.org",
    ],
)  # fmt: skip
def test_an_address_of_another_form_is_malformed(text: str) -> None:
    """No form that mail systems do not agree on, and no way to put a second header or receiver in."""
    malformed = [("email-malformed", "aco-executive.email")]
    assert codes(email=text) == malformed or email_fault(text) is not None
    assert email_fault(text)


@pytest.mark.requirement("R27", "E6")
@pytest.mark.parametrize(
    "domain", [*sorted(PERSONAL_DOMAINS), "yahoo.com", "yahoo.co.uk", "Hotmail.fr", "mail.yahoo.com", "gmail.com"]
)
def test_a_personal_provider_is_refused_in_every_country(domain: str) -> None:
    """Yahoo, Hotmail and Gmail, the list of further ones, and whatever lies below them."""
    assert codes(email=f"ana.ortiz@{domain}") == [("email-personal", "aco-executive.email")]


@pytest.mark.requirement("R27")
@pytest.mark.parametrize(
    "domain", ["yahoohealth.org", "gmailclinic.com", "live.org", "cox-health.org", "outlookcare.com"]
)
def test_a_domain_that_only_sounds_like_a_provider_is_accepted(domain: str) -> None:
    """The registered name counts, not a part of it."""
    assert codes(email=f"ana.ortiz@{domain}") == []


@pytest.mark.requirement("R27", "E6")
@pytest.mark.parametrize(
    "local",
    [
        "info",
        "admin",
        "Office",
        "contact",
        "contact-us",
        "front.desk",
        "aco-info",
        "info2",
        "no-reply",
        "info+aco",
        "help_desk",
    ],
)
def test_a_shared_mailbox_is_refused(local: str) -> None:
    """By its name before the at sign, put together and numbered as such names are."""
    assert codes(email=f"{local}@cedarridge.org") == [("email-shared", "aco-executive.email")]


@pytest.mark.requirement("R27")
@pytest.mark.parametrize(
    "local", ["ana.ortiz", "aortiz", "info.lopez", "frank.press", "adminah", "o'brien", "ana.care"]
)
def test_a_persons_mailbox_is_no_shared_one(local: str) -> None:
    """A word of the list beside a name says nothing."""
    assert not is_shared(f"{local}@cedarridge.org")


@pytest.mark.requirement("R27")
@pytest.mark.parametrize(
    ("domain", "tells"),
    [
        ("cedarridge.org", True), ("cedar-ridge-aco.com", True), ("mail.cedarridge.org", True), ("crhp.org", True),
        ("example.org", False), ("ridge.org", True), ("consultants.biz", False),
    ],
)  # fmt: skip
def test_a_domain_that_does_not_look_like_the_organization_is_a_warning_only(domain: str, tells: bool) -> None:
    """By a word of the name, its beginning or its initials: a guess that never refuses."""
    names = ["Cedar Ridge Health Partners, LLC"]
    assert tells_organization(f"ana@{domain}", names) == tells
    assert codes(email=f"ana.ortiz@{domain}") == []


@pytest.mark.requirement("R27", "R26", "R14")
def test_every_sample_contact_follows_the_rules() -> None:
    """What the demonstration and the tests are made from is right itself."""
    for sample in sample_year(2027, 6, now=datetime(2026, 11, 16, 15, tzinfo=UTC)).acos:
        known = {one.person.user_id: one.person for one in sample.contacts}
        for contact in sample.contacts:
            assert statement_problems(contact) == []
            assert account_problems(contact, known, TODAY) == []
            assert contact_warnings(contact, sample.aco, known) == []


@pytest.mark.requirement("R26")
@given(ANYTHING)
def test_a_stored_phone_number_reads_as_itself(text: str) -> None:
    """Whatever is typed: what is stored has one form."""
    stored = read_phone(text)
    if stored is not None:
        assert re.fullmatch(r"[2-9]\d\d-[2-9]\d\d-\d{4}(?: ext\. \d{1,6})?", stored, re.ASCII)
        assert read_phone(stored) == stored


@pytest.mark.requirement("R26")
@given(
    st.from_regex(r"[2-9][02-9][0-9]", fullmatch=True),
    st.from_regex(r"[2-9][02-9][0-9]", fullmatch=True),
    st.integers(0, 9999),
)
def test_a_phone_number_is_read_as_people_write_it(area: str, office: str, line: int) -> None:
    """Brackets, dots, spaces, a one before it, an extension behind it."""
    wanted, last = f"{area}-{office}-{line:04d}", f"{line:04d}"
    forms = [
        f"{area}{office}{last}",
        f"({area}) {office}-{last}",
        f"+1 {area} {office} {last}",
        f"1.{area}.{office}.{last}",
    ]
    assert [read_phone(one) for one in forms] == [wanted] * 4
    assert [read_phone(f"{forms[1]} {one}") for one in ("x12", "ext. 12", "Extension 12", "#12")] == [
        f"{wanted} ext. 12"
    ] * 4


@pytest.mark.requirement("R26")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "555-0100",
        "101-555-0100",
        "301-155-0100",
        "911-555-0100",
        "301-911-0100",
        "301-555-01000",
        "٣٠١-555-0100",
        "+44 20 7946 0958",
    ],
)
def test_no_phone_number_is_no_phone_number(text: str) -> None:
    """Seven digits, codes that begin with 0 or 1, services, other countries and other digits."""
    assert read_phone(text) is None


@pytest.mark.requirement("R26")
@given(ANYTHING)
def test_states_and_zip_codes_read_as_themselves(text: str) -> None:
    """What is stored is one of the list, or five digits or nine."""
    state, code = read_state(text), read_zip(text)
    assert state is None or (state in STATES and read_state(state) == state)
    assert code is None or (re.fullmatch(r"\d{5}(-\d{4})?", code, re.ASCII) and read_zip(code) == code)


@pytest.mark.requirement("R26", "R27", "R21", "E4", "E6")
def test_everything_that_is_wrong_is_told_at_once_by_slot_and_field() -> None:
    """One form, every problem, each where it is."""
    given_form = dict.fromkeys(GOOD, "") | {
        "state": "ZZ", "zip_code": "2085", "phone": "555", "email": "info@gmail.com", "user_id": "AB-1", "title": "x" * 201,
    }  # fmt: skip
    found = {(one.code, one.where) for one in read_contact(Role.DUA_REQUESTOR, given_form)[1]}
    assert found == {
        ("contact-field-missing", "dua-requestor.given_name"),
        ("contact-field-missing", "dua-requestor.family_name"),
        ("contact-field-missing", "dua-requestor.organization"),
        ("contact-field-missing", "dua-requestor.line_1"),
        ("contact-field-missing", "dua-requestor.city"),
        ("contact-field-too-long", "dua-requestor.title"),
        ("state-unknown", "dua-requestor.state"),
        ("zip-unusable", "dua-requestor.zip_code"),
        ("phone-unusable", "dua-requestor.phone"),
        ("email-personal", "dua-requestor.email"),
        ("email-shared", "dua-requestor.email"),
        ("user-id-malformed", "dua-requestor.user_id"),
    }


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("slot", CONTACT_SLOTS, ids=[str(one.role) for one in CONTACT_SLOTS])
def test_a_user_id_is_required_of_designees_only_and_stored_in_capitals(slot: object) -> None:
    """Slot by slot; small letters are taken as capitals."""
    role = next(one.role for one in CONTACT_SLOTS if one is slot)
    wanted = [("contact-field-missing", f"{role}.user_id")] if SLOTS_BY_ROLE[role].designee else []
    assert codes(role, user_id="") == wanted
    assert read_contact(role, {**GOOD, "user_id": " ab12 "})[0].user_id == "AB12"


@pytest.mark.requirement("R26")
@given(st.dictionaries(st.sampled_from([one.name for one in CONTACT_FIELDS]), ANYTHING))
def test_any_form_is_read_and_reading_again_changes_nothing(form: dict[str, str]) -> None:
    """What a form states, once stored, states the same again."""
    first, problems = read_contact(Role.MEDICAL_DIRECTOR, form)
    second, again = read_contact(Role.MEDICAL_DIRECTOR, fields_of(first))
    assert second == first
    assert again == problems


@pytest.mark.requirement("E4", "R15")
def test_a_designees_user_id_is_known_active_and_entitled() -> None:
    """Each of the checks by itself, and two at once; of other contacts only that the user ID exists."""
    fit = person()
    designee, other = Contact(Role.ACO_EXECUTIVE, fit), Contact(Role.QUALITY_CONTACT, fit)

    def found(contact: Contact, *people: Person) -> list[str]:
        return [one.code for one in account_problems(contact, {one.user_id: one for one in people}, TODAY)]

    unfit = replace(fit, account_active=False, may_sign_electronically=False)
    assert found(designee, fit) == []
    assert found(designee) == ["user-id-unknown"] == found(other)
    assert found(designee, replace(fit, account_active=False)) == ["user-id-inactive"]
    assert found(designee, replace(fit, may_sign_electronically=False)) == ["user-id-not-entitled"]
    assert found(designee, unfit) == ["user-id-inactive", "user-id-not-entitled"]
    assert found(designee, replace(fit, recertification_due_on=date(2026, 11, 15))) == ["user-id-inactive"]
    assert found(other, unfit) == []


@pytest.mark.requirement("R28")
def test_a_user_id_that_is_somebody_elses_by_name_is_a_warning() -> None:
    """Names change by marriage and by spelling; the attestation is the person's, the hint is ours."""
    aco = sample_year(2027, 1, now=datetime(2026, 11, 16, 15, tzinfo=UTC)).acos[0].aco
    contact = Contact(Role.ACO_EXECUTIVE, replace(person(), organization="Cedar Ridge"))
    known = {"AB12": replace(person(), family_name="Smith", address=Address("", "", "", ""))}
    assert [one.code for one in contact_warnings(contact, aco, known)] == ["user-id-name-differs"]
