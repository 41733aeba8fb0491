"""The whole national year, from its files to the last check, through the real desks in several processes; and what it takes.

`.venv/bin/python bench/nation.py` does all of it; cut short, it tells what it found, and the same command with the same `--dir`
goes on. `--quick` is a small year of the same shape.
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

from nationwide.material import ACOS  # noqa: E402  the path is set first
from nationwide.page import write_report  # noqa: E402  likewise
from nationwide.scaling import compare  # noqa: E402  likewise
from nationwide.year import Nation, complain  # noqa: E402  likewise

from packets.clock import system_clock  # noqa: E402  likewise

QUICK_ACOS = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, report; 0 when everything passed."""
    given = _parser().parse_args(arguments)
    acos = given.acos or (QUICK_ACOS if given.quick else ACOS)
    with _folder(given.dir) as folder, _database(given.database, folder) as address:
        settings = {"dir": folder, "mode": "demo", "database_url": address}
        nation = Nation(folder, settings, given.workers, given.participants, acos, system_clock(), _say)
        try:
            if given.scaling and nation.workers > 1 and not nation.is_compared:
                nation.keep(compare(nation, given.scaling))
            nation.run()
            whole = True
        except KeyboardInterrupt:
            whole = False
        finally:
            out = given.out or HOME / "results" / ("quick" if given.quick else ".")
            write_report(nation, out, given.database)
            _say(f"Results: {out}/nation.md")
    for line in complain(nation.found)[:20]:
        _say(line)
    return 0 if whole and not complain(nation.found) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Carry a national year through the service and measure it.")
    parser.add_argument("--acos", type=int, help=f"how many ACOs ({ACOS})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ACOS} ACOs; results in results/quick")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="worker processes (one a processor)")
    parser.add_argument(
        "--scaling", type=int, metavar="ACOS", help="before, have so many ACOs carried by one worker and by all"
    )
    parser.add_argument("--participants", type=Path, help="CMS's public-use participant file; invented ACOs without it")
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="SQLite in the folder, or a PostgreSQL started for it",
    )
    parser.add_argument("--dir", type=Path, help="the data folder, kept and gone on with; a temporary one without it")
    parser.add_argument("--out", type=Path, help="folder of the results (bench/results)")
    return parser


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.absolute()
    else:
        with tempfile.TemporaryDirectory(prefix="esm-nation-") as folder:
            yield Path(folder)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """The address of the database; PostgreSQL with everything that makes it durable, as tests start it otherwise."""
    if kind == "sqlite":
        yield ""
        return
    from servers import free_ports, make_cluster, run_postgresql

    cluster = Path(tempfile.gettempdir()) / f"{folder.name}-postgresql"  # its user may not look into our folder
    if not cluster.exists():
        make_cluster(cluster)
    with run_postgresql(cluster, free_ports(1)[0], {}) as server:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{server.told['port']}/postgres"


def _say(line: str, began: float = time.perf_counter()) -> None:
    sys.stderr.write(f"[{time.perf_counter() - began:6.0f} s] {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
