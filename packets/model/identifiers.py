"""Identifiers of the programme: what they look like and what is wrong with one (REQUIREMENTS 4.1-4.5). Pure.

Every `…_problem` function takes the text as it would be stored and answers with one plain sentence, or with None when the text
is good. Digits mean the ASCII digits: a full-width or an Arabic digit is no digit here.
"""

from __future__ import annotations

import re

NPI_PREFIX_SUM = 24
"""What the issuer prefix 80840 of the United States health identifiers, put before an NPI, adds to its Luhn sum (REQ 4.2)."""
DOUBLED = str.maketrans("0123456789", "0246813579")
"""A digit, doubled, with the digits of the result added up (ISO/IEC 7812-1, annex B)."""

ACO_ID = re.compile(r"A[0-9]{4}")
NPI = re.compile(r"[12][0-9]{9}")
TIN = re.compile(r"[0-9]{9}")
TIN_HYPHENATED = re.compile(r"([0-9]{2})-([0-9]{7})")
CCN = re.compile(r"[0-9A-Z]{2}(?:[0-9]{4}|[A-Z][0-9]{3}|[CDX][0-9]{7})")
USER_ID = re.compile(r"[A-Z0-9]{4}")

UNISSUED_EIN_PREFIXES = frozenset(
    {"00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96", "97"}
)
"""First two digits that the IRS has not given to any employer identification number (REQ 4.3)."""

FACILITY_RANGES: tuple[tuple[int, int, str], ...] = (
    (1, 879, "Short-term hospital"),
    (880, 899, "Demonstration project hospital"),
    (1000, 1199, "Federally qualified health center"),
    (1225, 1299, "Medical assistance facility"),
    (1300, 1399, "Critical access hospital"),
    (1400, 1499, "Community mental health center"),
    (1500, 1799, "Hospice"),
    (1800, 1989, "Federally qualified health center"),
    (1990, 1999, "Religious nonmedical health care institution"),
    (2000, 2299, "Long-term care hospital"),
    (2300, 2999, "Renal dialysis facility"),
    (3025, 3099, "Rehabilitation hospital"),
    (3100, 3199, "Home health agency"),
    (3200, 3299, "Comprehensive outpatient rehabilitation facility"),
    (3300, 3399, "Children’s hospital"),
    (3400, 3499, "Rural health clinic (provider-based)"),
    (3500, 3799, "Renal dialysis facility"),
    (3800, 3974, "Rural health clinic (free-standing)"),
    (3975, 3999, "Rural health clinic (provider-based)"),
    (4000, 4499, "Psychiatric hospital"),
    (4500, 4599, "Comprehensive outpatient rehabilitation facility"),
    (4600, 4799, "Community mental health center"),
    (4800, 4899, "Comprehensive outpatient rehabilitation facility"),
    (4900, 4999, "Community mental health center"),
    (5000, 6499, "Skilled nursing facility"),
    (6500, 6989, "Outpatient physical therapy"),
    (7000, 8499, "Home health agency"),
    (8500, 8899, "Rural health clinic (provider-based)"),
    (8900, 8999, "Rural health clinic (free-standing)"),
    (9000, 9799, "Home health agency"),
    (9800, 9899, "Transplant center"),
    (9900, 9999, "Opioid treatment program"),
)
"""Type of a provider by the last four digits of its CCN (State Operations Manual §2779, REQ 4.4)."""

LETTERED_FACILITIES: dict[str, str] = {
    "M": "Psychiatric unit of a critical access hospital",
    "P": "Organ procurement organization",
    "R": "Rehabilitation unit of a critical access hospital",
    "S": "Psychiatric unit",
    "T": "Rehabilitation unit",
    "U": "Swing-bed hospital",
    "W": "Swing-bed hospital",
    "Y": "Swing-bed hospital",
    "Z": "Swing-bed hospital",
    **dict.fromkeys("ABEFGHJKL", "Medicaid-only provider"),
}
"""Type of a provider by the letter in the third place of a six-character CCN (REQ 4.4)."""

