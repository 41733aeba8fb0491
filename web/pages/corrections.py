"""Handing in corrections to the provider/supplier list: for the ACO Executive and those Authorized to Sign (R41, R54, R64-R70).

A refused file is not kept, so that its findings cannot be fetched later: whoever wants them as a workbook chooses the file again
and presses the second button, which checks it and answers with the workbook at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, PacketsError, Problem
from packets.list_desks.corrections import AGREEMENT
from web.auth.roles import Audience, belongs, open_to
from web.pages.packets import PACKET
from web.visit import roles, services, visitor

pages = Blueprint("corrections", __name__)
SHOWN = 50
"""So many problems stand on the page; the workbook has all of them."""
ZIP = "application/zip"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.get(f"{PACKET}/corrections")
@open_to(Audience.UPLOAD_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """The form, and every file that was accepted before."""
    note = "accepted" if "accepted" in request.args else ""
    return _page(aco_id, year, note=note)


@pages.post(f"{PACKET}/corrections")
@open_to(Audience.UPLOADERS)
def upload(aco_id: str, year: int) -> ResponseReturnValue:
    """Take in a file, or tell everything that is wrong with it; then nothing of it is kept."""
    try:
        name, content = _uploaded()
        agreed = request.form.get("agreed") == "yes"
        services().corrections.accept(aco_id, year, visitor().user_id, name, content, agreed=agreed)
    except PacketsError as error:
        return _page(aco_id, year, error=error)
    return redirect(url_for("corrections.show", aco_id=aco_id, year=year, accepted=""), 303)


@pages.post(f"{PACKET}/corrections/findings")
@open_to(Audience.UPLOADERS)
def check(aco_id: str, year: int) -> ResponseReturnValue:
    """Check a file and answer with its rows and findings as a workbook; nothing is handed in, and nothing is kept."""
    try:
        workbook = services().corrections.annotate(aco_id, year, visitor().user_id, *_uploaded())
    except PacketsError as error:
        return _page(aco_id, year, error=error)
    if not workbook:
        return _page(aco_id, year, note="faultless")
    return _file(f"{aco_id}_corrections_findings.xlsx", workbook, WORKBOOK)


@pages.get(f"{PACKET}/corrections/accepted")
@open_to(Audience.UPLOAD_READERS)
def export(aco_id: str, year: int) -> ResponseReturnValue:
    """The set that counts, as the file that would be accepted in its place."""
    return _file(*services().corrections.export(aco_id, year, visitor().user_id), ZIP)


def _file(name: str, content: bytes, kind: str) -> ResponseReturnValue:
    return send_file(BytesIO(content), kind, as_attachment=True, download_name=name, conditional=False, etag=False)


def _uploaded() -> tuple[str, bytes]:
    """Name and bytes of the file in the form.

    Raises:
        InputError: there is none.
    """
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InputError(
            Problem("file-missing", "No file was chosen.", "Choose the zip archive, then press Upload.", "file")
        )
    return file.filename, file.read()


def _page(aco_id: str, year: int, *, error: PacketsError | None = None, note: str = "") -> ResponseReturnValue:
    view = services().reading.packet(visitor().user_id, aco_id, year)
    with services().database.read() as records:
        uploads = records.lists.uploads(aco_id, year)
    problems: Sequence[Problem] = error.problems[:SHOWN] if error else ()
    page = render_template(
        "corrections.html",
        aco=view.aco,
        uploads=uploads,
        problems=problems,
        count=error.count if error else 0,
        obstacles=services().corrections.obstacles(aco_id, year),
        may_upload=belongs(Audience.UPLOADERS, roles()),
        agreement=AGREEMENT,
        note=note,
    )
    return page, error.status_hint if error else 200
