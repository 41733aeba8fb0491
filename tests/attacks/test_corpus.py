"""Everything in the corpus is caught, and every clean file passes: a verifier that refuses all would be no use."""

from __future__ import annotations

import pytest

from attacks.corpus import FAMILIES, attempt, ledger, variants
from attacks.outsiders import states
from signed_files import NOW, keys
from signing.verify import verify_pdf

FEWEST = 450
"""The corpus must not shrink unseen."""


@pytest.mark.parametrize("family", FAMILIES)
def test_no_variant_of_a_family_comes_through(family: str) -> None:
    """Not with the record at hand, not past its digest, and not alone unless the file itself is genuine."""
    assert [one.variant.name for one in map(attempt, variants(family)) if one.missed] == []


def test_every_clean_revision_passes() -> None:
    """Sealed, signed, closed: alone each passes, and the closed one agrees with the record."""
    assert all(verify_pdf(pdf, keys().trust, now=NOW).passed for pdf in states().values())
    assert verify_pdf(states()["closed"], keys().trust, expected=ledger(), now=NOW).passed


def test_the_corpus_is_as_large_as_it_was() -> None:
    """Variants that were dropped by accident are missed here, and no two of them are the same file."""
    files = [one.pdf for family in FAMILIES for one in variants(family)]

    assert len(files) >= FEWEST
    assert len(set(files)) == len(files)