SUPPLIER_FACILITIES: dict[str, str] = {
    "C": "Ambulatory surgical center",
    "D": "Clinical laboratory",
    "X": "Portable X-ray supplier",
}
"""Type of a supplier by the letter in the third place of a ten-character CCN (REQ 4.4)."""

PROVIDER_CCN_LENGTH = 6


def aco_id_problem(text: str) -> str | None:
    """What is wrong with an ACO ID, e.g. `A1001` (REQ 4.1)."""
    return None if ACO_ID.fullmatch(text) else "An ACO ID is the letter A and four digits."


def npi_problem(text: str) -> str | None:
    """What is wrong with a National Provider Identifier: its form, or its check digit (REQ 4.2)."""
    if not NPI.fullmatch(text):
        return "An NPI has ten digits and begins with 1 or 2."
    if _luhn_sum(text) % 10:
        return "The check digit of the NPI does not fit: a digit is wrong or two are swapped."
    return None


def _luhn_sum(npi: str) -> int:
    """The Luhn sum of an NPI behind its prefix: every second digit, from the last but one on, counts doubled.

    Digits are added up as bytes, which is quick; ten times the code of “0” is no matter modulo 10.
    """
    return NPI_PREFIX_SUM + sum(npi[1::2].encode()) + sum(npi[::2].translate(DOUBLED).encode())


def is_npi(text: str) -> bool:
    """Whether the text is an NPI with the right check digit."""
    return npi_problem(text) is None


def npi_from(body: int) -> str:
    """The NPI whose first nine digits are `body`, with its check digit (REQ 4.2).

    Raises:
        ValueError: `body` has not nine digits, or does not begin with 1 or 2.
    """
    npi = f"{body}{-_luhn_sum(f'{body}0') % 10}"
    if not NPI.fullmatch(npi):
        raise ValueError(f"{body} cannot begin an NPI")
    return npi


def tin_problem(text: str) -> str | None:
    """What is wrong with a Taxpayer Identification Number as it is stored: nine digits (REQ 4.3)."""
    return None if TIN.fullmatch(text) else "A TIN has nine digits."


def tin_warning(text: str) -> str | None:
    """What is odd, not wrong, about a TIN: a sole proprietor may bill under a number that is no EIN (REQ 4.3)."""
    if text[:2] in UNISSUED_EIN_PREFIXES:
        return f"No employer identification number begins with {text[:2]}."
    return None


def tin_digits(text: str) -> str:
    """The TIN as it is stored: `12-3456789` becomes `123456789`, anything else stays as it is."""
    return "".join(match.groups()) if (match := TIN_HYPHENATED.fullmatch(text)) else text


def format_tin(digits: str) -> str:
    """The TIN as people read it: `123456789` becomes `12-3456789`, anything else stays as it is."""
    return f"{digits[:2]}-{digits[2:]}" if TIN.fullmatch(digits) else digits


def mask_tin(digits: str) -> str:
    """The TIN with its last four digits only, as it may stand in logs and on open pages: it may be an SSN (REQ 4.3)."""
    return f"**-***{digits[-4:]}" if TIN.fullmatch(digits) else "*" * len(digits)


def ccn_problem(text: str) -> str | None:
    """What is wrong with a CMS Certification Number, six characters for providers, ten for suppliers (REQ 4.4)."""
    if CCN.fullmatch(text):
        return None
    return "A CCN has two characters for the state, then four digits, a letter and three digits, or C, D or X and seven digits."


def facility_type(ccn: str) -> str:
    """The type of facility that a CCN says it is; empty when the number is no CCN or its range has no type (REQ 4.4)."""
    if not CCN.fullmatch(ccn):
        return ""
    if len(ccn) > PROVIDER_CCN_LENGTH:
        return SUPPLIER_FACILITIES[ccn[2]]
    if ccn[2].isalpha():
        return LETTERED_FACILITIES.get(ccn[2], "")
    return next((name for first, last, name in FACILITY_RANGES if first <= int(ccn[2:]) <= last), "")


def user_id_problem(text: str) -> str | None:
    """What is wrong with a CMS user ID as it is stored, four characters A-Z and 0-9 (R21, E4, REQ 4.5)."""
    return None if USER_ID.fullmatch(text) else "A CMS user ID has four characters, each a letter A-Z or a digit."
