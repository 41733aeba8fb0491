"""A list as a document carries it: the roster's columns, excluded rows apart, no cell that looks forgotten."""

from __future__ import annotations

import pytest

from packets.documents.frozen_facts import roster_facts
from packets.lists.columns import PROVIDER_SUPPLIER
from packets.model.documents import Roster, RosterColumn

ROSTER = Roster(
    name="providers",
    source="provider-supplier",
    title="Providers",
    columns=(RosterColumn("npi", "NPI", 1), RosterColumn("ccn", "CCN", 1), RosterColumn("last_name", "Last name", 2)),
    group_by="tin",
    group_label="tin_legal_name",
    excluded_by="excluded",
)


def row(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(key, "") for key in PROVIDER_SUPPLIER.keys)


@pytest.mark.requirement("R49")
def test_excluded_rows_stand_apart_and_only_the_rosters_columns_are_carried() -> None:
    """Flag 1 goes to the table of the excluded; group values come first, then the columns in their order."""
    one = row(tin="961234567", tin_legal_name="Mesa", npi="2000000002", last_name="Ruiz", excluded="0")
    other = row(tin="961234567", tin_legal_name="Mesa", npi="2000000010", last_name="Poe", excluded="1")

    facts = roster_facts(ROSTER, [one, other])

    assert facts == {
        "columns": ["tin", "tin_legal_name", "npi", "ccn", "last_name"],
        "rows": [["961234567", "Mesa", "2000000002", "N/A", "Ruiz"]],
        "excluded": [["961234567", "Mesa", "2000000010", "N/A", "Poe"]],
    }


def test_a_list_without_a_layout_has_the_columns_of_its_roster() -> None:
    """A document type of one's own may bring a list that the service has never heard of."""
    own = Roster(
        "affiliates", "snf-affiliates", "Affiliates", (RosterColumn("name", "Name", 1), RosterColumn("ccn", "CCN", 1))
    )

    assert roster_facts(own, [("Oak Home", "")]) == {
        "columns": ["name", "ccn"],
        "rows": [["Oak Home", "N/A"]],
        "excluded": [],
    }
