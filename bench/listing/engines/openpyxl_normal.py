"""openpyxl in its normal mode: the workbook is in memory until it is saved."""

from __future__ import annotations

import csv
from pathlib import Path

from openpyxl import Workbook

from listing.material import LIST


def download(folder: Path) -> int:
    """Write the list as a workbook."""
    workbook = Workbook(write_only=False)
    sheet = workbook.active
    with (folder / LIST).open(encoding="utf-8", newline="") as file:
        count = 0
        for count, row in enumerate(csv.reader(file)):  # noqa: B007  the number of the last row is what is answered
            sheet.append(row)
    workbook.save(folder / "normal.xlsx")
    return count
