"""The tables. Times are UTC and end in `_at_utc`; constraints carry the rules that must never break."""

from packets.store.tables.columns import UtcDateTime, metadata
from packets.store.tables.documents import (
    batch_items,
    batches,
    declines,
    documents,
    intents,
    revisions,
    signatures,
    step_ups,
    views,
)
from packets.store.tables.journal import audit, deliveries, notices, outbox
from packets.store.tables.lists import corrections, list_rows
from packets.store.tables.people import accounts, contacts, people, sessions
from packets.store.tables.years import acos, change_requests, drafts, dua_extensions, extensions, windows, years

__all__ = [
    "UtcDateTime",
    "accounts",
    "acos",
    "audit",
    "batch_items",
    "batches",
    "change_requests",
    "contacts",
    "corrections",
    "declines",
    "deliveries",
    "documents",
    "drafts",
    "dua_extensions",
    "extensions",
    "intents",
    "list_rows",
    "metadata",
    "notices",
    "outbox",
    "people",
    "revisions",
    "sessions",
    "signatures",
    "step_ups",
    "views",
    "windows",
    "years",
]
