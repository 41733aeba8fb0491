"""Finding records (R4, 36 CFR 1236.20): every one for archivists and CMS, those of their packets for an ACO's own people."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, NotFoundError, PacketsError, Problem
from packets.finding.desk import MOST_COUNTED, MOST_TAKEN, FoundPage
from packets.finding.query import FIELDS, STAGES, Query, read_query
from packets.finding.sheets import write_csv, write_sheet
from packets.model.people import CONTACT_SLOTS, Role, role_label
from web.auth.roles import Audience, open_to
from web.visit import asked, services, typed, visitor

pages = Blueprint("archive", __name__)
LINES = 50
LONGEST_PLACE = 80
SHEETS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SIGNING_ROLES = (*(one.role for one in CONTACT_SLOTS if one.designee), Role.CMS_SIGNATORY)


@pages.get("/archive")
@open_to(Audience.ARCHIVE_READERS)
def moved() -> ResponseReturnValue:
    """Where records were found before."""
    question = request.query_string.decode("ascii", "ignore")
    return redirect(f"{url_for('archive.search')}?{question}", 308)


@pages.get("/records")
@open_to(Audience.SIGNED_IN)
def search() -> ResponseReturnValue:
    """The search form and what it finds; without any term, everything, newest year first."""
    after = asked("after")[:LONGEST_PLACE]
    try:
        query = read_query(_given())
    except InputError as error:
        return _page(problems=error.problems), error.status_hint
    found = services().finding.find(visitor().user_id, query, after=after, most=LINES)
    return _page(query=query, found=found, after=after)


@pages.get("/records/file/<ending>")
@open_to(Audience.SIGNED_IN)
def download(ending: str) -> ResponseReturnValue:
    """What the question finds as a file; every retrieval is logged."""
    if ending not in SHEETS:
        raise NotFoundError(Problem("not-found", "There is no such file.", "Choose CSV or Excel.", ending))
    try:
        query = read_query(_given())
        lines = services().finding.take(visitor().user_id, query)
    except InputError as error:
        return _page(problems=error.problems), error.status_hint
    now = services().clock()
    content = write_csv(lines) if ending == "csv" else write_sheet(lines, query, now)
    name = f"esm_records_{now:%Y-%m-%d}.{ending}"
    return send_file(
        BytesIO(content), SHEETS[ending], as_attachment=True, download_name=name, conditional=False, etag=False
    )


@pages.post("/records/searches")
@open_to(Audience.SIGNED_IN)
def save() -> ResponseReturnValue:
    """Keep the question under a name."""
    try:
        query = read_query({name: typed(name) for name in FIELDS})
        services().finding.save(visitor().user_id, typed("name"), query)
    except PacketsError as error:
        return _page(problems=error.problems), error.status_hint
    return redirect(f"{url_for('archive.search')}?{query.written()}", 303)


@pages.post("/records/searches/<search_id>/remove")
@open_to(Audience.SIGNED_IN)
def forget(search_id: str) -> ResponseReturnValue:
    """Remove a search that the visitor has kept."""
    services().finding.forget(visitor().user_id, search_id)
    return redirect(url_for("archive.search"), 303)


def _given() -> dict[str, str]:
    return {name: asked(name) for name in FIELDS}


def _page(
    *, query: Query | None = None, found: FoundPage | None = None, problems: tuple[Problem, ...] = (), after: str = ""
) -> str:
    given = _given() if request.method == "GET" else {name: typed(name) for name in FIELDS}
    return render_template(
        "archive.html",
        given=given,
        parts_given={name: value for name, value in given.items() if value},
        problems=problems,
        found=found,
        after=after,
        saved=services().finding.saved(visitor().user_id),
        typed_name=typed("name"),
        types=[(one.kind, one.short_title) for one in services().catalog.values()],
        roles_signed=[(str(one), role_label(one)) for one in SIGNING_ROLES],
        stages=[(str(one), label) for one, label in STAGES.items()],
        most_counted=MOST_COUNTED,
        most_taken=MOST_TAKEN,
        asked_for=query,
    )
