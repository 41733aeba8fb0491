"""Rows of the lists, and the corrections uploaded to them."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import aco_reference, metadata, number, text, time

list_rows = sa.Table(
    "list_rows",
    metadata,
    text("aco_id", primary_key=True),
    number("year", primary_key=True),
    text("list", primary_key=True),
    number("position", primary_key=True),
    text("tin"),
    sa.Column("cells", sa.JSON, nullable=False),
    aco_reference(),
    sa.Index(None, "aco_id", "year", "list", "tin"),
    sqlite_with_rowid=False,
)

corrections = sa.Table(
    "corrections",
    metadata,
    number("correction_id", primary_key=True),
    text("aco_id"),
    number("year"),
    text("file_name"),
    text("sha256"),
    text("uploaded_by"),
    time("uploaded_at_utc"),
    number("additions"),
    number("deletions"),
    aco_reference(),
    sa.ForeignKeyConstraint(["uploaded_by"], ["people.user_id"]),
    sa.Index(None, "aco_id", "year"),
)
