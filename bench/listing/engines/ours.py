"""The service itself, without its database and its web pages."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from listing.material import ACO, FAULT_EVERY, FAULTY, GOOD, LIST, STANDING
from packets.lists.annotation import WORKBOOK_PROBLEMS, annotate
from packets.lists.columns import PROVIDER_SUPPLIER, Row
from packets.lists.correction_rows import Standing
from packets.lists.corrections import examine, read_corrections
from packets.lists.intake import read_provider_list
from packets.lists.workbook import Cover, Sheet, write_bare_workbook

NAME = f"{ACO}_ProviderSupCorrection_11172026.zip"
OUT = "ours.xlsx"


def intake(folder: Path) -> int:
    """Read and check the list."""
    return len(read_provider_list(folder / LIST))


def check(folder: Path) -> int:
    """Read and check the corrections."""
    return len(read_corrections((folder / GOOD).read_bytes(), NAME, _standing(folder)).rows)


def findings(folder: Path) -> int:
    """Check the corrections with faults, and write them as a workbook with the faults marked."""
    found = examine((folder / FAULTY).read_bytes(), NAME, _standing(folder), most=WORKBOOK_PROBLEMS)
    (folder / OUT).write_bytes(annotate(found))
    rows = sum(1 for _ in found.lines()) - 1
    return rows if found.findings.count == -(-rows // FAULT_EVERY) else -1


def download(folder: Path) -> int:
    """Write the list as a workbook."""
    with (folder / LIST).open(encoding="utf-8", newline="") as file:
        count = sum(1 for _ in file) - 1
    sheet = Sheet("List", PROVIDER_SUPPLIER.columns, _rows(folder), count)
    (folder / OUT).write_bytes(write_bare_workbook([sheet], Cover("List", ACO)))
    return count


def _rows(folder: Path) -> Iterator[Row]:
    with (folder / LIST).open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        yield from map(tuple, lines)


def _standing(folder: Path) -> Standing:
    found = json.loads((folder / STANDING).read_text("utf-8"))
    return Standing(ACO, frozenset(found["tins"]), frozenset(map(tuple, found["listed"])))
