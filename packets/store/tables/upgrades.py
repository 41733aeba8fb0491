"""Which program brought the schema to which revision, and which programs may go on working on it."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, text

schema_upgrades = sa.Table(
    "schema_upgrades",
    metadata,
    text("revision", primary_key=True),
    text("oldest_program"),
    text("version"),
)
