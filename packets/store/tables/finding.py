"""By what records are found: one entry a document, its words, and the searches that people save.

Entries follow the documents in the same transaction; `esm archive index` makes them anew from what was recorded.
"""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, number, text, time

record_entries = sa.Table(
    "record_entries",
    metadata,
    sa.Column("entry_id", sa.Integer, primary_key=True),
    text("document_id", unique=True),
    # Bytes and not text: these are ordered alike by every database, whatever its language.
    sa.Column("place", sa.LargeBinary, nullable=False, unique=True),
    text("aco_id"),
    number("year"),
    text("kind"),
    text("state"),
    number("signed"),
    time("executed_at_utc", nullable=True),
    sa.Column("ends_on", sa.Date, nullable=True),
    text("contents_digest"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.CheckConstraint("state IN ('open', 'declined', 'executed', 'voided')", name="state_known"),
    sa.Index(None, "aco_id", "year", "place"),
    sa.Index(None, "kind", "state", "place"),
    sa.Index(None, "state", "place"),
    sa.Index(None, "executed_at_utc"),
    sa.Index(None, "ends_on"),
)

record_words = sa.Table(
    "record_words",
    metadata,
    text("source", primary_key=True),
    sa.Column("word", sa.LargeBinary, primary_key=True),
    sa.Column("entry_id", sa.Integer, primary_key=True),
    sa.ForeignKeyConstraint(["entry_id"], ["record_entries.entry_id"]),
    sa.CheckConstraint("source IN ('d', 's', 'l', 'r')", name="source_known"),
    sa.Index(None, "entry_id", "source", "word"),
    sqlite_with_rowid=False,
)

saved_searches = sa.Table(
    "saved_searches",
    metadata,
    text("search_id", primary_key=True),
    text("user_id"),
    text("name"),
    text("query"),
    time("saved_at_utc"),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.UniqueConstraint("user_id", "name"),
    sa.CheckConstraint("name <> ''", name="named"),
)
