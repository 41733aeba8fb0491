"""Notices are no records of an agreement: after some years they are removed from inboxes, and the log tells of them still."""

from __future__ import annotations

from datetime import datetime, timedelta

from packets.audit.log import SERVICE, Act
from packets.store.database import Database

A_YEAR = timedelta(days=366)


def dispose_old_notices(database: Database, now: datetime, years: int) -> int:
    """Remove the notices that were written more than so many years ago and are not waiting to be mailed; answer how many."""
    before = now - years * A_YEAR
    with database.write() as records:
        count = records.notices.dispose(before)
        if count:
            records.journal.log(Act.NOTICES_DISPOSE, SERVICE, "notices", now, count=count, before=before.isoformat())
    return count
