"""Grants of certified copies, and what was retrieved by them."""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import aco_reference, metadata, number, text, time

copy_grants = sa.Table(
    "copy_grants",
    metadata,
    text("grant_id", primary_key=True),
    text("aco_id"),
    number("year"),
    text("name"),
    text("email"),
    text("capacity"),
    text("reason"),
    text("token_digest", unique=True),
    text("made_by"),
    time("made_at_utc"),
    time("expires_at_utc"),
    number("most"),
    sa.Column("message_id", sa.Integer, nullable=True, unique=True),
    time("withdrawn_at_utc", nullable=True),
    text("withdrawn_by"),
    text("withdraw_reason"),
    aco_reference(),
    sa.ForeignKeyConstraint(["made_by"], ["people.user_id"]),
    sa.CheckConstraint(
        "capacity IN ('participant', 'provider-supplier', 'governing-body', 'auditor')", name="capacity_known"
    ),
    sa.CheckConstraint("name <> '' AND email <> '' AND reason <> ''", name="named_with_reason"),
    sa.CheckConstraint("length(token_digest) = 64", name="digest_length"),
    sa.CheckConstraint("expires_at_utc > made_at_utc", name="ends_after_it_begins"),
    sa.CheckConstraint("most BETWEEN 1 AND 50", name="most_in_bounds"),
    sa.CheckConstraint(
        "(withdrawn_at_utc IS NULL) = (withdraw_reason = '') AND (withdrawn_at_utc IS NULL) = (withdrawn_by = '')",
        name="withdrawn_with_reason",
    ),
    sa.Index(None, "aco_id", "year"),
    sa.Index(None, "made_at_utc"),
)

copy_grant_documents = sa.Table(
    "copy_grant_documents",
    metadata,
    text("grant_id", primary_key=True),
    text("document_id", primary_key=True),
    sa.ForeignKeyConstraint(["grant_id"], ["copy_grants.grant_id"]),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
)

copy_retrievals = sa.Table(
    "copy_retrievals",
    metadata,
    text("retrieval_id", primary_key=True),
    text("grant_id"),
    number("number"),
    time("at_utc"),
    text("sheet_digest"),
    sa.ForeignKeyConstraint(["grant_id"], ["copy_grants.grant_id"]),
    sa.UniqueConstraint("grant_id", "number"),
    sa.UniqueConstraint("grant_id", "retrieval_id"),
    sa.CheckConstraint("number BETWEEN 1 AND 50", name="number_in_bounds"),
    sa.CheckConstraint("length(sheet_digest) IN (0, 64)", name="digest_length"),
    sa.Index(None, "sheet_digest"),
)

copy_retrieved = sa.Table(
    "copy_retrieved",
    metadata,
    text("retrieval_id", primary_key=True),
    text("document_id", primary_key=True),
    text("grant_id"),
    text("digest"),
    sa.ForeignKeyConstraint(["grant_id", "retrieval_id"], ["copy_retrievals.grant_id", "copy_retrievals.retrieval_id"]),
    sa.ForeignKeyConstraint(
        ["grant_id", "document_id"], ["copy_grant_documents.grant_id", "copy_grant_documents.document_id"]
    ),
    sa.ForeignKeyConstraint(["document_id", "digest"], ["revisions.document_id", "revisions.digest"]),
)
"""What was handed out is of the grant's own documents, and a recorded revision of them: the database holds both."""
