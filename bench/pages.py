"""Pages of a year with 511 ACOs: server time for each page, and what a browser has to load.

`python bench/pages.py` makes a year in a temporary folder, asks each page some times in this process, and prints the 50th and
95th percentile of the time that the server takes, the bytes of the page, and those of everything that it asks for, typefaces
apart. With `--wrk`, where `wrk` is on the machine, the sign-in page is asked on loopback as fast as it goes for five seconds.
"""

# ruff: noqa: INP001  a program beside its package, started by its path
# ruff: noqa: T201  it prints its table; the folder of the tests is put on the path first
from __future__ import annotations

import argparse
import gzip
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from flask.testing import FlaskClient

from browsing import Site
from packets.model.people import Role
from web.app import create_app
from web.auth.cookies import LOCAL_NAME
from worlds import build_world

TIMES = 20
FIRST_LIMIT, NEXT_LIMIT = 400_000, 60_000
ASKED = re.compile(r'(?:href|src)="(/look/[^"#]+)')


def main() -> None:
    """Make the year, measure, and print a table."""
    given = argparse.ArgumentParser()
    given.add_argument("--acos", type=int, default=511)
    given.add_argument("--wrk", action="store_true")
    options = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = build_world(options.acos, folder=Path(folder))
        site = Site(world, create_app(world.services))
        world.services.assembler.assemble_packet(site.current.aco.aco_id, site.current.aco.performance_year)
        print(f"{options.acos} ACOs\n{'page':44}{'p50 ms':>8}{'p95 ms':>8}{'KB':>8}{'KB gzip':>9}{'first KB':>10}")
        for user_id, path in pages(site):
            measure(site, user_id, path)
        if options.wrk and shutil.which("wrk"):
            hammer(site)


def pages(site: Site) -> list[tuple[str, str]]:
    """Who opens what."""
    year, aco = site.current.aco.performance_year, site.current.aco.aco_id
    document = site.document("provider-supplier-list").document_id
    executive, staff = site.holder(Role.ACO_EXECUTIVE), site.world.agency(Role.CMS_STAFF)
    archivist = site.world.agency(Role.ARCHIVIST)
    return [
        (executive, "/"),
        (executive, f"/packets/{aco}/{year}"),
        (executive, f"/packets/{aco}/{year}/contacts"),
        (executive, f"/packets/{aco}/{year}/materials"),
        (executive, f"/packets/{aco}/{year}/lists/provider-supplier"),
        (executive, f"/documents/{document}/read"),
        (executive, f"/documents/{document}/page"),
        (staff, "/"),
        (staff, f"/years/{year}"),
        (staff, "/countersign"),
        (archivist, "/archive"),
    ]


def measure(site: Site, user_id: str, path: str) -> None:
    """Ask one page several times and print a line about it."""
    client = site.app.test_client()
    client.set_cookie(LOCAL_NAME, site.world.services.accounts.open_session(user_id))
    body = client.get(path).get_data(as_text=True)
    times = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - begun) * 1000)
    packed = len(gzip.compress(body.encode()))
    first = packed + sum(weight(client, one) for one in sorted(set(ASKED.findall(body))))
    p95 = statistics.quantiles(times, n=20)[-1]
    name = re.sub(r"[0-9a-f-]{36}", "…", path)
    print(
        f"{name:44}{statistics.median(times):8.1f}{p95:8.1f}{len(body) / 1000:8.1f}{packed / 1000:9.1f}{first / 1000:10.1f}"
    )


def weight(client: FlaskClient, path: str) -> int:
    """What a file weighs as it is sent."""
    return len(client.get(path, headers={"Accept-Encoding": "gzip"}).data)


def hammer(site: Site) -> None:
    """The sign-in page through the real server, from two threads of `wrk`."""
    from waitress import create_server  # type: ignore[import-untyped]  # it carries no types

    server = create_server(site.app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    address = f"http://127.0.0.1:{server.effective_port}/sign-in"
    command = ["wrk", "-t2", "-c8", "-d5s", "--latency", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    print(done.stdout)


if __name__ == "__main__":
    main()
