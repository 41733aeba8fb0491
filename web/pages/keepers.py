"""What the keepers found: whether every stored file is whole, and which archival time-stamps must be renewed when."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from packets.store.records.keepers import FIXITY, RENEWAL
from signing.renewal import WITHIN
from web.auth.roles import Audience, open_to
from web.visit import services

pages = Blueprint("keepers", __name__)
RECENT, MOST_SHOWN = 10, 100


@pages.get("/archive/fixity")
@open_to(Audience.ARCHIVE_READERS)
def fixity() -> ResponseReturnValue:
    """The newest walks over all stored files, and when the next is due."""
    with services().database.read() as records:
        runs = records.keepers.runs(FIXITY, RECENT)
    whole = next((one for one in runs if one.report["holds"]), None)
    return render_template(
        "fixity.html", runs=runs, whole=whole, next_due=_next("keep", services().settings.fixity_days)
    )


@pages.get("/archive/time-stamps")
@open_to(Audience.ARCHIVE_READERS)
def renewals() -> ResponseReturnValue:
    """Executed documents by the day on which their newest time-stamp must be renewed, late ones first."""
    now = services().clock()
    with services().database.read() as records:
        runs, found = records.keepers.runs(RENEWAL, RECENT), records.keepers.protected()
    known = [one for one in found if one.protection]
    return render_template(
        "renewals.html",
        runs=runs,
        next_run=_next("renew", services().settings.renewal_days),
        unknown=len(found) - len(known),
        count=len(known),
        late=sum(one.protection.ends_at <= now for one in known if one.protection),
        due=sum(now < one.protection.ends_at <= now + WITHIN for one in known if one.protection),
        shown=known[:MOST_SHOWN],
        within=WITHIN,
        now=now,
        types=services().catalog,
    )


def _next(task: str, days: int) -> datetime | None:
    """When a task is due; None when no worker has planned it yet."""
    with services().database.read() as records:
        job = records.jobs.by_key(f"periodic/{task}")
    return min(job.due_at, services().clock() + timedelta(days=days)) if job else None
