"""Rows of the lists, and the corrections uploaded to them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from packets.lists import searching
from packets.store.tables.columns import aco_reference, metadata, number, text, time


def _searchable(context: Any) -> str:
    """Filled in with every row, whoever writes it, so that no row is left out by a search."""
    row = context.get_current_parameters()
    return searching.searchable(row["list"], row["cells"])


def _tin_name(context: Any) -> str:
    row = context.get_current_parameters()
    return searching.tin_name(row["list"], row["cells"])


list_rows = sa.Table(
    "list_rows",
    metadata,
    text("aco_id", primary_key=True),
    number("year", primary_key=True),
    text("list", primary_key=True),
    number("position", primary_key=True),
    text("tin"),
    sa.Column("cells", sa.JSON, nullable=False),
    text("tin_name", default=_tin_name, server_default=""),
    text("search", default=_searchable, server_default=""),
    aco_reference(),
    sa.Index(None, "aco_id", "year", "list", "tin", "tin_name"),
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
