"""Dispositions: one proposes, two others approve with their password, and the certificate is kept (docs/adr/0055)."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from packets.errors import ConflictError, InputError, PacketsError, Problem
from packets.model.holds import Disposition, DispositionState
from web.auth.cookies import renew_session
from web.auth.passkeys import Bound
from web.auth.roles import Audience, belongs, open_to
from web.auth.step_up import is_given, missing
from web.visit import relying_party, roles, services, typed, visitor

pages = Blueprint("dispositions", __name__)
CONSENT = "I have looked at these records, and I approve that their bytes are removed for good."


@pages.get("/archive/dispositions")
@open_to(Audience.ARCHIVE_READERS)
def listed() -> ResponseReturnValue:
    """The newest dispositions."""
    return render_template("dispositions.html", dispositions=services().dispositions.newest())


@pages.get("/archive/dispositions/<uuid:disposition_id>")
@open_to(Audience.ARCHIVE_READERS)
def show(disposition_id: object) -> ResponseReturnValue:
    """One disposition: its records, how far it is, and the forms to approve it or to give it up."""
    return _page(str(disposition_id), (), 200)


@pages.post("/archive/dispositions/<uuid:disposition_id>/approve")
@open_to(Audience.DISPOSITION_APPROVERS)
def approve(disposition_id: object) -> ResponseReturnValue:
    """Re-authenticate for exactly these records, and approve."""
    place = str(disposition_id)
    try:
        _approve(place)
    except PacketsError as error:
        return _page(place, error.problems, error.status_hint)
    return renew_session(redirect(url_for("dispositions.show", disposition_id=place), 303))


@pages.post("/archive/dispositions/<uuid:disposition_id>/stop")
@open_to(Audience.DISPOSITION_APPROVERS)
def stop(disposition_id: object) -> ResponseReturnValue:
    """Give it up before it has begun; everything stays as it was."""
    place = str(disposition_id)
    try:
        services().dispositions.stop(visitor().user_id, place, typed("reason"))
    except PacketsError as error:
        return _page(place, error.problems, error.status_hint)
    return redirect(url_for("dispositions.show", disposition_id=place), 303)


@pages.get("/archive/dispositions/<uuid:disposition_id>/certificate")
@open_to(Audience.ARCHIVE_READERS)
def certificate(disposition_id: object) -> ResponseReturnValue:
    """The sealed certificate."""
    found = services().dispositions.get(str(disposition_id))
    if not found.certificate_digest:
        raise ConflictError(
            Problem("certificate-missing", "There is no certificate yet.", "Come back when it is completed.")
        )
    content = BytesIO(services().objects.get(found.certificate_digest))
    return send_file(
        content, "application/pdf", as_attachment=True, download_name=f"disposition_{found.disposition_id}.pdf"
    )


def _approve(disposition_id: str) -> None:
    user_id, desk = visitor().user_id, services().dispositions
    problems = []
    if not request.form.get("consent"):
        sentence, remedy = "The statement is not checked.", "Read it, check it, then approve."
        problems.append(Problem("consent-missing", sentence, remedy, "consent"))
    if not is_given(request.form):
        problems.append(missing())
    if problems:
        raise InputError(problems)
    bound = Bound(disposition_id, desk.get(disposition_id).set_digest)
    method = services().step_ups.check(visitor(), request.form, bound, relying_party())
    desk.approve(user_id, disposition_id, desk.step_up(user_id, disposition_id, method))


def _page(disposition_id: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    found = services().dispositions.get(disposition_id)
    with services().database.read() as records:
        documents = {one.document_id: records.documents.get(one.document_id) for one in found.items}
        obstacles = services().dispositions.obstacles(records, found, services().clock()) if _is_open(found) else []
    may_approve = _may_approve(found)
    bound = Bound(disposition_id, found.set_digest)
    page = render_template(
        "disposition.html",
        disposition=found,
        items=[(one, document) for one in found.items if (document := documents[one.document_id])],
        types=services().catalog,
        obstacles=obstacles,
        may_approve=may_approve and not obstacles,
        may_stop=_is_open(found) and belongs(Audience.DISPOSITION_APPROVERS, roles()),
        consent=CONSENT,
        ways=services().step_ups.ways(visitor(), bound, relying_party()) if may_approve else None,
        given=request.form,
        problems=problems,
    )
    return page, status


def _is_open(found: Disposition) -> bool:
    return found.state in {DispositionState.PROPOSED, DispositionState.APPROVED}


def _may_approve(found: Disposition) -> bool:
    taken = {found.proposed_by, *(one.user_id for one in found.approvals)}
    right = belongs(Audience.DISPOSITION_APPROVERS, roles()) and visitor().user_id not in taken
    return found.state is DispositionState.PROPOSED and right
