"""The page that says who is told what is what the code does."""

from __future__ import annotations

import who_is_told
from packets.notices.topics import TOLD, Topic


def test_the_page_is_what_the_code_says() -> None:
    """`python -m who_is_told` writes it again."""
    assert who_is_told.PAGE.read_text("utf-8") == who_is_told.write_page()


def test_every_topic_has_an_occasion_and_a_circle() -> None:
    """Each either happens or comes by a schedule, never both."""
    assert set(TOLD) == set(Topic) == set(who_is_told.WHEN) | set(who_is_told.SCHEDULES)
    assert not set(who_is_told.WHEN) & set(who_is_told.SCHEDULES)
