"""Exports: executed records as one file that a job makes; asked for, watched, and taken away by whoever asked (R4)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.finding.query import FIELDS, read_query
from packets.keeping.exports import MOST_DOCUMENTS, MOST_STANDING
from packets.model.exports import ExportState, Finished
from web.auth.roles import Audience, open_to
from web.visit import services, typed, visitor

pages = Blueprint("exports", __name__)
WATCH_SECONDS = 2
ONE_RANGE = re.compile(r"bytes=(?:([0-9]{1,40})-([0-9]{0,40})|-([0-9]{1,40}))")
OPEN = (ExportState.WAITING, ExportState.RUNNING)


@pages.get("/archive/exports")
@open_to(Audience.ARCHIVE_READERS)
def listed() -> ResponseReturnValue:
    """The visitor's exports, and the form to ask for one."""
    return _list_page((), 200)


@pages.post("/archive/exports")
@open_to(Audience.ARCHIVE_READERS)
def ask() -> ResponseReturnValue:
    """Ask for the records that a question finds: that of the form, or one of the record search."""
    try:
        query = read_query({name: typed(name) for name in FIELDS})
        export_id = services().exports.ask(visitor().user_id, query)
    except PacketsError as error:
        return _list_page(error.problems, error.status_hint)
    return redirect(url_for("exports.show", export_id=export_id), 303)


@pages.get("/archive/exports/<uuid:export_id>")
@open_to(Audience.ARCHIVE_READERS)
def show(export_id: object) -> ResponseReturnValue:
    """One export: how far it is, and then where its file is."""
    return _page(str(export_id), (), 200)


@pages.post("/archive/exports/<uuid:export_id>/resume")
@open_to(Audience.ARCHIVE_READERS)
def resume(export_id: object) -> ResponseReturnValue:
    """Try again what has failed."""
    place = str(export_id)
    try:
        services().exports.resume(visitor().user_id, place)
    except PacketsError as error:
        return _page(place, error.problems, error.status_hint)
    return redirect(url_for("exports.show", export_id=place), 303)


@pages.post("/archive/exports/<uuid:export_id>/remove")
@open_to(Audience.ARCHIVE_READERS)
def remove(export_id: object) -> ResponseReturnValue:
    """Give it up, or remove its file."""
    services().exports.remove(visitor().user_id, str(export_id))
    return redirect(url_for("exports.listed"), 303)


@pages.get("/archive/exports/<uuid:export_id>/file")
@open_to(Audience.ARCHIVE_READERS)
def download(export_id: object) -> ResponseReturnValue:
    """The file, or the part of it that is still missing where a download broke off; every retrieval is logged."""
    return send_export(visitor().user_id, str(export_id))


def send_export(user_id: str, export_id: str) -> Response:
    """The file of an export or one range of it (RFC 9110, 14), with its digest as a strong entity tag.

    A range that is none, or several at once, are passed over, as the rule allows: the whole file is sent.

    Raises:
        NotFoundError: it is not there, or not theirs.
        StoreError: this process does not find the file.
    """
    finished, path = services().exports.open(user_id, export_id)
    span = settle_range(request.environ.pop("HTTP_RANGE", ""), finished.size)
    request.environ.update({"HTTP_RANGE": span} if span else {})
    name = f"esm_records_{finished.ready_at:%Y-%m-%d}_{export_id[:8]}.zip"
    answer = send_file(
        path.absolute(), "application/zip", as_attachment=True, download_name=name, etag=finished.digest, max_age=None
    )
    try:
        if request.method == "GET" and (given := _given(answer, finished)):
            services().exports.record_download(user_id, export_id, *given)
    except PacketsError:
        answer.close()
        raise
    return answer


def settle_range(asked: str, size: int) -> str:
    """A range as Werkzeug reads it by the rule: the last bytes by their place; empty for what is to be passed over."""
    found = ONE_RANGE.fullmatch(asked.strip())
    if found is None:
        return ""
    first, last, length = found.groups()
    if length:
        return f"bytes={max(0, size - int(length))}-"
    return "" if last and int(last) < int(first) else found[0]


def _given(answer: Response, finished: Finished) -> tuple[int, int] | None:
    """The first and the last byte that an answer sends; None when it sends none."""
    if answer.status_code == 200:  # noqa: PLR2004  a status
        return 0, finished.size - 1
    span = answer.content_range
    if answer.status_code != 206 or span.start is None or span.stop is None:  # noqa: PLR2004
        return None
    return span.start, span.stop - 1


def _list_page(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    with services().database.read() as records:
        years = records.years.numbers()
    page = render_template(
        "exports.html",
        exports=services().exports.listed(visitor().user_id),
        given={name: typed(name) for name in FIELDS},
        years=[(str(one), str(one)) for one in years],
        kinds=[(one.kind, one.short_title) for one in services().catalog.values()],
        types=services().catalog,
        most=MOST_DOCUMENTS,
        most_standing=MOST_STANDING,
        keep_days=services().settings.exports_keep_days,
        problems=problems,
    )
    return page, status


def _page(export_id: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    watched = services().exports.watch(visitor().user_id, export_id)
    page = render_template(
        "export.html",
        watched=watched,
        export=watched.export,
        job=watched.job,
        types=services().catalog,
        moving=watched.state in OPEN,
        watch_seconds=WATCH_SECONDS,
        problems=problems,
    )
    return page, status
