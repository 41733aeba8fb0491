"""The Participant Lists of a year's ACOs (REQ 2.3, 4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packets.lists.columns import PARTICIPANTS, Row
from packets.lists.findings import place
from packets.model.identifiers import Ccn, Tin, mask_tin
from packets.year_files.layouts import PARTICIPANT_FIELDS, day_of
from packets.year_files.report import Reading
from packets.year_files.sheets import column_of, read_sheet


@dataclass(slots=True)
class ParticipantLists:
    """The rows of each ACO, what each of its TINs is called, and where the ACO first stands in the file."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    aco_names: dict[str, tuple[int, str]] = field(default_factory=dict)


def read_participants(path: Path, reading: Reading, only_aco: str = "") -> ParticipantLists:
    """The Participant Lists of the file, of all ACOs or of one; what is wrong with it is noted in `reading`."""
    lists, seen, holders = ParticipantLists(), dict[tuple[str, ...], int](), dict[str, str]()
    odd_tins = 0
    for number, row in read_sheet(path, PARTICIPANT_FIELDS, reading):
        aco_id = row["aco_id"]
        if only_aco not in {"", aco_id}:
            continue
        row["effective_date"] = str(day_of(row["effective_date"]))
        _check_row(number, row, lists, reading)
        cells = tuple(row[key] for key in PARTICIPANTS.keys)
        identity = tuple(row[key] for key in ("aco_id", "tin", "ccn", "org_npi", "npi"))
        if identity in seen:
            sentence = f"The row repeats row {seen[identity]}."
            reading.errors.add("row-duplicate", sentence, "Remove one of the two.", place(number))
            continue
        seen[identity] = number
        if (aco_id, row["tin"]) not in lists.names:
            odd_tins += Tin(row["tin"]).warning is not None
            _warn_shared(number, row, holders, reading)
        lists.names.setdefault((aco_id, row["tin"]), row["legal_name"])
        lists.aco_names.setdefault(aco_id, (number, row["aco_name"]))
        lists.rows.setdefault(aco_id, []).append(cells)
    if odd_tins:
        sentence = f"{odd_tins:,} TINs begin with digits that no employer identification number begins with."
        reading.warnings.add("tin-odd", sentence, "Check them, unless they are numbers of sole proprietors.")
    return lists


def _check_row(number: int, row: Mapping[str, str], lists: ParticipantLists, reading: Reading) -> None:
    known = lists.names.get((row["aco_id"], row["tin"]), row["legal_name"])
    if known != row["legal_name"]:
        sentence = f"The TIN was called “{known}” in an earlier row."
        reading.errors.add("names-differ", sentence, "Give one name in every row.", _place(number, "legal_name"))
    _, aco_name = lists.aco_names.get(row["aco_id"], (0, row["aco_name"]))
    if aco_name != row["aco_name"]:
        sentence = f"The ACO was called “{aco_name}” in an earlier row."
        reading.errors.add("names-differ", sentence, "Give one name in every row.", _place(number, "aco_name"))
    if row["ccn"] and not row["ccn_legal_name"]:
        sentence = "The facility with this CCN has no legal name."
        reading.errors.add("name-missing", sentence, "Complete it.", _place(number, "ccn_legal_name"))
    derived = Ccn(row["ccn"]).facility_type if row["ccn"] else ""
    if derived and row["facility_type"] and derived.casefold() != row["facility_type"].casefold():
        sentence = f"By its CCN the facility is a “{derived}”, the file says “{row['facility_type']}”."
        reading.warnings.add(
            "facility-differs", sentence, "Check the CCN and the type.", _place(number, "facility_type")
        )


def _warn_shared(number: int, row: Mapping[str, str], holders: dict[str, str], reading: Reading) -> None:
    """A TIN takes part in one ACO, unless it bills no primary care (42 CFR 425.306)."""
    other = holders.setdefault(row["tin"], row["aco_id"])
    if other != row["aco_id"]:
        sentence = f"The TIN {mask_tin(row['tin'])} is a participant of {other} as well."
        reading.warnings.add("tin-shared", sentence, "Check in which ACO it takes part.", _place(number, "tin"))


def _place(number: int, key: str) -> str:
    return place(number, column_of(PARTICIPANT_FIELDS, key))
