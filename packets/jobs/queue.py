"""Asking for work: a job is queued in the transaction of the act that wants it, so that neither exists without the other."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from packets.model.jobs import Job, JobState
from packets.store.records import Records
from packets.tracing import traced


def enqueue(
    records: Records,
    kind: str,
    arguments: Mapping[str, Any],
    key: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
) -> Job:
    """Queue a job, once for each key; the job that has the key is answered, whatever has become of it.

    Args:
        records: of the transaction in which the act is recorded.
        kind: name of the handler.
        arguments: ids as JSON types; the handler reads what they stand for when it runs.
        key: the same key means the same job.
        now: the time of the act.
        due_at: not before this time; empty means at once.
    """
    earlier = records.jobs.by_key(key)
    if earlier is not None:
        return earlier
    job = Job(str(uuid.uuid4()), kind, dict(arguments), key, JobState.QUEUED, due_at or now, request_id=traced())
    records.jobs.add(job)
    return job
