"""Webhooks: who is told by machine, and what became of each message."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import aco_reference, metadata, number, text, time

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    text("endpoint_id", primary_key=True),
    sa.Column("aco_id", sa.Text, nullable=True),
    sa.Column("year", sa.Integer, nullable=True),
    text("url"),
    text("events"),
    number("generation"),
    time("rotated_at_utc", nullable=True),
    text("created_by"),
    time("created_at_utc"),
    time("ended_at_utc", nullable=True),
    aco_reference(),
    sa.ForeignKeyConstraint(["created_by"], ["people.user_id"]),
    sa.CheckConstraint("(aco_id IS NULL) = (year IS NULL)", name="of_an_aco_or_of_cms"),
    sa.CheckConstraint("events <> ''", name="tells_something"),
    sa.Index(None, "aco_id", "year"),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    text("delivery_id", primary_key=True),
    text("endpoint_id"),
    number("message_id"),
    text("event"),
    text("body"),
    text("state"),
    number("attempts"),
    number("status"),
    text("error"),
    time("queued_at_utc"),
    time("ended_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoints.endpoint_id"]),
    sa.UniqueConstraint("endpoint_id", "message_id", "event", name="uq_webhook_deliveries_once"),
    sa.CheckConstraint("state IN ('queued', 'delivered', 'failed')", name="state_known"),
    sa.CheckConstraint("(state = 'queued') = (ended_at_utc IS NULL)", name="ended_or_queued"),
    sa.Index(None, "endpoint_id", "queued_at_utc"),
)
