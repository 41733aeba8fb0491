"""The visitor's notices, and for CMS staff what became of the mail."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packets.errors import InputError, Problem
from packets.model.notices import DeliveryState
from packets.notices.desk import PAGE
from packets.store.records.notices import Filter
from web.auth.roles import Audience, open_to
from web.visit import asked, guest, services, visitor

pages = Blueprint("notices", __name__)
STATES = {
    DeliveryState.FAILED: "Given up",
    DeliveryState.REFUSED: "Refused",
    DeliveryState.QUEUED: "Waiting",
    DeliveryState.SENT: "Sent",
    DeliveryState.INBOX_ONLY: "Inbox only",
}
TONES = {
    DeliveryState.FAILED: "alarm",
    DeliveryState.REFUSED: "alarm",
    DeliveryState.QUEUED: "waiting",
    DeliveryState.SENT: "done",
    DeliveryState.INBOX_ONLY: "quiet",
}
MOST_PAGES = 100_000
HEADINGS, WHERE = frozenset({"What to do", "By when"}), "Where"
"""Headings of the parts of a text, as templates/mail/frame.txt.j2 sets them."""


@pages.app_context_processor
def count_unread() -> dict[str, object]:
    """For the head of every page: how many notices the visitor has not read, counted when the page asks."""
    person = guest()
    return {"unread_notices": lambda: services().notices.unread(person.user_id) if person else 0}


@pages.get("/notices")
@open_to(Audience.SIGNED_IN)
def inbox() -> ResponseReturnValue:
    """What the visitor was told, newest first."""
    number = _page_number()
    found = services().notices.inbox(visitor().user_id, number)
    return render_template("notices.html", inbox=found, number=number, last=_last(found.total))


@pages.get("/notices/<int(max=9223372036854775807):notice_id>")
@open_to(Audience.SIGNED_IN)
def show(notice_id: int) -> ResponseReturnValue:
    """One notice; opening it is reading it."""
    notice = services().notices.open(visitor().user_id, notice_id)
    return render_template("notice.html", notice=notice, parts_of_text=_parts(notice.letter.text))


@pages.post("/notices/read")
@open_to(Audience.SIGNED_IN)
def read_all() -> ResponseReturnValue:
    """Everything is read."""
    services().notices.read_all(visitor().user_id)
    return redirect(url_for("notices.inbox"), 303)


@pages.get("/notices/delivery")
@open_to(Audience.MAIL_KEEPERS)
def delivery() -> ResponseReturnValue:
    """What became of the mail, filtered by state and ACO."""
    which, number = Filter(_state(), asked("aco_id").upper()), _page_number()
    found = services().notices.deliveries(visitor().user_id, which, number)
    return render_template(
        "delivery.html",
        found=found,
        which=which,
        number=number,
        last=_last(found.total),
        states=STATES,
        tones=TONES,
        mailed=services().notices.mailed,
        retried="retried" in request.args,
    )


@pages.post("/notices/delivery/<int(max=9223372036854775807):notice_id>/retry")
@open_to(Audience.MAIL_KEEPERS)
def retry(notice_id: int) -> ResponseReturnValue:
    """Have mail that ended tried again."""
    services().notices.retry(visitor().user_id, notice_id)
    return redirect(url_for("notices.delivery", retried=""), 303)


def _state() -> DeliveryState | None:
    given = asked("state")
    if given and given not in set(DeliveryState):
        raise InputError(Problem("state-unknown", "There is no such state.", "Choose one from the list.", "state"))
    return DeliveryState(given) if given else None


def _page_number() -> int:
    given = asked("page")
    return max(1, min(int(given), MOST_PAGES)) if given.isascii() and given.isdigit() and len(given) < 10 else 1  # noqa: PLR2004  what fits MOST_PAGES


def _last(total: int) -> int:
    return max(1, -(-total // PAGE))


def _parts(text: str) -> list[tuple[str, list[str]]]:
    """The text as it was sent, in its parts: what happened (without a heading), what to do, by when.

    Where to go is a link on the page, and the foot belongs to the mail.
    """
    parts: list[tuple[str, list[str]]] = [("", [])]
    for one in (" ".join(paragraph.split()) for paragraph in text.split("\n\n")):
        if one == WHERE:
            break
        if one in HEADINGS:
            parts.append((one, []))
        elif one:
            parts[-1][1].append(one)
    return parts
