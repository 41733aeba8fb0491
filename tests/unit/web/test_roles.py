"""Audiences: who belongs to them, role by role."""

from __future__ import annotations

import pytest
from flask import Flask

from packets.errors import ForbiddenError
from packets.model.people import CONTACT_SLOTS, Role
from web.auth.roles import REFUSALS, Audience, audience_of, belongs, open_to, require

CONTACTS = frozenset(slot.role for slot in CONTACT_SLOTS)
DESIGNEES = frozenset(slot.role for slot in CONTACT_SLOTS if slot.designee)
UPLOADERS = frozenset({Role.ACO_EXECUTIVE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY})
CMS = frozenset({Role.CMS_STAFF, Role.CMS_SIGNATORY})

MEMBERS: dict[Audience, frozenset[Role]] = {
    Audience.ANYONE: frozenset(Role),
    Audience.SIGNED_IN: frozenset(Role),
    Audience.PACKET_READERS: CONTACTS | CMS,
    Audience.RECORD_READERS: frozenset(Role),
    Audience.SIGNERS: DESIGNEES | {Role.CMS_SIGNATORY},
    Audience.UPLOADERS: UPLOADERS,
    Audience.UPLOAD_READERS: UPLOADERS | {Role.CMS_STAFF},
    Audience.CMS_SIGNATORIES: frozenset({Role.CMS_SIGNATORY}),
    Audience.AGREEMENT_KEEPERS: frozenset({Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN}),
    Audience.STEP_ONE_EDITORS: UPLOADERS
    | {Role.CMS_LIAISON, Role.APPLICATION_CONTACT_PRIMARY, Role.APPLICATION_CONTACT_SECONDARY},
    Audience.CMS_READERS: CMS,
    Audience.YEAR_MANAGERS: frozenset({Role.CMS_STAFF}),
    Audience.VOIDERS: frozenset({Role.CMS_STAFF}),
    Audience.MAIL_KEEPERS: frozenset({Role.CMS_STAFF}),
    Audience.ARCHIVE_READERS: CMS | {Role.ARCHIVIST},
    Audience.RECORD_KEEPERS: frozenset({Role.CMS_STAFF, Role.ARCHIVIST}),
    Audience.COPY_GIVERS: frozenset({Role.ACO_EXECUTIVE, Role.CMS_STAFF, Role.ARCHIVIST}),
    Audience.DISPOSITION_APPROVERS: CMS | {Role.ARCHIVIST},
}


@pytest.mark.requirement("R11", "R18", "R37", "R41", "R64")
@pytest.mark.parametrize("audience", list(Audience))
def test_an_audience_has_exactly_the_roles_of_the_permission_matrix(audience: Audience) -> None:
    """Every one of the seventeen contacts and of the roles at CMS is tried."""
    assert {role for role in Role if belongs(audience, frozenset({role}))} == MEMBERS[audience]


@pytest.mark.parametrize("audience", [one for one in Audience if one not in {Audience.ANYONE, Audience.SIGNED_IN}])
def test_whoever_holds_no_role_is_refused_with_a_reason(audience: Audience) -> None:
    """The refusal says for whom the page is and what to do instead."""
    with pytest.raises(ForbiddenError) as refused:
        require(audience, frozenset())
    problem = refused.value.problems[0]
    assert (problem.sentence, problem.remedy) == REFUSALS[audience]


def test_a_view_keeps_its_mark_and_an_unmarked_one_is_found() -> None:
    """The mark is read from the view that the application would run."""
    app = Flask(__name__)
    app.add_url_rule("/marked", "marked", open_to(Audience.SIGNED_IN)(lambda: "page"))
    app.add_url_rule("/bare", "bare", lambda: "page")
    assert audience_of(app, "marked") is Audience.SIGNED_IN
    with pytest.raises(LookupError, match="bare"):
        audience_of(app, "bare")
