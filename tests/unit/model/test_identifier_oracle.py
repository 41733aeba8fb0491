"""Identifiers against oracles that share nothing with the service: a hundred thousand cases each, and real pairs of CCN and NPI.

The oracles are written from the definitions, digit by digit and without regular expressions; for NPI and EIN the library
python-stdnum is asked too.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stdnum import luhn
from stdnum.us import ein

from packets.lists.corrections import FILE_NAME, name_day
from packets.model import identifiers

CASES = 100_000
SEED = 20261125
DIGITS, CAPITALS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ODD = "0123456789ABCDXYZabz -_.\u0661\uff11\u00e9\n\t\0/"
FACILITIES = Path(__file__).parents[4] / "shared" / "data" / "facilities_ccn_npi.csv.gz"


def oracle_npi(text: str) -> bool:
    """Ten digits, the first 1 or 2, and the Luhn sum over 80840 and all of them ends in 0."""
    if len(text) != 10 or any(one not in DIGITS for one in text) or text[0] not in "12":
        return False
    total, doubled = 0, False
    for one in reversed("80840" + text):
        value = DIGITS.index(one) * (2 if doubled else 1)
        total += value // 10 + value % 10
        doubled = not doubled
    return total % 10 == 0


def oracle_tin(text: str) -> bool:
    return len(text) == 9 and all(one in DIGITS for one in text)


def oracle_aco_id(text: str) -> bool:
    return len(text) == 5 and text[0] == "A" and all(one in DIGITS for one in text[1:])


def oracle_user_id(text: str) -> bool:
    return len(text) == 4 and all(one in DIGITS or one in CAPITALS for one in text)


def oracle_ccn(text: str) -> bool:
    """Two characters of the state; then four digits, a letter and three digits, or C, D or X and seven digits."""
    if len(text) not in {6, 10} or any(one not in DIGITS + CAPITALS for one in text[:2]):
        return False
    rest = text[2:]
    if len(rest) == 8:
        return rest[0] in "CDX" and all(one in DIGITS for one in rest[1:])
    return (rest[0] in DIGITS or rest[0] in CAPITALS) and all(one in DIGITS for one in rest[1:])


SHAPES: dict[str, Callable[[random.Random], str]] = {
    "npi": lambda chance: chance.choice("123") + "".join(chance.choices(DIGITS, k=9)),
    "tin": lambda chance: "".join(chance.choices(DIGITS, k=9)),
    "aco-id": lambda chance: chance.choice("AAAB") + "".join(chance.choices(DIGITS, k=4)),
    "user-id": lambda chance: "".join(chance.choices(DIGITS + CAPITALS, k=4)),
    "ccn": lambda chance: (
        "".join(chance.choices(DIGITS + CAPITALS, k=2))
        + chance.choice(DIGITS + CAPITALS)
        + "".join(chance.choices(DIGITS, k=chance.choice((3, 3, 7))))
    ),
}
PAIRS: dict[str, tuple[Callable[[str], str | None], Callable[[str], bool]]] = {
    "npi": (identifiers.Npi.problem, oracle_npi),
    "tin": (identifiers.Tin.problem, oracle_tin),
    "aco-id": (identifiers.AcoId.problem, oracle_aco_id),
    "user-id": (identifiers.UserId.problem, oracle_user_id),
    "ccn": (identifiers.Ccn.problem, oracle_ccn),
}


def cases(kind: str) -> Iterator[str]:
    """Texts of the right shape, and every fifth one with a character changed, put in, taken away or swapped."""
    chance = random.Random(SEED)  # noqa: S311  cases, not keys
    for number in range(CASES):
        text = SHAPES[kind](chance)
        yield _changed(text, chance) if number % 5 == 0 else text


def _changed(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text))
    odd = chance.choice(ODD)
    return chance.choice(
        (
            text[:place] + odd + text[place + 1 :],
            text[:place] + odd + text[place:],
            text[:place] + text[place + 1 :],
            text[:place] + text[place : place + 2][::-1] + text[place + 2 :],
            text.lower(),
            text + odd,
        )
    )


@pytest.mark.requirement("E17", "R21", "E4")
@pytest.mark.parametrize("kind", PAIRS)
def test_every_case_is_judged_as_the_oracle_judges_it(kind: str) -> None:
    """Good and bad ones; of both there are many, so that neither side can say always the same."""
    problem, oracle = PAIRS[kind]
    verdicts = [(text, problem(text) is None, oracle(text)) for text in cases(kind)]
    assert [text for text, ours, theirs in verdicts if ours != theirs] == []
    good = sum(theirs for _, _, theirs in verdicts)
    assert CASES * 0.04 < good < CASES * 0.97


@pytest.mark.requirement("E17")
def test_check_digits_are_those_that_a_library_computes() -> None:
    """For a hundred thousand beginnings the same tenth digit, and no other one is good."""
    chance = random.Random(SEED)  # noqa: S311  cases, not keys
    for body in (chance.randrange(100_000_000, 300_000_000) for _ in range(CASES)):
        npi = identifiers.Npi.from_body(body)
        assert npi[9] == luhn.calc_check_digit(f"80840{body}")
        assert oracle_npi(npi)


def test_prefixes_that_were_never_issued_are_those_that_a_library_knows() -> None:
    """A TIN that is no EIN is odd, and never wrong: it may be a person's number."""
    for prefix in (f"{number:02d}" for number in range(100)):
        tin = f"{prefix}1234567"
        assert (identifiers.Tin(tin).warning is None) == ein.is_valid(tin), prefix
        assert identifiers.Tin.problem(tin) is None


