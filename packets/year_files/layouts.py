"""The columns of the files of a year: heading, rule and meaning of each. Files, checks and templates are made from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from packets.lists.columns import PARTICIPANTS, PROVIDER_SUPPLIER
from packets.model import identifiers
from packets.model.aco import Cohort
from packets.model.people import CONTACT_SLOTS, Role

PERIOD_NUMBER = re.compile(r"[1-9][0-9]?")
STATE = re.compile(r"[A-Z]{2}")
ZIP = re.compile(r"[0-9]{5}(?:-[0-9]{4})?")
PHONE = re.compile(r"\(?[2-9][0-9]{2}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?", re.IGNORECASE)
MAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AMERICAN_DATE = "%m/%d/%Y"
DAY_HINT = "YYYY-MM-DD, or month/day/year"

ROLES: dict[str, Role] = {
    **{str(one.role).upper(): one.role for one in CONTACT_SLOTS},
    **{one.label.upper(): one.role for one in CONTACT_SLOTS},
}
"""The contact slots by their names and by their labels, in capitals."""

Check = Callable[[str], str | None]
"""Answers what is wrong with a cell, or None."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a file.

    Attributes:
        key: its name in data.
        heading: its heading in the first row.
        meaning: what stands in it, for the people who fill it in.
        required: whether a blank cell is an error.
        code: code of the problem when `check` finds one.
        capital: whether small letters are read as capitals.
    """

    key: str
    heading: str
    meaning: str
    required: bool = True
    code: str = ""
    check: Check | None = None
    capital: bool = False


def day_of(text: str) -> date | None:
    """A date as `2026-12-31` or `12/31/2026`; None when it is neither."""
    if not text.isascii():
        return None
    try:
        return date.fromisoformat(text) if ISO_DATE.fullmatch(text) else datetime.strptime(text, AMERICAN_DATE).date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        return None


def web_address(text: str) -> str:
    """The address of a web page as it is kept: one without a scheme is taken as https."""
    return text if not text or "://" in text else f"https://{text}"


def _day_problem(text: str) -> str | None:
    return None if day_of(text) else "This is not a date."


def _matches(pattern: re.Pattern[str], sentence: str) -> Check:
    return lambda text: None if pattern.fullmatch(text) else sentence


def _one_of(names: frozenset[str], sentence: str) -> Check:
    return lambda text: None if text.upper() in names else sentence


def _web_page_problem(text: str) -> str | None:
    try:
        parts = urlsplit(web_address(text))
    except ValueError:
        return "This is not the address of a web page."
    good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and " " not in text
    return None if good else "This is not the address of a web page."


COHORTS = frozenset(one.upper() for one in Cohort)
ACO_ID = Field(
    "aco_id", "ACO ID", "A and four digits, e.g. A1001", code="aco-id-invalid", check=identifiers.AcoId.problem, capital=True
)  # fmt: skip
ADDRESS = (
    Field("line_1", "Address Line 1", "Street address"),
    Field("line_2", "Address Line 2", "Suite or floor; may be blank", required=False),
    Field("city", "City", "City"),
    Field("state", "State", "Postal abbreviation, e.g. MD", code="state-invalid", capital=True,
          check=_matches(STATE, "A state is written with two letters.")),
    Field("zip_code", "ZIP", "Five digits, or five and four", code="zip-invalid",
          check=_matches(ZIP, "A ZIP code has five digits, or five and four with a hyphen.")),
)  # fmt: skip


def _day(key: str, heading: str, meaning: str) -> Field:
    return Field(key, heading, f"{meaning}: {DAY_HINT}", code="date-invalid", check=_day_problem)


AGREEMENTS: tuple[Field, ...] = (
    ACO_ID,
    Field("cohort", "Cohort", "current or new", code="cohort-invalid",
          check=_one_of(COHORTS, "A cohort is current or new.")),
    Field("legal_name", "Legal Name", "Legal business name of the ACO"),
    Field("trade_name", "Trade Name", "Trade or DBA name; may be blank", required=False),
    Field("tax_status", "Tax Status", "E.g. For-profit; the ACO may complete it in Step 1", required=False),
    *ADDRESS,
    Field("web_page", "Web Page", "Public reporting web page; the ACO may complete it in Step 1", required=False,
          code="web-page-invalid", check=_web_page_problem),
    Field("service_area", "Service Area", "States, e.g. AZ, NV"),
    Field("period_number", "Agreement Period Number", "1 for the first agreement period", code="number-invalid",
          check=_matches(PERIOD_NUMBER, "This is no whole number from 1 to 99.")),
    _day("initial_start_date", "Initial Start Date", "First day of the first agreement period"),
    _day("start_date", "Start Date", "First day of the present agreement period"),
    _day("end_date", "End Date", "Last day of the present agreement period"),
    Field("track", "Track", "E.g. BASIC, level E, or ENHANCED"),
    Field("dua_number", "DUA Number", "Number of the Data Use Agreement"),
    _day("dua_expires_on", "DUA Expires", "Last day of the Data Use Agreement"),
)  # fmt: skip
"""One row an ACO: Basic Agreement Data and the DUA (R2, R10, R29, REQ 2.4)."""

CONTACTS: tuple[Field, ...] = (
    ACO_ID,
    Field("role", "Role", "Contact slot, e.g. aco-executive or ACO Executive", code="role-unknown",
          check=_one_of(frozenset(ROLES), "There is no contact slot of that name.")),
    Field("user_id", "User ID", "CMS user ID, four characters; for ESM designees", required=False, code="user-id-invalid",
          check=identifiers.UserId.problem, capital=True),
    Field("given_name", "Given Name", "Given name"),
    Field("family_name", "Family Name", "Family name"),
    Field("title", "Title", "Title at the organization"),
    Field("organization", "Organization", "Whom the person works for"),
    Field("email", "E-mail", "The person’s own address", code="email-invalid",
          check=_matches(MAIL, "This is not an e-mail address.")),
    Field("phone", "Phone", "Ten digits, with extension if any", code="phone-invalid",
          check=_matches(PHONE, "A telephone number has ten digits.")),
    *ADDRESS,
    Field("account_active", "User ID Active", "1 or 0; blank without a user ID", required=False, code="flag-invalid",
          check=_one_of(frozenset("01"), "This is neither 0 nor 1.")),
    Field("may_sign_electronically", "Electronic Signature Access", "1 or 0; blank without a user ID", required=False,
          code="flag-invalid", check=_one_of(frozenset("01"), "This is neither 0 nor 1.")),
)  # fmt: skip
"""One row a contact slot of an ACO (R9, R13, R15, R21, REQ 2.7)."""

PARTICIPANT_RULES: dict[str, tuple[bool, str, str, Check | None]] = {
    "aco_id": (True, ACO_ID.meaning, ACO_ID.code, ACO_ID.check),
    "aco_name": (True, "Legal business name of the ACO", "", None),
    "tin": (True, "Nine digits, with or without hyphen", "tin-invalid", identifiers.Tin.problem),
    "legal_name": (True, "Legal business name of the TIN", "", None),
    "ccn": (False, "CMS Certification Number of a facility; else blank or N/A", "ccn-invalid", identifiers.Ccn.problem),
    "ccn_legal_name": (False, "Legal business name of the facility", "", None),
    "facility_type": (False, "E.g. Critical access hospital", "", None),
    "org_npi": (False, "NPI of the organization", "npi-invalid", identifiers.Npi.problem),
    "npi": (False, "NPI of a person", "npi-invalid", identifiers.Npi.problem),
    "status": (True, "Status of the participant agreement, e.g. Approved", "", None),
    "effective_date": (True, f"Since when: {DAY_HINT}", "date-invalid", _day_problem),
}
PARTICIPANT_FIELDS: tuple[Field, ...] = tuple(
    Field(one.key, one.heading, meaning, required, code, check, capital=one.key in {"aco_id", "ccn"})
    for one in PARTICIPANTS.columns
    for required, meaning, code, check in [PARTICIPANT_RULES[one.key]]
)
"""One row a participant, or a facility of one (REQ 4.8)."""

PROVIDER_MEANINGS = {
    "aco_id": ACO_ID.meaning,
    "aco_name": "Legal business name of the ACO",
    "tin": "TIN of a participant",
    "tin_legal_name": "Legal business name of the TIN",
    "ccn": "CMS Certification Number; N/A in a row about a person",
    "ccn_legal_name": "Legal name of the facility; N/A in a row about a person",
    "facility_type": "Type of the facility; N/A in a row about a person",
    "npi": "NPI of a person; N/A in a row about a facility",
    "first_name": "First name; N/A in a row about a facility",
    "last_name": "Last name; N/A in a row about a facility",
    "excluded": "1 when excluded from federal programs, else 0",
}
PROVIDER_FIELDS: tuple[Field, ...] = tuple(
    Field(one.key, one.heading, PROVIDER_MEANINGS[one.key]) for one in PROVIDER_SUPPLIER.columns
)
"""One row a person or a facility that bills under a TIN (R47); the rules are in `packets.lists.provider_rows`."""


def headings(fields: tuple[Field, ...]) -> tuple[str, ...]:
    """The first row of a file."""
    return tuple(one.heading for one in fields)
