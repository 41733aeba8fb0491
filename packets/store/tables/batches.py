"""Batches of countersignatures."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import flag, metadata, number, text, time

batches = sa.Table(
    "batches",
    metadata,
    text("batch_id", primary_key=True),
    text("user_id"),
    time("created_at_utc"),
    text("sheet_digest"),
    sa.Column("step_up_id", sa.Text, nullable=True, unique=True),
    time("started_at_utc", nullable=True),
    time("finished_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.ForeignKeyConstraint(["step_up_id"], ["step_ups.step_up_id"]),
    sa.CheckConstraint("(started_at_utc IS NULL) = (step_up_id IS NULL)", name="started_with_proof"),
    sa.CheckConstraint("finished_at_utc IS NULL OR started_at_utc IS NOT NULL", name="finished_after_start"),
    sa.Index(None, "user_id"),
)

batch_items = sa.Table(
    "batch_items",
    metadata,
    text("batch_id", primary_key=True),
    text("document_id", primary_key=True),
    number("position"),
    text("digest"),
    text("slot"),
    text("role"),
    flag("opened"),
    text("state"),
    sa.Column("reasons", sa.JSON, nullable=False),
    time("closed_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"]),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.UniqueConstraint("batch_id", "position"),
    sa.CheckConstraint("state IN ('waiting', 'signed', 'skipped')", name="state_known"),
    sa.CheckConstraint("(state = 'waiting') = (closed_at_utc IS NULL)", name="closed_with_time"),
)
