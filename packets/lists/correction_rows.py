"""The rows of a corrections file: every rule of every cell, and the rules between rows and lists (R57-R60, E13-E18, REQ 4.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from packets.lists.columns import CORRECTIONS, PROVIDER_SUPPLIER, Row
from packets.lists.findings import Findings, place
from packets.lists.text import NO_VALUE, cell_fault, split_cells
from packets.model import identifiers
from packets.model.identifiers import AcoId, Tin

ADD, DELETE = "A", "D"
EXCLUDED = "1"
"""The flag of whoever may not participate (R49)."""
ACTIONS = frozenset({ADD, DELETE})
REASONS = ("death", "retirement", "reassignment", "new reassignment", "other")
"""Why a row is announced (R55, REQ 4.6)."""
FIRST_NAME_LIMIT, LAST_NAME_LIMIT = 35, 60
"""Longest names, in characters (REQ 4.6)."""

ACO_ID, ACTION, NPI, FIRST_NAME, LAST_NAME, TIN, CCN, REASON = range(len(CORRECTIONS.columns))

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What an ACO's lists hold at the time of the upload.

    Attributes:
        aco_id: the ACO that uploads.
        approved_tins: TINs of its approved Participant List (R60).
        listed: pairs of TIN and NPI on its Provider/Supplier List.
        listed_ccns: pairs of TIN and CCN on the same list.
        excluded: NPIs that the list shows as excluded, under whatever TIN (R49).
    """

    aco_id: AcoId
    approved_tins: frozenset[Tin]
    listed: frozenset[Pair]
    listed_ccns: frozenset[Pair] = frozenset()
    excluded: frozenset[str] = frozenset()


def standing_of(aco_id: AcoId, approved_tins: frozenset[Tin], rows: Iterable[Row]) -> Standing:
    """What the rows of an ACO's Provider/Supplier List, gone through once, say of corrections to it."""
    tin, npi, ccn, flag = (PROVIDER_SUPPLIER.place(key) for key in ("tin", "npi", "ccn", "excluded"))
    people, facilities, excluded = set[Pair](), set[Pair](), set[str]()
    for row in rows:
        if row[npi]:
            people.add((row[tin], row[npi]))
        if row[ccn]:
            facilities.add((row[tin], row[ccn]))
        if row[npi] and row[flag] == EXCLUDED:
            excluded.add(row[npi])
    return Standing(aco_id, approved_tins, frozenset(people), frozenset(facilities), frozenset(excluded))


@dataclass(slots=True)
class RowReader:
    """Reads lines one after the other, gathers good rows and all findings."""

    standing: Standing
    findings: Findings
    rows: list[Row] = field(default_factory=list)
    _seen: dict[Pair, tuple[int, str]] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    def read_heading(self, line: str) -> None:
        """The first line must hold the headings, in order."""
        cells = split_cells(line)
        if cells is not None and tuple(cell.upper() for cell in cells) == tuple(
            one.upper() for one in CORRECTIONS.headings
        ):
            return
        if "\t" not in line:
            self.findings.add(
                "file-not-tab-delimited",
                "The first line has no tabs.",
                "Save the template as “Text (Tab delimited)”.",
                place(1),
            )
            return
        remedy = f"Use the template; its headings are {', '.join(CORRECTIONS.headings)}."
        self.findings.add(
            "file-headings", "The headings in the first row are not those of the template.", remedy, place(1)
        )

    def read_line(self, number: int, line: str) -> None:
        """One row of the file; `number` counts from 1 with the heading."""
        cells = split_cells(line)
        if cells is None:
            self.findings.add(
                "cell-quotation",
                "A cell begins with a quotation mark that does not end it.",
                "Remove the quotation mark.",
                place(number),
            )
        elif not any(cells):
            self.findings.add("row-empty", "The row is empty.", "Remove the row.", place(number))
        elif len(cells) != len(CORRECTIONS.columns):
            sentence = f"The row has {len(cells)} cells instead of {len(CORRECTIONS.columns)}."
            self.findings.add(
                "row-length", sentence, "Complete every column of the template and add none.", place(number)
            )
        else:
            self._read_cells(number, cells)

    def _read_cells(self, number: int, cells: list[str]) -> None:
        """Cells that are blank or may not stand are named; the others are judged by the rule of their column."""
        before = self.findings.count
        row = _normal(cells)
        for column, cell in enumerate(cells):
            if not cell:
                remedy = f"Complete it; where there is nothing to say, write {NO_VALUE}."
                self.findings.add(
                    "cell-blank", f"{CORRECTIONS.columns[column].heading} is blank.", remedy, place(number, column)
                )
            elif fault := cell_fault(cell) or self._rule(column, row):
                self.findings.add(*fault, place(number, column))
        if self.findings.count == before:
            self._judge_row(number, row)

    def _rule(self, column: int, row: Row) -> tuple[str, str, str] | None:
        if column == ACO_ID:
            return _aco_id_fault(row, self.standing.aco_id)
        if column == TIN:
            return _tin_fault(row, self.standing.approved_tins)
        return RULES[column](row)

    def _judge_row(self, number: int, row: Row) -> None:
        """The row against those before it and against the list (E18)."""
        column, listed = (NPI, self.standing.listed) if row[NPI] else (CCN, self.standing.listed_ccns)
        pair = (row[TIN], row[column])
        earlier, action = self._seen.setdefault(pair, (number, row[ACTION]))
        if earlier != number:
            self.findings.add(*_repetition(row, column, earlier, same=action == row[ACTION]), place(number, column))
        elif (pair in listed) != (row[ACTION] == DELETE):
            self.findings.add(*_misfit(row, column), place(number, column))
        elif row[ACTION] == ADD and row[NPI] in self.standing.excluded:
            self.findings.add(*_exclusion(row), place(number, NPI))
        elif not self.findings.count:  # of a file that is refused nothing is needed any more
            self.rows.append(
                tuple(self._texts.setdefault(cell, cell) if column != NPI else cell for column, cell in enumerate(row))
            )


