"""For whoever watches the service: health, readiness, measures, the doctor, and one number for each request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr
from structlog.testing import capture_logs
from web.examination import CHECKS, Finding, State, examine

from browsing import Site, open_site
from packets.errors import Problem, StoreError
from packets.jobs.execution import Executor
from packets.jobs.queue import enqueue
from packets.jobs.registry import Handler, Registry, Run
from packets.measures import Durations
from packets.model.jobs import JobState
from packets.model.people import Role
from packets.settings import Settings
from packets.store.database import Database
from packets.tracing import traced, tracing
from signing.errors import TimeStampError
from signing.timestamps import TimeStampSource
from web.bootstrap import Services, build_services, initialize
from web.cli.doctor import doctor
from web.metrics import CONTENT_TYPE, write_metrics

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


class NoObjects:
    """A store that is away."""

    def put(self, _content: bytes) -> str:
        """Nothing is put."""
        raise StoreError(Problem("store-away", "The store is away.", "Look at it."))


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
    site: Site, monkeypatch: pytest.MonkeyPatch, given: str, trusted: bool, taken: bool
) -> None:
    """Else the request gets one of its own."""
    broken(site, monkeypatch, settings=site.world.services.settings.model_copy(update={"trust_proxy": trusted}))
    response = site.app.test_client().get("/healthz", headers={"X-Request-ID": given.encode().decode("latin-1")})
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
    return examine(services, {part: CHECKS[part]})


def test_each_part_that_is_broken_is_told_with_how_to_mend_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other; a part that raises breaks no other."""
    services, clock = site.world.services, site.world.clock

    class NoAuthority:
        name = "https://tsa.example"

        def answer(self, _request: object) -> None:
            raise OSError("refused")

    away = TimeStampSource([NoAuthority()], services.signer.trust, clock)
    with pytest.raises(TimeStampError):
        away.attest(b"\0" * 32)
    monkeypatch.setattr(services.signer, "timestamps", away)
    late = replace(services, clock=lambda: clock() + timedelta(days=5 * 365 - 30))
    with services.database.write() as records:
        enqueue(records, "waits", {}, "waits", clock() - timedelta(hours=1))
    cases = {
        "objects": replace(services, objects=NoObjects()),  # type: ignore[arg-type]
        "time-stamps": services,
        "clock": services,
        "queue": replace(services, clock=lambda: clock() + timedelta(hours=1)),
        "database": replace(services, database=Database("sqlite:////nowhere/at/all.db")),
        "disk": replace(services, settings=Settings(dir=Path("/nowhere/at/all"))),
        "mail": replace(
            services,
            settings=Settings(
                mail_url=SecretStr("smtp+plain://127.0.0.1:9"), mail_from="a@b.example", public_url="http://localhost"
            ),
        ),
    }
    for part, changed in cases.items():
        findings = found(changed, part)
        assert State.BROKEN in {one.state for one in findings}, part
        assert all(one.remedy for one in findings if one.state is not State.GOOD), part
    assert any("seal ends on" in one.sentence for one in found(late, "keys"))
    past = replace(services, clock=lambda: datetime(2100, 1, 1, tzinfo=UTC))
    assert {one.state for one in found(past, "keys")} == {State.BROKEN}


def test_the_doctor_on_a_folder(tmp_path: Path) -> None:
    """Exit 0 when nothing is broken; a key that others may read is; a folder without a service is told as a finding."""
    folder = tmp_path / "data"
    initialize(Settings(dir=folder), sample=True)
    healthy = run(folder, "--json")
    told = json.loads(healthy.stdout)
    assert (healthy.exit_code, told["healthy"]) == (0, True), told
    assert {one["part"] for one in told["findings"]} == set(CHECKS)
    services = build_services(Settings(dir=folder))
    with services.database.read() as records:
        assert records.jobs.by_key("doctor") is None
    services.database.close()
    (folder / "pki" / "seal.key").chmod(0o644)
    sick = run(folder)
    assert (sick.exit_code, "chmod 600" in sick.stdout, "BROKEN keys:" in sick.stdout) == (1, True, True)
    nothing = run(tmp_path / "nothing")
    assert (nothing.exit_code, "BROKEN start:" in nothing.stdout) == (1, True)


def run(folder: Path, *more: str) -> Result:
    """`esm doctor`."""
    return CliRunner().invoke(doctor, ["--dir", str(folder), *more])


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
    sentences = " ".join(
        one.sentence for one in found(replace(services, clock=lambda: clock() + timedelta(minutes=1)), "queue")
    )
    assert "1 jobs are held by workers" in sentences
    assert "1 jobs have failed" in sentences
