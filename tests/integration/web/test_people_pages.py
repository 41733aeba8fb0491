"""The directory on pages: CMS staff find people, add them, give and take rights; nobody changes their own (R15, R21, R77)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browsing import Browser, Site, open_site
from packets.audit.log import Act, Outcome
from packets.model.people import Role
from packets.people.directory import PAGE_SIZE, Right
from web.auth.totp import code_at, step_at

NEW = {
    "user_id": "n3w1",
    "given_name": "Zoë",
    "family_name": "O’Hara-Quill",
    "title": "Records officer",
    "organization": "Centers for Medicare & Medicaid Services",
    "email": "zoe.quill@cms.example",
    "phone": "",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A year with its people."""
    made = open_site(tmp_path_factory.mktemp("site"), assembled=False)
    yield made
    made.world.services.database.close()


@pytest.fixture
def staff(site: Site) -> Browser:
    """A member of CMS staff, who has opened the directory."""
    browser = site.enter(site.world.agency(Role.CMS_STAFF))
    browser.get("/people")
    return browser


def told(site: Site, user_id: str) -> list[tuple[Act, Outcome]]:
    """What the log says about a person."""
    with site.world.services.database.read() as records:
        return [(one.act, one.outcome) for one in records.journal.entries(user_id)]


def test_people_are_found_by_name_user_id_organization_and_role(site: Site, staff: Browser) -> None:
    """All the words must be there, in any case and any of the fields."""
    executive = site.world.services.directory.get(site.holder(Role.ACO_EXECUTIVE))
    words = f"{executive.family_name.upper()} {executive.given_name.lower()[:3]}"

    assert executive.user_id in staff.get("/people", query_string={"text": words}).text
    assert executive.full_name in staff.get("/people", query_string={"text": executive.user_id.lower()}).text
    signatories = staff.get("/people", query_string={"role": "cms-signatory"}).text
    assert site.world.agency(Role.CMS_SIGNATORY) in signatories
    assert executive.user_id not in signatories
    assert "Nobody matches." in staff.get("/people", query_string={"text": "100% _nobody_"}).text


