"""The page of one ACO's Data Use Agreement, where Step 4 begins, and the list of all of them for CMS (R23, R74)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, PacketsError, Problem
from packets.model.aco import contact_problems
from packets.model.agreements import KEEPERS, DataOutcome
from packets.years.closing import ClosingRequest
from web.auth.roles import Audience, belongs, open_to
from web.pages.packets import PACKET
from web.visit import asked_page, roles, services, visitor

pages = Blueprint("agreements", __name__)
OUTCOME_LABELS = {
    DataOutcome.DESTROYED: "All data were destroyed",
    DataOutcome.RETURNED: "All data were returned to CMS",
    DataOutcome.NONE_RECEIVED: "No data were ever received",
}
LINES = 50
ATTESTATION = "I have read these contacts. They are the right people, and what is said of them is right."


@pages.get(f"{PACKET}/agreement")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """Until when the agreement holds, the contacts, the extension."""
    return _page(aco_id, year, (), 200)


@pages.post(f"{PACKET}/agreement/contacts")
@open_to(Audience.AGREEMENT_KEEPERS)
def confirm(aco_id: str, year: int) -> ResponseReturnValue:
    """Confirm the contacts that were shown (R23)."""
    try:
        require_attestation(given=bool(request.form.get("attested")))
        seen = request.form.get("contacts_digest", "")
        services().agreements.confirm_contacts(aco_id, year, seen, visitor().user_id)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("agreements.show", aco_id=aco_id, year=year, done="contacts"), 303)


@pages.post(f"{PACKET}/agreement/extension")
@open_to(Audience.AGREEMENT_KEEPERS)
def extend(aco_id: str, year: int) -> ResponseReturnValue:
    """Ask for the extension, or say everything that is wrong; what was typed stays in the form."""
    try:
        services().agreements.extend(aco_id, year, request.form.get("extended_to", ""), visitor().user_id)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("agreements.show", aco_id=aco_id, year=year, done="extension"), 303)


@pages.post(f"{PACKET}/agreement/addendum")
@open_to(Audience.AGREEMENT_KEEPERS)
def raise_addendum(aco_id: str, year: int) -> ResponseReturnValue:
    """Make the addendum that tells of another Requestor or Custodian, and go to it."""
    try:
        document = services().agreements.raise_addendum(aco_id, year, request.form.get("kind", ""), visitor().user_id)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("documents.show", document_id=document.document_id), 303)


@pages.get(f"{PACKET}/agreement/closing")
@open_to(Audience.YEAR_MANAGERS)
def closing(aco_id: str, year: int) -> ResponseReturnValue:
    """What closing means, and the form."""
    return _closing(aco_id, year, (), 200)


@pages.post(f"{PACKET}/agreement/closing")
@open_to(Audience.YEAR_MANAGERS)
def close(aco_id: str, year: int) -> ResponseReturnValue:
    """Close the agreement, or say everything that is wrong; what was typed stays in the form."""
    wanted = ClosingRequest(**{name: request.form.get(name, "") for name in ("outcome", "certified_on", "reason")})
    try:
        services().closing.close(aco_id, year, wanted, visitor().user_id)
    except PacketsError as error:
        return _closing(aco_id, year, error.problems, error.status_hint)
    return redirect(url_for("agreements.show", aco_id=aco_id, year=year, done="closed"), 303)


@pages.get("/agreements/<int(min=2012, max=2999):year>")
@open_to(Audience.YEAR_MANAGERS)
def watch(year: int) -> ResponseReturnValue:
    """Every agreement of a year by the days that it still holds."""
    with services().database.read() as records:
        years = records.years.numbers()
    lines = services().agreements.list_year(year)
    last = max(1, -(-len(lines) // LINES))
    number = min(asked_page(), last)
    return render_template(
        "agreements.html",
        year=year,
        years=years,
        shown=lines[(number - 1) * LINES : number * LINES],
        count=len(lines),
        expired=sum(one.days_left < 0 and one.standing.closure is None for one in lines),
        closed=sum(one.standing.closure is not None for one in lines),
        number=number,
        last=last,
    )


def require_attestation(*, given: bool) -> None:
    """Refuse a confirmation without the statement about the contacts.

    Raises:
        InputError: it was not made.
    """
    if not given:
        sentence = "The statement about the contacts is not checked."
        raise InputError(Problem("attestation-missing", sentence, "Read it, check it, then confirm.", "attested"))


def _closing(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    view, labels = services().agreements.look_up(aco_id, year), list(OUTCOME_LABELS.items())
    page = render_template(
        "agreement_closing.html", view=view, aco=view.aco, problems=problems, outcomes=labels, given=request.form
    )
    return page, status


def _page(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    view = services().agreements.look_up(aco_id, year)
    page = render_template(
        "agreement.html",
        view=view,
        aco=view.aco,
        standing=view.standing,
        keepers=[one for one in view.contacts if one.role in KEEPERS],
        others=[one for one in view.contacts if one.role not in KEEPERS],
        gaps=contact_problems(view.contacts),
        problems=problems,
        types=services().catalog,
        attestation=ATTESTATION,
        given=request.form,
        may_act=belongs(Audience.AGREEMENT_KEEPERS, roles()),
        may_close=belongs(Audience.YEAR_MANAGERS, roles()),
        outcomes=OUTCOME_LABELS,
        open_documents=services().closing.half_signed(aco_id, year) if belongs(Audience.VOIDERS, roles()) else [],
        done="" if problems else request.args.get("done", ""),
    )
    return page, status
