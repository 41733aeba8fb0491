"""Rosters are printed whole, in order, under their groups, on as many pages as they need."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from packets.model.documents import DocumentType
from packets.render.document import render_document

Reads = Callable[[bytes], str]


@pytest.fixture
def long_list(facts: dict[str, Any]) -> dict[str, Any]:
    """600 rows in groups of 1 to 150 rows, with long names and all three scripts."""
    names = [
        "Smith",
        "Nuñez-Castellanos de la Fuente y Martínez-Bordiú",
        "Παπαδόπουλος",
        "Щербакова",
        "O’Brien & (Sons) \\ Co",
    ]
    sizes = [150, 1, 2, 47, 150, 100, 150]
    facts["rosters"]["people"]["rows"] = [
        [f"{100 + group}", f"Group {group}", f"1{group:02}{index:07}", f"{names[index % 5]} {index}", "RHC"]
        for group, size in enumerate(sizes)
        for index in range(size)
    ]
    return facts


def test_every_row_is_there_in_order(
    with_body: Callable[..., DocumentType], long_list: dict[str, Any], words_of: Reads
) -> None:
    """Another program reads every row, each whole, in the order of the data."""
    words = words_of(render_document(with_body('<roster name="people"/>'), long_list).pdf)
    rows = long_list["rosters"]["people"]["rows"]
    assert re.findall(r"\b1\d{9}\b", words) == [row[2] for row in rows] + ["1999999999"]
    assert all(f"{row[2]} {row[3]} RHC" in words for row in rows)


def test_the_summary_stands_first_and_excluded_rows_stand_apart(
    with_body: Callable[..., DocumentType], long_list: dict[str, Any], words_of: Reads
) -> None:
    """Counts come before the rows; excluded rows have a heading of their own and do not count."""
    words = words_of(render_document(with_body('<roster name="people"/>'), long_list).pdf)
    assert words.index("This list has 600 rows, under 7 Participant TINs.") < words.index("1000000000")
    assert words.index("The people: excluded") > words.index("1060000149")
    assert "1 row marked as excluded." in words


def test_groups_have_headings_and_bookmarks(
    with_body: Callable[..., DocumentType], long_list: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """The outline leads to each group of the list, below the list's own entry."""
    reader = reader_of(render_document(with_body('<roster name="people"/>'), long_list).pdf)
    lists = [one for one in reader.outline if isinstance(one, list)]
    assert [one["/Title"] for one in lists[0]] == [
        f"Participant TIN {100 + group} – Group {group}" for group in range(7)
    ]
    pages = [reader.get_destination_page_number(one) for one in lists[0]]
    assert pages == sorted(pages)
    assert pages[0] == 0
    assert pages[-1] > 5


def test_headings_are_repeated_on_every_page_but_read_once(
    with_body: Callable[..., DocumentType], long_list: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """A page that goes on with a group shows its name and the column headings, marked as artifacts."""
    reader = reader_of(render_document(with_body('<roster name="people"/>'), long_list).pdf)
    page = next(page for page in reader.pages if "Participant TIN 100 – Group 0 (continued)" in page.extract_text())
    content = page.get_contents()
    assert content is not None
    before = content.get_data().split(b"/TD <<")[0]
    assert b"/TH <<" not in before
    assert before.count(b"/Artifact BMC") > 3


def test_rows_out_of_order_are_gathered_under_one_heading(
    with_body: Callable[..., DocumentType], facts: dict[str, Any], words_of: Reads
) -> None:
    """A group whose rows are scattered in the data has one heading, and its rows keep their order."""
    rows = [
        ["2", "Two", "1000000001", "a", ""],
        ["1", "One", "1000000002", "b", ""],
        ["2", "Two", "1000000003", "c", ""],
    ]
    facts["rosters"]["people"] = {"rows": rows, "excluded": []}
    words = words_of(render_document(with_body('<roster name="people"/>'), facts).pdf)
    assert words.count("Participant TIN 2 – Two") == 1
    assert re.findall(r"\b1\d{9}\b", words) == ["1000000001", "1000000003", "1000000002"]


def test_an_empty_roster_says_so(
    with_body: Callable[..., DocumentType], facts: dict[str, Any], words_of: Reads
) -> None:
    """A list without rows is a statement too."""
    facts["rosters"]["people"] = {"rows": [], "excluded": []}
    assert "This list has 0 rows." in words_of(render_document(with_body('<roster name="people"/>'), facts).pdf)


def test_nothing_leaves_the_page(
    with_body: Callable[..., DocumentType], facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """A name of 500 letters without a space is wrapped inside its column: no text starts or ends outside the margins."""
    facts["rosters"]["plain"]["rows"] = [["1", "W" * 500, "M" * 200]]
    reader = reader_of(render_document(with_body('<roster name="plain"/>'), facts).pdf)
    words = "".join(page.extract_text() for page in reader.pages)
    assert words.count("W") == 500
    places: list[tuple[float, float]] = []
    reader.pages[0].extract_text(
        visitor_text=lambda text, _cm, tm, _font, _size: (
            places.append((tm[4], tm[4] + 7.8 * text.count("W"))) if "W" in text else None
        )
    )
    assert places
    assert all(left >= 72 and right <= 72 + 468 for left, right in places)
