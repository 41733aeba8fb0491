"""The fault runs: `python -m faults.runs` (with tests/ on the path), which is what `make faults` calls.

Each run breaks one thing many times, and after every time the independent checker looks at everything that changed: nothing
that somebody was told is missing, nothing half signed is visible, what was open is closed, and the work can be done again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from faults.failures import fail_in_turn
from faults.full_disks import fill_disks, may_mount
from faults.kills import kill_at_places, kill_at_random
from faults.races import race
from faults.stage import Tally

HEADINGS = (
    "fault",
    "times",
    "told done",
    "recorded",
    "given up",
    "unrecorded files",
    "slowest recovery ms",
    "problems",
)
HEAD = """# Faults: what was broken, how often, and what was lost

Made by `make faults{form}` with the seed {seed} in {minutes:.0f} minutes, on SQLite and local files.

- *Times*: how often the fault happened. *Told done*: signatures that a worker was answered; each must be recorded.
- *Given up*: intents that the reconciler closed. *Recovery*: how long it took at the next start.
- *Unrecorded files*: bytes of signatures that never counted; they are kept and never served.
- *Problems*: whatever the independent checker (`esm fsck`) found after each fault. It must be 0.

A process that is killed leaves what it wrote to the operating system: loss of power was not tried.

"""


@dataclass(frozen=True, slots=True)
class Size:
    """How often each thing is broken."""

    kills: int
    at_places: int
    most_calls: int
    races: int
    disks: int


SIZES = {
    "quick": Size(kills=25, at_places=2, most_calls=6, races=4, disks=1),
    "normal": Size(kills=1000, at_places=20, most_calls=1000, races=300, disks=5),
    "long": Size(kills=10_000, at_places=100, most_calls=1000, races=10_000, disks=20),
}
Run: TypeAlias = Callable[[Path, Size, int], Iterator[Tally]]
RUNS: dict[str, Run] = {
    "kills": lambda folder, size, seed: kill_at_random(folder, size.kills, seed),
    "places": lambda folder, size, seed: kill_at_places(folder, size.at_places, seed),
    "failures": lambda folder, size, _seed: fail_in_turn(folder, size.most_calls),
    "races": lambda folder, size, seed: race(folder, size.races, seed),
    "disks": lambda folder, size, _seed: fill_disks(folder, size.disks),
}


def main() -> int:
    """Run, tell, write down; 1 when there was a problem."""
    given = _arguments()
    logging.disable(logging.CRITICAL)
    began, tallies = time.monotonic(), []
    for name in given.only or RUNS:
        if name == "disks" and not may_mount():
            sys.stdout.write("disks: left out, only root can mount a small disk\n")
            continue
        with tempfile.TemporaryDirectory(prefix="esm-faults-") as folder:
            for tally in RUNS[name](Path(folder) / name, SIZES[given.size], given.seed):
                tallies.append(tally)
                _tell(tally)
    if given.report:
        _write(given.report, tallies, given, time.monotonic() - began)
    broken = sum(bool(tally.problems) for tally in tallies)
    sys.stdout.write(f"{len(tallies) - broken} passed, {broken} failed\n")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--size", choices=SIZES, default="normal")
    parser.add_argument("--only", choices=RUNS, action="append")
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--report", type=Path, help="where to write the table, Markdown")
    return parser.parse_args()


def _tell(tally: Tally) -> None:
    sys.stdout.write(f"{tally.name}: {tally.faults} times, {len(tally.problems)} problems\n")
    for one in tally.problems[:10]:
        sys.stdout.write(f"    {one}\n")
    sys.stdout.flush()


def _write(path: Path, tallies: list[Tally], given: argparse.Namespace, seconds: float) -> None:
    form = "" if given.size == "normal" else f" ({given.size})"
    lines = [f"| {' | '.join(HEADINGS)} |", f"|---|{'---:|' * (len(HEADINGS) - 1)}"]
    for one in tallies:
        counts = (one.faults, one.acknowledged, one.recorded, one.abandoned, one.orphans)
        cells = [one.name, *(f"{count:,}" for count in counts), f"{one.slowest_recovery_ms:.0f}", len(one.problems)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    head = HEAD.format(form=form, seed=given.seed, minutes=max(1, seconds / 60))
    path.write_text(head + "\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
