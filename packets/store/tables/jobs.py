"""Jobs: what runs outside a request."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, number, text, time

jobs = sa.Table(
    "jobs",
    metadata,
    text("job_id", primary_key=True),
    text("kind"),
    sa.Column("arguments", sa.JSON, nullable=False),
    text("key", unique=True),
    text("state"),
    number("attempts"),
    number("fence"),
    text("owner"),
    time("due_at_utc"),
    time("lease_until_utc", nullable=True),
    time("heartbeat_at_utc", nullable=True),
    number("done"),
    number("total"),
    sa.Column("result", sa.JSON, nullable=False),
    text("error"),
    text("request_id", server_default=""),
    sa.CheckConstraint(
        "state IN ('queued', 'running', 'stopping', 'stopped', 'done', 'failed')",
        name="state_known",
    ),
    sa.CheckConstraint(
        "(state IN ('running', 'stopping')) = (lease_until_utc IS NOT NULL)", name="leased_while_running"
    ),
    sa.Index(None, "state", "due_at_utc"),
)
