"""Identifiers of the programme as value types (REQUIREMENTS 4.1-4.5). Pure.

An `Npi`, a `Tin`, a `Ccn`, an `AcoId` or a `UserId` exists only when it is good: making one from a text judges the text. It is a
string as well, so that it can be stored, compared, sorted and printed like one. Whoever gathers all problems of a file asks
`problem` first, a cell at a time. Digits mean the ASCII digits: a full-width or an Arabic digit is no digit here.
"""

from __future__ import annotations

import re
from typing import ClassVar, Self

from packets.errors import InputError, Problem

NPI_PREFIX_SUM = 24
"""What the issuer prefix 80840 of the United States health identifiers, put before an NPI, adds to its Luhn sum (REQ 4.2)."""
DOUBLED = str.maketrans("0123456789", "0246813579")
"""A digit, doubled, with the digits of the result added up (ISO/IEC 7812-1, annex B)."""

_ACO_ID = re.compile(r"A[0-9]{4}")
_NPI = re.compile(r"[12][0-9]{9}")
_TIN = re.compile(r"[0-9]{9}")
_TIN_HYPHENATED = re.compile(r"([0-9]{2})-([0-9]{7})")
_CCN = re.compile(r"[0-9A-Z]{2}(?:[0-9]{4}|[A-Z][0-9]{3}|[CDX][0-9]{7})")
_USER_ID = re.compile(r"[A-Z0-9]{4}")

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


class Identifier(str):
    """A text that is an identifier of its kind, in the form in which it is stored.

    Raises:
        InputError: the text, put into that form, is none; the same sentence as `problem` gives.
    """

    __slots__ = ()
    code: ClassVar[str]
    """Of the problem, for machines."""
    remedy: ClassVar[str]

    def __new__(cls, text: str) -> Self:
        """Judge the text and keep it in its stored form."""
        stored = cls.tidy(text)
        if sentence := cls.problem(stored):
            raise InputError(Problem(cls.code, sentence, cls.remedy))
        return super().__new__(cls, stored)

    @classmethod
    def tidy(cls, text: str) -> str:
        """The text in the form in which such an identifier is stored; what is none stays what it is."""
        return text.upper()

    @classmethod
    def problem(cls, text: str) -> str | None:
        """What is wrong with a text in its stored form, one plain sentence; None when it is good."""
        raise NotImplementedError


class AcoId(Identifier):
    """The ID of an Accountable Care Organization, e.g. `A1001`; its agreement number as well (REQ 4.1)."""

    __slots__ = ()
    code = "aco-id-invalid"
    remedy = "Correct the ACO ID."

    @classmethod
    def problem(cls, text: str) -> str | None:
        """The letter A and four digits."""
        return None if _ACO_ID.fullmatch(text) else "An ACO ID is the letter A and four digits."


class Npi(Identifier):
    """A National Provider Identifier, check digit included (REQ 4.2)."""

    __slots__ = ()
    code = "npi-invalid"
    remedy = "Correct the NPI."

    @classmethod
    def tidy(cls, text: str) -> str:
        """There is one way to write it."""
        return text

    @classmethod
    def problem(cls, text: str) -> str | None:
        """Its form, or its check digit."""
        if not _NPI.fullmatch(text):
            return "An NPI has ten digits and begins with 1 or 2."
        if _luhn_sum(text) % 10:
            return "The check digit of the NPI does not fit: a digit is wrong or two are swapped."
        return None

    @classmethod
    def from_body(cls, body: int) -> Self:
        """The NPI whose first nine digits are `body`, with its check digit.

        Raises:
            InputError: `body` has not nine digits, or does not begin with 1 or 2.
        """
        return cls(f"{body}{-_luhn_sum(f'{body}0') % 10}")


class Tin(Identifier):
    """A Taxpayer Identification Number: nine digits, also when it was written with a hyphen (REQ 4.3)."""

    __slots__ = ()
    code = "tin-invalid"
    remedy = "Correct the TIN; keep its leading zeros."

    def __repr__(self) -> str:
        """Masked: it may be somebody's social security number, and a representation ends in logs and traces."""
        return f"Tin({self.masked!r})"

    @classmethod
    def tidy(cls, text: str) -> str:
        """`12-3456789` is stored as `123456789`."""
        return "".join(match.groups()) if (match := _TIN_HYPHENATED.fullmatch(text)) else text

    @classmethod
    def problem(cls, text: str) -> str | None:
        """Nine digits; there is no check digit."""
        return None if _TIN.fullmatch(text) else "A TIN has nine digits."

    @property
    def warning(self) -> str | None:
        """What is odd, not wrong, about it: a sole proprietor may bill under a number that is no EIN."""
        if self[:2] in UNISSUED_EIN_PREFIXES:
            return f"No employer identification number begins with {self[:2]}."
        return None

    @property
    def formatted(self) -> str:
        """As people read it: `12-3456789`."""
        return format_tin(self)

    @property
    def masked(self) -> str:
        """With its last four digits only."""
        return mask_tin(self)


class Ccn(Identifier):
    """A CMS Certification Number, six characters for providers, ten for suppliers (REQ 4.4)."""

    __slots__ = ()
    code = "ccn-invalid"
    remedy = "Correct the CCN."

    @classmethod
    def problem(cls, text: str) -> str | None:
        """The state's two characters, then what the kind of facility asks for."""
        if _CCN.fullmatch(text):
            return None
        return (
            "A CCN has two characters for the state, then four digits, a letter and three digits, "
            "or C, D or X and seven digits."
        )

    @property
    def facility_type(self) -> str:
        """The type of facility that it says it is; empty when its range has none."""
        if len(self) > PROVIDER_CCN_LENGTH:
            return SUPPLIER_FACILITIES[self[2]]
        if self[2].isalpha():
            return LETTERED_FACILITIES.get(self[2], "")
        return next((name for first, last, name in FACILITY_RANGES if first <= int(self[2:]) <= last), "")


class UserId(Identifier):
    """The CMS user ID of a person (R21, E4, REQ 4.5)."""

    __slots__ = ()
    code = "user-id-invalid"
    remedy = "Give the CMS user ID."

    @classmethod
    def problem(cls, text: str) -> str | None:
        """Four characters, letters and digits."""
        return None if _USER_ID.fullmatch(text) else "A CMS user ID has four characters, each a letter A-Z or a digit."


def _luhn_sum(npi: str) -> int:
    """The Luhn sum of an NPI behind its prefix: every second digit, from the last but one on, counts doubled.

    Digits are added up as bytes, which is quick; ten times the code of “0” is no matter modulo 10.
    """
    return NPI_PREFIX_SUM + sum(npi[1::2].encode()) + sum(npi[::2].translate(DOUBLED).encode())


def format_tin(text: str) -> str:
    """A text as people read a TIN: `123456789` becomes `12-3456789`, anything else stays as it is."""
    return f"{text[:2]}-{text[2:]}" if _TIN.fullmatch(text) else text


def mask_tin(text: str) -> str:
    """A text as a TIN may stand in logs and on open pages, with its last four digits only: it may be an SSN (REQ 4.3).

    What is no TIN is masked whole: it was meant as one.
    """
    return f"**-***{text[-4:]}" if _TIN.fullmatch(text) else "*" * len(text)
