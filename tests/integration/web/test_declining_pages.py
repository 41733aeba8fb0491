"""Declining, taking back, voiding: the forms, what they refuse, and what everybody sees afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsing import Browser, Site, open_site
from packets.model.documents import Document
from packets.model.people import Role

LIST = "provider-supplier-list"
SLOT = "AuthorizedSigner"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(tmp_path)


def packet(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/2027"


def decline(browser: Browser, document: Document, reason: str = "A clinic is missing.") -> str:
    address = f"/documents/{document.document_id}/decline/{SLOT}"
    browser.get(address)
    response = browser.post(address, {"reason": reason})
    return browser.get(response.location).text if response.status_code == 303 else response.text


@pytest.mark.requirement("R3", "R18")
def test_a_designee_declines_and_takes_it_back_on_pages(site: Site) -> None:
    """The document says who declined and why, on the packet too; signing is refused until it is taken back."""
    document, executive = site.document(LIST), site.enter(site.holder(Role.ACO_EXECUTIVE))
    assert "Decline to sign" in executive.get(f"/documents/{document.document_id}").text

    page = decline(executive, document, "A clinic <b>is missing</b>.")
    assert "nobody can sign it now" in page
    assert "A clinic &lt;b&gt;is missing&lt;/b&gt;." in page
    assert "Declined" in site.enter(site.world.agency(Role.CMS_STAFF)).get(packet(site)).text
    assert site.sign(executive, document, SLOT).status_code == 422
    assert "was declined." in executive.get(f"/documents/{document.document_id}/sign/{SLOT}").text

    address = f"/documents/{document.document_id}/withdraw"
    assert "you cannot take this back" in site.enter(site.holder(Role.DUA_CUSTODIAN)).get(address).text.lower()
    executive.get(address)
    assert "reason-missing" in executive.post(address, {"reason": " "}).text
    assert executive.post(address, {"reason": "It was found."}).status_code == 303
    assert "It was found." in executive.get(f"/documents/{document.document_id}").text
    assert site.sign(executive, document, SLOT).status_code == 303
    assert "signed already" in executive.get(f"/documents/{document.document_id}/decline/{SLOT}").text
    assert "Nobody declines this document" in executive.get(address).text


def test_a_form_without_a_reason_is_refused_and_says_so(site: Site) -> None:
    """Nothing is recorded; who may not decline sees why and no form."""
    document, executive = site.document(LIST), site.enter(site.holder(Role.ACO_EXECUTIVE))

    assert "reason-missing" in decline(executive, document, "  ")
    assert site.document(LIST).decline is None
    custodian = site.enter(site.holder(Role.DUA_CUSTODIAN))
    page = custodian.get(f"/documents/{document.document_id}/decline/{SLOT}").text
    assert "You cannot decline this now" in page
    assert 'name="reason"' not in page
    assert custodian.get(f"/documents/{document.document_id}/decline/Nowhere").status_code == 404


@pytest.mark.requirement("R4")
def test_cms_staff_void_a_signed_document_and_its_history_is_kept(site: Site) -> None:
    """Only with a reason and the express confirmation; the ACO still reads and keeps the old file."""
    document = site.document(LIST)
    executive, staff = site.enter(site.holder(Role.ACO_EXECUTIVE)), site.enter(site.world.agency(Role.CMS_STAFF))
    site.sign(executive, document, SLOT)
    address = f"/documents/{document.document_id}/void"
    assert "Void and replace" in staff.get(f"/documents/{document.document_id}").text
    assert "Void and replace" not in executive.get(f"/documents/{document.document_id}").text

    staff.get(address)
    refused = staff.post(address, {"reason": ""})
    assert (refused.status_code, "executed-not-confirmed" in refused.text, "reason-missing" in refused.text) == (
        422,
        True,
        True,
    )
    done = staff.post(address, {"reason": "A wrong name", "executed_too": "yes"})
    assert done.status_code == 303

    page = executive.get(f"/documents/{document.document_id}").text
    assert "was voided and no longer counts" in page
    assert site.document(LIST).document_id in page
    assert executive.get(f"/documents/{document.document_id}/download").data.startswith(b"%PDF")
    assert "PASSED" in executive.get(f"/documents/{document.document_id}/verification").text
    assert "A wrong name" in executive.get(packet(site)).text
    assert "Documents that no longer count (1)" in executive.get(packet(site)).text
    assert "was voided before" in staff.get(address).text


def test_the_cms_signatory_declines_and_is_led_to_the_new_document(site: Site) -> None:
    """What the ACO signed goes back to it."""
    world = site.world
    dua = world.finish(site.current, before_step=4) and site.document("data-use-agreement")
    assert isinstance(dua, Document)
    for slot in world.services.catalog[dua.kind].slots[:2]:
        dua = world.sign(dua, slot, site.current)
    signatory = site.enter(world.agency(Role.CMS_SIGNATORY))
    address = f"/documents/{dua.document_id}/decline/CMS_20"

    assert "goes back to the ACO" in signatory.get(address).text
    response = signatory.post(address, {"reason": "The number is wrong."})
    assert response.location.endswith(site.document("data-use-agreement").document_id)
    page = signatory.get(response.location).text
    assert "voided: The number is wrong." in page
