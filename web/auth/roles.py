"""Which routes are for whom. Every route carries exactly one `Audience`; one without is refused at start-up.

The audience is asked with the roles that the visitor holds at the ACO that the address names (permission matrix 1.7), so
that somebody who may sign for one ACO may do nothing at another one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask

from packets.errors import ForbiddenError, Problem
from packets.model.people import SLOTS_BY_ROLE, Role
from packets.people.access import AGENCY_ROLES, Action, may

MARK = "audience"
View = TypeVar("View", bound=Callable[..., object])


class Audience(StrEnum):
    """Who may use a route."""

    ANYONE = "anyone"
    SIGNED_IN = "signed-in"
    PACKET_READERS = "packet-readers"
    RECORD_READERS = "record-readers"
    SIGNERS = "signers"
    AGREEMENT_KEEPERS = "agreement-keepers"
    STEP_ONE_EDITORS = "step-one-editors"
    UPLOADERS = "uploaders"
    UPLOAD_READERS = "upload-readers"
    CMS_READERS = "cms-readers"
    CMS_SIGNATORIES = "cms-signatories"
    YEAR_MANAGERS = "year-managers"
    VOIDERS = "voiders"
    MAIL_KEEPERS = "mail-keepers"
    ARCHIVE_READERS = "archive-readers"
    RECORD_KEEPERS = "record-keepers"
    DISPOSITION_APPROVERS = "disposition-approvers"
    COPY_GIVERS = "copy-givers"


REFUSALS: dict[Audience, tuple[str, str]] = {
    Audience.PACKET_READERS: ("Packets are open to the contacts of the ACO and to CMS.", "Use the archive instead."),
    Audience.RECORD_READERS: (
        "Documents are open to the contacts of the ACO, to CMS and to archivists.",
        "Go back to your packets.",
    ),
    Audience.SIGNERS: (
        "Only the ESM designees of the ACO and the CMS signatory sign documents.",
        "Ask one of them to sign.",
    ),
    Audience.AGREEMENT_KEEPERS: (
        "Only the DUA Requestor and the DUA Custodian confirm the contacts and extend the agreement.",
        "Ask one of them.",
    ),
    Audience.STEP_ONE_EDITORS: (
        "Step 1 is edited by the ACO Executive, those Authorized to Sign, the CMS Liaison and the Application Contacts.",
        "Ask one of them to make the change.",
    ),
    Audience.UPLOADERS: (
        "Only the ACO Executive and those Authorized to Sign may upload corrections.",
        "Ask one of them to upload the file.",
    ),
    Audience.UPLOAD_READERS: (
        "The corrections page is for the ACO Executive, those Authorized to Sign and CMS staff.",
        "Read the corrections in the list's document instead.",
    ),
    Audience.CMS_READERS: ("What waits for CMS is shown to CMS.", "Go back to your packets."),
    Audience.CMS_SIGNATORIES: ("Only the CMS signatory countersigns.", "Go back to your packets."),
    Audience.YEAR_MANAGERS: ("This is for CMS staff, who manage the year.", "Ask CMS for what you need."),
    Audience.VOIDERS: ("Only CMS staff void documents.", "Ask CMS to void the document."),
    Audience.MAIL_KEEPERS: ("Only CMS staff see how notices were delivered.", "Go back to your notices."),
    Audience.RECORD_KEEPERS: ("This is for CMS staff and archivists, who keep the records.", "Ask one of them."),
    Audience.DISPOSITION_APPROVERS: ("Dispositions are decided by people of CMS.", "Ask one of them."),
    Audience.COPY_GIVERS: (
        "Copies are given by the ACO Executive, CMS staff and archivists.",
        "Ask one of them to give a copy.",
    ),
    Audience.ARCHIVE_READERS: ("The archive is open to archivists and to CMS.", "Go back to your packets."),
}


def open_to(audience: Audience) -> Callable[[View], View]:
    """Mark a view with the audience that may use it."""

    def mark(view: View) -> View:
        view.__dict__[MARK] = audience
        return view

    return mark


def audience_of(app: Flask, endpoint: str) -> Audience:
    """The audience of a route.

    Raises:
        LookupError: the route was left unmarked; nobody may use it.
    """
    audience: Audience | None = vars(app.view_functions[endpoint]).get(MARK)
    if audience is None:
        raise LookupError(f"The route {endpoint} does not say who may use it.")
    return audience


def require_audiences(app: Flask) -> None:
    """Refuse to start with a route that does not say who may use it.

    Raises:
        LookupError: there is one.
    """
    for endpoint in app.view_functions:
        audience_of(app, endpoint)


def belongs(audience: Audience, roles: frozenset[Role]) -> bool:
    """Whether somebody who is signed in and holds these roles, at this ACO and at CMS, is among the audience."""
    reads_packets, reads_archive = may(Action.VIEW_PACKET, roles), may(Action.VIEW_ARCHIVE, roles)
    uploads = may(Action.UPLOAD_CORRECTIONS, roles)
    answers = {
        Audience.ANYONE: True,
        Audience.SIGNED_IN: True,
        Audience.PACKET_READERS: reads_packets,
        Audience.RECORD_READERS: reads_packets or reads_archive,
        Audience.SIGNERS: Role.CMS_SIGNATORY in roles or any(_is_designee(role) for role in roles),
        Audience.AGREEMENT_KEEPERS: may(Action.KEEP_AGREEMENT, roles),
        Audience.STEP_ONE_EDITORS: may(Action.EDIT_STEP_ONE, roles),
        Audience.UPLOADERS: uploads,
        Audience.UPLOAD_READERS: uploads or may(Action.MANAGE_YEAR, roles),
        Audience.CMS_READERS: bool(roles & AGENCY_ROLES),
        Audience.CMS_SIGNATORIES: Role.CMS_SIGNATORY in roles,
        Audience.YEAR_MANAGERS: may(Action.MANAGE_YEAR, roles),
        Audience.VOIDERS: may(Action.VOID_DOCUMENT, roles),
        Audience.MAIL_KEEPERS: may(Action.MANAGE_YEAR, roles),
        Audience.ARCHIVE_READERS: reads_archive,
        Audience.RECORD_KEEPERS: may(Action.KEEP_RECORDS, roles),
        Audience.COPY_GIVERS: may(Action.GIVE_COPIES, roles),
        Audience.DISPOSITION_APPROVERS: may(Action.APPROVE_DISPOSITION, roles),
    }
    return answers[audience]


def require(audience: Audience, roles: frozenset[Role]) -> None:
    """Refuse whoever is not among the audience.

    Raises:
        ForbiddenError: they are not; it says for whom the page is.
    """
    if not belongs(audience, roles):
        sentence, remedy = REFUSALS[audience]
        raise ForbiddenError(Problem("not-your-page", sentence, remedy))


def _is_designee(role: Role) -> bool:
    return role in SLOTS_BY_ROLE and SLOTS_BY_ROLE[role].designee
