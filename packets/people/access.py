"""Who may look, and who may do what else than sign (permission matrix 1.7). Pure; `signing.policy` decides about signing.

Every row of the matrix is limited to the person's own ACOs. Somebody else's ACO and one that does not exist are answered
alike, so that nobody learns which exist.
"""

from __future__ import annotations

from enum import StrEnum

from packets.model.agreements import KEEPERS
from packets.model.people import SLOTS_BY_ROLE, Person, Role

AGENCY_ROLES = frozenset({Role.CMS_STAFF, Role.CMS_SIGNATORY})


RECORD_KEEPERS = frozenset({Role.CMS_STAFF, Role.ARCHIVIST})
"""Who places holds, extends retention and proposes dispositions (docs/adr/0054, 0055)."""


class Action(StrEnum):
    """What can be done with an ACO's packet, signing apart."""

    VIEW_PACKET = "view-packet"
    VIEW_ARCHIVE = "view-archive"
    EDIT_STEP_ONE = "edit-step-one"
    UPLOAD_CORRECTIONS = "upload-corrections"
    KEEP_AGREEMENT = "keep-agreement"
    MANAGE_YEAR = "manage-year"
    VOID_DOCUMENT = "void-document"
    KEEP_RECORDS = "keep-records"
    APPROVE_DISPOSITION = "approve-disposition"
    GIVE_COPIES = "give-copies"


AGENCY_GRANTS: dict[Action, frozenset[Role]] = {
    Action.VIEW_ARCHIVE: AGENCY_ROLES | {Role.ARCHIVIST},
    Action.MANAGE_YEAR: frozenset({Role.CMS_STAFF}),
    Action.VOID_DOCUMENT: frozenset({Role.CMS_STAFF}),
    Action.KEEP_RECORDS: RECORD_KEEPERS,
    Action.APPROVE_DISPOSITION: RECORD_KEEPERS | AGENCY_ROLES,
    Action.GIVE_COPIES: RECORD_KEEPERS,
}
"""What people on the CMS side may do, whichever ACO it is about."""


def manages_years(person: Person | None) -> bool:
    """Whether somebody is CMS staff whose user ID is active: they open years, load files and move windows."""
    return person is not None and person.account_active and may(Action.MANAGE_YEAR, person.cms_roles)


def may(action: Action, roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles, at this ACO and at CMS, may do it."""
    slots = [SLOTS_BY_ROLE[role] for role in roles if role in SLOTS_BY_ROLE]
    match action:
        case Action.VIEW_PACKET:
            return bool(slots) or bool(roles & AGENCY_ROLES)
        case Action.EDIT_STEP_ONE:
            return any(slot.edits_step_one for slot in slots)
        case Action.UPLOAD_CORRECTIONS:
            return any(slot.uploads_corrections for slot in slots)
        case Action.KEEP_AGREEMENT:
            return bool(roles & set(KEEPERS))
        case Action.GIVE_COPIES if Role.ACO_EXECUTIVE in roles:
            return True
        case _:
            return bool(roles & AGENCY_GRANTS[action])
