"""The directory of people, for CMS staff: who has which rights; rights are given and taken, people are added (R15, R21, R77)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import NotFoundError, PacketsError, Problem
from packets.model.calendar import agency_day
from packets.model.identifiers import UserId
from packets.model.people import CMS_ROLE_LABELS, Person, Role
from packets.people.directory import PAGE_SIZE, Right, agency_address
from web.auth.roles import Audience, open_to
from web.visit import asked, services, typed, visitor

pages = Blueprint("people", __name__)
PERSON = "/people/<user_id>"
AGENCY = "Centers for Medicare & Medicaid Services"
RIGHTS: dict[str, Right] = {
    "active": Right(active=True),
    "e-signature": Right(signs=True),
    **{str(role): Right(frozenset({role})) for role in CMS_ROLE_LABELS},
}
"""What one button gives or takes, by its value."""
LONGEST_TERM = 100


@pages.before_request
def require_user_id() -> None:
    """An address with something that is no user ID leads nowhere, before anybody repeats it on a page.

    Raises:
        NotFoundError: it is none.
    """
    user_id = (request.view_args or {}).get("user_id")
    if user_id is not None and UserId.problem(user_id):
        sentence = "Nobody in the directory has such a user ID."
        raise NotFoundError(Problem("user-unknown", sentence, "Look for them in the directory."))


@pages.get("/people")
@open_to(Audience.YEAR_MANAGERS)
def search() -> ResponseReturnValue:
    """The directory, or those who are looked for, a page at a time."""
    words, role = asked("text")[:LONGEST_TERM], _role(asked("role"))
    page = int(asked("page")) if asked("page").isascii() and asked("page").isdigit() and len(asked("page")) < 6 else 1  # noqa: PLR2004
    found, count = services().directory.search(words, role, page)
    last = max(1, -(-count // PAGE_SIZE))
    given = {"text": words, "role": role or ""}
    return render_template(
        "people.html",
        found=found,
        count=count,
        page=min(page, last),
        last=last,
        given=given,
        labels=CMS_ROLE_LABELS,
        today=agency_day(services().clock()),
    )


@pages.get("/people/new")
@open_to(Audience.YEAR_MANAGERS)
def ask_new() -> ResponseReturnValue:
    """The form for somebody who is not in the directory yet."""
    return _form((), 200)


@pages.post("/people")
@open_to(Audience.YEAR_MANAGERS)
def add() -> ResponseReturnValue:
    """Add a person, or say everything that is wrong; what was typed stays in the form."""
    roles = frozenset(role for role in CMS_ROLE_LABELS if str(role) in request.form.getlist("cms_roles"))
    person = Person(
        typed("user_id").upper(),
        typed("given_name"),
        typed("family_name"),
        typed("title"),
        typed("organization"),
        typed("email"),
        typed("phone"),
        agency_address(),
        may_sign_electronically=typed("e-signature") == "yes",
        cms_roles=roles,
    )
    try:
        services().directory.add(person, visitor().user_id)
    except PacketsError as error:
        return _form(error.problems, error.status_hint)
    return redirect(url_for("people.show", user_id=person.user_id, done="added"), 303)


@pages.get(PERSON)
@open_to(Audience.YEAR_MANAGERS)
def show(user_id: str) -> ResponseReturnValue:
    """One person: what they may do, where they are a contact, how they sign in."""
    return _page(user_id, (), 200)


@pages.post(f"{PERSON}/rights")
@open_to(Audience.YEAR_MANAGERS)
def change(user_id: str) -> ResponseReturnValue:
    """Give or take the one right that a button names."""
    directory, actor = services().directory, visitor().user_id
    give, take = (RIGHTS.get(request.form.get(name, ""), Right()) for name in ("grant", "revoke"))
    if take and not give:
        return _after(user_id, "taken", lambda: directory.revoke(user_id, take, actor))
    return _after(user_id, "given", lambda: directory.grant(user_id, give, actor))


@pages.post(f"{PERSON}/deactivate")
@open_to(Audience.YEAR_MANAGERS)
def deactivate(user_id: str) -> ResponseReturnValue:
    """Make the user ID inactive, with a reason; sessions and tokens end."""
    reason, actor = request.form.get("reason", ""), visitor().user_id
    return _after(user_id, "deactivated", lambda: services().directory.deactivate(user_id, reason, actor))


@pages.post(f"{PERSON}/recertification")
@open_to(Audience.YEAR_MANAGERS)
def recertify(user_id: str) -> ResponseReturnValue:
    """Record until when the user ID is to be recertified."""
    day, actor = request.form.get("due_on", ""), visitor().user_id
    return _after(user_id, "recertified", lambda: services().directory.recertify(user_id, day, actor))


@pages.post(f"{PERSON}/factors/forget")
@open_to(Audience.YEAR_MANAGERS)
def forget(user_id: str) -> ResponseReturnValue:
    """Remove the second factors of somebody who has lost them; their sessions end."""
    directory, actor = services().directory, visitor().user_id
    person = directory.get(user_id)

    def act() -> None:
        directory.require_other_staff(actor, person.user_id)
        services().accounts.factors.remove_all(person.user_id, actor)

    return _after(user_id, "forgotten", act)


def _after(user_id: str, done: str, act: Callable[[], object]) -> ResponseReturnValue:
    """Do it and show the person again, or say what is wrong."""
    try:
        act()
    except PacketsError as error:
        return _page(user_id, error.problems, error.status_hint)
    return redirect(url_for("people.show", user_id=user_id, done=done), 303)


def _page(user_id: str, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    directory, accounts = services().directory, services().accounts
    person = directory.get(user_id)
    page = render_template(
        "person.html",
        person=person,
        slots=directory.slots_of(user_id),
        standing=accounts.standing(user_id),
        sessions=accounts.sessions.of_person(user_id),
        labels=CMS_ROLE_LABELS,
        own=user_id == visitor().user_id,
        today=agency_day(services().clock()),
        problems=problems,
        given={name: typed(name) for name in request.form},
        done="" if problems else asked("done"),
    )
    return page, status


def _form(problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    given = {name: typed(name) for name in request.form} or {"organization": AGENCY}
    page = render_template(
        "person_new.html",
        given=given,
        chosen=request.form.getlist("cms_roles"),
        problems=problems,
        labels=CMS_ROLE_LABELS,
    )
    return page, status


def _role(text: str) -> Role | None:
    return next((role for role in CMS_ROLE_LABELS if str(role) == text), None)
