"""The fault runs: `python -m faults.runs` (with tests/ on the path), which is what `make faults` calls.

Each run breaks one thing many times, and after every time the independent checker looks at everything that changed: nothing
that somebody was told is missing, nothing half signed is visible, what was open is closed, and the work can be done again.
Both columns run side by side, each in a process of its own with its own servers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from faults import report
from faults.columns import COLUMNS
from faults.dead_servers import kill_the_database, lose_the_signer
from faults.failures import fail_in_turn
from faults.full_disks import fill_disks, may_mount
from faults.kills import kill_at_places, kill_at_random
from faults.mail import disturb_the_mail
from faults.races import race
from faults.stage import Theatre
from faults.tallies import Tally, keep
from faults.tampering import tamper_with_the_log
from servers import MissingServerError


@dataclass(frozen=True, slots=True)
class Size:
    """How often each thing is broken."""

    kills: int
    at_places: int
    most_calls: int
    races: int
    scribes: int
    disks: int
    databases: int
    signers: int
    mails: int
    tamperings: int


SIZES = {
    "quick": Size(12, 1, 2, 3, 30, 1, 3, 2, 2, 60),
    "normal": Size(1000, 20, 1000, 300, 5_000, 5, 100, 20, 20, 1000),
    "long": Size(10_000, 100, 1000, 10_000, 100_000, 20, 500, 100, 100, 10_000),
}
Run: TypeAlias = Callable[[Theatre, Path, Size, int], Iterator[Tally]]
RUNS: dict[str, Run] = {
    "kills": lambda theatre, _, size, seed: kill_at_random(theatre, size.kills, seed),
    "places": lambda theatre, _, size, seed: kill_at_places(theatre, size.at_places, seed),
    "failures": lambda theatre, _, size, _seed: fail_in_turn(theatre, size.most_calls),
    "races": lambda theatre, _, size, seed: race(theatre, size.races, size.scribes, seed),
    "disks": lambda theatre, folder, size, _: fill_disks(theatre, folder, size.disks),
    "database": lambda theatre, _, size, seed: kill_the_database(theatre, size.databases, seed),
    "signer": lambda theatre, _, size, seed: lose_the_signer(theatre.column, size.signers, seed),
    "mail": lambda theatre, _, size, seed: disturb_the_mail(theatre, size.mails, seed),
    "tampering": lambda theatre, _, size, seed: tamper_with_the_log(theatre, size.tamperings, seed),
}


def main() -> int:
    """Run, tell, write down; 1 when there was a problem."""
    given = _arguments()
    if given.rows:
        return _run_column(given)
    columns = given.column or list(COLUMNS)
    with tempfile.TemporaryDirectory(prefix="esm-faults-") as folder:
        files = {one: Path(folder) / f"{one}.json" for one in columns}
        children = [_start(one, path) for one, path in files.items()]
        failed = [child.wait() for child in children]
        rows = [row for path in files.values() if path.exists() for row in json.loads(path.read_text("utf-8"))]
    if given.report:
        report.write(given.report, keep(given.report.with_suffix(".json"), rows))
    broken = sum(bool(row["problems"]) for row in rows)
    sys.stdout.write(f"{len(rows) - broken} passed, {broken} failed\n")
    return 1 if broken or any(failed) else 0


def _start(column: str, rows: Path) -> subprocess.Popen[bytes]:
    """The same command again, for one column."""
    return subprocess.Popen([sys.executable, "-m", "faults.runs", *sys.argv[1:], "--column", column, "--rows", rows])


def _run_column(given: argparse.Namespace) -> int:
    logging.disable(logging.CRITICAL)
    (column_name,) = given.column[-1:]
    folder = Path(tempfile.mkdtemp(prefix=f"esm-faults-{column_name}-"))
    rows: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            column = stack.enter_context(COLUMNS[column_name](folder))
        except MissingServerError as error:
            sys.stdout.write(f"{column_name}: left out: {error}\n")
            return 1
        theatre = Theatre.open(column)
        for name in given.only:
            if name == "disks" and not may_mount():
                sys.stdout.write("disks: left out, only root can mount a small disk\n")
                continue
            rows += _run(name, theatre, folder, given)
            given.rows.write_text(json.dumps(rows), "utf-8")
    return 0


def _run(name: str, theatre: Theatre, folder: Path, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    began = time.monotonic()
    stamp = {"column": theatre.column.name, "run": name, "size": given.size, "seed": given.seed}
    for tally in RUNS[name](theatre, folder, SIZES[given.size], given.seed):
        row = {**stamp, **tally.row(), "seconds": round(time.monotonic() - began, 1), **report.circumstances()}
        began = time.monotonic()
        said = f"{theatre.column.name}, {tally.name}: {tally.faults} times, {len(tally.problems)} problems"
        sys.stdout.write("\n    ".join([f"{said} ({row['seconds']:.0f} s)", *tally.problems[:10]]) + "\n")
        sys.stdout.flush()
        yield row


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--size", choices=SIZES, default="normal")
    parser.add_argument("--only", type=_names, default=list(RUNS), help=f"which runs, by comma: {', '.join(RUNS)}")
    parser.add_argument("--column", choices=COLUMNS, action="append", help="which column (both)")
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--report", type=Path, help="where to write the table, Markdown; rows of other runs are kept")
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.replace(",", " ").split()
    if unknown := set(names) - set(RUNS):
        raise argparse.ArgumentTypeError(f"no such run: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