def _subject(row: Row, column: int) -> str:
    return f"{CORRECTIONS.columns[column].heading} {row[column]} with TIN {identifiers.mask_tin(row[TIN])}"


def _repetition(row: Row, column: int, earlier: int, *, same: bool) -> tuple[str, str, str]:
    code, kind = ("row-duplicate", "a duplicate") if same else ("row-contradiction", "the contrary")
    return (code, f"The row is {kind} of row {earlier}: {_subject(row, column)}.", "Keep one of the two.")


def _misfit(row: Row, column: int) -> tuple[str, str, str]:
    """Only what is listed can be deleted, only what is not can be added."""
    where = f"{_subject(row, column)} is {{}} on the Provider/Supplier List."
    if row[ACTION] == ADD:
        return ("row-on-list", where.format("already"), "Remove the row, or make it a deletion.")
    return ("row-not-on-list", where.format("not"), "Remove the row, or correct its identifiers.")


def _exclusion(row: Row) -> tuple[str, str, str]:
    sentence = f"The person with NPI {row[NPI]} is excluded and may not participate."
    return ("npi-excluded", sentence, "Remove the row; write to CMS if the exclusion is wrong.")


def _normal(cells: list[str]) -> Row:
    """The row as it is kept: N/A as nothing, codes in capitals, the reason in small letters, the TIN as digits."""
    row = ["" if cell.upper() == NO_VALUE else cell for cell in cells]
    for column in (ACO_ID, ACTION, CCN):
        row[column] = row[column].upper()
    row[REASON] = row[REASON].lower()
    row[TIN] = identifiers.Tin.tidy(row[TIN])
    return tuple(row)


def _aco_id_fault(row: Row, aco_id: str) -> tuple[str, str, str] | None:
    if row[ACO_ID] == aco_id:
        return None
    return ("aco-id-differs", f"The ACO ID is not {aco_id}.", f"Write {aco_id} in every row.")


def _tin_fault(row: Row, approved: frozenset[Tin]) -> tuple[str, str, str] | None:
    """The TIN must be one of the approved ones: a TIN is never added or removed here (R57, R60, E16)."""
    if row[TIN] in approved:
        return None
    if problem := identifiers.Tin.problem(row[TIN]):
        return ("tin-invalid", problem, "Correct the TIN; keep its leading zeros.")
    remedy = "Use a TIN of your Participant List; participants are not added or removed with this file."
    return (
        "tin-not-approved",
        f"The TIN {identifiers.mask_tin(row[TIN])} is not on the approved Participant List.",
        remedy,
    )


def _action_fault(row: Row) -> tuple[str, str, str] | None:
    if row[ACTION] in ACTIONS:
        return None
    return ("action-unknown", "ACTION is neither A nor D.", "Write A to add or D to delete.")


def _npi_fault(row: Row) -> tuple[str, str, str] | None:
    """One row is about one NPI or one CCN (R56, REQ 1.6.7)."""
    if bool(row[NPI]) == bool(row[CCN]):
        sentence = "The row names both an NPI and a CCN." if row[NPI] else "The row names neither an NPI nor a CCN."
        return ("row-subject", sentence, f"Name one of the two in a row and write {NO_VALUE} for the other.")
    problem = identifiers.Npi.problem(row[NPI]) if row[NPI] else None
    return ("npi-invalid", problem, "Correct the NPI.") if problem else None


def _ccn_fault(row: Row) -> tuple[str, str, str] | None:
    problem = identifiers.Ccn.problem(row[CCN]) if row[CCN] else None
    return ("ccn-invalid", problem, f"Correct the CCN, or write {NO_VALUE} in a row about an NPI.") if problem else None


def _name_fault(row: Row, column: int, limit: int) -> tuple[str, str, str] | None:
    """A person has a name; a facility has none here."""
    heading = CORRECTIONS.columns[column].heading
    if bool(row[column]) != bool(row[NPI]) and not (row[NPI] and row[CCN]):
        if row[NPI]:
            return ("name-missing", f"{heading} is missing.", "Write the name that goes with the NPI.")
        return (
            "name-unexpected",
            f"{heading} stands in a row without an NPI.",
            f"Write {NO_VALUE} in a row about a CCN.",
        )
    if len(row[column]) > limit:
        return ("name-too-long", f"{heading} is longer than {limit} characters.", "Shorten it.")
    return None


def _reason_fault(row: Row) -> tuple[str, str, str] | None:
    if row[REASON] in REASONS:
        return None
    return ("reason-unknown", "REASON is not one of the known reasons.", f"Write one of: {', '.join(REASONS)}.")


RULES: dict[int, Callable[[Row], tuple[str, str, str] | None]] = {
    ACTION: _action_fault,
    NPI: _npi_fault,
    FIRST_NAME: lambda row: _name_fault(row, FIRST_NAME, FIRST_NAME_LIMIT),
    LAST_NAME: lambda row: _name_fault(row, LAST_NAME, LAST_NAME_LIMIT),
    CCN: _ccn_fault,
    REASON: _reason_fault,
}
"""The rule of each column that needs nothing but its row."""
