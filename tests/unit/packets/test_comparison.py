"""Last year against this year, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from packets.documents.comparison import describe_differences


def facts(**changed: Any) -> dict[str, Any]:
    aco = {"legal_name": "Cedar", "cohort": "new", "agreement": {"track": "BASIC, level A", "end_date": "2031-12-31"}}
    aco |= changed.pop("aco", {})
    contacts = [
        {"label": "ACO Executive", "name": "Ann Lee", "user_id": "AL01", "designee": True},
        {"label": "Public Contact", "name": "Bo Ray", "user_id": "", "designee": False},
    ]
    base = {"aco": aco, "contacts": contacts, "document": {"performance_year": 2027}, "issuers": ["x"], "rosters": {}}
    return base | changed


def test_the_first_document_and_one_that_only_the_year_changed() -> None:
    """What differs every year is no difference."""
    assert describe_differences(None, facts()) == "First of its kind for this ACO"
    same = facts(document={"performance_year": 2026}, issuers=["y"], sample=True)
    assert describe_differences(same, facts()) == "Nothing but the year"


@pytest.mark.parametrize(
    ("before", "now", "line"),
    [
        (facts(aco={"legal_name": "Cedar Inc."}), facts(), "legal name: “Cedar Inc.” is now “Cedar”"),
        (
            facts(aco={"agreement": {"track": "ENHANCED", "end_date": "2031-12-31"}}),
            facts(),
            "agreement track: “ENHANCED” is now “BASIC, level A”",
        ),
        (
            facts(rosters={"providers": {"rows": [[], []]}}),
            facts(rosters={"providers": {"rows": [[]]}}),
            "rows of providers: “2” is now “1”",
        ),
        (facts(contacts=[]), facts(), "ACO Executive: empty is now “Ann Lee AL01”"),
        (facts(), facts(contacts=[]), "ACO Executive: “Ann Lee AL01” is now empty"),
    ],
)
def test_a_difference_is_told_in_words(before: dict[str, Any], now: dict[str, Any], line: str) -> None:
    """Name, both values; contacts who sign nothing are left out."""
    assert describe_differences(before, now) == line


def test_a_long_line_ends_with_how_many_more_there_are() -> None:
    """Four are enough to decide to look closer."""
    before = facts(aco={f"fact_{number}": "old" for number in range(6)})
    line = describe_differences(before, facts(aco={f"fact_{number}": "new" for number in range(6)}))
    assert line.endswith("; and 2 more")
    assert line.count(" is now ") == 4
