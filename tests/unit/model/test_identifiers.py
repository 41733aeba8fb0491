"""Identifiers: their forms, check digits, and what they tell."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.model import identifiers

NINE_DIGITS = st.integers(min_value=100_000_000, max_value=299_999_999)


@pytest.mark.parametrize("npi", ["1234567893", "1000000004", "1999999992", "2000000002", "1558598797", "1245319599"])
def test_good_npis_are_accepted(npi: str) -> None:
    """The vectors of the requirements, among them the first and the last NPI of their range."""
    assert identifiers.is_npi(npi)
    assert identifiers.npi_problem(npi) is None


@pytest.mark.parametrize(
    "npi",
    [
        "1234567890",
        "1234567839",
        "9876543213",
        "123456789",
        "12345678930",
        "1234567893 ",
        "",
        "123456789X",
        "\uff11" * 10,
    ],
)
def test_bad_npis_are_refused(npi: str) -> None:
    """Wrong check digit, swapped digits, wrong beginning, wrong length, blanks, letters, full-width digits."""
    assert not identifiers.is_npi(npi)
    assert identifiers.npi_problem(npi)


@given(NINE_DIGITS, st.integers(min_value=0, max_value=9), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_is_always_found(body: int, place: int, shift: int) -> None:
    """The check digit finds every single wrong digit."""
    npi = identifiers.npi_from(body)
    wrong = npi[:place] + str((int(npi[place]) + shift) % 10) + npi[place + 1 :]
    assert identifiers.is_npi(npi)
    assert not identifiers.is_npi(wrong)


@pytest.mark.parametrize("body", [0, 99_999_999, 300_000_000, 1_234_567_890])
def test_an_npi_is_not_made_from_other_numbers(body: int) -> None:
    """Only nine digits that begin with 1 or 2 become an NPI."""
    with pytest.raises(ValueError, match="cannot begin an NPI"):
        identifiers.npi_from(body)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (
            identifiers.aco_id_problem,
            ["A0001", "A9999"],
            ["a0001", "A001", "A00001", "B0001", "A" + "\uff11" * 4, "A0001\n"],
        ),
        (
            identifiers.tin_problem,
            ["000000001", "123456789"],
            ["12-3456789", "12345678", "1234567890", "12345678a", ""],
        ),
        (
            identifiers.ccn_problem,
            ["010005", "33S123", "551000", "12C0001234", "A10001", "05D1234567"],
            ["1005", "01000", "0100055", "12E0001234", "01 005", "010a05", ""],
        ),
        (identifiers.user_id_problem, ["AB12", "0000", "ZZZZ"], ["ab12", "ABC", "ABCDE", "AB-1", ""]),
    ],
)
def test_forms_of_identifiers_are_checked_to_the_last_character(check: object, good: list[str], bad: list[str]) -> None:
    """Good forms have no problem; each bad form has a sentence that says what is expected."""
    assert callable(check)
    assert [check(one) for one in good] == [None] * len(good)
    assert all(isinstance(check(one), str) and check(one).endswith(".") for one in bad)


@given(st.from_regex(r"[0-9]{9}", fullmatch=True).filter(str.isascii))
def test_a_tin_keeps_its_digits_through_formatting(tin: str) -> None:
    """Leading zeros are never lost; the masked form shows the last four digits only."""
    shown = identifiers.format_tin(tin)
    assert shown == f"{tin[:2]}-{tin[2:]}"
    assert identifiers.tin_digits(shown) == tin
    assert identifiers.mask_tin(tin) == f"**-***{tin[5:]}"


@pytest.mark.parametrize("text", ["", "12345", "12-345678", "O’Brien"])
def test_what_is_no_tin_is_neither_formatted_nor_shown_masked(text: str) -> None:
    """Formatting leaves other texts alone; masking hides them altogether."""
    assert identifiers.format_tin(text) == text
    assert identifiers.tin_digits(text) == text
    assert identifiers.mask_tin(text) == "*" * len(text)


def test_a_tin_with_an_unissued_prefix_is_only_odd() -> None:
    """A sole proprietor may bill under a number that is no EIN, so there is a warning and no problem."""
    assert identifiers.tin_problem("071234567") is None
    assert identifiers.tin_warning("071234567")
    assert identifiers.tin_warning("123456789") is None


@pytest.mark.parametrize(
    ("ccn", "facility"),
    [
        ("010001", "Short-term hospital"),
        ("010879", "Short-term hospital"),
        ("010880", "Demonstration project hospital"),
        ("051000", "Federally qualified health center"),
        ("051989", "Federally qualified health center"),
        ("051990", "Religious nonmedical health care institution"),
        ("271300", "Critical access hospital"),
        ("271399", "Critical access hospital"),
        ("193400", "Rural health clinic (provider-based)"),
        ("193974", "Rural health clinic (free-standing)"),
        ("193975", "Rural health clinic (provider-based)"),
        ("194000", "Psychiatric hospital"),
        ("228999", "Rural health clinic (free-standing)"),
        ("229000", "Home health agency"),
        ("339999", "Opioid treatment program"),
        ("33S001", "Psychiatric unit"),
        ("05D1234567", "Clinical laboratory"),
        ("050900", ""),
        ("33I001", ""),
        ("no CCN", ""),
    ],
)
def test_the_facility_type_follows_from_the_ccn(ccn: str, facility: str) -> None:
    """First and last numbers of ranges, units, suppliers, and numbers of which the table says nothing."""
    assert identifiers.facility_type(ccn) == facility


def test_facility_ranges_do_not_overlap() -> None:
    """Every number has at most one type, and the table is in order."""
    ranges = identifiers.FACILITY_RANGES
    assert all(first <= last for first, last, _ in ranges)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(ranges))
