"""What waits for CMS, across ACOs, and batches of it: laid out, started with one password, watched, stopped, resumed (R3)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, PacketsError, Problem
from packets.model.batches import MOST_DOCUMENTS, ItemState
from packets.model.jobs import JobState
from packets.model.people import Role
from signing.countersigning import Waiting
from web.auth.cookies import renew_session
from web.auth.passkeys import Bound
from web.auth.roles import Audience, open_to
from web.auth.step_up import is_given, missing
from web.visit import asked, relying_party, roles, services, visitor

pages = Blueprint("countersign", __name__)
PAGE = 50
CONSENT = "I was shown what these documents state, and I sign each of them electronically."
WATCH_SECONDS = 2


@pages.get("/countersign")
@open_to(Audience.CMS_READERS)
def show() -> ResponseReturnValue:
    """Every document that the ACO has signed and CMS has not, oldest first, filtered, page by page."""
    return _queue_page((), 200)


@pages.post("/countersign/batches")
@open_to(Audience.CMS_SIGNATORIES)
def prepare() -> ResponseReturnValue:
    """Lay out a batch of the chosen documents, or of all that fit the filter."""
    chosen = request.form.getlist("document")
    if "everything" in request.form:
        chosen = [one.document.document_id for one in _filtered(request.form)[:MOST_DOCUMENTS]]
    try:
        batch = services().countersigning.prepare(visitor().user_id, chosen)
    except PacketsError as error:
        return _queue_page(error.problems, error.status_hint)
    return redirect(url_for("countersign.batch", batch_id=batch.batch_id), 303)


@pages.get("/countersign/batches/<uuid:batch_id>")
@open_to(Audience.CMS_SIGNATORIES)
def batch(batch_id: object) -> ResponseReturnValue:
    """The sheet of a batch and the form that starts it; afterwards how far it is, and what became of each document."""
    return _batch_page(str(batch_id), (), 200)


@pages.post("/countersign/batches/<uuid:batch_id>/start")
@open_to(Audience.CMS_SIGNATORIES)
def start(batch_id: object) -> ResponseReturnValue:
    """Re-authenticate once, for exactly the documents of the batch, and start it. A form that is sent twice starts it once."""
    place = str(batch_id)
    try:
        _start(place)
    except PacketsError as error:
        return _batch_page(place, error.problems, error.status_hint)
    return renew_session(redirect(url_for("countersign.batch", batch_id=place), 303))


@pages.post("/countersign/batches/<uuid:batch_id>/stop")
@open_to(Audience.CMS_SIGNATORIES)
def stop(batch_id: object) -> ResponseReturnValue:
    """Stop after the document under way."""
    services().countersigning.stop(visitor().user_id, str(batch_id))
    return redirect(url_for("countersign.batch", batch_id=str(batch_id)), 303)


@pages.post("/countersign/batches/<uuid:batch_id>/resume")
@open_to(Audience.CMS_SIGNATORIES)
def resume(batch_id: object) -> ResponseReturnValue:
    """Go on with what still waits."""
    services().countersigning.resume(visitor().user_id, str(batch_id))
    return redirect(url_for("countersign.batch", batch_id=str(batch_id)), 303)


def _start(batch_id: str) -> None:
    user_id, desk = visitor().user_id, services().countersigning
    found, _ = desk.batch(user_id, batch_id)
    if found.started_at is not None:
        return
    problems = []
    if not request.form.get("consent"):
        sentence, remedy = "The statement of consent is not checked.", "Read it, check it, then sign."
        problems.append(Problem("consent-missing", sentence, remedy, "consent"))
    if not is_given(request.form):
        problems.append(missing())
    if problems:
        raise InputError(problems)
    method = services().step_ups.check(visitor(), request.form, Bound(batch_id, found.set_digest), relying_party())
    step_up = desk.step_up(user_id, batch_id, method)
    desk.start(user_id, batch_id, step_up, request.form.get("sheet_digest", ""))


def _filtered(given: object) -> list[Waiting]:
    year = _given(given, "year")
    return services().countersigning.queue(
        year=int(year) if year.isascii() and year.isdigit() and len(year) < 5 else None,  # noqa: PLR2004  digits of a year
        kind=_given(given, "kind"),
        text=_given(given, "text"),
    )


def _given(source: object, name: str) -> str:
    return asked(name) if source is request.args else request.form.get(name, "").strip()


def _queue_page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    given = request.args if request.method == "GET" else request.form
    waiting = _filtered(given)
    last = max(1, -(-len(waiting) // PAGE))
    wanted = asked("page")
    page = min(max(int(wanted), 1), last) if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else 1  # noqa: PLR2004
    desk, types = services().countersigning, services().catalog
    lines = desk.lines(visitor().user_id, waiting[(page - 1) * PAGE : page * PAGE])
    with services().database.read() as records:
        years = records.years.numbers()
    filters = {name: _given(given, name) for name in ("year", "kind", "text")}
    rendered = render_template(
        "countersign.html",
        lines=lines,
        total=len(waiting),
        page=page,
        last=last,
        filters=filters,
        years=years,
        kinds=[one for one in types.values() if one.countersigned],
        types=types,
        declined=desk.declined(),
        recent=desk.recent(visitor().user_id),
        now=services().clock(),
        signs=Role.CMS_SIGNATORY in roles(),
        problems=problems,
    )
    return rendered, status


def _batch_page(batch_id: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    desk, types = services().countersigning, services().catalog
    found, jobs = desk.batch(visitor().user_id, batch_id)
    states = {one.state for one in jobs}
    moving = any(not one.is_over for one in states)
    page = render_template(
        "batch.html",
        batch=found,
        errors=sorted({one.error for one in jobs if one.error}),
        stopping=JobState.STOPPING in states,
        begun=states != {JobState.QUEUED} or found.count(ItemState.WAITING) < len(found.items),
        sheet=desk.sheet(found),
        items={one.document_id: one for one in found.items},
        done=len(found.items) - found.count(ItemState.WAITING),
        signed=found.count(ItemState.SIGNED),
        skipped=found.count(ItemState.SKIPPED),
        words_to_read=[(one, types[one.kind]) for one in desk.unread(found)] if found.started_at is None else [],
        moving=moving,
        paused=not moving and bool(states & {JobState.STOPPED, JobState.FAILED}),
        failed=JobState.FAILED in states,
        problems=problems,
        consent=CONSENT,
        ways=services().step_ups.ways(visitor(), Bound(batch_id, found.set_digest), relying_party())
        if found.started_at is None
        else None,
        watch_seconds=WATCH_SECONDS,
    )
    return page, status
