"""Mutants by the thousand: `make faults`, or `python -m faults.mutants --count 500 --seed 7` (with tests/ on the path).

Each is judged under both settings of trust. What the forms of revisions and containers refuse cannot pass; of those one in
twenty is judged in full all the same, and the two must agree. A mutant that is missed is told by its seed, which makes it again:
`python -m attacks.mutants SEED`.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence

from attacks.mutants import Mutant, mutate
from attacks.oracle import judge
from signing.standalone.pdf_values import FormError
from signing.standalone.revision_forms import check_revisions

COUNT, QUICK = 20_000, 300
FULLY = 20
"""Of what the forms refuse, one in so many is judged in full."""


def is_missed(mutant: Mutant) -> tuple[bool, bool]:
    """Whether a mutant came through and differs, and whether it passed at all."""
    try:
        check_revisions(mutant.pdf)
    except FormError:
        if mutant.seed % FULLY:
            return False, False
        judged = judge(mutant)
        return judged.alone or judged.helped, judged.helped
    judged = judge(mutant)
    return judged.missed, judged.alone or judged.helped


def run(count: int, seed: int) -> str:
    """Try so many mutants.

    Raises:
        AssertionError: one came through that differs from what it was made of; with its seed.
    """
    tried = passed = 0
    while tried < count:
        mutant = mutate(seed)
        if mutant is not None:
            missed, alike = is_missed(mutant)
            assert not missed, f"seed {seed}: {mutant.family}, {mutant.subject} passes and differs"
            tried, passed = tried + 1, passed + alike
        seed += 1
    return f"{tried:,} mutants, {passed:,} passed and are what they were made of, no fault"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try as many as were asked for."""
    parser = argparse.ArgumentParser(description="Change signed documents at random and see that nothing false passes.")
    parser.add_argument("--count", type=int, default=COUNT, help=f"how many ({COUNT:,})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK}")
    parser.add_argument("--seed", type=int, help="the seed of the first, to repeat a run (a new one)")
    given = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    seed = time.time_ns() % 2**32 if given.seed is None else given.seed
    sys.stdout.write(f"mutants: seed {seed}\n")
    sys.stdout.flush()
    sys.stdout.write(f"mutants: {run(QUICK if given.quick else given.count, seed)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
