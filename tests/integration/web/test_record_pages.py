"""Packets, documents and the archive as they are looked at; files as they are taken along; corrections as they are handed in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from browsing import Browser, Site, open_site
from packets.model.people import Role
from packets.sample.year import SampleAco

HOSTILE = "<script>alert(1)</script> & \"Co\" 'Ltd'"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with nothing signed, for tests that change it."""
    return open_site(tmp_path)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with nothing signed, which every test only reads."""
    made = open_site(tmp_path_factory.mktemp("library"))
    yield made
    made.world.services.database.close()


@pytest.mark.requirement("R4")
def test_a_file_is_taken_along_under_its_name_with_its_digest(library: Site) -> None:
    """Name (RFC 6266), type and digest (RFC 9530) are right, and the bytes are the recorded ones."""
    document = library.document("participant-list")
    response = library.enter(library.holder(Role.CMS_LIAISON)).get(f"/documents/{document.document_id}/download")
    name = f"{document.aco_id}_2027_participant-list.pdf"
    assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert response.mimetype == "application/pdf"
    assert hashlib.sha256(response.data).hexdigest() == document.head_digest
    digest = base64.b64encode(hashlib.sha256(response.data).digest()).decode()
    assert response.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_document_may_be_shown_inside_our_own_pages_only(library: Site) -> None:
    """The reading page may embed it, and it may be embedded by us; everything else stays forbidden."""
    document = library.document("provider-supplier-list")
    browser = library.enter(library.holder(Role.ACO_EXECUTIVE))
    page = browser.get(f"/documents/{document.document_id}/read").headers["Content-Security-Policy"]
    file = browser.get(f"/documents/{document.document_id}/pdf").headers["Content-Security-Policy"]
    assert "object-src 'self'" in page
    assert "frame-ancestors 'none'" in page
    assert "frame-ancestors 'self'" in file
    assert "object-src" not in browser.get("/").headers["Content-Security-Policy"]


@pytest.mark.requirement("R2", "R36", "R42")
def test_a_packet_shows_every_step_with_its_status(site: Site) -> None:
    """A current ACO sees Steps 5 and 6 as not applicable; a new one sees them as its own."""
    current = site.enter(site.holder(Role.CMS_LIAISON)).get(f"/packets/{site.current.aco.aco_id}/2027").text
    assert current.count("Not applicable") == 2
    assert "Ready for review" in current
    assert "Locked – prerequisite" in current
    site.world.services.assembler.assemble_packet(site.new.aco.aco_id, 2027)
    new = site.enter(site.holder(Role.CMS_LIAISON, site.new)).get(f"/packets/{site.new.aco.aco_id}/2027").text
    assert "Not applicable" not in new
    assert "Step 6" in new


def test_somebody_who_may_not_sign_is_told_who_may(library: Site) -> None:
    """A contact without a signing role reads for each document whose turn it is."""
    page = library.enter(library.holder(Role.CMS_LIAISON)).get(f"/packets/{library.current.aco.aco_id}/2027").text
    assert "Why you cannot sign this now" in page
    assert "Ask the ACO Executive or Authorized to Sign (primary) or Authorized to Sign (secondary) to sign." in page
    assert "Read and sign" not in page


def test_the_verification_page_passes_what_was_signed(site: Site) -> None:
    """The verdict on the stored bytes, held against the ledger, in words."""
    site.world.finish(site.current, before_step=3)
    document = site.document("provider-supplier-list")
    page = site.enter(site.world.agency(Role.ARCHIVIST)).get(f"/documents/{document.document_id}/verification").text
    assert '<p class="word">PASSED</p>' in page
    assert "Seal of the service" in page
    assert document.signatures[0].user_id in page


def test_names_that_look_like_markup_are_printed_as_names(tmp_path: Path) -> None:
    """No page lets a name become markup or a header."""

    def rename(sample: SampleAco) -> SampleAco:
        contacts = tuple(replace(one, person=replace(one.person, given_name=HOSTILE)) for one in sample.contacts)
        return replace(sample, aco=replace(sample.aco, legal_name=HOSTILE, trade_name=HOSTILE), contacts=contacts)

    site = open_site(tmp_path, change=rename)
    document = site.document("provider-supplier-list")
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    archivist = site.enter(site.world.agency(Role.CMS_STAFF))
    pages = [
        browser.get(path).text
        for path in ("/", f"/packets/{document.aco_id}/2027", f"/documents/{document.document_id}")
    ]
    pages.append(archivist.get("/records", query_string={"text": HOSTILE}).text)
    for page in pages:
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.requirement("R4")
def test_an_archivist_finds_a_record_by_words_by_aco_and_by_kind(library: Site) -> None:
    """Search terms narrow the list; the record page offers reading, keeping and verifying and nothing that changes it."""
    archivist = library.enter(library.world.agency(Role.ARCHIVIST))
    everything = archivist.get("/records").text
    assert library.current.aco.legal_name.replace("&", "&amp;") in everything
    document = library.document("participant-list")
    query = {
        "text": library.current.aco.legal_name[:9].upper(),
        "aco_id": document.aco_id.lower(),
        "year": "2027",
        "kind": document.kind,
    }
    found = archivist.get("/records", query_string=query).text
    assert "1 record</caption>" in found
    record = archivist.get(f"/documents/{document.document_id}").text
    assert "Download PDF" in record
    assert "Locked – prerequisite" in record
    assert "Verify" in record
    assert "sign as" not in record
    assert archivist.get("/records", query_string={"text": "no such words"}).text.count("No record matches") == 1


@pytest.mark.parametrize("year", ["abc", "20277", "٢٠٢٧", "-1", "2 27"])
def test_a_year_that_is_none_is_told(library: Site, year: str) -> None:
    """What cannot be searched for is an error with a remedy, not an empty list."""
    response = library.enter(library.world.agency(Role.ARCHIVIST)).get("/records", query_string={"year": year})
    assert response.status_code == 422
    assert "year-unusable" in response.text


def hand_in(browser: Browser, sample: SampleAco, name: str, content: bytes) -> TestResponse:
    """Upload a corrections file through the page."""
    path = f"/packets/{sample.aco.aco_id}/2027/corrections"
    browser.get(path)
    fields = {"file": (BytesIO(content), name), "agreed": "yes"}
    return browser.post(path, fields, content_type="multipart/form-data")


@pytest.mark.requirement("R64", "R66", "R67")
def test_an_accepted_corrections_file_is_confirmed_and_listed(site: Site) -> None:
    """The page says that it was accepted and lists it, and the document carries it."""
    sample = site.new
    assert sample.corrections_upload is not None
    browser = site.enter(site.holder(Role.AUTHORIZED_TO_SIGN_SECONDARY, sample))
    response = hand_in(browser, sample, *sample.corrections_upload)
    assert response.status_code == 303
    page = browser.get(response.location).text
    assert "was accepted" in page
    assert page.count(sample.corrections_upload[0]) == 2
    document = site.document("provider-supplier-list", sample)
    assert sample.corrections_upload[0] in browser.get(f"/documents/{document.document_id}").text


@pytest.mark.requirement("R68")
def test_a_corrections_file_with_faults_is_answered_with_a_table_of_all_of_them(library: Site) -> None:
    """Each fault has its place, its remedy and its code, and nothing was kept."""
    browser = library.enter(library.holder(Role.ACO_EXECUTIVE))
    response = hand_in(browser, library.current, "wrong name.txt", b"no archive at all")
    assert response.status_code == 422
    assert "Nothing of it was kept." in response.text
    assert "How to fix it" in response.text
    assert "No file was accepted so far." in response.text


def test_a_form_without_a_file_says_so(library: Site) -> None:
    """Pressing the button too early is told like any other fault."""
    browser = library.enter(library.holder(Role.ACO_EXECUTIVE))
    path = f"/packets/{library.current.aco.aco_id}/2027/corrections"
    browser.get(path)
    assert "file-missing" in browser.post(path).text


@pytest.mark.requirement("R69", "E9")
def test_no_corrections_are_taken_after_the_list_is_signed(site: Site) -> None:
    """The signed list is final; the page says what to do instead."""
    site.world.finish(site.new, before_step=3)
    assert site.new.corrections_upload is not None
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE, site.new))
    response = hand_in(browser, site.new, *site.new.corrections_upload)
    assert response.status_code == 409
    assert "list-signed" in response.text


@pytest.mark.requirement("R41")
def test_the_corrections_page_is_hidden_from_those_who_may_not_upload(library: Site) -> None:
    """The link is there for uploaders only; CMS staff may look at the page and find no form on it."""
    packet = f"/packets/{library.current.aco.aco_id}/2027"
    assert "/corrections" in library.enter(library.holder(Role.ACO_EXECUTIVE)).get(packet).text
    assert "/corrections" not in library.enter(library.holder(Role.DUA_CUSTODIAN)).get(packet).text
    staff = library.enter(library.world.agency(Role.CMS_STAFF)).get(f"{packet}/corrections")
    assert staff.status_code == 200
    assert 'type="file"' not in staff.text


def test_a_search_for_what_no_page_can_show_is_answered_calmly(library: Site) -> None:
    """Control characters are left out of the form that is shown again."""
    response = library.enter(library.world.agency(Role.ARCHIVIST)).get("/records?text=a%00%1b%EF%BF%BEb")
    assert response.status_code == 200
    assert 'value="ab"' in response.text
