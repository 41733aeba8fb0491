"""Write the material of a size: `python -m listing.material ROWS FOLDER`.

A process of its own, so that the runner, whose peak memory its children would inherit, stays small.
"""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from packets.lists.columns import PROVIDER_SUPPLIER, Row
from packets.lists.corrections import correction_row, write_corrections
from packets.model.identifiers import Npi
from packets.sample.names import FAMILY_NAMES, GIVEN_NAMES

SEED = 20261125
ACO, DAY = "A1001", date(2026, 11, 17)
LIST, GOOD, FAULTY, STANDING = "list.csv", "good.zip", "faulty.zip", "standing.json"
ROWS_A_TIN = 40
FAULT_EVERY = 10
FIRST_LISTED, FIRST_NEW = 100_000_000, 200_000_000


def main(count: str, target: str) -> None:
    """A provider list, a corrections file that deletes half of it and adds as many, and one with faults."""
    chance, folder, rows = random.Random(SEED), Path(target), int(count)  # noqa: S311  material, not keys
    tins = [f"{chance.randrange(10**9):09d}" for _ in range(max(1, rows // ROWS_A_TIN))]
    listed = [(tins[number % len(tins)], Npi.from_body(FIRST_LISTED + number)) for number in range(rows)]
    people = [(chance.choice(GIVEN_NAMES), chance.choice(FAMILY_NAMES)) for _ in range(rows)]
    with (folder / LIST).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([PROVIDER_SUPPLIER.headings, *_list_rows(listed, people)])
    corrections = list(_corrections(listed, people))
    (folder / GOOD).write_bytes(write_corrections(corrections, ACO, DAY)[1])
    faulty = [(*row[:7], "because") if number % FAULT_EVERY == 0 else row for number, row in enumerate(corrections)]
    (folder / FAULTY).write_bytes(write_corrections(faulty, ACO, DAY)[1])
    (folder / STANDING).write_text(json.dumps({"tins": tins, "listed": listed}), "utf-8")


def _list_rows(listed: list[tuple[str, str]], people: list[tuple[str, str]]) -> Iterator[Row]:
    for (tin, npi), (first, last) in zip(listed, people, strict=True):
        practice = f"Practice {tin[:3]} {tin[3:6]}, Inc."
        yield (ACO, "Cedar Ridge ACO", tin, practice, "N/A", "N/A", "N/A", npi, first, last, "0")


def _corrections(listed: list[tuple[str, str]], people: list[tuple[str, str]]) -> Iterator[Row]:
    for number, ((tin, npi), (first, last)) in enumerate(zip(listed, people, strict=True)):
        names = {"first_name": first, "last_name": last}
        if number % 2:
            yield correction_row(aco_id=ACO, action="D", tin=tin, npi=npi, reason="retirement", **names)
        else:
            new = Npi.from_body(FIRST_NEW + number)
            yield correction_row(aco_id=ACO, action="A", tin=tin, npi=new, reason="new reassignment", **names)


if __name__ == "__main__":
    main(*sys.argv[1:])
