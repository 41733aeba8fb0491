"""What every engine draws: the same roster, made from a number, with the same face and the same measures.

No invented number belongs to anybody: TINs begin with digits that were never issued, NPIs begin with 2, and all NPIs so
far begin with 1.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

SEED = 2027
MOST_UNDER_ONE_TIN = 100
FACILITY_EVERY = 7
"""Every seventh row bills through a facility: its last three cells have values, and long ones that wrap."""

Row = list[str]
"""TIN, its legal name, NPI, last name, first name, CCN, the CCN's legal name, facility type: as documents freeze them."""


@dataclass(frozen=True, slots=True)
class Material:
    """A roster and how it is to look. Lengths are points.

    Attributes:
        title: heading of the document.
        labels: headings of the columns.
        widths: widths of the columns.
        rows: ordered by TIN.
        face, bold: files of the typeface, TrueType, alone in their folder.
        size, leading: of the cells.
        margin: on all four sides of a Letter page.
    """

    title: str
    labels: list[str]
    widths: list[float]
    rows: list[Row]
    face: str
    bold: str
    size: float
    leading: float
    margin: float

    def groups(self) -> Iterator[tuple[str, list[Row]]]:
        """Each TIN's heading with its rows, without the two cells that the heading says."""
        for (tin, name), members in groupby(self.rows, key=lambda row: (row[0], row[1])):
            yield f"Participant TIN {tin} – {name}", [row[2:] for row in members]

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")


def read_material(path: Path) -> Material:
    """The material that `Material.write` kept."""
    return Material(**json.loads(path.read_text("utf-8")))


def make_rows(count: int, given_names: tuple[str, ...], family_names: tuple[str, ...]) -> list[Row]:
    """So many rows, the same for the same arguments: one to a hundred rows under a TIN, every NPI different."""
    chance = random.Random(SEED)  # noqa: S311  made-up data, nothing to guard
    npis = iter(chance.sample(range(2 * 10**8, 3 * 10**8), count))
    rows: list[Row] = []
    while len(rows) < count:
        tin, name = (
            f"96{chance.randrange(10**7):07d}",
            f"{chance.choice(family_names)} Medical Group of the Valley, LLC",
        )
        size = min(chance.randint(1, MOST_UNDER_ONE_TIN), count - len(rows))
        people = [(chance.choice(family_names), chance.choice(given_names)) for _ in range(size)]
        rows += [
            [tin, name, _npi(next(npis)), *person, *_facility(chance, place)] for place, person in enumerate(people)
        ]
    return rows


def _npi(body: int) -> str:
    """Ten digits, the last of them the Luhn check digit over the prefix 80840 (REQUIREMENTS 4.2)."""
    digits = [int(one) for one in reversed(f"80840{body}")]
    doubled = sum(sum(divmod(2 * one, 10)) for one in digits[::2]) + sum(digits[1::2])
    return f"{body}{-doubled % 10}"


def _facility(chance: random.Random, place: int) -> Row:
    if place % FACILITY_EVERY:
        return ["N/A", "N/A", "N/A"]
    kind, long_name = chance.choice(
        [
            ("FQHC", "Community Health Center"),
            ("RHC free-standing", "Rural Clinic"),
            ("CAH Method II", "Memorial Hospital"),
        ]
    )
    return [f"{chance.randrange(10**6):06d}", f"Valley Number {chance.randrange(97)} {long_name}, Inc.", kind]
