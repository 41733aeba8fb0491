"""What ACOs say about their Data Use Agreement in Step 4: contacts confirmed, extension asked for; and that CMS closed one."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import aco_reference, metadata, number, text, time

dua_confirmations = sa.Table(
    "dua_confirmations",
    metadata,
    number("confirmation_id", primary_key=True),
    text("aco_id"),
    number("year"),
    text("contacts_digest"),
    text("confirmed_by"),
    text("role"),
    time("confirmed_at_utc"),
    aco_reference(),
    sa.ForeignKeyConstraint(["confirmed_by"], ["people.user_id"]),
    sa.CheckConstraint("length(contacts_digest) = 64", name="digest_length"),
    sa.Index(None, "aco_id", "year"),
)

dua_extensions = sa.Table(
    "dua_extensions",
    metadata,
    number("request_id", primary_key=True),
    text("aco_id"),
    number("year"),
    sa.Column("expires_on", sa.Date, nullable=False),
    sa.Column("extended_to", sa.Date, nullable=False),
    text("asked_by"),
    text("role"),
    time("asked_at_utc"),
    aco_reference(),
    sa.ForeignKeyConstraint(["asked_by"], ["people.user_id"]),
    sa.CheckConstraint("extended_to > expires_on", name="never_shortened"),
    sa.Index(None, "aco_id", "year"),
)

dua_closures = sa.Table(
    "dua_closures",
    metadata,
    number("closure_id", primary_key=True),
    text("aco_id"),
    number("year"),
    text("dua_number"),
    text("outcome"),
    sa.Column("certified_on", sa.Date, nullable=False),
    text("reason"),
    text("closed_by"),
    time("closed_at_utc"),
    aco_reference(),
    sa.ForeignKeyConstraint(["closed_by"], ["people.user_id"]),
    sa.CheckConstraint("outcome IN ('destroyed', 'returned', 'none-received')", name="outcome_known"),
    sa.CheckConstraint("reason <> ''", name="reasoned"),
    sa.UniqueConstraint("aco_id", "dua_number"),
)
"""An agreement is closed once, in whichever year; it is the same agreement in every year that has its number."""
