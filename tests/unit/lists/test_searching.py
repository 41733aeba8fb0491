"""What a search finds in a row, and what it never looks at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.lists.columns import CORRECTIONS, LAYOUTS, PARTICIPANTS, PROVIDER_SUPPLIER, Kind
from packets.lists.name_mismatches import NameMismatch, find_mismatches
from packets.lists.searching import fold, search_words, searchable, tin_name, tin_part

ROW = ("A0001", "One ACO", "012345678", "Clinic Ăn", "010005", "CLINIC", "", "1234567893", "Đức", "Muñoz O’Brien", "0")


@pytest.mark.parametrize("wanted", ["munoz", "MUÑOZ", "brien clinic", "1234567893", "01000", "an", "đức"])
def test_words_are_found_whatever_their_case_accents_and_order(wanted: str) -> None:
    """Every word stands in the row."""
    assert all(word in searchable("provider-supplier", ROW) for word in search_words(wanted))


def test_no_word_is_found_across_two_cells() -> None:
    """The end of one cell and the beginning of the next make no word."""
    assert "1234567893đức" not in searchable("provider-supplier", ROW)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=str)
def test_tins_and_what_every_row_says_are_not_searched(layout: object) -> None:
    """The digits of a TIN cannot be guessed by searching (REQ 4.3)."""
    one = LAYOUTS[getattr(layout, "name", "")]
    row = tuple(f"cell{at}x" for at in range(len(one.columns)))
    found = set(searchable(one.name, row).split())
    left_out = {at for at, column in enumerate(one.columns) if column.kind in {Kind.TIN, Kind.ACO_ID}}
    assert left_out
    assert not found & {row[at] for at in left_out}


def test_a_list_that_only_a_document_type_knows_is_not_searched() -> None:
    """Nobody has said which of its cells are TINs."""
    assert searchable("vehicles", ("012345678",)) == ""
    assert tin_name("vehicles", ("012345678",)) == ""


def test_the_legal_name_of_a_tin_is_known_where_the_list_has_one() -> None:
    """Both lists of names; corrections have none."""
    assert tin_name("provider-supplier", ROW) == "Clinic Ăn"
    participant = tuple(column.key for column in PARTICIPANTS.columns)
    assert tin_name("participants", participant) == "legal_name"
    assert tin_name("corrections", tuple(column.key for column in CORRECTIONS.columns)) == ""


@given(st.text())
def test_folding_twice_is_folding_once_for_words_that_are_looked_for(text: str) -> None:
    """A word that was copied from a folded cell is found in it."""
    for word in search_words(text):
        assert word in fold(text) or len(text) > 80
        assert search_words(word) == tuple(search_words(fold(word)))


@pytest.mark.parametrize(
    ("word", "digits"), [("12-3456789", "123456789"), ("3456", "3456"), ("-", ""), ("a1", ""), ("٣", "")]
)
def test_a_tin_is_looked_for_with_and_without_its_hyphen(word: str, digits: str) -> None:
    """Other words cannot be part of one."""
    assert tin_part(word) == digits


def test_names_that_differ_by_case_accents_and_signs_agree() -> None:
    """What two typists do differently is no difference."""
    here = [("1", "Smith & Sons, M.D., P.A."), ("2", "Clínica Azul"), ("3", "North Clinic"), ("4", "Only Here")]
    there = [("1", "SMITH AND SONS MD PA"), ("2", "CLINICA  AZUL"), ("3", "North Clinic LLC"), ("5", "Only There")]
    assert find_mismatches(here, there) == (NameMismatch("3", "North Clinic", "North Clinic LLC"),)


def test_a_tin_with_several_names_agrees_with_any_of_them() -> None:
    """Of two names on this list, the one that the other list does not know is told."""
    here = [("1", "Old Name"), ("1", "New Name")]
    assert find_mismatches(here, [("1", "new name"), ("1", "Third")]) == (NameMismatch("1", "Old Name", "new name"),)


def test_the_eleven_columns_name_the_tin() -> None:
    """The layouts say which column does."""
    assert PROVIDER_SUPPLIER.tin_name in PROVIDER_SUPPLIER.keys
    assert PARTICIPANTS.tin_name in PARTICIPANTS.keys
