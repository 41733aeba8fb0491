"""How long records are kept: extensions, legal holds, dispositions, and what the runs of the keepers found."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, number, text, time

retention_dates = sa.Table(
    "retention_dates",
    metadata,
    text("document_id", primary_key=True),
    sa.Column("keep_until", sa.Date, nullable=False),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
)

retention_extensions = sa.Table(
    "retention_extensions",
    metadata,
    number("extension_id", primary_key=True),
    text("aco_id"),
    text("document_id"),
    text("ground"),
    sa.Column("day", sa.Date, nullable=False),
    text("authority"),
    text("recorded_by"),
    time("recorded_at_utc"),
    sa.ForeignKeyConstraint(["recorded_by"], ["people.user_id"]),
    sa.CheckConstraint("ground IN ('special-need', 'audit', 'dispute')", name="ground_known"),
    sa.CheckConstraint("(aco_id = '') <> (document_id = '')", name="aco_or_document"),
    sa.CheckConstraint("authority <> ''", name="authority_given"),
)

holds = sa.Table(
    "holds",
    metadata,
    number("hold_id", primary_key=True),
    text("aco_id"),
    text("reason"),
    text("authority"),
    text("placed_by"),
    time("placed_at_utc"),
    text("lifted_by"),
    text("lift_reason"),
    time("lifted_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["placed_by"], ["people.user_id"]),
    sa.CheckConstraint("reason <> '' AND authority <> ''", name="reason_and_authority_given"),
    sa.CheckConstraint(
        "(lifted_at_utc IS NULL) = (lift_reason = '') AND (lifted_at_utc IS NULL) = (lifted_by = '')",
        name="lifted_with_reason",
    ),
)

hold_documents = sa.Table(
    "hold_documents",
    metadata,
    number("hold_id", primary_key=True, autoincrement=False),
    text("document_id", primary_key=True),
    sa.ForeignKeyConstraint(["hold_id"], ["holds.hold_id"]),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
)

dispositions = sa.Table(
    "dispositions",
    metadata,
    text("disposition_id", primary_key=True),
    text("proposed_by"),
    text("reason"),
    time("proposed_at_utc"),
    sa.Column("first_approver", sa.Text, nullable=True),
    time("first_approved_at_utc", nullable=True),
    sa.Column("first_step_up_id", sa.Text, nullable=True, unique=True),
    sa.Column("second_approver", sa.Text, nullable=True),
    time("second_approved_at_utc", nullable=True),
    sa.Column("second_step_up_id", sa.Text, nullable=True, unique=True),
    time("begun_at_utc", nullable=True),
    time("completed_at_utc", nullable=True),
    text("certificate_digest"),
    time("stopped_at_utc", nullable=True),
    text("stopped_by"),
    text("stop_reason"),
    sa.ForeignKeyConstraint(["proposed_by"], ["people.user_id"]),
    sa.ForeignKeyConstraint(["first_approver"], ["people.user_id"]),
    sa.ForeignKeyConstraint(["second_approver"], ["people.user_id"]),
    sa.ForeignKeyConstraint(["first_step_up_id"], ["step_ups.step_up_id"]),
    sa.ForeignKeyConstraint(["second_step_up_id"], ["step_ups.step_up_id"]),
    sa.CheckConstraint("reason <> ''", name="reason_given"),
    sa.CheckConstraint("first_approver <> proposed_by", name="first_is_another"),
    sa.CheckConstraint(
        "second_approver <> proposed_by AND second_approver <> first_approver", name="second_is_a_third"
    ),
    sa.CheckConstraint(
        "(first_approver IS NULL) = (first_step_up_id IS NULL) AND (first_approver IS NULL) = (first_approved_at_utc IS NULL)",
        name="first_with_proof",
    ),
    sa.CheckConstraint(
        "(second_approver IS NULL) = (second_step_up_id IS NULL) "
        "AND (second_approver IS NULL) = (second_approved_at_utc IS NULL)",
        name="second_with_proof",
    ),
    sa.CheckConstraint("second_approver IS NULL OR first_approver IS NOT NULL", name="second_after_first"),
    sa.CheckConstraint("begun_at_utc IS NULL OR second_approver IS NOT NULL", name="begun_when_approved"),
    sa.CheckConstraint("completed_at_utc IS NULL OR begun_at_utc IS NOT NULL", name="completed_when_begun"),
    sa.CheckConstraint("(completed_at_utc IS NULL) = (certificate_digest = '')", name="completed_with_certificate"),
    sa.CheckConstraint("begun_at_utc IS NULL OR stopped_at_utc IS NULL", name="begun_is_not_stopped"),
    sa.CheckConstraint("(stopped_at_utc IS NULL) = (stop_reason = '')", name="stopped_with_reason"),
)

disposition_items = sa.Table(
    "disposition_items",
    metadata,
    text("disposition_id", primary_key=True),
    text("document_id", primary_key=True),
    sa.Column("keep_until", sa.Date, nullable=False),
    sa.ForeignKeyConstraint(["disposition_id"], ["dispositions.disposition_id"]),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.Index(None, "document_id"),
)

protections = sa.Table(
    "protections",
    metadata,
    text("document_id", primary_key=True),
    text("head_digest"),
    text("digest"),
    time("ends_at_utc"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.Index(None, "ends_at_utc"),
)

keeper_runs = sa.Table(
    "keeper_runs",
    metadata,
    number("run_id", primary_key=True),
    text("kind"),
    time("began_at_utc"),
    time("ended_at_utc"),
    sa.Column("report", sa.JSON, nullable=False),
    sa.CheckConstraint("kind IN ('fixity', 'renewal')", name="kind_known"),
    sa.Index(None, "kind", "ended_at_utc"),
)
