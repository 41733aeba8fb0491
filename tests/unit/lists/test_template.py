"""The corrections template: what is in it, and that its example is right."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from packets.errors import InputError
from packets.lists.columns import CORRECTIONS
from packets.lists.correction_rows import ADD, DELETE, REASONS, Standing
from packets.lists.corrections import read_corrections
from packets.lists.template import (
    EXAMPLE,
    EXAMPLE_ACO,
    EXAMPLE_LISTED,
    EXAMPLE_LISTED_CCNS,
    EXAMPLE_TINS,
    RULES,
    example_archive,
    template_archive,
    template_workbook,
)
from packets.lists.text import NO_VALUE, join_cells
from packets.model.identifiers import AcoId, Tin

DAY = date(2026, 11, 25)
STANDING = Standing(AcoId(EXAMPLE_ACO), frozenset(map(Tin, EXAMPLE_TINS)), EXAMPLE_LISTED, EXAMPLE_LISTED_CCNS)


def workbook() -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(template_workbook("A1234", DAY).content))


@pytest.mark.requirement("R43", "R61", "R62")
def test_the_example_is_a_file_that_the_service_accepts() -> None:
    """Every kind of row, for the ACO that the example is about."""
    made = example_archive(DAY)
    accepted = read_corrections(made.content, made.name, STANDING)
    assert accepted.rows == EXAMPLE
    assert (accepted.additions, accepted.deletions) == (2, 2)
    assert {(bool(row[2]), row[1]) for row in EXAMPLE} == {(True, ADD), (True, DELETE), (False, ADD), (False, DELETE)}


def test_for_any_other_aco_the_example_is_refused() -> None:
    """Whoever uploads it unchanged is told so; it never becomes anybody's corrections."""
    made = example_archive(DAY)
    with pytest.raises(InputError) as refusal:
        read_corrections(made.content, made.name, Standing(AcoId("A1234"), frozenset({Tin("961111111")}), frozenset()))
    assert {"aco-id-differs", "file-name-aco", "tin-not-approved"} <= {one.code for one in refusal.value.problems}


@pytest.mark.requirement("R43", "R58", "R62")
def test_the_workbook_opens_on_an_empty_sheet_named_so_that_saving_it_gives_the_right_name() -> None:
    """Instructions before it, the example behind; headings as the reader wants them; every cell will be a text."""
    book = workbook()
    assert template_workbook("A1234", DAY).name == "A1234_ProviderSupCorrection_11252026.xlsx"
    assert book.sheetnames == ["Instructions", "Corrections", "Example"]
    sheet = book["Corrections"]
    assert book.active is sheet
    assert [tuple(row) for row in sheet.iter_rows(values_only=True)] == [CORRECTIONS.headings]
    assert {sheet.column_dimensions[letter].number_format for letter in "ABCDEFGH"} == {"@"}


def test_the_choices_of_action_and_reason_can_be_picked() -> None:
    """A spreadsheet offers them and refuses others, for as many rows as a file may have."""
    rules = {str(one.sqref): one.formula1 for one in workbook()["Corrections"].data_validations.dataValidation}
    assert rules == {"B2:B200001": '"A,D"', "H2:H200001": f'"{",".join(REASONS)}"'}


def test_the_sheet_of_the_example_saved_as_text_is_accepted_too() -> None:
    """What a spreadsheet writes when that sheet is saved as tab-delimited text."""
    rows = [tuple(str(cell) for cell in row) for row in workbook()["Example"].iter_rows(values_only=True)]
    assert all(NO_VALUE in row for row in rows[1:])
    text = "".join(join_cells(row) + "\r\n" for row in rows).encode("cp1252")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("A0001_ProviderSupCorrection_11252026.txt", text)
    accepted = read_corrections(target.getvalue(), "A0001_ProviderSupCorrection_11252026.zip", STANDING)
    assert accepted.rows == EXAMPLE


def test_every_column_has_its_rule_among_the_instructions() -> None:
    """In the words that the guide has too."""
    told = {row[0]: row[1] for row in workbook()["Instructions"].iter_rows(values_only=True)}
    assert RULES.keys() == set(CORRECTIONS.keys)
    assert all(told[f"Column {column.heading}"] == RULES[column.key] for column in CORRECTIONS.columns)


@pytest.mark.requirement("R43")
def test_both_come_together_in_one_archive() -> None:
    """The same files, and the same bytes on the same day."""
    made = template_archive("A1234", DAY)
    with zipfile.ZipFile(io.BytesIO(made.content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    both = (template_workbook("A1234", DAY), example_archive(DAY))
    assert files == {one.name: one.content for one in both}
    assert template_archive("A1234", DAY) == made
