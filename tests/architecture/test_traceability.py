"""Every requirement is held by a test, or is named as open; the page that says so is up to date."""

from __future__ import annotations

import traceability


def test_marks_name_requirements_that_exist() -> None:
    """A number that nobody wrote down holds nothing."""
    assert set(traceability.marked_tests()) <= set(traceability.TEXTS)


def test_every_requirement_has_a_test_or_is_named_as_open() -> None:
    """A test that is dropped is missed here; one that is written takes its requirement off the list."""
    untested = set(traceability.TEXTS) - set(traceability.marked_tests())
    assert untested == traceability.OPEN


def test_all_numbers_are_there() -> None:
    """R1 to R78 and E1 to E20, each once."""
    assert set(traceability.TEXTS) == {f"R{one}" for one in range(1, 79)} | {f"E{one}" for one in range(1, 21)}


def test_the_page_is_what_the_tests_say() -> None:
    """`make requirements` writes it again."""
    assert traceability.PAGE.read_text("utf-8") == traceability.write_page()
