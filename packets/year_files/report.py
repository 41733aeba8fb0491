"""The report on the files of a year: everything that is wrong or odd, with file, row, column, code and remedy (R68)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from packets.canonical import canonical_json
from packets.errors import InputError, Problem
from packets.lists.findings import Findings

PLACE = re.compile(r"row (\d+)(?:, column ([A-Z]))?")
CSV_HEADINGS = ("File", "Row", "Column", "Weight", "Code", "What is wrong", "How to fix it")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class FileKind(StrEnum):
    """What a file of a year tells."""

    AGREEMENTS = "agreements"
    PARTICIPANTS = "participants"
    PROVIDERS = "providers"
    CONTACTS = "contacts"
    WINDOWS = "windows"


class Weight(StrEnum):
    """An error refuses the files; a warning is told and refuses nothing."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong or odd, and where: file, row from 1 with the headings, column by its letter."""

    file: str
    row: int | None
    column: str
    weight: Weight
    code: str
    sentence: str
    remedy: str

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{row}{column}: {self.sentence} {self.remedy} ({self.code})"


@dataclass(slots=True)
class Reading:
    """What is found while a file is read: its rows are counted, errors and warnings are gathered."""

    kind: FileKind
    file: str
    digest: str
    size: int
    rows: int = 0
    errors: Findings = field(default_factory=Findings)
    warnings: Findings = field(default_factory=Findings)
    whole: bool = True
    """False when nothing below the headings could be understood; then other files are not compared with it."""

    def remarks(self, weight: Weight) -> Iterator[Remark]:
        """What is wrong, or what is odd, in the order in which it was found."""
        findings = self.errors if weight is Weight.ERROR else self.warnings
        return (_remark(self.file, one, weight) for one in findings.problems)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in all files together.

    Attributes:
        year: the performance year.
        files: what was read of each file.
        counts: what the files bring, e.g. `ACOs`, `excluded rows`.
        remarks: errors of all files first, then warnings.
        errors: how many errors there are; only the first thousand of a file are described.
    """

    year: int
    files: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    remarks: tuple[Remark, ...]
    errors: int
    warnings: int

    @property
    def accepted(self) -> bool:
        """Whether nothing stands against storing the files."""
        return self.errors == 0

    def as_json(self) -> dict[str, Any]:
        """The report as data."""
        return {
            "year": self.year,
            "accepted": self.accepted,
            "errors": self.errors,
            "warnings": self.warnings,
            "counts": dict(self.counts),
            "files": [dict(one) for one in self.files],
            "remarks": [
                {name: getattr(one, name) for name in Remark.__dataclass_fields__} | {"weight": str(one.weight)}
                for one in self.remarks
            ],
        }

    def as_bytes(self) -> bytes:
        """The report as it is kept: canonical JSON."""
        return canonical_json(self.as_json())

    def as_text(self, *, stored: bool) -> str:
        """The report in lines for a terminal; `stored` says whether the files were stored after it."""
        counted = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        verdict = "The files were stored" if stored else "Nothing was stored"
        found = f"{verdict}. Errors: {self.errors:,}. Warnings: {self.warnings:,}."
        first = f"Performance year {self.year}: {counted or 'nothing'}."
        return "\n".join([first, *self._lines(Weight.ERROR), *self._lines(Weight.WARNING), found])

    def _lines(self, weight: Weight) -> list[str]:
        return [f"{weight}: {one}" for one in self.remarks if one.weight is weight]

    def as_csv(self) -> bytes:
        """The report as a table, UTF-8 with its mark, safe to open in a spreadsheet."""
        target = io.StringIO(newline="")
        writer = csv.writer(target)
        writer.writerow(CSV_HEADINGS)
        for one in self.remarks:
            row = "" if one.row is None else str(one.row)
            cells = (one.file, row, one.column, str(one.weight), one.code, one.sentence, one.remedy)
            writer.writerow([_harmless(cell) for cell in cells])
        return target.getvalue().encode("utf-8-sig")


class FilesRefusedError(InputError):
    """Files with errors in them: nothing of any of them was stored. Carries the whole report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        errors = (one for one in report.remarks if one.weight is Weight.ERROR)
        super().__init__(Problem(one.code, one.sentence, one.remedy, _where(one)) for one in errors)


def read_report(data: Mapping[str, Any]) -> Report:
    """The report that `as_json` gave."""
    remarks = tuple(Remark(**{**one, "weight": Weight(one["weight"])}) for one in data["remarks"])
    return Report(data["year"], tuple(data["files"]), data["counts"], remarks, data["errors"], data["warnings"])


def write_report(year: int, readings: Mapping[FileKind, Reading], counts: Mapping[str, int]) -> Report:
    """One report on all files that were read."""
    found = list(readings.values())
    files = tuple(
        {"kind": str(one.kind), "file": one.file, "sha256": one.digest, "bytes": one.size, "rows": one.rows}
        for one in found
    )
    return Report(
        year=year,
        files=files,
        counts=counts,
        remarks=tuple(remark for weight in Weight for one in found for remark in one.remarks(weight)),
        errors=sum(one.errors.count for one in found),
        warnings=sum(one.warnings.count for one in found),
    )


def _remark(file: str, problem: Problem, weight: Weight) -> Remark:
    place = PLACE.fullmatch(problem.where)
    row, column = (int(place[1]), place[2] or "") if place else (None, "")
    return Remark(file, row, column, weight, problem.code, problem.sentence, problem.remedy)


def _where(remark: Remark) -> str:
    row = "" if remark.row is None else f", row {remark.row}"
    return f"{remark.file}{row}{f', column {remark.column}' if remark.column else ''}"


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
