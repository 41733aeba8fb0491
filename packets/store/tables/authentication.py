"""How people prove who they are: passwords, sessions, second factors, and what keeps guessers slow.

No secret that opens anything stands here in clear: tokens and codes are kept as digests, passwords as slow hashes, the secrets
of authenticator apps encrypted.
"""

from __future__ import annotations

import sqlalchemy as sa

from packets.store.tables.columns import metadata, number, text, time

accounts = sa.Table(
    "accounts",
    metadata,
    text("user_id", primary_key=True),
    text("password_hash"),
    sa.Column("stands_alone", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.true()),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
)

sessions = sa.Table(
    "sessions",
    metadata,
    text("session_digest", primary_key=True),
    text("session_id", unique=True),
    text("user_id"),
    time("opened_at_utc"),
    time("seen_at_utc"),
    sa.Column("previous_digest", sa.Text, nullable=True),
    time("rotated_at_utc", nullable=True),
    text("method", server_default="password"),
    text("agent", server_default=""),
    text("address", server_default=""),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.CheckConstraint("(previous_digest IS NULL) = (rotated_at_utc IS NULL)", name="rotated_with_time"),
    sa.Index(None, "user_id"),
    sa.Index(None, "previous_digest"),
)

known_browsers = sa.Table(
    "known_browsers",
    metadata,
    text("token_digest", primary_key=True),
    text("user_id"),
    time("seen_at_utc"),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.Index(None, "user_id"),
)

throttles = sa.Table(
    "throttles",
    metadata,
    text("key", primary_key=True),
    number("count"),
    time("since_utc"),
    time("until_utc", nullable=True),
    sa.CheckConstraint("count > 0", name="counted"),
)

resets = sa.Table(
    "resets",
    metadata,
    text("token_digest", primary_key=True),
    text("user_id"),
    number("message_id", unique=True),
    time("asked_at_utc"),
    time("used_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.ForeignKeyConstraint(["message_id"], ["outbox.message_id"]),
)

authenticators = sa.Table(
    "authenticators",
    metadata,
    text("user_id", primary_key=True),
    text("secret"),
    number("last_step"),
    time("confirmed_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    text("code_digest", primary_key=True),
    text("user_id"),
    time("used_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.Index(None, "user_id"),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    text("credential_id", primary_key=True),
    text("user_id"),
    text("public_key"),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    text("label"),
    time("added_at_utc"),
    time("used_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.CheckConstraint("label <> ''", name="named"),
    sa.Index(None, "user_id"),
)

challenges = sa.Table(
    "challenges",
    metadata,
    text("challenge_digest", primary_key=True),
    sa.Column("user_id", sa.Text, nullable=True),
    text("purpose"),
    text("nonce"),
    text("document_id"),
    text("digest"),
    time("asked_at_utc"),
    time("used_at_utc", nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.CheckConstraint("purpose IN ('second-factor', 'sign-in', 'enroll', 'step-up')", name="purpose_known"),
    sa.CheckConstraint("purpose = 'sign-in' OR user_id IS NOT NULL", name="somebodys"),
    sa.CheckConstraint("(purpose = 'step-up') = (digest <> '')", name="step_up_is_bound"),
)

identities = sa.Table(
    "identities",
    metadata,
    text("issuer", primary_key=True),
    text("subject", primary_key=True),
    text("user_id"),
    time("linked_at_utc"),
    sa.ForeignKeyConstraint(["user_id"], ["people.user_id"]),
    sa.UniqueConstraint("issuer", "user_id"),
)
