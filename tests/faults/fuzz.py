"""Runs that look for faults with chance on their side: `make faults`, or `python -m faults.fuzz --seconds 60 corrections-intake`.

A run is a function that tries cases until its time is up and tells how many. It raises on the first fault, with the smallest case
that shows it. Every run prints its seed: the same seed gives the same cases. A new run is a line in `RUNS`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from faults import corrections_intake

RUNS: dict[str, Callable[[float, int], str]] = {
    "corrections-intake": corrections_intake.run,
}
"""What is run, by name: given seconds and a seed, it answers with a sentence on what was tried."""
SECONDS = 600.0
QUICK_SECONDS = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the time is divided evenly."""
    parser = argparse.ArgumentParser(description="Look for faults with random and mutated input.")
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"which runs (all): {', '.join(RUNS)}")
    parser.add_argument("--seconds", type=float, help=f"time for all runs together ({SECONDS:.0f})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS:.0f} seconds")
    parser.add_argument("--seed", type=int, help="the seed of an earlier run, to repeat it (a new one)")
    given = parser.parse_args(arguments)
    if unknown := set(given.runs) - set(RUNS):
        parser.error(f"no such run: {', '.join(sorted(unknown))}")
    names = given.runs or list(RUNS)
    seconds = given.seconds or (QUICK_SECONDS if given.quick else SECONDS)
    seed = time.time_ns() % 2**32 if given.seed is None else given.seed
    for name in names:
        sys.stdout.write(f"{name}: {seconds / len(names):.0f} s, seed {seed}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{name}: {RUNS[name](seconds / len(names), seed)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
