"""Documents of every type and state, changed at random: what passes is what it was made of, by the eyes of other programs."""

from __future__ import annotations

import pytest

from attacks.mutants import MAKERS, Mutant, mutate
from attacks.oracle import judge, look
from attacks.subjects import EXECUTED, both_trusted, closed_by_others, subjects
from signed_files import NOW, keys
from signing.revisions import open_writer
from signing.verify import verify_pdf

EACH = 30
"""Mutants of each family; together more than four hundred."""
FEWEST = 400
SEED = 20261201


def mutants(family: str) -> list[Mutant]:
    """The mutants of a family, each another file."""
    found: dict[bytes, Mutant] = {}
    for seed in range(SEED, SEED + 4 * EACH):
        mutant = mutate(seed, family) if len(found) < EACH else None
        if mutant is not None:
            found[mutant.pdf] = mutant
    return list(found.values())


@pytest.mark.parametrize("family", MAKERS)
def test_no_mutant_that_passes_differs_from_what_it_was_made_of(family: str) -> None:
    """Under our root alone, and with an authority that stamps for anybody: pages, actions and signers are the same."""
    judged = [judge(mutant) for mutant in mutants(family)]
    assert len(judged) >= FEWEST / len(MAKERS)
    missed = [(one.mutant.seed, family, one.mutant.subject, one.differences) for one in judged if one.missed]
    assert missed == []


def test_every_document_that_mutants_are_made_of_passes() -> None:
    """A verifier that refuses all would miss nothing: each type in each state passes, and a renewal by others too."""
    for subject in subjects():
        assert verify_pdf(subject.pdf, keys().trust, now=NOW).passed, subject.name
    for subject in [one for one in subjects() if one.name.endswith(EXECUTED)]:
        renewed = closed_by_others(open_writer(subject.pdf), "Archive_2")
        assert verify_pdf(renewed, both_trusted(), now=NOW).passed, subject.name
        assert not verify_pdf(renewed, keys().trust, now=NOW).passed
        assert look(renewed) == look(subject.pdf)
