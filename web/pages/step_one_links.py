"""Where a problem is mended: the slot and field of Step 1, the organization data, the page that unlocks a document (R68)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, url_for

from packets.errors import Problem
from packets.model.aco import Aco
from packets.model.change_requests import LOCKED
from packets.model.contact_rules import FIELD_LABELS
from packets.model.organization_rules import LABELS
from packets.model.people import SLOTS_BY_ROLE
from web.auth.roles import Audience, belongs
from web.visit import roles, services

PAGES = {
    "contacts-not-submitted": "contacts.confirm",
    "organization-not-submitted": "organization.confirm",
    "attestation-missing": "",
}
UNLOCKED_AT = {
    "dua-contacts-unconfirmed": "agreements.show",
    "dua-contacts-changed": "agreements.show",
    "dua-extension-missing": "agreements.show",
    "dua-closed": "agreements.show",
    "window-not-open": "deadlines.show",
    "window-closed": "deadlines.show",
    "role-not-held": "contacts.show",
    "account-inactive": "contacts.show",
    "entitlement-missing": "contacts.show",
}
"""Pages on which that is settled, or told, which keeps a document locked, by the code of the reason."""
COLUMNS = {"address": "line_1"}
"""Fields that a problem names in another way than the pages do."""


def register(app: Flask) -> None:
    """Teach the templates these ways."""
    for one in (fix_link, unlock_link, at_field, field_label):
        app.add_template_filter(one)


def fix_link(problem: Problem, aco: Aco) -> str:
    """The address at which whoever may edit Step 1 mends a problem; empty for others, and where there is none."""
    here: dict[str, Any] = {"aco_id": aco.aco_id, "year": aco.performance_year}
    if not belongs(Audience.STEP_ONE_EDITORS, roles()):
        return ""
    if problem.code in PAGES:
        return url_for(PAGES[problem.code], **here) if PAGES[problem.code] else f"#{problem.where}"
    role, _, field = problem.where.partition(".")
    if role in {str(one) for one in SLOTS_BY_ROLE}:
        return url_for("contacts.edit", role=role, _anchor=field or None, **here)
    if role in LABELS:
        return url_for("organization.show", _anchor=role, **here)
    locked = COLUMNS.get(role, role)
    return url_for("change_requests.show", field=locked, **here) if locked in LOCKED else ""


def unlock_link(problem: Problem, aco: Aco) -> str:
    """The address at which that is settled which keeps a document from being signed; empty where there is none."""
    here: dict[str, Any] = {"aco_id": aco.aco_id, "year": aco.performance_year}
    if problem.code in UNLOCKED_AT:
        return url_for(UNLOCKED_AT[problem.code], **here)
    earlier = services().catalog.get(problem.where) if problem.code == "prerequisite-unsigned" else None
    if earlier:
        return url_for("packets.show", _anchor=f"step-{earlier.step}-{earlier.kind}", **here)
    return fix_link(problem, aco)


def at_field(problems: Iterable[Problem], name: str) -> bool:
    """Whether something is wrong with a field."""
    return any(one.where.rpartition(".")[2] == name for one in problems)


def field_label(name: str) -> str:
    """A contact's field as people read it."""
    return FIELD_LABELS[name]
