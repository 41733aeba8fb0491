"""The audit log, its checkpoints, and the outbox."""

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
    text("failure"),
    sa.Index(
        "ix_outbox_waiting",
        "message_id",
        sqlite_where=sa.text("sent_at_utc IS NULL"),
        postgresql_where=sa.text("sent_at_utc IS NULL"),
    ),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    number("size", primary_key=True, autoincrement=False),
    sa.Column("peaks", sa.JSON, nullable=False),
    text("digest", unique=True),
    text("object_digest"),
    time("at_utc"),
    sa.ForeignKeyConstraint(["size"], ["audit.sequence"]),
)
