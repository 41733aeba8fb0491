"""Every page of a national year, asked of the real server: how long it takes, and what a browser has to load.

`python bench/pages.py` makes a year of 511 ACOs with about 1,680 documents and one list of 33,500 rows in `build/`, where it
stays for the next run, serves it with `esm serve`, asks each page as each kind of person with `wrk`, one request at a time,
and writes `bench/results/pages.md`. `--quick` makes 60 ACOs and a list of 2,000 rows and asks each page five times.
"""

# ruff: noqa: INP001  a program beside its package, started by its path
# ruff: noqa: E402  the folder of the tests is put on the path first
# ruff: noqa: T201  it prints its table
from __future__ import annotations

import argparse
import gzip
import http.client
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from national import ACOS, fill_national_year
from packets.clock import system_clock
from packets.model.people import Role
from packets.sample.year import SampleAco, sample_year
from packets.settings import Settings
from packets.store.records.years import Load
from packets.year_files.report import write_report
from web.app import create_app
from web.auth.cookies import LOCAL_NAME
from web.auth.roles import Audience, audience_of, belongs
from web.bootstrap import Services, build_services, initialize
from web.demo import holder

LIMIT_MS, FIRST_LIMIT, AGAIN_LIMIT = 100, 400_000, 60_000
QUICK_TIMES = 5
BIG = 2
"""Place of the ACO with the long list; those before it have packets that were really assembled."""
ASKED = re.compile(r'(?:href|src)="(/look/[^"#]+)')
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")
PLACE = re.compile(r"<(?:[^:>]+:)?([a-z_]+)>")
PERCENTILES = """
done = function(summary, latency, requests)
  io.write(string.format("FOUND %f %f %f %d %d\\n", latency:percentile(50) / 1000, latency:percentile(95) / 1000,
    latency:percentile(99) / 1000, summary.requests, summary.errors.status))
end
"""
SYNTHETIC = (
    "Synthetic: all people and ACOs are invented; two packets were really assembled, and the other documents share their bytes;",
    "recorded signatures have no bytes of their own; the rows of the long list repeat. Weights are those of a page and of what",
    "it asks for, typefaces apart, as sent with gzip.",
)
NOT_PAGES = frozenset(
    {
        "static",
        "look.show",
        "health.live",
        "health.ready",
        "health.metrics",
        "session.keep",
        "session.ending",
        "api.openapi",
    }
)
COMMAND = (sys.executable, "-c", "from web.cli import main; main()")


@dataclass(frozen=True)
class Asked:
    """A page, by whom it is asked, and what was found."""

    who: str
    path: str
    p50: float
    p95: float
    p99: float
    first: int
    again: int


def main() -> None:
    """Make the year, measure, and write the table."""
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true")
    given.add_argument("--seconds", type=int, default=2, help="of wrk for each page")
    given.add_argument("--only", default="", help="part of a path")
    options = given.parse_args()
    acos, rows = (60, 2_000) if options.quick else (ACOS, 33_500)
    folder = HERE.parent / "build" / f"pages-{acos}"
    wrk = "" if options.quick else shutil.which("wrk") or ""
    if not wrk:
        print("Asked from Python a few times: " + ("--quick." if options.quick else "there is no wrk on this machine."))
    services, made = open_world(folder, acos, rows)
    load = os.getloadavg()
    with serving(folder) as port:
        found = []
        for who, user_id, path in pages(services, made):
            if options.only in path:
                found += measure(port, who, services.accounts.sessions.open(user_id), path, wrk, options.seconds)
    text = write(found, acos, rows, load, "wrk" if wrk else f"{QUICK_TIMES} requests from Python")
    print(text)
    if not options.quick and not options.only:
        (HERE / "results" / "pages.md").write_text(text, "utf-8")


