"""How quickly a provider/supplier roster becomes a PDF: our rendering beside ReportLab, Typst, WeasyPrint and fpdf2.

Run it as `python bench/render.py` in an environment that has `requirements/runtime.lock`, `bench/requirements.lock` and
this package; `bench/README.md` says how to make one. It prints tables and writes `render.md`, `render.json` and
`render.png`.
"""

# ruff: noqa: INP001  a program beside its package, started by its path
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rendering.lineup import ENGINES, WEASYPRINT, Engine
from rendering.machine import load, machine_facts, versions
from rendering.race import Entry, Outcome, Race
from rendering.report import by_size, ratios, record, table, write_page

SIZES = (1_000, 5_000, 33_500)
"""A middling list, a large one, and the largest that an ACO has certified."""
QUICK_SIZES = SIZES[:2]
ROUNDS = 3
PATIENCE = 240.0
RESULTS = Path(__file__).parent / "results"
PANGO = (
    "WeasyPrint needs Debian's libpango-1.0-0 and libpangoft2-1.0-0: apt-get install libpango-1.0-0 libpangoft2-1.0-0\n"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line; patience in seconds."""

    engines: tuple[Engine, ...]
    sizes: tuple[int, ...]
    rounds: int
    patience: float
    out: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Race, print, and write the results."""
    options = _options(arguments)
    before = load()
    entries = Race(options.engines, options.sizes, options.rounds, options.patience, _say).run()
    facts = {
        **machine_facts(),
        "load average": f"{before} before, {load()} after",
        "runs": f"{options.rounds} of each, in turn, each ended after {options.patience:.0f} s",
        **versions(options.engines),
    }
    _print_tables(entries)
    _write(entries, facts, options.out)
    return 0


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(description="Measure our rendering beside named peers.")
    keys = [engine.key for engine in ENGINES]
    parser.add_argument(
        "--quick", action="store_true", help=f"one run each of {QUICK_SIZES} rows; results in results/quick"
    )
    parser.add_argument(
        "--sizes", type=_positive, nargs="+", metavar="ROWS", help=f"rows of the rosters (default {SIZES})"
    )
    parser.add_argument("--runs", type=_positive, help=f"runs of each engine at each size (default {ROUNDS})")
    parser.add_argument(
        "--timeout", type=float, default=PATIENCE, metavar="SECONDS", help="end a run after so long (240)"
    )
    parser.add_argument("--engines", nargs="+", choices=keys, default=keys, help="who takes part (all)")
    parser.add_argument("--out", type=Path, help="folder of the results (bench/results)")
    given = parser.parse_args(arguments)
    return Options(
        engines=tuple(engine for engine in ENGINES if engine.key in given.engines),
        sizes=tuple(given.sizes or (QUICK_SIZES if given.quick else SIZES)),
        rounds=given.runs or (1 if given.quick else ROUNDS),
        patience=given.timeout,
        out=given.out or (RESULTS / "quick" if given.quick else RESULTS),
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _say(line: str) -> None:
    sys.stderr.write(line.rstrip() + "\n")


def _print_tables(entries: Sequence[Entry]) -> None:
    for rows, group in by_size(entries).items():
        lines = [f"\n{rows:,} rows", *table(group), "", *ratios(group)]
        sys.stdout.write("\n".join(lines) + "\n")
    if any(_is_missing(entry) for entry in entries):
        sys.stdout.write(PANGO)


def _is_missing(entry: Entry) -> bool:
    """Whether it is WeasyPrint and could not be loaded."""
    stopped = entry.stopped
    return entry.engine.key == WEASYPRINT and stopped is not None and stopped.outcome is Outcome.UNAVAILABLE


def _write(entries: list[Entry], facts: dict[str, str], folder: Path) -> None:
    from rendering.chart import draw_chart  # matplotlib is large, and the processes that are measured start from us

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "render.md").write_text(write_page(entries, facts), "utf-8")
    engines = [asdict(engine) for engine in dict.fromkeys(entry.engine for entry in entries)]
    found = {"facts": facts, "engines": engines, "entries": record(entries)}
    (folder / "render.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    draw_chart(entries, folder / "render.png")
    sys.stdout.write(f"\nResults: {folder}\n")


if __name__ == "__main__":
    raise SystemExit(main())
