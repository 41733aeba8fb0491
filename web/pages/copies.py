"""Giving certified copies: to whom, of what, until when, and what was taken; giving and withdrawing (42 CFR 425.210)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.documents.reading import not_yours
from packets.errors import PacketsError, Problem
from packets.giving.grants import GrantRequest
from packets.giving.sheets import title_of
from packets.model.aco import Aco
from packets.model.documents import Document
from packets.model.grants import CAPACITIES, LONGEST_DAYS, MOST_RETRIEVALS, USUAL_DAYS, USUAL_RETRIEVALS
from packets.model.retention import day_of
from packets.people.access import Action, may
from web.auth.roles import Audience, open_to
from web.pages.packets import PACKET
from web.visit import asked, roles, services, typed, visitor

pages = Blueprint("copies", __name__)
GRANT = f"{PACKET}/copies/<uuid:grant_id>"
LINES = 50


@pages.get(f"{PACKET}/copies")
@open_to(Audience.COPY_GIVERS)
def show(aco_id: str, year: int) -> ResponseReturnValue:
    """What was given of a packet, and the form to give more."""
    return _page(aco_id, year, (), 200)


@pages.post(f"{PACKET}/copies")
@open_to(Audience.COPY_GIVERS)
def give(aco_id: str, year: int) -> ResponseReturnValue:
    """Make a grant; where there is no mail, this answer is the only place that ever shows its link."""
    asked_for = GrantRequest(
        aco_id,
        year,
        name=typed("name"),
        email=typed("email"),
        capacity=typed("capacity"),
        reason=typed("reason"),
        document_ids=tuple(request.form.getlist("document")),
        until=typed("until"),
        most=typed("most"),
    )
    try:
        given = services().grants.make(visitor().user_id, asked_for)
    except PacketsError as error:
        return _page(aco_id, year, error.problems, error.status_hint)
    link = _address(given.token) if given.token else ""
    return render_template("copy_given.html", aco=_aco(aco_id, year), grant=given.grant, link=link)


@pages.get(GRANT)
@open_to(Audience.COPY_GIVERS)
def show_one(aco_id: str, year: int, grant_id: object) -> ResponseReturnValue:
    """One grant, everything that was taken by it, and the form to withdraw it."""
    return _one(aco_id, year, str(grant_id), (), 200)


@pages.post(f"{GRANT}/withdraw")
@open_to(Audience.COPY_GIVERS)
def withdraw(aco_id: str, year: int, grant_id: object) -> ResponseReturnValue:
    """Withdraw a grant; its link opens nothing from now on."""
    place = (aco_id, year, str(grant_id))
    try:
        services().grants.withdraw(visitor().user_id, *place, typed("reason"))
    except PacketsError as error:
        return _one(*place, error.problems, error.status_hint)
    return redirect(url_for("copies.show_one", aco_id=aco_id, year=year, grant_id=grant_id), 303)


@pages.get("/archive/copies")
@open_to(Audience.ARCHIVE_READERS)
def listed() -> ResponseReturnValue:
    """The grants of all ACOs, newest first."""
    page = max(int(asked("page")), 1) if asked("page").isascii() and asked("page").isdigit() else 1
    page = min(page, 1_000_000)
    grants, count = services().grants.newest(LINES, (page - 1) * LINES)
    return render_template(
        "all_copies.html",
        grants=grants,
        count=count,
        page=page,
        last=max(-(-count // LINES), 1),
        capacities=CAPACITIES,
        now=services().clock(),
        opens=may(Action.GIVE_COPIES, roles()),
    )


def _page(aco_id: str, year: int, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    desk, user_id = services().grants, visitor().user_id
    today = day_of(services().clock())
    page = render_template(
        "copies.html",
        aco=_aco(aco_id, year),
        grants=desk.of_packet(user_id, aco_id, year),
        executed=[_choice(one) for one in desk.executed(aco_id, year)],
        capacities=CAPACITIES,
        offered=[(one, CAPACITIES[one]) for one in desk.capacities(user_id, aco_id, year)],
        chosen=request.form.getlist("document"),
        given={"until": (today + timedelta(days=USUAL_DAYS)).isoformat(), "most": USUAL_RETRIEVALS, **request.form},
        longest=LONGEST_DAYS,
        most=MOST_RETRIEVALS,
        mailed=desk.mailed,
        reads_packets=may(Action.VIEW_PACKET, roles()),
        now=services().clock(),
        problems=problems,
    )
    return page, status


def _one(aco_id: str, year: int, grant_id: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    grant = services().grants.get(visitor().user_id, aco_id, year, grant_id)
    documents = services().grants.documents(grant)
    page = render_template(
        "copy_grant.html",
        aco=_aco(aco_id, year),
        grant=grant,
        documents=[(one, title_of(services().catalog, one)) for one in documents],
        titles={one.document_id: title_of(services().catalog, one) for one in documents},
        capacities=CAPACITIES,
        given=request.form,
        reads_packets=may(Action.VIEW_PACKET, roles()),
        now=services().clock(),
        problems=problems,
    )
    return page, status


def _choice(document: Document) -> tuple[Document, str, bool]:
    """A document that can be chosen, its title, and whether it prints lists of other people's numbers."""
    known = services().catalog.get(document.kind)
    return document, title_of(services().catalog, document), bool(known and known.rosters)


def _aco(aco_id: str, year: int) -> Aco:
    with services().database.read() as records:
        found = records.acos.get(aco_id, year)
    if found is None:
        raise not_yours(aco_id)
    return found


def _address(token: str) -> str:
    """The whole address of a link: by the setting, or as the browser of whoever made the grant knows the service."""
    address = services().grants.address(token)
    return address if services().grants.public_url else f"{request.host_url.rstrip('/')}{address}"
