"""What the JSON API keeps: tokens, calls that may be sent twice, signatures that wait for their value."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, number, text, time

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    text("token_id", primary_key=True),
    text("token_digest", unique=True),
    text("user_id"),
    text("label"),
    text("scopes"),
    text("created_by"),
    time("created_at_utc"),
    time("expires_at_utc"),
    time("revoked_at_utc", nullable=True),
    time("used_at_utc", nullable=True),
    number("calls"),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.CheckConstraint("expires_at_utc > created_at_utc", name="expires"),
    sa.CheckConstraint("scopes <> ''", name="scoped"),
    sa.Index(None, "user_id"),
)

api_calls = sa.Table(
    "api_calls",
    metadata,
    text("token_id", primary_key=True),
    text("key", primary_key=True),
    text("request_digest"),
    time("begun_at_utc"),
    number("status"),
    sa.Column("headers", sa.JSON, nullable=False),
    text("body"),
    sa.ForeignKeyConstraint(["token_id"], ["api_tokens.token_id"]),
    sa.CheckConstraint("status = 0 OR status BETWEEN 200 AND 499", name="answered_for_good"),
    sa.Index(None, "begun_at_utc"),
)

prepared_signatures = sa.Table(
    "prepared_signatures",
    metadata,
    text("prepared_id", primary_key=True),
    text("document_id"),
    text("slot"),
    text("user_id"),
    text("role"),
    text("viewed_digest"),
    text("digest"),
    text("state"),
    time("prepared_at_utc"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.Index(None, "prepared_at_utc"),
)
