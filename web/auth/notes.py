"""Tells people what happened to their account, through the outbox like every other notice."""

from __future__ import annotations

from datetime import datetime

from packets.notices.topics import Topic
from packets.store.records import Records


def tell_person(records: Records, user_id: str, change: str, now: datetime) -> None:
    """Queue the notice of a change, in its transaction. `change` is a name from `templates/mail/account-changed`."""
    records.journal.queue(Topic.ACCOUNT_CHANGED, {"user_id": user_id, "change": change}, now)
