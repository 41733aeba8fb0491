"""The audit log, the outbox, and the notices made from it."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, number, text, time

audit = sa.Table(
    "audit",
    metadata,
    number("sequence", primary_key=True, autoincrement=False),
    time("at_utc"),
    text("act"),
    text("actor"),
    text("subject"),
    text("outcome"),
    sa.Column("details", sa.JSON, nullable=False),
    text("previous"),
    text("digest", unique=True),
    sa.Index(None, "subject"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    number("message_id", primary_key=True),
    text("topic"),
    sa.Column("payload", sa.JSON, nullable=False),
    time("queued_at_utc"),
    time("sent_at_utc", nullable=True),
)

notices = sa.Table(
    "notices",
    metadata,
    number("notice_id", primary_key=True),
    text("key", unique=True),
    sa.Column("user_id", sa.Text, nullable=True),
    text("address"),
    text("topic"),
    sa.Column("facts", sa.JSON, nullable=False),
    text("aco_id"),
    number("year"),
    time("made_at_utc"),
    time("read_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.Index(None, "user_id"),
    sa.Index(None, "aco_id", "year"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    number("notice_id", primary_key=True, autoincrement=False),
    text("state"),
    number("attempts"),
    time("next_attempt_at_utc"),
    time("sent_at_utc", nullable=True),
    text("last_error"),
    sa.ForeignKeyConstraint(["notice_id"], ["notices.notice_id"]),
    sa.CheckConstraint("state IN ('queued', 'sent', 'given-up')", name="state_known"),
    sa.Index(None, "state", "next_attempt_at_utc"),
)
