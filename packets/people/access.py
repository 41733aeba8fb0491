"""Who may look, and who may do what else than sign (permission matrix 1.7). Pure; `signing.policy` decides about signing.

Every row of the matrix is limited to the person's own ACOs. Somebody else's ACO and one that does not exist are answered
alike, so that nobody learns which exist.
"""

from __future__ import annotations

from enum import StrEnum

from packets.model.agreements import KEEPERS
from packets.model.people import SLOTS_BY_ROLE, Person, Role

AGENCY_ROLES = frozenset({Role.CMS_STAFF, Role.CMS_SIGNATORY})


class Action(StrEnum):
    """What can be done with an ACO's packet, signing apart."""

    VIEW_PACKET = "view-packet"
    VIEW_ARCHIVE = "view-archive"
    EDIT_STEP_ONE = "edit-step-one"
    UPLOAD_CORRECTIONS = "upload-corrections"
    KEEP_AGREEMENT = "keep-agreement"
    MANAGE_YEAR = "manage-year"
    VOID_DOCUMENT = "void-document"


def manages_years(person: Person | None) -> bool:
    """Whether somebody is CMS staff whose user ID is active: they open years, load files and move windows."""
    return person is not None and person.account_active and may(Action.MANAGE_YEAR, person.cms_roles)


def may(action: Action, roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles, at this ACO and at CMS, may do it."""
    slots = [SLOTS_BY_ROLE[role] for role in roles if role in SLOTS_BY_ROLE]
    match action:
        case Action.VIEW_PACKET:
            return bool(slots) or bool(roles & AGENCY_ROLES)
        case Action.VIEW_ARCHIVE:
            return bool(roles & (AGENCY_ROLES | {Role.ARCHIVIST}))
        case Action.EDIT_STEP_ONE:
            return any(slot.edits_step_one for slot in slots)
        case Action.UPLOAD_CORRECTIONS:
            return any(slot.uploads_corrections for slot in slots)
        case Action.KEEP_AGREEMENT:
            return bool(roles & set(KEEPERS))
        case Action.MANAGE_YEAR | Action.VOID_DOCUMENT:
            return Role.CMS_STAFF in roles
