"""The corrections template: a workbook to fill in, and a filled example that the service would accept (R43, R58-R63).

The example is about an ACO that does not exist, with numbers that nobody has. It shows every kind of row, and nobody can hand it
in by mistake: for any real ACO it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from packets.lists import archive
from packets.lists.columns import CORRECTIONS, Column, Row
from packets.lists.correction_rows import ACTIONS, ADD, DELETE, FIRST_NAME_LIMIT, LAST_NAME_LIMIT, REASONS, Pair
from packets.lists.corrections import correction_row, write_corrections
from packets.lists.text import NO_VALUE
from packets.lists.workbook import Cover, Sheet, write_bare_workbook
from packets.model.identifiers import Npi

EXAMPLE_ACO = "A0001"
EXAMPLE_TINS = ("960000011", "960000022")
"""They begin with digits that are never issued."""
JOINS, LEAVES = Npi.from_body(299_999_997), Npi.from_body(299_999_996)
CLINIC_JOINS, CLINIC_LEAVES = "101004", "101003"
EXAMPLE_LISTED: frozenset[Pair] = frozenset({(EXAMPLE_TINS[0], LEAVES)})
EXAMPLE_LISTED_CCNS: frozenset[Pair] = frozenset({(EXAMPLE_TINS[1], CLINIC_LEAVES)})
EXAMPLE: tuple[Row, ...] = (
    correction_row(
        aco_id=EXAMPLE_ACO, action=ADD, tin=EXAMPLE_TINS[0], npi=JOINS, first_name="Robin", last_name="Sample",
        reason="new reassignment",
    ),
    correction_row(
        aco_id=EXAMPLE_ACO, action=DELETE, tin=EXAMPLE_TINS[0], npi=LEAVES, first_name="Kim", last_name="Example",
        reason="retirement",
    ),
    correction_row(aco_id=EXAMPLE_ACO, action=ADD, tin=EXAMPLE_TINS[1], ccn=CLINIC_JOINS, reason="other"),
    correction_row(aco_id=EXAMPLE_ACO, action=DELETE, tin=EXAMPLE_TINS[1], ccn=CLINIC_LEAVES, reason="other"),
)  # fmt: skip
"""Somebody joins, somebody leaves, a facility joins, a facility leaves."""

RULES: Mapping[str, str] = {
    "aco_id": "Your ACO ID, the same in every row.",
    "action": f"{ADD} to add, {DELETE} to delete.",
    "npi": f"The individual NPI, ten digits; {NO_VALUE} in a row about a CCN.",
    "first_name": f"First name as with the NPI, at most {FIRST_NAME_LIMIT} characters; {NO_VALUE} in a row about a CCN.",
    "last_name": f"Last name as with the NPI, at most {LAST_NAME_LIMIT} characters; {NO_VALUE} in a row about a CCN.",
    "tin": "The TIN under which they bill, nine digits, with or without hyphen. It is on your Participant List.",
    "ccn": f"The CCN of the facility; {NO_VALUE} in a row about an NPI.",
    "reason": f"One of: {', '.join(REASONS)}.",
}
"""What each column holds, by key."""
INSTRUCTIONS = (
    (
        "What it is for",
        "Announce changes that are pending in PECOS. They change neither PECOS nor the list that CMS holds.",
    ),
    ("Fill in", "The sheet “Corrections”, one row for each NPI or CCN. Leave no cell of a row blank."),
    (
        "Add",
        f"Who bills under a TIN of your Participant List and is not on the list ({ADD}). They agreed to participate.",
    ),
    ("Delete", f"Who is on the list and no longer bills under the TIN ({DELETE})."),
    ("Never", "Add or delete a participant TIN with this file."),
    ("Save", "With the sheet “Corrections” open: Save As, “Text (Tab delimited)”, under the name that is proposed."),
    ("Name", "ACO ID, ProviderSupCorrection, then month, day and year, like A0001_ProviderSupCorrection_11252026.txt."),
    ("Zip", "Put that one text file into a zip archive of the same name. Nothing else may be in it."),
    (
        "Upload",
        "On the corrections page of your packet. The last accepted file is the complete set; nothing is merged.",
    ),
)
GUIDANCE = (Column("what", "What"), Column("rule", "How"))
CHOICES = {"action": tuple(sorted(ACTIONS)), "reason": REASONS}


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A file to download: its name, and its bytes, which are the same on the same day."""

    name: str
    content: bytes


def template_workbook(aco_id: str, day: date) -> TemplateFile:
    """The workbook: instructions, an empty sheet, a filled example. The text that is saved from it gets the right name.

    Args:
        aco_id: the ACO, for the name.
        day: the day in the name.
    """
    guidance = [*INSTRUCTIONS, *((f"Column {column.heading}", RULES[column.key]) for column in CORRECTIONS.columns)]
    example = [tuple(cell or NO_VALUE for cell in row) for row in EXAMPLE]
    sheets = [
        Sheet("Instructions", GUIDANCE, guidance, len(guidance), wrapped=True),
        Sheet("Corrections", CORRECTIONS.columns, (), 0, choices=CHOICES),
        Sheet("Example", CORRECTIONS.columns, example, len(example)),
    ]
    cover = Cover("Corrections template", f"{aco_id}, provider/supplier list", datetime.combine(day, time.min, UTC))
    return TemplateFile(
        f"{aco_id}_ProviderSupCorrection_{day:%m%d%Y}.xlsx", write_bare_workbook(sheets, cover, shown=1)
    )


def example_archive(day: date) -> TemplateFile:
    """The example as it would be uploaded: a zip archive with one tab-delimited text."""
    return TemplateFile(*write_corrections(EXAMPLE, EXAMPLE_ACO, day))


def template_archive(aco_id: str, day: date) -> TemplateFile:
    """Both in one zip archive."""
    return pack_files("corrections_template.zip", (template_workbook(aco_id, day), example_archive(day)), day)


def pack_files(name: str, files: tuple[TemplateFile, ...], day: date) -> TemplateFile:
    """Several files in one zip archive."""
    return TemplateFile(name, archive.pack_all({one.name: one.content for one in files}, day))
