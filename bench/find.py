"""How long it takes to find a record among 100,000: searches of every kind that the page offers, on both databases.

`.venv/bin/python bench/find.py` fills an SQLite file and a PostgreSQL that it starts, asks, and writes `bench/results/find.md`
and `find.json`. `--quick` makes 2,000 records and asks each search a few times; results in `results/quick`.
"""

# ruff: noqa: INP001  a program beside its packages, started by its path
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

HOME = Path(__file__).parent
sys.path[:0] = [str(HOME.parent / "tests"), str(HOME)]

from rendering.machine import load, machine_facts  # noqa: E402  the path is set first
from searching.asking import ask  # noqa: E402  likewise
from searching.material import fill  # noqa: E402  likewise
from searching.report import write_page  # noqa: E402  likewise

from packets.settings import load_settings  # noqa: E402  likewise
from servers import MissingServerError, free_ports, make_cluster, run_postgresql  # noqa: E402  likewise
from web.bootstrap import build_services, initialize  # noqa: E402  likewise

RECORDS, QUICK_RECORDS = 100_000, 2_000
TIMES, QUICK_TIMES = 40, 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, ask, write; 0 whatever was found."""
    parser = argparse.ArgumentParser(description="Measure the search for records.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RECORDS} records; results in results/quick")
    parser.add_argument("--records", type=int, help=f"how many ({RECORDS})")
    parser.add_argument("--times", type=int, help=f"searches of each kind ({TIMES})")
    parser.add_argument(
        "--dir", type=Path, help="where the archives are kept, and asked again; a temporary folder without it"
    )
    parser.add_argument("--out", type=Path, help="folder of the results (bench/results)")
    given = parser.parse_args(arguments)
    count = given.records or (QUICK_RECORDS if given.quick else RECORDS)
    times = given.times or (QUICK_TIMES if given.quick else TIMES)
    before, found = load(), {}
    with _folder(given.dir) as folder:
        for name in ("SQLite", "PostgreSQL"):
            with _address(name, folder) as address:
                if address is not None:
                    found[name] = _measure(folder / name, address, count, times)
    facts = {**machine_facts(), "load average": f"{before} before, {load()} after", "searches": f"{times} of each kind"}
    facts.pop("qpdf")
    out = given.out or HOME / "results" / ("quick" if given.quick else ".")
    out.mkdir(parents=True, exist_ok=True)
    page = write_page(found, facts, count)
    (out / "find.md").write_text(page, "utf-8")
    (out / "find.json").write_text(json.dumps({"facts": facts, "milliseconds": found}, indent=1) + "\n", "utf-8")
    sys.stdout.write(page)
    return 0


def _measure(folder: Path, address: str, count: int, times: int) -> dict[str, list[float]]:
    settings = load_settings(dir=folder, mode="demo", database_url=address)
    initialize(settings, sample=True)
    services = build_services(settings)
    try:
        archive = fill(services, count)
        return ask(services, archive, times)
    finally:
        services.database.close()


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """Where the archives are; the user of PostgreSQL may pass through it."""
    with nullcontext(given) if given else tempfile.TemporaryDirectory(prefix="esm-find-") as name:
        folder = Path(name).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        yield folder


@contextmanager
def _address(name: str, folder: Path) -> Iterator[str | None]:
    """Where a database is; None when this machine has no such server."""
    if name == "SQLite":
        yield ""
        return
    try:
        if not (folder / "cluster").exists():
            make_cluster(folder / "cluster")
        with run_postgresql(folder / "cluster", free_ports(1)[0], {}) as server:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{server.told['port']}/postgres"
    except MissingServerError as error:
        sys.stderr.write(f"PostgreSQL is left out: {error}\n")
        yield None


if __name__ == "__main__":
    raise SystemExit(main())
