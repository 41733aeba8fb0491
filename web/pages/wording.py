"""How pages write dates, times, roles and digests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException

from packets.audit.log import Act
from packets.model.calendar import ACTIVITY_LABELS, AGENCY_ZONE, Activity
from packets.model.documents import Event, Status
from packets.model.people import role_label
from web.auth.roles import Audience, belongs
from web.visit import guest, request_id, roles, services, session

EVENTS = {
    Event.DRAFTED: "Drafted",
    Event.SEALED: "Sealed by the service",
    Event.VIEWED: "Viewed",
    Event.SIGNED: "Signed by the ACO",
    Event.COUNTERSIGNED: "Countersigned by CMS",
    Event.EXECUTED: "Executed and closed with a time-stamp",
    Event.RENEWED: "Renewed with a further time-stamp",
    Event.DECLINED: "Declined",
    Event.VOIDED: "Voided",
}
ACTS = {
    Act.DOCUMENT_ASSEMBLE: "Made from the facts of that time",
    Act.DOCUMENT_VIEW: "Shown for reading",
    Act.DOCUMENT_DOWNLOAD: "Downloaded",
    Act.SIGNATURE_PREPARE: "Prepared for a key that the signer holds",
    Act.DOCUMENT_SIGN: "Signed for the ACO",
    Act.DOCUMENT_COUNTERSIGN: "Countersigned for CMS",
    Act.DOCUMENT_EXECUTE: "Executed and closed with a time-stamp",
    Act.DOCUMENT_RENEW: "Renewed with a further time-stamp",
    Act.DOCUMENT_DECLINE: "Declined",
    Act.DOCUMENT_WITHDRAW: "Decline taken back",
    Act.DOCUMENT_VOID: "Voided",
    Act.COPY_RETRIEVE: "Taken as a certified copy",
    Act.ACCOUNT_STEP_UP: "Signed in again to sign",
    Act.INTENT_OPEN: "Signature begun",
    Act.DISPOSITION_COMPLETE: "Disposed of",
    Act.INTENT_ABANDON: "An interrupted signature was given up",
}
TONES = {
    Status.EXECUTED: "done",
    Status.PENDING_CMS: "waiting",
    Status.PARTIALLY_SIGNED: "waiting",
    Status.READY: "ready",
    Status.PAST_DUE: "alarm",
    Status.DECLINED: "alarm",
    Status.VOIDED: "alarm",
}


def register(app: Flask) -> None:
    """Teach the templates these ways of writing, and who is looking at them."""
    filters = (
        act_label,
        age,
        day,
        utc_time,
        eastern_time,
        iso_time,
        role_label,
        event_label,
        activity_label,
        tone,
        file_size,
    )
    for one in filters:
        app.add_template_filter(one)
    app.context_processor(_surroundings)


def _surroundings() -> dict[str, object]:
    return {
        "visitor": guest(),
        "roles": roles(),
        "mode": services().settings.mode,
        "request_number": request_id(),
        "gives_copies": belongs(Audience.COPY_GIVERS, roles()),
        "sees_corrections": belongs(Audience.UPLOAD_READERS, roles()),
        **_session(),
    }


def _session() -> dict[str, object]:
    """What pages say about the end of the session."""
    settings, now, found = services().settings, services().clock(), session()
    if found is None or guest() is None:
        return {"open_session": None}
    warns = timedelta(minutes=settings.session_warning_minutes)
    left = found.ends_at - now
    return {
        "open_session": found,
        "session_soon": found.ends_at == found.ends_at_last and left <= warns,
        "session_hours": settings.session_hours,
        "session_warns": int(warns.total_seconds()),
        "session_refresh": "" if _has_form() else max(int((left - warns).total_seconds()), 1),
        "session_now": now,
    }


def _has_form() -> bool:
    """Whether the page may hold something that was typed, and must not go away by itself."""
    if request.method != "GET" or request.endpoint in {None, "session.ending"}:
        return True
    try:
        current_app.url_map.bind("localhost").match(request.path, method="POST")
    except HTTPException:
        return False
    return True


def day(value: date) -> str:
    """A date as people read it: `December 10, 2026`."""
    return f"{value:%B} {value.day}, {value.year}"


def utc_time(value: datetime) -> str:
    """An instant in UTC: `November 16, 2026, 15:00:00 UTC`."""
    there = value.astimezone(UTC)
    return f"{day(there)}, {there:%H:%M:%S} UTC"


def eastern_time(value: datetime) -> str:
    """An instant in the time zone of CMS: `November 16, 2026, 10:00:00 a.m. EST`."""
    there = value.astimezone(AGENCY_ZONE)
    half = "a.m." if there.hour < 12 else "p.m."  # noqa: PLR2004  noon
    return f"{day(there)}, {there.hour % 12 or 12}:{there:%M:%S} {half} {there:%Z}"


def iso_time(value: datetime) -> str:
    """An instant for machines (HTML `datetime`)."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def age(value: timedelta) -> str:
    """How long something has been waiting: `3 days`, `5 hours`, `less than an hour`."""
    hours = int(value.total_seconds() // 3600)
    number, unit = (hours // 24, "day") if hours >= 24 else (hours, "hour")  # noqa: PLR2004  hours of a day
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else "less than an hour"


def event_label(event: Event) -> str:
    """What has happened to a document."""
    return EVENTS[event]


def activity_label(activity: Activity) -> str:
    """What is due."""
    return ACTIVITY_LABELS[activity]


def act_label(act: Act) -> str:
    """What the audit log tells of, in words where a record's page shows it: `Signed`, `Downloaded`."""
    return ACTS.get(act, str(act).replace(":", ": ").replace("-", " "))


def tone(status: Status) -> str:
    """The style in which a status is set; the words alone carry the meaning."""
    return TONES.get(status, "quiet")


def file_size(size: int) -> str:
    """A number of bytes: `34 KB`, `1.2 MB`."""
    kilobytes = size / 1024
    return f"{kilobytes / 1024:.1f} MB" if kilobytes >= 1000 else f"{kilobytes:.0f} KB"  # noqa: PLR2004  four digits are too many
