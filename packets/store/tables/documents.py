"""Documents, their revisions and signatures, and what leads to a signature."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import aco_reference, flag, metadata, number, text, time

documents = sa.Table(
    "documents",
    metadata,
    text("document_id", primary_key=True),
    text("aco_id"),
    number("year"),
    text("kind"),
    text("edition"),
    number("step"),
    number("occurrence", server_default="1"),
    text("head_digest"),
    number("pages"),
    text("data_digest"),
    text("template_digest"),
    sa.Column("sections_digest", sa.Text, nullable=True),
    flag("sample"),
    time("created_at_utc"),
    time("executed_at_utc", nullable=True),
    time("voided_at_utc", nullable=True),
    text("void_reason"),
    text("voided_by", server_default=""),
    time("disposed_at_utc", nullable=True),
    aco_reference(),
    sa.Index(
        "uq_documents_current",
        "aco_id",
        "year",
        "kind",
        "occurrence",
        unique=True,
        sqlite_where=sa.text("voided_at_utc IS NULL"),
        postgresql_where=sa.text("voided_at_utc IS NULL"),
    ),
)

revisions = sa.Table(
    "revisions",
    metadata,
    text("document_id", primary_key=True),
    number("number", primary_key=True),
    text("digest"),
    number("size"),
    text("event"),
    text("by"),
    time("at_utc"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.UniqueConstraint("document_id", "digest"),
    sa.CheckConstraint("length(digest) = 64", name="digest_length"),
    sa.Index(None, "digest"),
)

signatures = sa.Table(
    "signatures",
    metadata,
    text("document_id", primary_key=True),
    text("slot", primary_key=True),
    text("user_id"),
    text("name"),
    text("role"),
    time("signed_at_utc"),
    text("level"),
    text("certificate_serial"),
    text("revision_digest"),
    text("intent_id", unique=True),
    sa.ForeignKeyConstraint(["document_id", "revision_digest"], ["revisions.document_id", "revisions.digest"]),
    sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"]),
    sa.Index(None, "signed_at_utc"),
)

declines = sa.Table(
    "declines",
    metadata,
    number("decline_id", primary_key=True),
    text("document_id"),
    text("slot"),
    text("user_id"),
    text("role"),
    text("reason"),
    time("declined_at_utc"),
    time("withdrawn_at_utc", nullable=True),
    text("withdrawn_by"),
    text("withdraw_reason"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.CheckConstraint("reason <> ''", name="reason_given"),
    sa.CheckConstraint("(withdrawn_at_utc IS NULL) = (withdraw_reason = '')", name="withdrawn_with_reason"),
    sa.Index(
        "uq_declines_open",
        "document_id",
        unique=True,
        sqlite_where=sa.text("withdrawn_at_utc IS NULL"),
        postgresql_where=sa.text("withdrawn_at_utc IS NULL"),
    ),
    sa.Index(None, "document_id"),
)

views = sa.Table(
    "views",
    metadata,
    text("document_id", primary_key=True),
    text("user_id", primary_key=True),
    text("digest", primary_key=True),
    time("at_utc"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
)

step_ups = sa.Table(
    "step_ups",
    metadata,
    text("step_up_id", primary_key=True),
    text("user_id"),
    text("document_id"),
    text("digest"),
    time("at_utc"),
    time("used_at_utc", nullable=True),
    text("derived_from", server_default=""),
    text("method", server_default="password"),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
)

intents = sa.Table(
    "intents",
    metadata,
    text("intent_id", primary_key=True),
    text("idempotency_key", unique=True),
    text("document_id"),
    text("slot"),
    text("user_id"),
    text("role"),
    text("viewed_digest"),
    text("step_up_id", unique=True),
    text("state"),
    time("opened_at_utc"),
    time("closed_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.ForeignKeyConstraint(["step_up_id"], ["step_ups.step_up_id"]),
    sa.CheckConstraint("state IN ('open', 'committed', 'abandoned')", name="state_known"),
)