HALF_OPEN = [
    (1, "Short-term hospital"), (880, "Demonstration project hospital"), (900, ""),
    (1000, "Federally qualified health center"), (1200, ""), (1225, "Medical assistance facility"),
    (1300, "Critical access hospital"), (1400, "Community mental health center"), (1500, "Hospice"),
    (1800, "Federally qualified health center"), (1990, "Religious nonmedical health care institution"),
    (2000, "Long-term care hospital"), (2300, "Renal dialysis facility"), (3000, ""), (3025, "Rehabilitation hospital"),
    (3100, "Home health agency"), (3200, "Comprehensive outpatient rehabilitation facility"), (3300, "Children’s hospital"),
    (3400, "Rural health clinic (provider-based)"), (3500, "Renal dialysis facility"),
    (3800, "Rural health clinic (free-standing)"), (3975, "Rural health clinic (provider-based)"),
    (4000, "Psychiatric hospital"), (4500, "Comprehensive outpatient rehabilitation facility"),
    (4600, "Community mental health center"), (4800, "Comprehensive outpatient rehabilitation facility"),
    (4900, "Community mental health center"), (5000, "Skilled nursing facility"), (6500, "Outpatient physical therapy"),
    (6990, ""), (7000, "Home health agency"), (8500, "Rural health clinic (provider-based)"),
    (8900, "Rural health clinic (free-standing)"), (9000, "Home health agency"), (9800, "Transplant center"),
    (9900, "Opioid treatment program"),
]  # fmt: skip
"""Where a type begins, by the last four digits of a CCN; it goes on until the next one begins."""


def test_the_type_of_every_possible_provider_number_is_that_of_the_manual() -> None:
    """All ten thousand numbers of a state."""
    for number in range(10_000):
        expected = next((name for start, name in reversed(HALF_OPEN) if start <= number), "")
        assert identifiers.Ccn(f"01{number:04d}").facility_type == expected, number


SAME_TYPE = {
    "Psychiatric Hospital": "Psychiatric hospital",
    "Rehabilitation Hospital": "Rehabilitation hospital",
    "Long Term Care Hospital": "Long-term care hospital",
    "General Acute Care Hospital, Critical Access": "Critical access hospital",
}


@pytest.mark.requirement("E17")
def test_real_pairs_of_ccn_and_npi_are_accepted() -> None:
    """3,336 hospitals of a public file; the type that the CCN says is the one that the file says for nearly all."""
    if not FACILITIES.exists():
        pytest.skip("the public file of facilities with CCN and NPI is not on this machine")
    with gzip.open(FACILITIES, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3336
    assert [row for row in rows if identifiers.Npi.problem(row["NPI"]) or identifiers.Ccn.problem(row["CCN"])] == []
    told = [row for row in rows if row["Facility Type"] in SAME_TYPE]
    same = [row for row in told if identifiers.Ccn(row["CCN"]).facility_type == SAME_TYPE[row["Facility Type"]]]
    assert len(same) > 0.97 * len(told)
    assert all(identifiers.Ccn(row["CCN"]).facility_type for row in rows)


def oracle_day(name: str) -> tuple[int, int, int] | None:
    """Year, month and day in a file's name, found by its parts and by hand."""
    base, _, kind = name.rpartition(".")
    parts = base.replace(" ", "_").split("_")
    if kind.lower() not in {"zip", "txt"} or len(parts) != 3 or parts[1] != "ProviderSupCorrection":
        return None
    if not oracle_aco_id(parts[0]) or len(parts[2]) != 8 or any(one not in DIGITS for one in parts[2]):
        return None
    month, day, year = int(parts[2][:2]), int(parts[2][2:4]), int(parts[2][4:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    good = 1900 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]
    return (year, month, day) if good else None


@pytest.mark.requirement("R62", "E12")
def test_names_of_files_are_judged_as_the_oracle_judges_them() -> None:
    """Spaces or underscores, endings in any case, and only days that exist."""
    chance, good = random.Random(SEED), 0  # noqa: S311  cases, not keys
    for number in range(CASES):
        day = (
            f"{chance.randrange(14):02d}{chance.randrange(33):02d}{chance.choice((1899, 1900, 2024, 2026, 2100, 2000))}"
        )
        name = (
            f"A{chance.randrange(10_000):04d}{chance.choice('_ ')}ProviderSupCorrection{chance.choice('_ ')}{day}"
            f".{chance.choice(('zip', 'txt', 'ZIP', 'Txt'))}"
        )
        name = _changed(name, chance) if number % 5 == 0 else name
        found, expected = name_day(name), oracle_day(name)
        assert (found and (found.year, found.month, found.day)) == expected, name
        assert FILE_NAME.fullmatch(name) or not expected
        good += expected is not None
    assert good > CASES * 0.2
