"""Columns: what templates, files and rows agree on."""

from __future__ import annotations

import pytest

from packets.documents.catalog import load_catalog
from packets.lists.columns import LAYOUTS, PROVIDER_SUPPLIER


@pytest.mark.requirement("R47")
def test_the_provider_supplier_list_has_the_eleven_columns_of_the_guide() -> None:
    """In the order of the guide."""
    assert PROVIDER_SUPPLIER.headings == (
        "ACO ID", "ACO Name", "TIN", "TIN Legal Business Name", "CCN", "CCN Legal Name", "CCN Facility Type", "Individual NPI",
        "NPI First Name", "NPI Last Name", "Excluded Flag",
    )  # fmt: skip


def test_every_roster_of_every_document_type_takes_its_values_from_a_list() -> None:
    """A roster names a list, and every value that it prints, groups by or excludes by is a column of that list."""
    rosters = [roster for document_type in load_catalog().values() for roster in document_type.rosters]
    assert rosters
    for roster in rosters:
        keys = {*roster.keys, roster.excluded_by} - {""}
        assert keys <= set(LAYOUTS[roster.source].keys), roster.name


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_no_column_stands_twice(name: str) -> None:
    """A key and a heading have one place each."""
    layout = LAYOUTS[name]
    assert [layout.place(key) for key in layout.keys] == list(range(len(layout.columns)))
    assert len(set(layout.headings)) == len(layout.headings)
