"""Which documents' statuses can depend on other documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.documents.catalog import load_catalog
from packets.model.calendar import Activity, Window
from packets.model.documents import Document, Signature
from packets.model.people import Role
from packets.model.steps import document_status, waits_for_steps

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
TYPES = list(load_catalog().values())


@pytest.mark.requirement("R42", "R44")
@given(
    kind=st.sampled_from(TYPES),
    signed=st.integers(0, 9),
    ended=st.sampled_from(["", "executed", "voided"]),
    days=st.integers(-40, 40),
    finished=st.frozensets(st.sampled_from([one.kind for one in TYPES])),
)
def test_what_does_not_wait_has_the_same_status_whatever_else_is_signed(
    kind: object, signed: int, ended: str, days: int, finished: frozenset[str]
) -> None:
    """Lists of many documents look at other documents of a packet only where it can matter."""
    (of,) = [one for one in TYPES if one is kind]
    slots = tuple(Signature(one.name, "", "", Role.CMS_STAFF, NOW, "", "", "") for one in of.slots[:signed])
    times = {f"{ended}_at": NOW} if ended else {}
    document = Document("", "A1001", 2027, of.kind, "", of.step, "", 1, "", "", (), slots, **times)  # type: ignore[arg-type]
    day = (NOW + timedelta(days=days)).date()
    window = Window(Activity.SIGN, of.cohorts[0], day, day + timedelta(days=20))

    def status(among: frozenset[str]) -> str:
        return document_status(of, document, cohort=of.cohorts[0], finished=among, window=window, now=NOW)

    assert waits_for_steps(document) or status(finished) == status(frozenset())