def open_world(folder: Path, acos: int, rows: int) -> tuple[Services, list[SampleAco]]:
    """The year, made or as it was made before."""
    ready, settings = folder / "ready", Settings(dir=folder, mode="demo")
    year = int(ready.read_text()) if ready.exists() else system_clock().year + 1
    if ready.exists():
        services = build_services(settings)
        return services, list(sample_year(year, acos, now=services.clock()).acos)
    shutil.rmtree(folder, ignore_errors=True)
    initialize(settings, sample=True)
    services = build_services(settings)
    samples = sample_year(year, acos, now=services.clock()).acos
    lists = {
        at: {"participants": one.participants, "provider-supplier": one.providers}
        for at, one in enumerate(samples[:BIG])
    }
    lists[BIG] = {
        "participants": samples[BIG].participants,
        "provider-supplier": lengthen(samples[BIG].providers, rows),
    }
    made = fill_national_year(services, year, acos, lists=lists, whole=BIG)
    report = services.objects.put(write_report(year, {}, {}).as_bytes())
    load = Load(year, "participants", "participants.csv", "0" * 64, 1, 1, "", report, "CMS", services.clock())
    with services.database.write() as records:
        load = replace(load, loaded_by=records.people.holding(Role.CMS_STAFF)[0].user_id)
        records.years.add_load(load)
    ready.write_text(str(year))
    return services, made


def lengthen(rows: tuple[tuple[str, ...], ...], count: int) -> list[tuple[str, ...]]:
    """So many rows out of a few: the names differ, the rest repeats."""
    return [(*one[:-2], f"{one[-2]} {at}", one[-1]) for at in range(count) for one in (rows[at % len(rows)],)]


def pages(services: Services, made: list[SampleAco]) -> Iterator[tuple[str, str, str]]:
    """Every address that is read and answers with a page, by everybody for whom it is."""
    app, year, big = create_app(services), made[0].aco.performance_year, made[BIG]
    with services.database.read() as records:
        document = records.documents.packet(big.aco.aco_id, year)[0]
        people = {
            str(role): records.people.holding(role)[0].user_id
            for role in (Role.CMS_STAFF, Role.CMS_SIGNATORY, Role.ARCHIVIST)
        }
        load = records.years.loads(year)[0].load_id
    people = {"aco-executive": holder(big, Role.ACO_EXECUTIVE), **people}
    slot = services.catalog[document.kind].slots[0].name
    filed = {"aco_id": big.aco.aco_id, "year": year, "document_id": document.document_id, "slot": slot, "load_id": load}
    words = {**filed, "role": "cms-liaison", "guide": "users-guide"}
    for who, user_id in people.items():
        with services.database.read() as records:
            person = records.people.get(user_id)
            roles = records.acos.roles_of(user_id, big.aco.aco_id, year) | (person.cms_roles if person else frozenset())
        for rule in sorted(app.url_map.iter_rules(), key=str):
            audience = audience_of(app, rule.endpoint)
            read = "GET" in (rule.methods or ()) and rule.endpoint not in NOT_PAGES and not str(rule).startswith("/api")
            if not read or not belongs(audience, roles) or (audience is Audience.ANYONE and who != "aco-executive"):
                continue
            for name in ("provider-supplier", "participants") if "<name>" in str(rule) else ("",):
                known = {**words, "name": name}
                if all(one in known for one in PLACE.findall(str(rule))):
                    yield who, user_id, PLACE.sub(lambda one, known=known: str(known[one[1]]), str(rule))


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """`esm serve` on the folder, without jobs; the port."""
    log = folder / "serve.log"
    with log.open("wb") as target:
        command = [
            "env",
            "ESM_QUEUE=worker",
            "ESM_LOG_LEVEL=error",
            *COMMAND,
            "serve",
            "--dir",
            str(folder),
            "--demo",
            "--port",
            "0",
        ]
        server = subprocess.Popen(command, stderr=target, stdout=target)  # noqa: S603  our own command
    try:
        for _ in range(600):
            if found := ADDRESS.search(log.read_text("utf-8")):
                break
            time.sleep(0.1)
        else:
            sys.exit(log.read_text("utf-8"))
        yield int(found[1])
    finally:
        server.terminate()
        server.wait(timeout=30)


