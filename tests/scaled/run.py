"""`make scaled`: the service on PostgreSQL, an S3 store, two processes that serve and four that work, and the main job on it.

Nothing is left running or lying about, however it ends.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scaled.installation import installed, own_servers
from scaled.main_job import MainJob, Outcome, Progress
from scaled.visitors import RefusedError

WEBS, WORKERS = 2, 4


def main() -> int:
    """Answer 0 when every document is executed, passed, and the checker finds nothing."""
    parser = argparse.ArgumentParser(prog="make scaled", description=__doc__)
    parser.add_argument("--acos", type=int, default=3, help="how many ACOs")
    parser.add_argument("--kill", action="store_true", help="kill a worker in the middle of a job")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    console, began = Console(), time.perf_counter()

    def tell(line: str) -> None:
        console.print(f"  {time.perf_counter() - began:5.1f} s  {line}", highlight=False, markup=False)

    try:
        with tempfile.TemporaryDirectory(prefix="esm-scaled-", ignore_cleanup_errors=True) as name:
            outcome = run(Path(name), given.acos, kill=given.kill, tell=tell)
    except (RuntimeError, RefusedError) as error:
        console.print(f"{error}\nNothing is left running.", highlight=False, markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        return 130
    show(console, outcome, given.acos, time.perf_counter() - began)
    return 0 if outcome.passed else 1


def run(folder: Path, acos: int, *, kill: bool, tell: Progress) -> Outcome:
    """Start everything, do the main job, end everything."""
    tell("PostgreSQL and the store start")
    with own_servers(folder) as (database, store):
        data = folder / "data"
        data.mkdir()
        tell(f"set-up; {WEBS} processes to serve and {WORKERS} to work start")
        with installed(data, database, store, webs=WEBS, workers=WORKERS) as installation:
            outcome = MainJob(installation, acos, tell, kill=kill).run()
            tell("everything ends")
    return outcome


def show(console: Console, outcome: Outcome, acos: int, seconds: float) -> None:
    """The summary."""
    table = Table(box=SIMPLE_HEAD, title=f"{acos} ACOs on PostgreSQL and S3, {WEBS} web processes, {WORKERS} workers")
    table.add_column("part")
    table.add_column("seconds", justify="right")
    for part, took in outcome.seconds.items():
        table.add_row(part, f"{took:.1f}")
    table.add_row("everything, from start to end", f"{seconds:.1f}")
    console.print(table)
    spread = ", ".join(str(count) for count in sorted(outcome.jobs.values(), reverse=True))
    console.print(f"Long jobs by worker: {spread}; begun again by another worker: {outcome.taken_over}.")
    verdict = "executed and PASSED" if outcome.passed else "NOT all in order"
    console.print(f"{outcome.executed} of {outcome.documents} documents: {verdict}.")
    console.print(f"fsck: {outcome.fsck}")


if __name__ == "__main__":
    sys.exit(main())
