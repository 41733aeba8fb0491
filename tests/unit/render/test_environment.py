"""The filters that bodies write dates, numbers and addresses with."""

from __future__ import annotations

import pytest

from packets.errors import RenderError
from packets.render.environment import write_markup

ADDRESS = {"line_1": "1 Main St", "line_2": "", "city": "Salem", "state": "OR", "zip_code": "97301"}


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("'2027-01-01'|date", "January 1, 2027"),
        ("12345|number", "12,345"),
        ("1|plural('row')", "1 row"),
        ("0|plural('row')", "0 rows"),
        ("1200|plural('entry', 'entries')", "1,200 entries"),
        ("address|address", "1 Main St, Salem, OR 97301"),
        ("dict(address, line_2='Suite 2')|address", "1 Main St, Suite 2, Salem, OR 97301"),
        ("'<b>&'", "&lt;b&gt;&amp;"),
    ],
)
def test_filters_write_what_people_read(expression: str, written: str) -> None:
    """Dates, numbers, plurals and addresses are in plain American English; everything is escaped."""
    assert write_markup(f"{{{{ {expression} }}}}", {"address": ADDRESS}) == written


@pytest.mark.parametrize(
    "expression", ["missing", "address.missing", "'soon'|date", "1/0", "address.update(city='x')", "1|unknown"]
)
def test_what_cannot_be_written_is_refused(expression: str) -> None:
    """Undefined names, wrong values, changes of data and unknown filters are refusals with a line."""
    with pytest.raises(RenderError, match="line 2"):
        write_markup(f"\n{{{{ {expression} }}}}", {"address": dict(ADDRESS)})
