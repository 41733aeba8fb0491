"""What is done, and who does it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine at one task.

    Attributes:
        task: name of the function in its module.
        key: name of its module in `listing.engines`.
        label: what tables call it.
        does: what it does, for the page.
    """

    task: str
    key: str
    label: str
    does: str


OURS = "ours"
TASKS = {
    "intake": "Provider list intake",
    "check": "Corrections check",
    "findings": "Corrections with a fault in every tenth row: check and annotated workbook",
    "download": "Download to Excel",
}
ENGINES = (
    Engine("intake", OURS, "esm-packets", "every rule of every cell and between rows"),
    Engine("intake", "plain_csv", "csv module", "the cells as they are, nothing checked"),
    Engine("check", OURS, "esm-packets", "every byte of the archive, every rule of every cell, against the lists"),
    Engine("check", "plain_csv", "zipfile and csv module", "the cells as they are, nothing checked"),
    Engine("findings", OURS, "esm-packets", "the rows with every faulty cell marked, and a sheet of findings"),
    Engine("download", OURS, "esm-packets", "formats by column, nothing is a formula"),
    Engine("download", "openpyxl_write_only", "openpyxl, write-only", "plain values, as its documentation shows"),
    Engine("download", "openpyxl_normal", "openpyxl", "plain values, as its documentation shows"),
)
