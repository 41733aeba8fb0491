"""How long a signature takes, and what it is worth: ours beside pyHanko, @libpdf/core, @signpdf, podofosign and PDFBox.

`make bench` prepares what it needs and runs it. It prints tables and writes `sign.md`, `sign.json` and `sign.png`.
"""

# ruff: noqa: INP001  a program beside its packages, started by its path
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

HOME = Path(__file__).parent
sys.path[:0] = [str(HOME.parent / "tests")]

from rendering.machine import load, machine_facts  # noqa: E402  the path is set first
from signatures.lineup import ENGINES  # noqa: E402  likewise
from signatures.material import PAGES, describe, prepare, time_stamps  # noqa: E402  likewise
from signatures.race import NODE_MODULES, Race, Result, as_data  # noqa: E402  likewise
from signatures.report import draw_chart, table, write_page  # noqa: E402  likewise

TIMES, QUICK_TIMES = 100, 10
PATIENCE = 300.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Race, print, and write the results."""
    parser = argparse.ArgumentParser(description="Measure our signatures beside named peers.")
    parser.add_argument("--quick", action="store_true", help="two files and ten times; results in results/quick")
    parser.add_argument("--times", type=int, help=f"signatures of each warm engine that count ({TIMES})")
    parser.add_argument("--out", type=Path, help="folder of the results (bench/results)")
    given = parser.parse_args(arguments)
    files = list(PAGES)[:2] if given.quick else list(PAGES)
    before = load()
    results = _race(files, given.times or (QUICK_TIMES if given.quick else TIMES))
    facts = {**machine_facts(), "load average": f"{before} before, {load()} after", **_versions()}
    folder = given.out or HOME / "results" / ("quick" if given.quick else ".")
    _write(results, facts, folder)
    return 0


def _race(files: Sequence[str], times: int) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="esm-bench-") as scratch:
        folder = Path(scratch)
        pki = prepare(folder)
        with time_stamps(pki) as address:
            race = Race(folder, describe(folder, address), times, PATIENCE, _say)
            return list(race.run(ENGINES, files))


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in ("esm-packets", "pyHanko", "cryptography")}
    for package in ("@libpdf/core", "@signpdf/signpdf", "node-forge"):
        told = NODE_MODULES / "node_modules" / package / "package.json"
        found[package] = json.loads(told.read_text("utf-8"))["version"] if told.exists() else "not on this machine"
    return found


def _write(results: Sequence[Result], facts: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sign.md").write_text(write_page(results, facts), "utf-8")
    found = {"facts": facts, "results": [as_data(one) for one in results]}
    (folder / "sign.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    draw_chart(results, folder / "sign.png")
    sys.stdout.write("\n".join(table(results)) + f"\nResults: {folder}\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
