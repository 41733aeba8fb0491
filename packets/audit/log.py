"""The audit log: every act and every refusal, in one chain of digests (R4; 36 CFR 1236.10).

An entry's digest covers the entry and the digest before it, so that an edited, removed, inserted or reordered entry breaks
the chain from there on. Entries are written in the transaction of the act that they tell of: no entry, no act.
People are named by their user ID only; what the ID stands for is kept, and one day disposed of, elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from packets.canonical import digest_of
from packets.errors import Problem

GENESIS = "0" * 64


class Act(StrEnum):
    """What can be told of: `subject:action`, closed."""

    YEAR_ASK = "year:ask"
    YEAR_OPEN = "year:open"
    YEAR_PREPARE = "year:prepare"
    ACO_ENROLL = "aco:enroll"
    WINDOW_EXTEND = "window:extend"
    WINDOW_MOVE = "window:move"
    LIST_ASK = "list:ask"
    LIST_LOAD = "list:load"
    USER_ADD = "user:add"
    USER_GRANT = "user:grant"
    USER_REVOKE = "user:revoke"
    USER_RECERTIFY = "user:recertify"
    USER_DEACTIVATE = "user:deactivate"
    ACCOUNT_PASSWORD = "account:password"  # noqa: S105  the name of an act
    CONTACT_EDIT = "contact:edit"
    CONTACT_PLACE = "contact:place"
    CONTACTS_SUBMIT = "contacts:submit"
    ORGANIZATION_EDIT = "organization:edit"
    ORGANIZATION_SUBMIT = "organization:submit"
    DUA_CONFIRM_CONTACTS = "dua:confirm-contacts"
    DUA_EXTEND = "dua:extend"
    DUA_RAISE_ADDENDUM = "dua:raise-addendum"
    DUA_CLOSE = "dua:close"
    CHANGE_REQUEST_FILE = "change-request:file"
    CHANGE_REQUEST_ANSWER = "change-request:answer"
    LIST_DOWNLOAD = "list:download"
    CORRECTIONS_UPLOAD = "corrections:upload"
    CORRECTIONS_CHECK = "corrections:check"
    DOCUMENT_ASSEMBLE = "document:assemble"
    DOCUMENT_DECLINE = "document:decline"
    DOCUMENT_WITHDRAW = "document:withdraw"
    DOCUMENT_VOID = "document:void"
    DOCUMENT_VIEW = "document:view"
    DOCUMENT_DOWNLOAD = "document:download"
    RECORDS_DOWNLOAD = "records:download"
    EXPORT_ASK = "export:ask"
    EXPORT_FINISH = "export:finish"
    EXPORT_RESUME = "export:resume"
    EXPORT_DOWNLOAD = "export:download"
    EXPORT_REMOVE = "export:remove"
    SEARCH_SAVE = "search:save"
    SEARCH_FORGET = "search:forget"
    DOCUMENT_SIGN = "document:sign"
    DOCUMENT_COUNTERSIGN = "document:countersign"
    BATCH_START = "batch:start"
    BATCH_STOP = "batch:stop"
    BATCH_RESUME = "batch:resume"
    BATCH_FINISH = "batch:finish"
    DOCUMENT_EXECUTE = "document:execute"
    DOCUMENT_RENEW = "document:renew"
    INTENT_OPEN = "intent:open"
    INTENT_ABANDON = "intent:abandon"
    ACCOUNT_SIGN_IN = "account:sign-in"
    ACCOUNT_SIGN_OUT = "account:sign-out"
    ACCOUNT_STEP_UP = "account:step-up"
    ACCOUNT_LOCK = "account:lock"
    ACCOUNT_RESET = "account:reset"
    ACCOUNT_FACTOR_ADD = "account:factor-add"
    ACCOUNT_FACTOR_REMOVE = "account:factor-remove"
    ACCOUNT_LINK = "account:link"
    KEYS_ROTATE = "keys:rotate"
    OBJECTS_MEND = "objects:mend"
    RETENTION_EXTEND = "retention:extend"
    HOLD_PLACE = "hold:place"
    HOLD_LIFT = "hold:lift"
    DISPOSITION_PROPOSE = "disposition:propose"
    DISPOSITION_APPROVE = "disposition:approve"
    DISPOSITION_STOP = "disposition:stop"
    DISPOSITION_BEGIN = "disposition:begin"
    DISPOSITION_COMPLETE = "disposition:complete"
    COPY_GRANT = "copy:grant"
    COPY_WITHDRAW = "copy:withdraw"
    COPY_RETRIEVE = "copy:retrieve"
    NOTICES_DISPOSE = "notices:dispose"
    NOTICE_WRITE = "notice:write"
    NOTICE_SEND = "notice:send"
    NOTICE_RETRY = "notice:retry"
    TOKEN_CREATE = "token:create"  # noqa: S105  the name of an act
    TOKEN_REVOKE = "token:revoke"  # noqa: S105  the name of an act
    SIGNATURE_PREPARE = "signature:prepare"
    WEBHOOK_REGISTER = "webhook:register"
    WEBHOOK_REMOVE = "webhook:remove"
    WEBHOOK_ROTATE = "webhook:rotate"
    WEBHOOK_SECRET = "webhook:secret"  # noqa: S105  the name of an act
    WEBHOOK_REPLAY = "webhook:replay"
    WEBHOOK_SEND = "webhook:send"


class Outcome(StrEnum):
    """Whether the act was done or refused."""

    DONE = "done"
    REFUSED = "refused"


SERVICE = "service"
"""The actor of what the service does by itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `subject` is what the act was about: `A1001/2027/participant-list`, a user ID, a year."""

    sequence: int
    at_utc: datetime
    act: Act
    actor: str
    subject: str
    outcome: Outcome
    details: Mapping[str, Any]
    previous: str
    digest: str


def chain(
    last: Entry | None,
    *,
    at_utc: datetime,
    act: Act,
    actor: str,
    subject: str,
    outcome: Outcome,
    details: Mapping[str, Any],
) -> Entry:
    """The entry that follows `last` (or the first one)."""
    sequence = last.sequence + 1 if last else 1
    previous = last.digest if last else GENESIS
    digest = _digest(sequence, at_utc, act, actor, subject, outcome, details, previous)
    return Entry(sequence, at_utc, act, actor, subject, outcome, details, previous, digest)


def chain_problems(entries: Iterable[Entry]) -> list[Problem]:
    """Every place where a log, given from its first entry on, does not hold together."""
    problems, previous = [], GENESIS
    for expected, entry in enumerate(entries, start=1):
        problems += link_problems(entry, previous, expected)
        previous = entry.digest
    return problems


def link_problems(entry: Entry, previous: str, expected: int) -> list[Problem]:
    """What is wrong with one entry, given the digest of the one before it and the number that it should have."""
    content = _digest(
        entry.sequence,
        entry.at_utc,
        entry.act,
        entry.actor,
        entry.subject,
        entry.outcome,
        entry.details,
        entry.previous,
    )
    if (entry.sequence, entry.previous, entry.digest) == (expected, previous, content):
        return []
    sentence = f"Entry {entry.sequence} does not follow from the one before it."
    return [Problem("audit-broken", sentence, "Compare with a copy of the log.", f"entry {expected}")]


def _digest(
    sequence: int,
    at_utc: datetime,
    act: str,
    actor: str,
    subject: str,
    outcome: str,
    details: Mapping[str, Any],
    previous: str,
) -> str:
    at = at_utc.astimezone(UTC).isoformat(timespec="microseconds")
    return digest_of([sequence, at, str(act), actor, subject, str(outcome), dict(details), previous])
