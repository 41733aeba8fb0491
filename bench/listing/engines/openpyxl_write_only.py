"""openpyxl in its write-only mode: rows are streamed."""

from __future__ import annotations

import csv
from pathlib import Path

from openpyxl import Workbook

from listing.material import LIST


def download(folder: Path) -> int:
    """Write the list as a workbook."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("List")
    with (folder / LIST).open(encoding="utf-8", newline="") as file:
        count = 0
        for count, row in enumerate(csv.reader(file)):  # noqa: B007  the number of the last row is what is answered
            sheet.append(row)
    workbook.save(folder / "write_only.xlsx")
    return count
