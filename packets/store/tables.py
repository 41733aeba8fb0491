"""The tables. Times are UTC and end in `_at_utc`; constraints carry the rules that must never break."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime, on databases that have no time zones too."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's interface
        """To the database: refuse a naive time, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's interface
        """From the database: always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(name: str, *args: Any, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, *args, nullable=False, **options)


def _number(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, **options)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(create_constraint=False), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable)


def _aco_reference() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["aco_id", "year"], ["acos.aco_id", "acos.year"])


years = sa.Table(
    "performance_years",
    metadata,
    _number("year", primary_key=True, autoincrement=False),
    _flag("sample"),
    _time("opened_at_utc"),
)

windows = sa.Table(
    "windows",
    metadata,
    _number("year", primary_key=True),
    _text("cohort", primary_key=True),
    _text("activity", primary_key=True),
    sa.Column("begins_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.ForeignKeyConstraint(["year"], ["performance_years.year"]),
    sa.CheckConstraint("begins_on <= due_on", name="begins_before_due"),
)

people = sa.Table(
    "people",
    metadata,
    _text("user_id", primary_key=True),
    _text("given_name"),
    _text("family_name"),
    _text("title"),
    _text("organization"),
    _text("email"),
    _text("phone"),
    _text("line_1"),
    _text("line_2"),
    _text("city"),
    _text("state"),
    _text("zip_code"),
    _flag("account_active"),
    _flag("may_sign_electronically"),
    _text("cms_roles"),
    _flag("sample"),
    sa.CheckConstraint("length(user_id) = 4", name="user_id_length"),
)

acos = sa.Table(
    "acos",
    metadata,
    _text("aco_id", primary_key=True),
    _number("year", primary_key=True),
    _text("cohort"),
    _text("legal_name"),
    _text("trade_name"),
    _text("tax_status"),
    _text("line_1"),
    _text("line_2"),
    _text("city"),
    _text("state"),
    _text("zip_code"),
    _text("web_page"),
    _text("service_area"),
    _number("period_number"),
    sa.Column("initial_start_date", sa.Date, nullable=False),
    sa.Column("start_date", sa.Date, nullable=False),
    sa.Column("end_date", sa.Date, nullable=False),
    _text("track"),
    _text("dua_number"),
    sa.Column("dua_expires_on", sa.Date, nullable=False),
    sa.Column("dua_extended_to", sa.Date, nullable=False),
    _time("contacts_submitted_at_utc", nullable=True),
    _time("organization_submitted_at_utc", nullable=True),
    _flag("sample"),
    sa.ForeignKeyConstraint(["year"], ["performance_years.year"]),
)

contacts = sa.Table(
    "contacts",
    metadata,
    _text("aco_id", primary_key=True),
    _number("year", primary_key=True),
    _text("role", primary_key=True),
    _text("user_id"),
    _aco_reference(),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.Index(None, "user_id"),
)

list_rows = sa.Table(
    "list_rows",
    metadata,
    _text("aco_id", primary_key=True),
    _number("year", primary_key=True),
    _text("list", primary_key=True),
    _number("position", primary_key=True),
    _text("tin"),
    sa.Column("cells", sa.JSON, nullable=False),
    _aco_reference(),
    sa.Index(None, "aco_id", "year", "list", "tin"),
    sqlite_with_rowid=False,
)

corrections = sa.Table(
    "corrections",
    metadata,
    _number("correction_id", primary_key=True),
    _text("aco_id"),
    _number("year"),
    _text("file_name"),
    _text("sha256"),
    _text("uploaded_by"),
    _time("uploaded_at_utc"),
    _number("additions"),
    _number("deletions"),
    _aco_reference(),
    sa.ForeignKeyConstraint(["uploaded_by"], ["people.user_id"]),
    sa.Index(None, "aco_id", "year"),
)

documents = sa.Table(
    "documents",
    metadata,
    _text("document_id", primary_key=True),
    _text("aco_id"),
    _number("year"),
    _text("kind"),
    _text("edition"),
    _number("step"),
    _text("head_digest"),
    _number("pages"),
    _text("data_digest"),
    _text("template_digest"),
    _flag("sample"),
    _time("created_at_utc"),
    _time("executed_at_utc", nullable=True),
    _time("voided_at_utc", nullable=True),
    _text("void_reason"),
    _aco_reference(),
    sa.Index(
        "uq_documents_current",
        "aco_id",
        "year",
        "kind",
        unique=True,
        sqlite_where=sa.text("voided_at_utc IS NULL"),
        postgresql_where=sa.text("voided_at_utc IS NULL"),
    ),
)

revisions = sa.Table(
    "revisions",
    metadata,
    _text("document_id", primary_key=True),
    _number("number", primary_key=True),
    _text("digest"),
    _number("size"),
    _text("event"),
    _text("by"),
    _time("at_utc"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.UniqueConstraint("document_id", "digest"),
    sa.CheckConstraint("length(digest) = 64", name="digest_length"),
)

signatures = sa.Table(
    "signatures",
    metadata,
    _text("document_id", primary_key=True),
    _text("slot", primary_key=True),
    _text("user_id"),
    _text("name"),
    _text("role"),
    _time("signed_at_utc"),
    _text("level"),
    _text("certificate_serial"),
    _text("revision_digest"),
    _text("intent_id", unique=True),
    sa.ForeignKeyConstraint(["document_id", "revision_digest"], ["revisions.document_id", "revisions.digest"]),
    sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"]),
)

views = sa.Table(
    "views",
    metadata,
    _text("document_id", primary_key=True),
    _text("user_id", primary_key=True),
    _text("digest", primary_key=True),
    _time("at_utc"),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
)

step_ups = sa.Table(
    "step_ups",
    metadata,
    _text("step_up_id", primary_key=True),
    _text("user_id"),
    _text("document_id"),
    _text("digest"),
    _time("at_utc"),
    _time("used_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
)

intents = sa.Table(
    "intents",
    metadata,
    _text("intent_id", primary_key=True),
    _text("idempotency_key", unique=True),
    _text("document_id"),
    _text("slot"),
    _text("user_id"),
    _text("role"),
    _text("viewed_digest"),
    _text("step_up_id", unique=True),
    _text("state"),
    _time("opened_at_utc"),
    _time("closed_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["document_id"], ["documents.document_id"]),
    sa.ForeignKeyConstraint(["step_up_id"], ["step_ups.step_up_id"]),
    sa.CheckConstraint("state IN ('open', 'committed', 'abandoned')", name="state_known"),
)

audit = sa.Table(
    "audit",
    metadata,
    _number("sequence", primary_key=True, autoincrement=False),
    _time("at_utc"),
    _text("act"),
    _text("actor"),
    _text("subject"),
    _text("outcome"),
    sa.Column("details", sa.JSON, nullable=False),
    _text("previous"),
    _text("digest", unique=True),
    sa.Index(None, "subject"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    _number("message_id", primary_key=True),
    _text("topic"),
    sa.Column("payload", sa.JSON, nullable=False),
    _time("queued_at_utc"),
    _time("sent_at_utc", nullable=True),
)

accounts = sa.Table(
    "accounts",
    metadata,
    _text("user_id", primary_key=True),
    _text("password_hash"),
    _number("failures"),
    _time("locked_until_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _text("session_digest", primary_key=True),
    _text("user_id"),
    _time("opened_at_utc"),
    _time("seen_at_utc"),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.Index(None, "user_id"),
)
