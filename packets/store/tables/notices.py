"""Notices: what people were told, and how the mail to them fares. Reminders: which were given already."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import flag, metadata, number, text, time

notices = sa.Table(
    "notices",
    metadata,
    number("notice_id", primary_key=True),
    number("message_id"),
    text("recipient"),
    sa.Column("user_id", sa.Text, nullable=True),
    text("email"),
    text("topic"),
    text("aco_id"),
    number("year"),
    flag("sample"),
    text("subject"),
    text("body_text"),
    text("body_html"),
    time("created_at_utc"),
    time("read_at_utc", nullable=True),
    text("state"),
    number("attempts"),
    time("next_attempt_at_utc", nullable=True),
    time("give_up_at_utc"),
    time("sent_at_utc", nullable=True),
    text("last_error"),
    sa.ForeignKeyConstraint(["message_id"], ["outbox.message_id"]),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.UniqueConstraint("message_id", "recipient"),
    sa.CheckConstraint("state IN ('inbox-only', 'queued', 'sent', 'refused', 'failed')", name="state_known"),
    sa.CheckConstraint("(state = 'queued') = (next_attempt_at_utc IS NOT NULL)", name="queued_has_its_time"),
    sa.CheckConstraint("(state = 'sent') = (sent_at_utc IS NOT NULL)", name="sent_has_its_time"),
    sa.Index(None, "user_id", "read_at_utc"),
    sa.Index(None, "state", "next_attempt_at_utc"),
)

reminders = sa.Table(
    "reminders",
    metadata,
    text("aco_id", primary_key=True),
    number("year", primary_key=True),
    text("subject", primary_key=True),
    sa.Column("due_on", sa.Date, primary_key=True),
    number("days", primary_key=True),
    time("queued_at_utc"),
)
