"""How long lists take: intake of a provider list, check of corrections, the workbooks; beside named peers where there are some.

`make bench` prepares what it needs and runs it. It prints tables and writes `lists.md`, `lists.json` and `lists.png`.
"""

# ruff: noqa: INP001  a program beside its package, started by its path
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from listing.lineup import TASKS
from listing.race import Entry, race
from listing.report import draw_chart, record, table, write_page
from rendering.machine import load, machine_facts

SIZES = (1_000, 10_000, 33_500, 200_000)
"""A middling list, a large one, the largest that an ACO has certified, and the most that a corrections file may have."""
QUICK_SIZES = SIZES[:2]
ROUNDS = 3
PATIENCE = 240.0
RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Race, print, and write the results."""
    parser = argparse.ArgumentParser(description="Measure lists beside named peers.")
    parser.add_argument(
        "--quick", action="store_true", help=f"one run each of {QUICK_SIZES} rows; results in results/quick"
    )
    parser.add_argument("--sizes", type=int, nargs="+", metavar="ROWS", help=f"rows of the lists (default {SIZES})")
    parser.add_argument("--runs", type=int, help=f"runs of each engine at each size (default {ROUNDS})")
    parser.add_argument("--out", type=Path, help="folder of the results (bench/results)")
    given = parser.parse_args(arguments)
    sizes = tuple(given.sizes or (QUICK_SIZES if given.quick else SIZES))
    rounds = given.runs or (1 if given.quick else ROUNDS)
    before = load()
    entries = race(sizes, rounds, PATIENCE, lambda line: sys.stderr.write(line.rstrip() + "\n"))
    facts = {
        **machine_facts(),
        "load average": f"{before} before, {load()} after",
        "runs": f"{rounds} of each, in turn, each ended after {PATIENCE:.0f} s",
        **{name: version(name) for name in ("esm-packets", "openpyxl")},
    }
    facts.pop("qpdf")
    _write(entries, facts, given.out or RESULTS / ("quick" if given.quick else "."))
    return 0


def _write(entries: Sequence[Entry], facts: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lists.md").write_text(write_page(entries, facts), "utf-8")
    found = {"facts": facts, "entries": record(entries)}
    (folder / "lists.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    draw_chart(entries, folder / "lists.png")
    for task, title in TASKS.items():
        sys.stdout.write("\n".join(("", title, *table(entries, task))) + "\n")
    sys.stdout.write(f"\nResults: {folder}\n")


if __name__ == "__main__":
    raise SystemExit(main())
