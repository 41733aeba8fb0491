"""Deadline day: designees sign over HTTP on PostgreSQL and S3; how long they wait, and whether all of it holds.

`.venv/bin/python bench/deadline.py --dir build/deadline` prepares a year once, and plays the last ten minutes on a copy of it
each time. `--quick` is half a minute with ten designees.
"""

# ruff: noqa: INP001  a program beside its packages, started by its path
from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

HOME = Path(__file__).parent
sys.path[:0] = [str(HOME.parent / "tests"), str(HOME)]

from deadline_day.crowd import play  # noqa: E402  the path is set first
from deadline_day.judgement import judge  # noqa: E402  likewise
from deadline_day.meters import Meters  # noqa: E402  likewise
from deadline_day.page import Run, write_report  # noqa: E402  likewise
from deadline_day.preparation import PASSWORD, Prepared, prepare  # noqa: E402  likewise
from deadline_day.stage import Stage, are_there, serving, stage_in  # noqa: E402  likewise

from packets.clock import system_clock  # noqa: E402  likewise
from scaled.installation import Installation  # noqa: E402  likewise

DESIGNEES, MINUTES, ROWS = 200, 10.0, 800
QUICK_DESIGNEES, QUICK_MINUTES, QUICK_ROWS = 10, 0.5, 50
SETTLE_SECONDS = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare, play, judge, report; 0 when nothing failed and nothing was lost."""
    given = _parser().parse_args(arguments)
    missing = are_there()
    if missing and not given.quick and not given.embedded:
        _say(f"{missing} --embedded goes without.")
        return 1
    people = given.designees or (QUICK_DESIGNEES if given.quick else DESIGNEES)
    rows = given.rows or (QUICK_ROWS if given.quick else ROWS)
    with _folder(given.dir) as folder, stage_in(folder, embedded=given.embedded or bool(missing)) as stage:
        prepared = prepare(stage, people, rows, os.cpu_count() or 1, _say)
        run = _run(stage, prepared, given)
    out = given.out or HOME / "results" / ("quick" if given.quick else ".")
    _say(f"Results: {write_report(run, out)}")
    for one in [*run.judgement.problems, *(each.problem for each in run.errors)][:10]:
        _say(one)
    return 0 if run.held else 1


def _run(stage: Stage, prepared: Prepared, given: argparse.Namespace) -> Run:
    """Play it on a copy of the prepared year, and judge what is there afterwards."""
    minutes = given.minutes or (QUICK_MINUTES if given.quick else MINUTES)
    pace = given.pace or minutes / MINUTES
    one, began = stage.installation(), f"{system_clock():%Y-%m-%d %H:%M} UTC"
    with serving(one, given.workers) as processes:
        _settle(one)
        groups = {**processes, **{name: [process] for name, process in stage.servers.items()}}
        meters = Meters(groups)
        ports = [int(address.rpartition(":")[2]) for address in one.addresses]
        _say(
            f"{len(prepared.designees)} designees, {minutes:g} minutes, pace {pace:g}, load average {os.getloadavg()[0]:.1f}"
        )
        meters.begin()
        load = play(prepared.designees, ports, PASSWORD, 60 * minutes, pace, _say)
        shares, peaks = meters.end(), meters.peaks()
        _settle(one)
    _say("fsck, audit verify …")
    judgement = judge(one, prepared, load)
    return Run(stage.name, began, minutes, pace, given.workers, prepared, load, shares, peaks, judgement)


def _settle(one: Installation) -> None:
    """Wait until the workers have done what is due."""
    services, ends = one.open(), time.monotonic() + SETTLE_SECONDS
    try:
        while time.monotonic() < ends:
            with services.database.read() as records:
                if records.jobs.oldest_due(services.clock()) is None:
                    return
            time.sleep(0.5)
    finally:
        services.database.close()
    raise RuntimeError("Jobs are due and nobody does them.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Have designees sign over HTTP in the last minutes, and measure it.")
    parser.add_argument("--quick", action="store_true", help="ten designees, half a minute; results in results/quick")
    parser.add_argument("--designees", type=int, help=f"how many sign ({DESIGNEES})")
    parser.add_argument("--minutes", type=float, help=f"for how long ({MINUTES:g})")
    parser.add_argument(
        "--pace", type=float, help="think times are multiplied by it (minutes / 10: the rate of ten minutes)"
    )
    parser.add_argument("--rows", type=int, help=f"of the longest list ({ROWS})")
    parser.add_argument("--workers", type=int, default=1, help="worker processes (1)")
    parser.add_argument("--embedded", action="store_true", help="SQLite and files instead of PostgreSQL and S3")
    parser.add_argument(
        "--dir", type=Path, help="keeps the prepared year for further runs; a temporary folder without it"
    )
    parser.add_argument("--out", type=Path, help="folder of the results (bench/results)")
    return parser


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="esm-deadline-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _say(told: str, began: float = time.perf_counter()) -> None:
    sys.stderr.write(f"[{time.perf_counter() - began:6.0f} s] {told}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
