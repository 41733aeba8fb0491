"""Exports: records that people take away as one file."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, number, text, time

exports = sa.Table(
    "exports",
    metadata,
    text("export_id", primary_key=True),
    text("user_id"),
    time("asked_at_utc"),
    sa.Column("asked", sa.JSON, nullable=False),
    number("chosen"),
    time("ready_at_utc", nullable=True),
    time("expires_at_utc", nullable=True),
    text("digest"),
    sa.Column("size", sa.BigInteger, nullable=False),
    number("held"),
    time("removed_at_utc", nullable=True),
    text("removed_by"),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.CheckConstraint("chosen > 0", name="something_chosen"),
    sa.CheckConstraint(
        "(ready_at_utc IS NULL) = (expires_at_utc IS NULL) AND (ready_at_utc IS NULL) = (digest = '')",
        name="ready_with_file",
    ),
    sa.CheckConstraint("(removed_at_utc IS NULL) = (removed_by = '')", name="removed_by_somebody"),
    sa.Index(None, "user_id", "asked_at_utc"),
)

export_items = sa.Table(
    "export_items",
    metadata,
    text("export_id", primary_key=True),
    number("position", primary_key=True, autoincrement=False),
    text("document_id"),
    time("told_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["export_id"], ["exports.export_id"]),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.UniqueConstraint("export_id", "document_id"),
)
