"""The pure parts of `bench/deadline.py`: who is played, what the browser understands, and what counts as lost or invented."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from packets.model.people import Role
from packets.sample.year import sample_year

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TOLD = ("d1", "Requestor_16", "AB12")
PAGE = """<html><head><link rel="stylesheet" href="/look/one.css"></head><body><h1>Sign: A &amp; B</h1>
<form method="get" action="/archive"><input type="hidden" name="no" value="no"></form>
<form method="post" action="/sign-out"><input type="hidden" name="csrf_token" value="t1"></form>
<form method="post"><input type="hidden" name="csrf_token" value="t2"><input type="password" name="password"></form>
<a href="/documents/d1/read">Read and <b>sign</b>: A1, 2027</a></body></html>"""


@pytest.fixture(name="part")
def _part(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the program."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "bench")
    return lambda name: import_module(f"deadline_day.{name}")


def test_offices_share_their_people_and_everybody_is_played_once(part: Any) -> None:
    """Seven designees: three offices, the last of which plays one."""
    people = part("people")
    made = people.offices(sample_year(2027, people.acos_for(7), now=NOW))

    played = people.played_in(made, 7)

    assert len(made.acos) == 9
    assert all(one.contacts == made.acos[place - place % 3].contacts for place, one in enumerate(made.acos))
    assert len({user_id for user_id, _ in played}) == 7
    assert [role for _, role in played[:3]] == [Role.ACO_EXECUTIVE, Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN]


@pytest.mark.parametrize(
    ("values", "share", "found"), [((), 0.5, 0), ((3, 1, 2), 0.5, 2), (range(1, 101), 0.95, 95), ((7,), 1, 7)]
)
def test_a_percentile_is_a_value_that_was_measured(part: Any, values: Any, share: float, found: float) -> None:
    """The nearest rank; the largest at one."""
    assert part("people").percentile(values, share) == found


def test_the_browser_reads_links_forms_and_what_a_page_loads(part: Any) -> None:
    """Hidden fields of forms that are sent, each form by its action; words of links across their marks."""
    page = part("browser").Page(PAGE)

    assert page.heading == "Sign: A & B"
    assert page.looks == ["/look/one.css"]
    assert page.link("Read and sign: A1", "/documents/") == "/documents/d1/read"
    assert page.form("/sign-out").fields == {"csrf_token": "t1"}
    assert page.form("/documents/d1/sign/S").fields == {"csrf_token": "t2"}


@pytest.mark.parametrize(
    ("told", "recorded", "problems"),
    [
        ([TOLD], [TOLD], 0),
        ([TOLD], [], 2),
        ([TOLD, TOLD], [TOLD], 2),
        ([TOLD], [("d1", "Requestor_16", "CD34")], 1),
        ([], [TOLD], 1),
    ],
)
def test_lost_doubled_changed_and_invented_signatures_are_told(
    part: Any, told: Any, recorded: Any, problems: int
) -> None:
    """Whoever was told is recorded once, as themselves; nobody else is."""
    rows = [dict(zip(("document_id", "slot", "user_id"), one, strict=True)) for one in recorded]

    assert len(list(part("judgement").differences(told, rows, 0))) == problems
