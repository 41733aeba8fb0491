"""Behind the link to certified copies: who gave them to whom until when, and taking them; nobody signs in (42 CFR 425.210).

Opening the page takes nothing and counts as nothing, so that what looks at links in mail takes no copy. Taking one is a form.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue

from packets.errors import PacketsError, Problem
from packets.giving.copies import Shape
from packets.giving.grants import PATH
from packets.giving.sheets import giver_of
from packets.model.grants import CAPACITIES
from web.auth.limits import COPIES
from web.auth.roles import Audience, open_to
from web.giving import build_copies
from web.visit import origin, services, typed

pages = Blueprint("given_copies", __name__)
MEDIA = {Shape.ARCHIVE: "application/zip", Shape.PDF: "application/pdf"}


@pages.get(PATH)
@open_to(Audience.ANYONE)
def show() -> ResponseReturnValue:
    """What the link opens now; the same calm answer for every link that opens nothing."""
    return _page(request.args.get("token", ""), (), 200)


@pages.post(PATH)
@open_to(Audience.ANYONE)
def take() -> ResponseReturnValue:
    """Take all copies, or one document's, and have it recorded."""
    token = request.form.get("token", "")
    shape = Shape.PDF if typed("shape") == Shape.PDF else Shape.ARCHIVE
    try:
        services().accounts.guard.admit((COPIES, origin().network))
        taken = build_copies(services()).take(token, typed("document"), shape)
    except PacketsError as error:
        return _page(token, error.problems, error.status_hint)
    return send_file(BytesIO(taken.content), MEDIA[taken.shape], as_attachment=True, download_name=taken.file_name)


def _page(token: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    opened = None
    if not any(one.code in {"link-closed", "too-many-tries"} for one in problems):
        try:
            services().accounts.guard.admit((COPIES, origin().network))
            opened = build_copies(services()).open(token)
        except PacketsError as error:
            problems, status = error.problems, error.status_hint
    page = render_template(
        "given_copies.html",
        opened=opened,
        giver=giver_of(opened.giver, opened.aco) if opened else "",
        capacities=CAPACITIES,
        token=token,
        problems=problems,
    )
    return page, status
