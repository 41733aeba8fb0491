"""Identifiers: their forms, check digits, and what they tell."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.errors import InputError
from packets.model import identifiers

NINE_DIGITS = st.integers(min_value=100_000_000, max_value=299_999_999)


@pytest.mark.parametrize("npi", ["1234567893", "1000000004", "1999999992", "2000000002", "1558598797", "1245319599"])
def test_good_npis_are_accepted(npi: str) -> None:
    """The vectors of the requirements, among them the first and the last NPI of their range."""
    assert identifiers.Npi(npi) == npi
    assert identifiers.Npi.problem(npi) is None


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
    assert identifiers.Npi.problem(npi)
    with pytest.raises(InputError, match="npi-invalid"):
        identifiers.Npi(npi)


@given(NINE_DIGITS, st.integers(min_value=0, max_value=9), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_is_always_found(body: int, place: int, shift: int) -> None:
    """The check digit finds every single wrong digit."""
    npi = identifiers.Npi.from_body(body)
    wrong = npi[:place] + str((int(npi[place]) + shift) % 10) + npi[place + 1 :]
    assert identifiers.Npi.problem(npi) is None
    assert identifiers.Npi.problem(wrong)


@pytest.mark.parametrize("body", [0, 99_999_999, 300_000_000, 1_234_567_890])
def test_an_npi_is_not_made_from_other_numbers(body: int) -> None:
    """Only nine digits that begin with 1 or 2 become an NPI."""
    with pytest.raises(InputError, match="An NPI has ten digits"):
        identifiers.Npi.from_body(body)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (
            identifiers.AcoId.problem,
            ["A0001", "A9999"],
            ["a0001", "A001", "A00001", "B0001", "A" + "\uff11" * 4, "A0001\n"],
        ),
        (
            identifiers.Tin.problem,
            ["000000001", "123456789"],
            ["12-3456789", "12345678", "1234567890", "12345678a", ""],
        ),
        (
            identifiers.Ccn.problem,
            ["010005", "33S123", "551000", "12C0001234", "A10001", "05D1234567"],
            ["1005", "01000", "0100055", "12E0001234", "01 005", "010a05", ""],
        ),
        (identifiers.UserId.problem, ["AB12", "0000", "ZZZZ"], ["ab12", "ABC", "ABCDE", "AB-1", ""]),
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
    assert identifiers.Tin.tidy(shown) == tin
    assert identifiers.mask_tin(tin) == f"**-***{tin[5:]}"


@pytest.mark.parametrize("text", ["", "12345", "12-345678", "O’Brien"])
def test_what_is_no_tin_is_neither_formatted_nor_shown_masked(text: str) -> None:
    """Formatting leaves other texts alone; masking hides them altogether."""
    assert identifiers.format_tin(text) == text
    assert identifiers.Tin.tidy(text) == text
    assert identifiers.mask_tin(text) == "*" * len(text)


def test_a_tin_with_an_unissued_prefix_is_only_odd() -> None:
    """A sole proprietor may bill under a number that is no EIN, so there is a warning and no problem."""
    assert identifiers.Tin.problem("071234567") is None
    assert identifiers.Tin("071234567").warning
    assert identifiers.Tin("123456789").warning is None


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
    ],
)
def test_the_facility_type_follows_from_the_ccn(ccn: str, facility: str) -> None:
    """First and last numbers of ranges, units, suppliers, and numbers of which the table says nothing."""
    assert identifiers.Ccn(ccn).facility_type == facility


def test_facility_ranges_do_not_overlap() -> None:
    """Every number has at most one type, and the table is in order."""
    ranges = identifiers.FACILITY_RANGES
    assert all(first <= last for first, last, _ in ranges)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(ranges))


@pytest.mark.requirement("R60")
def test_a_tin_never_shows_itself_whole_in_logs() -> None:
    """What is written for debugging shows the last four digits; what is stored has all nine."""
    tin = identifiers.Tin("07-1234567")
    assert (tin, tin.formatted, tin.masked) == ("071234567", "07-1234567", "**-***4567")
    assert "07123" not in repr({"tin": tin})
    assert json.loads(json.dumps({"tin": tin})) == {"tin": "071234567"}


@pytest.mark.parametrize(
    ("kind", "written", "stored"),
    [
        (identifiers.AcoId, "a1001", "A1001"),
        (identifiers.UserId, "ab12", "AB12"),
        (identifiers.Ccn, "05d1234567", "05D1234567"),
        (identifiers.Tin, "12-3456789", "123456789"),
        (identifiers.Npi, "1234567893", "1234567893"),
    ],
)
def test_an_identifier_is_kept_in_one_form_only(kind: type[identifiers.Identifier], written: str, stored: str) -> None:
    """However it was written, it compares equal to the text that is stored."""
    made = kind(written)
    assert made == stored
    assert kind(made) == made
    assert len({made, stored}) == 1


@given(st.sampled_from(identifiers.Identifier.__subclasses__()), st.text(max_size=12))
def test_no_identifier_is_made_of_anything_else(kind: type[identifiers.Identifier], text: str) -> None:
    """A value exists exactly when its kind finds nothing wrong with the text."""
    problem = kind.problem(kind.tidy(text))
    if problem is None:
        assert kind(text) == kind.tidy(text)
    else:
        with pytest.raises(InputError) as refusal:
            kind(text)
        assert [(one.code, one.sentence) for one in refusal.value.problems] == [(kind.code, problem)]
