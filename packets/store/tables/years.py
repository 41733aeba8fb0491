"""Performance years, their windows, the ACOs in them, the files that were loaded, and the extensions that ACOs were granted."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import aco_reference, flag, metadata, number, text, time

years = sa.Table(
    "performance_years",
    metadata,
    number("year", primary_key=True, autoincrement=False),
    flag("sample"),
    time("opened_at_utc"),
    text("opened_by_job", server_default=""),
)
"""While a job opens a year, its id stands in `opened_by_job`; nothing of that year is told to anybody until it is empty."""

windows = sa.Table(
    "windows",
    metadata,
    number("year", primary_key=True),
    text("cohort", primary_key=True),
    text("activity", primary_key=True),
    sa.Column("begins_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.ForeignKeyConstraint(["year"], ["performance_years.year"]),
    sa.CheckConstraint("begins_on <= due_on", name="begins_before_due"),
)

acos = sa.Table(
    "acos",
    metadata,
    text("aco_id", primary_key=True),
    number("year", primary_key=True),
    text("cohort"),
    text("legal_name"),
    text("trade_name"),
    text("tax_status"),
    text("line_1"),
    text("line_2"),
    text("city"),
    text("state"),
    text("zip_code"),
    text("web_page"),
    text("service_area"),
    number("period_number"),
    sa.Column("initial_start_date", sa.Date, nullable=False),
    sa.Column("start_date", sa.Date, nullable=False),
    sa.Column("end_date", sa.Date, nullable=False),
    text("track"),
    text("dua_number"),
    sa.Column("dua_expires_on", sa.Date, nullable=False),
    sa.Column("dua_extended_to", sa.Date, nullable=False),
    time("contacts_submitted_at_utc", nullable=True),
    time("organization_submitted_at_utc", nullable=True),
    sa.Column("contacts_carried_from", sa.Integer, nullable=True),
    flag("sample"),
    sa.ForeignKeyConstraint(["year"], ["performance_years.year"]),
)

loads = sa.Table(
    "loads",
    metadata,
    number("load_id", primary_key=True),
    number("year"),
    text("kind"),
    text("file_name"),
    text("digest"),
    number("size"),
    number("rows"),
    text("only_aco"),
    text("report_digest"),
    text("loaded_by"),
    time("loaded_at_utc"),
    sa.ForeignKeyConstraint(["year"], ["performance_years.year"]),
    sa.ForeignKeyConstraint(["loaded_by"], ["people.user_id"]),
    sa.CheckConstraint("length(digest) = 64 AND length(report_digest) = 64", name="digest_length"),
    sa.CheckConstraint("kind IN ('agreements', 'participants', 'providers', 'contacts', 'windows')", name="kind_known"),
    sa.Index(None, "year"),
)

extensions = sa.Table(
    "extensions",
    metadata,
    number("extension_id", primary_key=True),
    text("aco_id"),
    number("year"),
    text("activity"),
    sa.Column("due_on", sa.Date, nullable=False),
    text("reason"),
    text("granted_by"),
    time("granted_at_utc"),
    aco_reference(),
    sa.ForeignKeyConstraint(["granted_by"], ["people.user_id"]),
    sa.CheckConstraint("reason <> ''", name="reason_given"),
    sa.Index(None, "aco_id", "year"),
)

organization_drafts = sa.Table(
    "organization_drafts",
    metadata,
    text("aco_id", primary_key=True),
    number("year", primary_key=True),
    text("trade_name"),
    text("web_page"),
    text("line_2"),
    text("tax_status"),
    text("edited_by"),
    time("edited_at_utc"),
    aco_reference(),
    sa.ForeignKeyConstraint(["edited_by"], ["people.user_id"]),
)

change_requests = sa.Table(
    "change_requests",
    metadata,
    number("request_id", primary_key=True),
    text("aco_id"),
    number("year"),
    text("legal_name"),
    text("field"),
    text("current_value"),
    text("corrected_value"),
    text("explanation"),
    text("filed_by"),
    time("filed_at_utc"),
    text("state"),
    text("answer"),
    sa.Column("answered_by", sa.Text, nullable=True),
    time("answered_at_utc", nullable=True),
    aco_reference(),
    sa.ForeignKeyConstraint(["filed_by"], ["people.user_id"]),
    sa.ForeignKeyConstraint(["answered_by"], ["people.user_id"]),
    sa.CheckConstraint("state IN ('open', 'granted', 'refused')", name="state_known"),
    sa.CheckConstraint("(state = 'open') = (answered_at_utc IS NULL)", name="answered_or_open"),
    sa.CheckConstraint("(answered_at_utc IS NULL) = (answered_by IS NULL)", name="answered_by_somebody"),
    sa.CheckConstraint("state <> 'refused' OR answer <> ''", name="refused_with_reason"),
    sa.CheckConstraint("explanation <> ''", name="explained"),
    sa.Index(None, "aco_id", "year"),
    sa.Index(
        "uq_change_requests_open",
        "aco_id",
        "year",
        "field",
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)
