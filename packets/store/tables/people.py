"""People, and the contact slots that they hold."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import aco_reference, flag, metadata, number, text, time

people = sa.Table(
    "people",
    metadata,
    text("user_id", primary_key=True),
    text("given_name"),
    text("family_name"),
    text("title"),
    text("organization"),
    text("email"),
    text("phone"),
    text("line_1"),
    text("line_2"),
    text("city"),
    text("state"),
    text("zip_code"),
    flag("account_active"),
    flag("may_sign_electronically"),
    text("cms_roles"),
    flag("sample"),
    sa.Column("recertification_due_on", sa.Date, nullable=True),
    sa.CheckConstraint("length(user_id) = 4", name="user_id_length"),
)

contacts = sa.Table(
    "contacts",
    metadata,
    text("aco_id", primary_key=True),
    number("year", primary_key=True),
    text("role", primary_key=True),
    sa.Column("user_id", sa.Text, nullable=True),
    sa.Column("pair", sa.Text, nullable=True),
    text("given_name"),
    text("family_name"),
    text("title"),
    text("organization"),
    text("email"),
    text("phone"),
    text("line_1"),
    text("line_2"),
    text("city"),
    text("state"),
    text("zip_code"),
    aco_reference(),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.UniqueConstraint("aco_id", "year", "pair", "user_id", name="uq_contacts_pair"),
    sa.CheckConstraint("pair IS NULL OR user_id IS NOT NULL", name="paired_by_user_id"),
    sa.Index(None, "user_id"),
)

contact_drafts = sa.Table(
    "contact_drafts",
    metadata,
    text("aco_id", primary_key=True),
    number("year", primary_key=True),
    text("role", primary_key=True),
    flag("emptied"),
    text("user_id"),
    text("given_name"),
    text("family_name"),
    text("title"),
    text("organization"),
    text("email"),
    text("phone"),
    text("line_1"),
    text("line_2"),
    text("city"),
    text("state"),
    text("zip_code"),
    text("edited_by"),
    time("edited_at_utc"),
    aco_reference(),
    sa.ForeignKeyConstraint(["edited_by"], ["people.user_id"]),
)
