"""The rows of a Provider/Supplier List that CMS brings: every rule of every cell and between rows (R45, R47, R49)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from packets.lists.columns import PROVIDER_SUPPLIER, Row
from packets.lists.delimited import Fault
from packets.lists.findings import Findings, place
from packets.lists.text import NO_VALUE, cell_fault, clean
from packets.model import identifiers

ACO_ID, ACO_NAME, TIN, TIN_NAME, CCN, CCN_NAME, FACILITY, NPI, FIRST_NAME, LAST_NAME, EXCLUDED = range(
    len(PROVIDER_SUPPLIER.columns)
)
REQUIRED = frozenset({ACO_ID, ACO_NAME, TIN, TIN_NAME, EXCLUDED})
TEXT_LIMIT = 300
"""Longest text of a cell in characters; the longest legal name known has 127."""

PROBLEM_OF: dict[int, tuple[str, Callable[[str], str | None]]] = {
    ACO_ID: ("aco-id-invalid", identifiers.AcoId.problem),
    TIN: ("tin-invalid", identifiers.Tin.problem),
    CCN: ("ccn-invalid", identifiers.Ccn.problem),
    NPI: ("npi-invalid", identifiers.Npi.problem),
    EXCLUDED: ("flag-invalid", lambda cell: None if cell in {"0", "1"} else "The excluded flag is neither 0 nor 1."),
}
"""The check of each column that holds an identifier or a code."""


@dataclass(slots=True)
class ProviderRows:
    """Reads records one after the other, answers with the good ones and gathers all findings.

    A nation's list has 870,000 rows in which most texts come again and again: each is judged once a column and kept once.
    """

    findings: Findings
    _known: tuple[dict[str, str], ...] = field(default_factory=lambda: tuple({} for _ in PROVIDER_SUPPLIER.columns))
    _names: dict[str, str] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)

    def read(self, number: int, cells: list[str]) -> Row | None:
        """One record as a row, or None when something is wrong with it; `number` counts from 1 with the headings."""
        if len(cells) != len(PROVIDER_SUPPLIER.columns):
            sentence = f"The row has {len(cells)} cells instead of {len(PROVIDER_SUPPLIER.columns)}."
            self.findings.add("row-length", sentence, "Mend the row.", place(number))
            return None
        before = self.findings.count
        row = tuple(self._cell(number, column, cell) for column, cell in enumerate(cells))
        if self.findings.count == before:
            self._judge_row(number, row)
        return row if self.findings.count == before else None

    def _cell(self, number: int, column: int, raw: str) -> str:
        """The cell as it is kept; what is wrong with it is noted."""
        known = self._known[column].get(raw)
        if known is not None:
            return known
        cell = _normal(column, clean(raw))
        if fault := _cell_fault(column, cell):
            self.findings.add(*fault, place(number, column))
        elif column != NPI:
            self._known[column][raw] = cell
        return cell

    def _judge_row(self, number: int, row: Row) -> None:
        """A row is about a person, a facility or both; it stands once; names go with their numbers."""
        for fault, column in _row_faults(row):
            self.findings.add(*fault, place(number, column))
        for column, scope in ((ACO_NAME, row[ACO_ID]), (TIN_NAME, row[ACO_ID] + row[TIN])):
            first = self._names.setdefault(scope, row[column])
            if first != row[column]:
                sentence = f"{PROVIDER_SUPPLIER.columns[column].heading} was “{first}” in an earlier row."
                self.findings.add("names-differ", sentence, "Give one name in every row.", place(number, column))
        identity = "\t".join((row[ACO_ID], row[TIN], row[CCN], row[NPI])).encode()
        if identity in self._seen:
            self.findings.add(
                "row-duplicate", "The row repeats an earlier one.", "Remove one of the two.", place(number)
            )
        self._seen.add(identity)


def _normal(column: int, cell: str) -> str:
    """N/A as nothing, codes in capitals, a TIN as digits."""
    if cell.upper() == NO_VALUE:
        return ""
    if column == TIN:
        return identifiers.Tin.tidy(cell)
    return cell.upper() if column in {ACO_ID, CCN} else cell


def _cell_fault(column: int, cell: str) -> Fault | None:
    heading = PROVIDER_SUPPLIER.columns[column].heading
    if not cell:
        return ("cell-blank", f"{heading} is blank.", "Complete it.") if column in REQUIRED else None
    if fault := cell_fault(cell):
        return fault
    if len(cell) > TEXT_LIMIT:
        return ("cell-too-long", f"{heading} is longer than {TEXT_LIMIT} characters.", "Shorten it.")
    if column not in PROBLEM_OF:
        return None
    code, check = PROBLEM_OF[column]
    problem = check(cell)
    return (code, problem, f"Correct {heading}.") if problem else None


def _row_faults(row: Row) -> list[tuple[Fault, int]]:
    """What does not go together within a row."""
    faults: list[tuple[Fault, int]] = []
    if not row[NPI] and not row[CCN]:
        faults.append((("row-subject", "The row names neither an NPI nor a CCN.", "Complete one of the two."), NPI))
    if row[NPI] and not row[LAST_NAME]:
        faults.append((("name-missing", "The person with this NPI has no last name.", "Complete it."), LAST_NAME))
    if not row[NPI] and (row[FIRST_NAME] or row[LAST_NAME]):
        faults.append(
            (("name-unexpected", "A name stands in a row without an NPI.", "Complete the NPI or remove the name."), NPI)
        )
    if row[CCN] and not row[CCN_NAME]:
        faults.append((("name-missing", "The facility with this CCN has no legal name.", "Complete it."), CCN_NAME))
    return faults
