"""Handing in corrections to the provider/supplier list: for the ACO Executive and those Authorized to Sign (R41, R64-R70)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, PacketsError, Problem
from web.auth.roles import Audience, belongs, open_to
from web.pages.packets import PACKET
from web.visit import roles, services, visitor

pages = Blueprint("corrections", __name__)


@pages.get(f"{PACKET}/corrections")
@open_to(Audience.UPLOAD_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """The form, and every file that was accepted before."""
    return _page(aco_id, year, (), 200)


@pages.post(f"{PACKET}/corrections")
@open_to(Audience.UPLOADERS)
def upload(aco_id: str, year: int) -> ResponseReturnValue:
    """Take in a file, or tell everything that is wrong with it; then nothing of it is kept."""
    try:
        name, content = _uploaded()
        services().corrections.accept(aco_id, year, visitor().user_id, name, content)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("corrections.show", aco_id=aco_id, year=year, accepted=""), 303)


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


def _page(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    view = services().reading.packet(visitor().user_id, aco_id, year)
    with services().database.read() as records:
        uploads = records.lists.uploads(aco_id, year)
    page = render_template(
        "corrections.html",
        aco=view.aco,
        uploads=uploads,
        problems=problems,
        may_upload=belongs(Audience.UPLOADERS, roles()),
        accepted="accepted" in request.args and not problems,
    )
    return page, status
