"""For whoever watches the service: health, readiness, measures, the doctor, and one number for each request."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from browsing import Site, open_site
from packets.errors import Problem, StoreError
from packets.jobs.execution import Executor
from packets.jobs.queue import enqueue
from packets.jobs.registry import Handler, Registry, Run
from packets.measures import Durations
from packets.model.jobs import JobState
from packets.model.people import Role
from packets.store.database import Database
from packets.store.objects import MemoryObjects
from packets.tracing import traced, tracing
from web.app import create_app
from web.bootstrap import Services
from web.metrics import CONTENT_TYPE, write_metrics
from web.monitoring.examiner import CHECKS, examine
from web.monitoring.findings import Finding, State
from web.monitoring.installation import installation_of
from web.monitoring.readiness import Readiness
from web.pages.health import EXTENSION

LINE = re.compile(r'[a-z_]+(\{([a-z_]+="(\\.|[^"\\])*"(,|(?=\})))+\})? ([0-9.e+-]+)')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = open_site(tmp_path_factory.mktemp("watched"))
    made.world.sign(made.document("provider-supplier-list"), made.world.types(made.current)[0].slots[0], made.current)
    yield made
    made.world.services.database.close()


def broken(site: Site, monkeypatch: pytest.MonkeyPatch, **parts: object) -> Services:
    """The site's services with parts that are broken."""
    services: Services = replace(site.world.services, **parts)  # type: ignore[arg-type]
    monkeypatch.setitem(site.app.extensions, "esm-packets", services)
    return services


class NoObjects(MemoryObjects):
    """A store that is away."""

    def probe(self, _content: bytes) -> bool:
        """Nothing is put."""
        raise StoreError(Problem("store-away", "The store is away.", "Look at it."))


class CountedObjects(MemoryObjects):
    """A store that tells how often it was asked, and whose key may remove nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.probes = self.reads = 0

    def probe(self, content: bytes) -> bool:
        """Keep what was put."""
        self.probes += 1
        self.put(content)
        return False

    def get(self, digest: str) -> bytes:
        """Answer as a store does."""
        self.reads += 1
        return super().get(digest)


class SilentObjects(MemoryObjects):
    """A store that does not answer before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.told = 0, Event()

    def probe(self, content: bytes) -> bool:
        """Wait."""
        self.asked += 1
        self.told.wait(30)
        return super().probe(content)