def measure(port: int, who: str, session: str, path: str, wrk: str, seconds: int) -> list[Asked]:
    """Times and weights of one page; nothing for what is no page, such as a file or a redirection; no page may fail."""
    status, kind, body, _ = ask(port, path, session)
    if status >= 500:  # noqa: PLR2004  the service's own fault
        sys.exit(f"{path} answers {status} to {who}: the figures would be those of some pages only.")
    if status != 200 or kind != "text/html":  # noqa: PLR2004  as asked for
        return []
    times = hammer(port, path, session, wrk, seconds) if wrk else count(port, path, session)
    assets = [ask(port, one, session) for one in sorted(set(ASKED.findall(gzip.decompress(body).decode())))]
    kept = [len(one[2]) for one in assets if "immutable" in one[3]]
    again = len(body) + sum(len(one[2]) for one in assets if "immutable" not in one[3])
    print(f"{who:16}{path:60}{times[1]:8.1f} ms", file=sys.stderr, flush=True)
    return [Asked(who, path, *times, again + sum(kept), again)]


def ask(port: int, path: str, session: str) -> tuple[int, str, bytes, str]:
    """Status, media type, bytes as they are sent, and for how long they are kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Cookie": f"{LOCAL_NAME}={session}", "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    packed = body if answer.headers.get("Content-Encoding") == "gzip" else gzip.compress(body)
    kind = answer.headers.get_content_type()
    return answer.status, kind, packed if kind == "text/html" else body, answer.headers.get("Cache-Control", "")


def hammer(port: int, path: str, session: str, wrk: str, seconds: int) -> tuple[float, float, float]:
    """p50, p95 and p99 of one connection of `wrk`, milliseconds."""
    script = HERE.parent / "build" / "percentiles.lua"
    script.write_text(PERCENTILES)
    told = (f"Cookie: {LOCAL_NAME}={session}", "Accept-Encoding: gzip")
    head = [one for line in told for one in ("-H", line)]
    address = f"http://127.0.0.1:{port}{path}"
    command = [wrk, "-t1", "-c1", f"-d{seconds}s", "-s", str(script), *head, address]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  our own words
    found = re.search(r"FOUND (\S+) (\S+) (\S+) (\d+) (\d+)", out)
    if found is None or int(found[5]):
        sys.exit(f"{path}: {out}")
    return float(found[1]), float(found[2]), float(found[3])


def count(port: int, path: str, session: str) -> tuple[float, float, float]:
    """The same from Python, of a few requests."""
    times = []
    for _ in range(QUICK_TIMES):
        begun = time.perf_counter()
        ask(port, path, session)
        times.append((time.perf_counter() - begun) * 1000)
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return statistics.median(times), cuts[94], cuts[98]


def write(found: list[Asked], acos: int, rows: int, load: tuple[float, float, float], how: str) -> str:
    """The table, slowest first."""
    over = [one for one in found if one.p95 > LIMIT_MS]
    heavy = [one for one in found if one.first > FIRST_LIMIT or one.again > AGAIN_LIMIT]
    about = (
        f"{len(found)} pages of a year with {acos} ACOs and a list of {rows:,} rows, asked of `esm serve` on loopback",
        f"({how}, one request at a time). {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()},",
        f"load average before: {load[0]:.1f}. Budget: p95 {LIMIT_MS} ms, {FIRST_LIMIT // 1000} KB compressed at first,",
        f"{AGAIN_LIMIT // 1000} KB afterwards. **Above the time: {len(over)}. Above a weight: {len(heavy)}.**",
    )
    lines = ["# Pages at national size", "", *about, "", *SYNTHETIC, ""]
    lines += [
        "| who | page | p50 ms | p95 ms | p99 ms | first KB | again KB |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for one in sorted(found, key=lambda one: -one.p95):
        path = re.sub(r"\d+-[a-z-]+|[0-9a-f]{8}-[0-9a-f-]{27}", "…", one.path)
        times = f"{one.p50:.1f} | {one.p95:.1f} | {one.p99:.1f}"
        lines.append(f"| {one.who} | `{path}` | {times} | {one.first / 1000:.0f} | {one.again / 1000:.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
