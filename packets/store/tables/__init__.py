"""The tables. Times are UTC and end in `_at_utc`; constraints carry the rules that must never break."""

from packets.store.tables.agreements import dua_closures, dua_confirmations, dua_extensions
from packets.store.tables.api import api_calls, api_tokens, prepared_signatures
from packets.store.tables.authentication import (
    accounts,
    authenticators,
    challenges,
    identities,
    known_browsers,
    passkeys,
    recovery_codes,
    resets,
    sessions,
    throttles,
)
from packets.store.tables.batches import batch_items, batches
from packets.store.tables.columns import UtcDateTime, metadata
from packets.store.tables.documents import declines, documents, intents, revisions, signatures, step_ups, views
from packets.store.tables.exports import export_items, exports
from packets.store.tables.finding import record_entries, record_words, saved_searches
from packets.store.tables.grants import copy_grant_documents, copy_grants, copy_retrievals, copy_retrieved
from packets.store.tables.jobs import jobs
from packets.store.tables.journal import audit, checkpoints, outbox
from packets.store.tables.keeping import (
    disposition_items,
    dispositions,
    hold_documents,
    holds,
    keeper_runs,
    protections,
    retention_dates,
    retention_extensions,
)
from packets.store.tables.lists import corrections, list_rows
from packets.store.tables.notices import notices, reminders
from packets.store.tables.people import contact_drafts, contacts, people
from packets.store.tables.upgrades import schema_upgrades
from packets.store.tables.webhooks import webhook_deliveries, webhook_endpoints
from packets.store.tables.years import acos, change_requests, extensions, loads, organization_drafts, windows, years

__all__ = [
    "UtcDateTime",
    "accounts",
    "acos",
    "api_calls",
    "api_tokens",
    "audit",
    "authenticators",
    "batch_items",
    "batches",
    "challenges",
    "change_requests",
    "checkpoints",
    "contact_drafts",
    "contacts",
    "copy_grant_documents",
    "copy_grants",
    "copy_retrievals",
    "copy_retrieved",
    "corrections",
    "declines",
    "disposition_items",
    "dispositions",
    "documents",
    "dua_closures",
    "dua_confirmations",
    "dua_extensions",
    "export_items",
    "exports",
    "extensions",
    "hold_documents",
    "holds",
    "identities",
    "intents",
    "jobs",
    "keeper_runs",
    "known_browsers",
    "list_rows",
    "loads",
    "metadata",
    "notices",
    "organization_drafts",
    "outbox",
    "passkeys",
    "people",
    "prepared_signatures",
    "protections",
    "record_entries",
    "record_words",
    "recovery_codes",
    "reminders",
    "resets",
    "retention_dates",
    "retention_extensions",
    "revisions",
    "saved_searches",
    "schema_upgrades",
    "sessions",
    "signatures",
    "step_ups",
    "throttles",
    "views",
    "webhook_deliveries",
    "webhook_endpoints",
    "windows",
    "years",
]
