"""The countersign desk on pages: what waits, a batch with its sheet, one password, progress, stopping, the outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsing import Browser, Site, open_site
from packets.model.documents import Document
from packets.model.people import Role
from signing.declining import DeclineRequest
from web.work import build_executor
from worlds import PASSWORD

DUA = "data-use-agreement"

WATCHES = 'hx-trigger="every 2s"'
"""The page looks again by itself, with a script or, without one, by reloading."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Both ACOs have signed their DUA."""
    site = open_site(tmp_path)
    for sample in (site.current, site.new):
        site.world.finish(sample, before_step=4)
        document = site.document(DUA, sample)
        for slot in site.world.services.catalog[DUA].slots[:2]:
            document = site.world.sign(document, slot, sample)
    return site


def signatory(site: Site) -> Browser:
    return site.enter(site.world.agency(Role.CMS_SIGNATORY))


def duas(site: Site) -> list[Document]:
    return [site.document(DUA, site.current), site.document(DUA, site.new)]


def lay_out(browser: Browser) -> str:
    """Choose everything; the address of the batch."""
    browser.get("/countersign")
    response = browser.post("/countersign/batches", {"everything": "yes"})
    assert response.status_code == 303, response.text
    return str(response.location)


def work(site: Site) -> None:
    build_executor(site.world.services).work_off()


@pytest.mark.requirement("R3")
def test_the_queue_says_what_waits_since_when_until_when_and_what_is_new(site: Site) -> None:
    """Filtered by ACO, year and kind; CMS staff look and choose nothing."""
    browser = signatory(site)
    page = browser.get("/countersign").text
    assert "2 documents to countersign" in page
    assert "less than an hour" in page
    assert "First of its kind for this ACO" in page
    assert page.count('type="checkbox"') == 2

    only = browser.get("/countersign", query_string={"text": site.current.aco.aco_id, "kind": DUA, "year": "2027"}).text
    assert "1 document to countersign" in only
    for nonsense in ({"year": "2026"}, {"kind": "songs"}, {"text": "nowhere"}):
        assert "that fits the filter" in browser.get("/countersign", query_string=nonsense).text
    assert browser.get("/countersign", query_string={"year": "x", "page": "-7"}).status_code == 200

    staff = site.enter(site.world.agency(Role.CMS_STAFF)).get("/countersign").text
    assert "2 documents to countersign" in staff
    assert 'type="checkbox"' not in staff


@pytest.mark.requirement("R3", "R40")
def test_a_batch_is_read_signed_with_one_password_and_watched(site: Site) -> None:
    """The words first, then the password for exactly this sheet; the page looks again until all is done."""
    browser = signatory(site)
    address = lay_out(browser)
    page = browser.get(address).text
    assert "You have not been shown them yet" in page
    assert 'name="password"' not in page
    browser.get(f"/documents/{duas(site)[0].document_id}/pdf")

    page = browser.get(address).text
    assert all(one.head_digest in page for one in duas(site))
    assert "consent-missing" in browser.post(f"{address}/start", {"password": PASSWORD}).text
    assert "sign-in-wrong" in browser.post(f"{address}/start", {"password": "wrong", "consent": "yes"}).text
    browser.get(address)
    assert browser.post(f"{address}/start", {"password": PASSWORD, "consent": "yes"}).status_code == 303
    assert browser.post(f"{address}/start", {"password": PASSWORD, "consent": "yes"}).status_code == 303

    watched = browser.get(address)
    assert WATCHES in watched.text
    assert '<meta http-equiv="refresh" content="2">' in watched.text
    assert "Waiting for its turn" in watched.text
    work(site)
    done = browser.get(address)
    assert WATCHES not in done.text
    assert "2 signed, 0 skipped, 0 to come." in done.text
    assert ("You had opened it" in done.text, "Reviewed on this sheet" in done.text) == (True, True)
    assert all(one.executed_at for one in duas(site))
    page = browser.get("/countersign").text
    assert "Nothing waits" in page
    assert "2 documents, started" in page


def test_a_batch_is_stopped_and_goes_on_from_the_page(site: Site) -> None:
    """Stopped before its turn came; resumed, it is signed."""
    browser = signatory(site)
    browser.get(f"/documents/{duas(site)[0].document_id}/pdf")
    address = lay_out(browser)
    browser.get(address)
    browser.post(f"{address}/start", {"password": PASSWORD, "consent": "yes"})
    browser.get(address)
    assert browser.post(f"{address}/stop").status_code == 303

    stopped = browser.get(address)
    assert ("Stopped" in stopped.text, WATCHES in stopped.text) == (True, False)
    work(site)
    assert "2 to come" in browser.get(address).text
    assert browser.post(f"{address}/resume").status_code == 303
    work(site)
    assert "2 signed" in browser.get(address).text


def test_a_choice_of_nothing_or_of_what_no_longer_waits_is_refused(site: Site) -> None:
    """The queue comes back with what is wrong."""
    browser = signatory(site)
    browser.get("/countersign")
    nothing = browser.post("/countersign/batches")
    assert (nothing.status_code, "nothing-chosen" in nothing.text) == (422, True)
    browser.get("/countersign")
    gone = browser.post("/countersign/batches", {"document": "nowhere"})
    assert (gone.status_code, "not-waiting" in gone.text) == (409, True)


def test_cms_sees_in_its_queue_what_an_aco_declines(site: Site) -> None:
    """With the reason; it is not offered for signature."""
    aco = site.new
    document, role = site.document("assurance-of-compliance", aco), Role.ACO_EXECUTIVE
    place = (document.document_id, "AuthorizedSigner", site.holder(role, aco), role)
    site.world.services.declining.decline(DeclineRequest(*place, "A statute is missing.", document.head_digest))

    page = signatory(site).get("/countersign").text
    assert "Declined by the ACO" in page
    assert "A statute is missing." in page


@pytest.mark.requirement("R3")
def test_the_dates_of_a_document_stand_on_its_page_each_for_itself(site: Site) -> None:
    """Signed by the ACO, by CMS, in force from, and the period (REQUIREMENTS 2.5)."""
    browser = signatory(site)
    address = f"/documents/{duas(site)[0].document_id}"
    page = browser.get(address).text
    assert page.count("Not yet") >= 3
    browser.get(f"{address}/pdf")
    lay = lay_out(browser)
    browser.get(lay)
    browser.post(f"{lay}/start", {"password": PASSWORD, "consent": "yes"})
    work(site)

    page = browser.get(address).text
    assert "November 16, 2026 to " in page
    assert "Not yet" not in page