def test_the_directory_comes_in_pages_and_every_page_number_is_answered(site: Site, staff: Browser) -> None:
    """Everybody stands on exactly one page; pages that do not exist are empty and calm."""
    everybody = {one.user_id for one in site.world.services.directory.everybody()}
    count = -(-len(everybody) // PAGE_SIZE)
    pages = [staff.get("/people", query_string={"page": number}).text for number in range(1, count + 1)]

    assert {user_id for page in pages for user_id in everybody if f"/people/{user_id}" in page} == everybody
    for number in ("0", "-1", "99999", "99999999999999999999", "x", "\uff12"):
        assert staff.get("/people", query_string={"page": number}).status_code == 200


def test_a_person_is_added_with_rights_and_everything_wrong_is_told_at_once(site: Site, staff: Browser) -> None:
    """What was typed stays in the form; the person can be found afterwards."""
    staff.get("/people/new")
    refused = staff.post("/people", {**NEW, "user_id": "toolong", "given_name": " ", "email": "\x07"})
    assert refused.status_code == 422
    assert [code in refused.text for code in ("user-id-invalid", "field-missing")] == [True, True]
    assert "O’Hara-Quill" in refused.text
    added = staff.post("/people", {**NEW, "cms_roles": ["archivist"], "e-signature": ""})
    assert added.location == "/people/N3W1?done=added"
    assert "The person was added." in staff.get(added.location).text
    assert site.world.services.directory.get("N3W1").cms_roles == {Role.ARCHIVIST}
    staff.get("/people/new")
    again = staff.post("/people", NEW)
    assert (again.status_code, "user-known" in again.text) == (409, True)


@pytest.mark.requirement("R15")
def test_rights_are_given_and_taken_one_at_a_time_and_hold_at_the_next_request(site: Site, staff: Browser) -> None:
    """A button changes one right, so that a stale page takes nothing that somebody else has given meanwhile."""
    liaison = site.holder(Role.CMS_LIAISON)
    other = site.enter(liaison)
    staff.get(f"/people/{liaison}")
    assert other.get("/archive/retention").status_code == 403
    site.world.services.directory.grant(liaison, Right(signs=True))
    assert staff.post(f"/people/{liaison}/rights", {"grant": "archivist"}).location == f"/people/{liaison}?done=given"
    assert other.get("/archive/retention").status_code == 200
    assert site.world.services.directory.get(liaison).may_sign_electronically
    staff.get(f"/people/{liaison}")
    staff.post(f"/people/{liaison}/rights", {"revoke": "archivist"})
    assert other.get("/archive/retention").status_code == 403
    assert told(site, liaison)[-2:] == [(Act.USER_GRANT, Outcome.DONE), (Act.USER_REVOKE, Outcome.DONE)]
    unnamed = staff.post(f"/people/{liaison}/rights", {"grant": "emperor"})
    assert (unnamed.status_code, "right-missing" in unnamed.text) == (422, True)


@pytest.mark.requirement("R77")
def test_a_user_id_is_recertified_deactivated_with_a_reason_and_given_back(site: Site, staff: Browser) -> None:
    """Sessions end with the user ID; whoever gives it back makes the person sign in anew."""
    contact = site.holder(Role.COMPLIANCE_CONTACT)
    other = site.enter(contact)
    staff.get(f"/people/{contact}")
    assert staff.post(f"/people/{contact}/recertification", {"due_on": "someday"}).status_code == 422
    staff.post(f"/people/{contact}/recertification", {"due_on": "2031-05-01"})
    assert "May 1, 2031" in staff.get(f"/people/{contact}").text
    assert "reason-missing" in staff.post(f"/people/{contact}/deactivate", {"reason": " "}).text
    staff.post(f"/people/{contact}/deactivate", {"reason": "Left the ACO"})
    assert other.get("/").status_code == 303
    assert "Inactive" in staff.get(f"/people/{contact}").text
    staff.post(f"/people/{contact}/rights", {"grant": "active"})
    assert site.world.services.directory.get(contact).account_active


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("rights", {"grant": "cms-signatory"}),
        ("rights", {"revoke": "cms-staff"}),
        ("recertification", {"due_on": "2040-01-01"}),
        ("deactivate", {"reason": "me"}),
        ("factors/forget", {}),
    ],
)
def test_nobody_changes_what_is_said_of_themselves(site: Site, path: str, fields: dict[str, str]) -> None:
    """It takes a second member of CMS staff; the page offers no button, and the request is refused and told to the log."""
    staff = site.world.agency(Role.CMS_STAFF)
    browser = site.enter(staff)
    page = browser.get(f"/people/{staff}").text
    assert "This is you." in page
    assert "/rights" not in page
    before = site.world.services.directory.get(staff)
    refused = browser.post(f"/people/{staff}/{path}", fields)
    assert (refused.status_code, "own-rights" in refused.text) == (403, True)
    assert site.world.services.directory.get(staff) == before


def test_lost_factors_are_removed_and_the_person_is_told(site: Site, staff: Browser) -> None:
    """Only whoever has some has something to remove."""
    contact = site.holder(Role.MEDICAL_DIRECTOR)
    assert "Remove the second factors" not in staff.get(f"/people/{contact}").text
    factors = site.world.services.accounts.factors
    factors.confirm_app(contact, code_at(factors.begin_app(contact), step_at(site.world.clock())))
    assert "Remove the second factors" in staff.get(f"/people/{contact}").text
    assert staff.post(f"/people/{contact}/factors/forget").location == f"/people/{contact}?done=forgotten"
    assert not factors.standing(contact).has_second_factor


def test_somebody_who_does_not_exist_is_a_calm_page(staff: Browser) -> None:
    """Whatever the address says."""
    for user_id in ("ZZZZ", "x", "%00", "a" * 300):
        assert staff.get(f"/people/{user_id}").status_code == 404
