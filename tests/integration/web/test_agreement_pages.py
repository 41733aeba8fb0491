"""The page of the Data Use Agreement: contacts confirmed, extension asked for, expiry told; and the list for CMS."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from browsing import Browser, Site, open_site
from packets.model.people import Contact, Role

KIND = "data-use-agreement"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(tmp_path, agreement=False)


def path(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/2027/agreement"


def keeper(site: Site, role: Role = Role.DUA_CUSTODIAN) -> Browser:
    """A keeper of the agreement with its page open."""
    browser = site.enter(site.holder(role))
    browser.get(path(site))
    return browser


@pytest.mark.requirement("R23", "R74")
def test_requestor_and_custodian_do_step_four_on_its_page(site: Site) -> None:
    """Confirm, ask for the extension, sign in either order, CMS last: the new day is in force."""
    site.world.finish(site.current, before_step=4)
    custodian, requestor = keeper(site), keeper(site, Role.DUA_REQUESTOR)
    sent = custodian.post(f"{path(site)}/contacts", {"attested": "yes"})
    assert sent.status_code == 303
    page = custodian.get(sent.location).text
    assert "The contacts are confirmed." in page
    assert site.holder(Role.DUA_CUSTODIAN) in page
    sent = requestor.post(f"{path(site)}/extension", {"extended_to": "2027-12-31"})
    assert "From December 31, 2026 to December 31, 2027" in requestor.get(sent.location).text
    document = site.document(KIND)
    for browser, slot in ((custodian, "Custodian_17"), (requestor, "Requestor_16")):
        assert site.sign(browser, document, slot).status_code == 303
    assert "it holds once CMS countersigns" in custodian.get(path(site)).text
    signatory = site.enter(site.world.agency(Role.CMS_SIGNATORY))
    assert site.sign(signatory, document, "CMS_20").status_code == 303
    page = custodian.get(path(site)).text
    assert "To December 31, 2027, in force" in page
    assert '<form method="post" action="/packets' not in page


@pytest.mark.requirement("R23")
def test_the_attestation_is_not_checked_beforehand_and_is_asked_for(site: Site) -> None:
    """Nobody confirms by accident; the refusal says what is missing."""
    browser = keeper(site)
    page = browser.get(path(site)).text
    assert 'name="attested" type="checkbox" value="yes" required>' in page
    response = browser.post(f"{path(site)}/contacts")
    assert response.status_code == 422
    assert "attestation-missing" in response.text


@pytest.mark.requirement("R23")
def test_the_page_shows_the_two_keepers_and_every_other_contact(site: Site) -> None:
    """Name, title, e-mail and telephone of each, for everybody who may look; the form for the two only."""
    page = site.enter(site.holder(Role.CMS_LIAISON)).get(path(site)).text
    for contact in site.current.contacts:
        assert contact.person.full_name in page
        assert contact.person.email in page
    assert '<form method="post" action="/packets' not in page


def test_a_refused_day_keeps_what_was_typed(site: Site) -> None:
    """The code, the remedy and the day as it was typed; nothing is recorded."""
    browser = keeper(site)
    response = browser.post(f"{path(site)}/extension", {"extended_to": "2028-01-01"})
    assert response.status_code == 422
    assert "day-too-late" in response.text
    assert 'value="2028-01-01"' in response.text
    assert "Not asked for" in response.text


def test_a_day_that_carries_a_signature_is_answered_with_conflict(site: Site) -> None:
    """409, with the reason."""
    site.world.settle_agreement(site.current)
    site.world.finish(site.current, before_step=4)
    browser = keeper(site)
    assert site.sign(browser, site.document(KIND), "Custodian_17").status_code == 303
    browser.get(path(site))
    response = browser.post(f"{path(site)}/extension", {"extended_to": "2027-06-30"})
    assert response.status_code == 409
    assert "extension-fixed" in response.text


@pytest.mark.requirement("R23", "R74")
def test_the_packet_says_what_is_missing_and_leads_to_the_page(site: Site) -> None:
    """Both gaps, the days left, and a link."""
    page = site.enter(site.holder(Role.DUA_REQUESTOR)).get(path(site).removesuffix("/agreement")).text
    assert "The contacts were not confirmed in this step." in page
    assert "The extension of the data use agreement was not asked for." in page
    assert "45 days left" in page
    assert f'href="{path(site)}"' in page


def test_an_expired_agreement_stops_downloads_of_the_aco_and_nothing_that_ends_it(site: Site) -> None:
    """Lists stay readable and documents signable; CMS downloads; after the countersignature the ACO downloads again."""
    packet = path(site).removesuffix("/agreement")
    site.world.settle_agreement(site.current)
    site.world.finish(site.current, before_step=4)
    executive, staff = site.holder(Role.ACO_EXECUTIVE), site.world.agency(Role.CMS_STAFF)
    site.world.clock.advance(timedelta(days=50))
    for activity in ("sign-documents", "countersign-documents"):
        site.world.services.deadlines.extend(site.current.aco.aco_id, 2027, activity, "2027-01-31", "Late", staff)
    browser = site.enter(executive)
    refusal = browser.get(f"{packet}/lists/participants/download")
    assert refusal.status_code == 403
    assert "expired on December 31, 2026" in refusal.text
    assert browser.get(f"{packet}/lists/participants").status_code == 200
    assert "Expired" in browser.get(packet).text
    assert site.enter(staff).get(f"{packet}/lists/participants/download").status_code == 200
    document = site.document(KIND)
    for slot in site.world.services.catalog[KIND].slots:
        site.world.sign(document, slot, site.current)
    assert site.enter(executive).get(f"{packet}/lists/participants/download").status_code == 200


def test_cms_staff_see_every_agreement_by_days_left(site: Site) -> None:
    """A line an ACO, a link to its page; the expired ones are counted."""
    staff = site.enter(site.world.agency(Role.CMS_STAFF))
    assert 'href="/agreements/2027"' in staff.get("/").text
    page = staff.get("/agreements/2027").text
    assert "2 agreements, 0 expired" in page
    assert f'href="{path(site)}"' in page
    site.world.clock.advance(timedelta(days=60))
    page = site.enter(site.world.agency(Role.CMS_STAFF)).get("/agreements/2027").text
    assert "2 agreements, 2 expired" in page
    assert "Expired 15 days ago" in page


def test_an_addendum_is_raised_with_a_button_and_signed_on_its_page(tmp_path: Path) -> None:
    """The packet and the page say by when; the new Custodian makes it and signs it; then nothing is due."""
    site = open_site(tmp_path)
    site.world.finish(site.current)
    successor = next(one.person for one in site.current.contacts if one.role is Role.COMPLIANCE_CONTACT)
    place = (site.current.aco.aco_id, 2027)
    with site.world.services.database.write() as records:
        records.people.put(replace(successor, may_sign_electronically=True))
        contacts = [
            Contact(one.role, successor) if one.role is Role.DUA_CUSTODIAN else one
            for one in records.acos.contacts(*place)
        ]
        records.acos.put_contacts(*place, contacts)
    browser = site.enter(successor.user_id)
    assert "An addendum to the data use agreement is due by December 1, 2026." in browser.get(path(site)[:-10]).text
    assert "An addendum is due by December 1, 2026" in browser.get(path(site)).text
    raised = browser.post(f"{path(site)}/addendum")
    assert raised.status_code == 303
    assert "Change of Requestor or Custodian" in browser.get(raised.location).text
    with site.world.services.database.read() as records:
        document = records.documents.current(*place, "data-use-agreement-addendum")
    assert document is not None
    assert site.sign(browser, document, "Custodian").status_code == 303
    requestor = site.enter(site.holder(Role.DUA_REQUESTOR))
    assert site.sign(requestor, document, "Requestor").status_code == 303
    assert "is due by" not in browser.get(path(site)).text
    assert "No. 1" in browser.get(path(site)[:-10]).text