def test_the_process_answers_whatever_the_database_does(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who restarts processes is not misled; who sends requests is told what cannot be used, and not why."""
    client = site.app.test_client()
    assert client.get("/readyz").get_json() == {
        "status": "ok",
        "checks": {"database": True, "objects": True, "keys": True},
    }
    broken(site, monkeypatch, objects=NoObjects(), database=Database("sqlite:////nowhere/at/all.db"))
    assert client.get("/healthz").get_json() == {"status": "ok"}
    response = client.get("/readyz")
    assert (response.status_code, response.get_json()["checks"]) == (
        503,
        {"database": False, "objects": False, "keys": True},
    )
    assert "away" not in response.text


def test_readiness_is_a_503_and_never_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a store raises, no path and no name of a class is told to those who may not sign in."""

    class Faulty(MemoryObjects):
        def probe(self, _content: bytes) -> bool:
            raise ZeroDivisionError("/srv/esm")

    broken(site, monkeypatch, objects=Faulty(), clock=lambda: datetime(2100, 1, 1, tzinfo=UTC))
    response = site.app.test_client().get("/readyz")
    assert (response.status_code, response.get_json()["checks"]) == (
        503,
        {"database": True, "objects": False, "keys": False},
    )
    assert not re.search("ZeroDivision|/srv|rotate", response.text)


def test_readiness_is_quick_and_does_not_pile_up_questions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is silent is not usable after a moment, and is not asked again before it has answered."""
    store = SilentObjects()
    readiness = Readiness(patience=0.2, kept_seconds=0.0)
    monkeypatch.setitem(site.app.extensions, EXTENSION, readiness)
    broken(site, monkeypatch, objects=store)
    client = site.app.test_client()
    began = time.monotonic()
    answers = [client.get("/readyz").get_json()["checks"] for _ in range(3)]
    assert time.monotonic() - began < 5
    assert answers == [{"database": True, "objects": False, "keys": True}] * 3
    assert store.asked == 1
    store.told.set()
    ends = time.monotonic() + 10
    while not client.get("/readyz").get_json()["checks"]["objects"] and time.monotonic() < ends:
        time.sleep(0.05)
    assert client.get("/readyz").status_code == 200


def test_readiness_leaves_nothing_and_is_kept_for_some_seconds(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may ask: the store is asked once in a while, and where it keeps what is put, it is read from then on."""
    client, store = site.app.test_client(), CountedObjects()
    broken(site, monkeypatch, objects=store)
    monkeypatch.setitem(site.app.extensions, EXTENSION, Readiness(kept_seconds=60))
    assert [client.get("/readyz").status_code for _ in range(5)] == [200] * 5
    assert (store.probes, store.reads) == (1, 0)
    monkeypatch.setitem(site.app.extensions, EXTENSION, Readiness(kept_seconds=0.0))
    assert [client.get("/readyz").status_code for _ in range(5)] == [200] * 5
    assert (store.probes, store.reads) == (2, 4)


def test_measures_are_closed_without_the_token_of_the_settings(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """And with another one."""
    client = site.app.test_client()
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
    settings = site.world.services.settings.model_copy(update={"metrics_token": SecretStr("watching")})
    broken(site, monkeypatch, settings=settings)
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 403
    response = client.get("/metrics", headers={"Authorization": "Bearer watching"})
    assert (response.status_code, response.content_type) == (200, CONTENT_TYPE)


def test_measures_are_what_prometheus_reads_and_count_what_is_recorded(site: Site) -> None:
    """Each sample is announced with its kind; buckets grow; routes are labels, never what somebody typed."""
    site.app.test_client().get("/documents/a-secret-id")
    text = write_metrics(site.world.services)
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in samples), samples
    announced = set(re.findall(r"^# TYPE ([a-z_]+) ", text, re.MULTILINE))
    assert {re.sub(r"_(bucket|sum|count)$", "", re.split(r"[{ ]", one)[0]) for one in samples} <= announced
    assert "esm_signatures_total 1" in samples
    assert 'esm_jobs{kind="checkpoint",state="queued"} 1' in samples
    assert any('route="/documents/<document_id>"' in one for one in samples)
    assert "a-secret-id" not in text
    assert any(one.startswith('esm_time_stamp_seconds_count{authority="local",outcome="granted"}') for one in samples)


def test_durations_fall_into_their_buckets() -> None:
    """The bound belongs to its bucket; what is longer than all has one of its own."""
    durations = Durations("a", "b", ("c",))
    for seconds in (0.005, 0.0051, 31.0):
        durations.observe(seconds, "x")
    row = durations.rows()["x",]
    assert (row.counts[0], row.counts[1], row.counts[-1], sum(row.counts)) == (1, 1, 1, 3)
    assert row.total == pytest.approx(31.0101)


@pytest.mark.parametrize(
    ("given", "trusted", "taken"),
    [
        ("a-number-of-theirs", True, True),
        ("a-number-of-theirs", False, False),
        *((one, True, False) for one in ("x", "a b c d e f g", "é" * 10, "a" * 65)),
    ],
)
def test_a_number_from_outside_is_taken_from_a_proxy_and_well_formed_only(
    site: Site, given: str, *, trusted: bool, taken: bool
) -> None:
    """Else the request gets one of its own."""
    settings = site.world.services.settings.model_copy(update={"trust_proxy": "127.0.0.1" if trusted else ""})
    app = create_app(replace(site.world.services, settings=settings))
    response = app.test_client().get("/healthz", headers={"X-Request-ID": given.encode().decode("latin-1")})
    assert (response.headers["X-Request-ID"] == given) == taken


def test_the_number_of_a_request_goes_through_to_its_jobs_and_their_entries(site: Site) -> None:
    """What a job does is told under the request that asked for it; afterwards the thread works for nobody."""
    services, seen = site.world.services, []

    def work(_run: Run) -> None:
        seen.append(traced())

    with tracing("request-1"), services.database.write() as records:
        job = enqueue(records, "traced", {}, "traced", site.world.clock())
    assert (job.request_id, traced()) == ("request-1", "")
    Executor(services.database, Registry((Handler("traced", work),)), site.world.clock).work_off()
    assert (seen, traced()) == (["request-1"], "")
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    with capture_logs() as lines:
        response = browser.get(f"/documents/{site.document('participant-list').document_id}/pdf")
    with services.database.read() as records:
        entry = list(records.journal.entries())[-1]
    assert entry.details["request"] == response.headers["X-Request-ID"] == lines[-1]["request_id"]
    assert traced() == ""


def found(services: Services, part: str) -> list[Finding]:
    """What the doctor finds of one part."""
    return examine(installation_of(services), {part: CHECKS[part]})


def test_failed_and_stalled_jobs_are_told(site: Site) -> None:
    """With where to look."""
    services, clock = site.world.services, site.world.clock
    with services.database.write() as records:
        for name in ("dead", "lost"):
            enqueue(records, name, {}, name, clock())
    with services.database.queue() as jobs:
        dead = jobs.claim("me", ["dead"], clock(), clock())
        jobs.claim("me", ["lost"], clock(), clock())
        assert dead is not None
        jobs.finish(dead.claim, JobState.FAILED, error="it broke")
    later = replace(services, clock=lambda: clock() + timedelta(minutes=1))
    findings = {one.sentence: one for one in found(later, "queue")}
    assert findings["1 job is held by a worker that is not heard of."].state is State.WATCH
    assert "state=failed" in findings["1 job has failed for good."].remedy
