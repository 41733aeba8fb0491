"""What the service tells those who watch it, as Prometheus reads it (text format 0.0.4): durations, and counts of records."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version

from packets.measures import JOBS, REQUESTS, SECONDS, TIME_STAMPS, Durations
from packets.store.records import Records
from web.bootstrap import Services

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[dict[str, str], float]


def write_metrics(services: Services) -> str:
    """All of it: what this process measured, and what the records say at this moment."""
    now = services.clock()
    with services.database.read() as records:
        counted = [*_counted(records, now)]
    measured = [line for one in (REQUESTS, TIME_STAMPS, JOBS) for line in _histogram(one)]
    about = _metric("esm_build_info", "gauge", "The version.", [({"version": version("esm-packets")}, 1)])
    return "\n".join((*about, *measured, *counted)) + "\n"


def opens(services: Services, authorization: str) -> bool:
    """Whether a header brings the token of the settings; without one there nobody may look."""
    token = services.settings.metrics_token.get_secret_value()
    given = authorization.removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def _counted(records: Records, now: datetime) -> Iterator[str]:
    jobs = records.jobs.counts()
    due = records.jobs.oldest_due(now)
    waits = (now - due).total_seconds() if due else 0.0
    by_state: list[Sample] = [({"kind": kind, "state": str(one)}, jobs[kind, one]) for kind, one in sorted(jobs)]
    hooks: list[Sample] = [({"state": str(one)}, count) for one, count in sorted(records.webhooks.states().items())]
    shown: tuple[tuple[str, str, str, list[Sample]], ...] = (
        ("esm_signatures", "counter", "Signatures of people that are recorded.", [({}, records.documents.signed())]),
        ("esm_jobs", "gauge", "Jobs by kind and state.", by_state),
        ("esm_jobs_oldest_due_seconds", "gauge", "Since when the oldest due job waits.", [({}, waits)]),
        ("esm_jobs_stalled", "gauge", "Jobs whose worker is not heard of.", [({}, records.jobs.stalled(now))]),
        ("esm_outbox_waiting", "gauge", "Messages that nobody was told of.", [({}, records.journal.count_waiting())]),
        ("esm_webhook_deliveries", "gauge", "Messages to webhooks by state.", hooks),
    )
    for name, kind, told, samples in shown:
        yield from _metric(name, kind, told, samples)


def _metric(name: str, kind: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    shown = f"{name}_total" if kind == "counter" else name
    yield f"# HELP {shown} {told}"
    yield f"# TYPE {shown} {kind}"
    for labels, value in samples:
        yield f"{shown}{_labels(labels)} {value:g}" if value < 1e6 else f"{shown}{_labels(labels)} {value:.0f}"  # noqa: PLR2004


def _histogram(durations: Durations) -> Iterator[str]:
    yield f"# HELP {durations.name} {durations.told}"
    yield f"# TYPE {durations.name} histogram"
    for values, row in sorted(durations.rows().items()):
        labels, count = dict(zip(durations.labels, values, strict=True)), 0
        for bound, one in zip((*map(str, SECONDS), "+Inf"), row.counts, strict=True):
            count += one
            yield f"{durations.name}_bucket{_labels({**labels, 'le': bound})} {count}"
        yield f"{durations.name}_sum{_labels(labels)} {row.total:.6f}"
        yield f"{durations.name}_count{_labels(labels)} {count}"


def _labels(labels: dict[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
