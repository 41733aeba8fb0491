"""Signed, in force, period: each date is a fact of its own (REQUIREMENTS 2.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from packets.documents.catalog import load_catalog
from packets.model.dates import dates_of
from packets.model.documents import Document, Signature
from packets.model.people import Role

CATALOG = load_catalog()
FACTS = {"aco": {"agreement": {"start_date": "2027-01-01", "end_date": "2031-12-31"}}}
LATE = datetime(2026, 12, 2, 3, 30, tzinfo=UTC)
"""On December 1 in the time zone of CMS."""


def document(kind: str, *slots: str, executed: bool = False) -> Document:
    signatures = tuple(
        Signature(slot, "AL01", "Ann Lee", Role.ACO_EXECUTIVE, LATE.replace(hour=number), "B-LT", "1", "a" * 64)
        for number, slot in enumerate(slots, start=1)
    )
    at = LATE if executed else None
    return Document("d", "A1001", 2027, kind, "2027.1", 6, "a" * 64, 3, "b" * 64, "c" * 64, (), signatures, at)


@pytest.mark.requirement("R3")
def test_an_agreement_is_in_force_from_the_day_of_the_last_signature_where_cms_is() -> None:
    """Before CMS has signed it is not in force, but signed by the ACO; the period is what it states."""
    kind = CATALOG["participation-agreement"]
    half = dates_of(document(kind.kind, "AuthorizedSigner"), kind, FACTS)
    assert (half.aco_signed_at, half.cms_signed_at, half.effective_on) == (LATE.replace(hour=1), None, None)
    whole = dates_of(document(kind.kind, "AuthorizedSigner", "CMS", executed=True), kind, FACTS)
    assert whole.as_json() == {
        "aco_signed_at": "2026-12-02T01:30:00+00:00",
        "cms_signed_at": "2026-12-02T02:30:00+00:00",
        "effective_on": "2026-12-01",
        "starts_on": "2027-01-01",
        "ends_on": "2031-12-31",
    }


def test_a_list_is_in_force_from_the_first_day_of_the_year_and_has_no_period() -> None:
    """Its manifest says so."""
    kind = CATALOG["participant-list"]
    dates = dates_of(document(kind.kind, "AuthorizedSigner", executed=True), kind, FACTS)
    assert (dates.effective_on, dates.cms_signed_at, dates.starts_on, dates.ends_on) == (
        date(2027, 1, 1),
        None,
        None,
        None,
    )


def test_a_data_use_agreement_runs_from_its_effect_to_the_day_it_is_extended_to() -> None:
    """Half signed by the ACO is not signed by the ACO."""
    kind = CATALOG["data-use-agreement"]
    facts = FACTS | {"dua": {"extended_to": "2027-12-31"}}
    half = dates_of(document(kind.kind, "Requestor_16"), kind, facts)
    assert (half.aco_signed_at, half.starts_on, half.ends_on) == (None, None, date(2027, 12, 31))
    whole = dates_of(document(kind.kind, "Requestor_16", "Custodian_17", "CMS_20", executed=True), kind, facts)
    assert (whole.aco_signed_at, whole.starts_on) == (LATE.replace(hour=2), date(2026, 12, 1))


def test_a_voided_document_is_not_in_force() -> None:
    """Its signatures keep their times."""
    kind = CATALOG["participation-agreement"]
    voided = replace(document(kind.kind, "AuthorizedSigner", "CMS", executed=True), voided_at=LATE)
    dates = dates_of(voided, kind, {})
    assert (dates.effective_on, dates.cms_signed_at, dates.starts_on) == (None, LATE.replace(hour=2), None)
