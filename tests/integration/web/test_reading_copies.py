"""A packet in one PDF, its originals in a zip archive, a document as a page; what is next, and what unlocks a document."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from browsing import Site, open_site
from packets.model.people import Role
from web.look.assets import load_look


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The current ACO's packet, Step 2 signed."""
    site = open_site(tmp_path_factory.mktemp("site"))
    document = site.document("provider-supplier-list")
    assert site.sign(site.enter(site.holder(Role.ACO_EXECUTIVE)), document, "AuthorizedSigner").status_code == 303
    return site


def packet(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/{site.current.aco.performance_year}"


@pytest.mark.requirement("R4", "R42")
def test_the_reading_copy_says_that_it_is_one_and_carries_no_signature(site: Site) -> None:
    """Cover, a bookmark for each document, the notice on every page; no field, so no reader takes it for signed."""
    content = site.enter(site.holder(Role.ACO_EXECUTIVE)).get(f"{packet(site)}/reading-copy").data
    reader = PdfReader(BytesIO(content))
    titles = [one.title for one in reader.outline]  # type: ignore[union-attr]  # the list is flat
    assert titles == [
        "Cover",
        *(one.title for one in site.world.services.catalog.values() if "current" in one.cohorts and not one.on_demand),
    ]
    assert all("Reading copy." in page.extract_text() for page in reader.pages)
    assert all("sample data" in page.extract_text().casefold() for page in reader.pages)
    assert "/AcroForm" not in reader.root_object
    assert not [page for page in reader.pages if "/Annots" in page]
    assert "Digitally signed" not in titles


@pytest.mark.requirement("R4")
def test_the_originals_are_the_very_files_and_each_retrieval_is_told(site: Site) -> None:
    """Byte for byte what the ledger knows; the log has one line for each."""
    records = site.world.services.database
    place = site.current.aco.aco_id, site.current.aco.performance_year
    with records.read() as found:
        digests = sorted(one.head_digest for one in found.documents.packet(*place))
        before = sum(1 for one in found.journal.entries() if one.act == "document:download")
    content = site.enter(site.holder(Role.MEDICAL_DIRECTOR)).get(f"{packet(site)}/originals").data
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert sorted(hashlib.sha256(archive.read(one)).hexdigest() for one in archive.namelist()) == digests
    with records.read() as found:
        assert sum(1 for one in found.journal.entries() if one.act == "document:download") == before + len(digests)


@pytest.mark.requirement("R46")
def test_a_document_can_be_read_as_a_page(site: Site) -> None:
    """The same words, with headings and tables that a screen reader can walk through."""
    document = site.document("provider-supplier-list")
    page = site.enter(site.holder(Role.DUA_CUSTODIAN)).get(f"/documents/{document.document_id}/page").text
    assert "<article" in page
    assert site.current.aco.legal_name.replace("&", "&amp;").replace("'", "&#x27;") in page
    assert "What is signed is the PDF." in page


@pytest.mark.requirement("R42", "R44")
@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.ACO_EXECUTIVE, "Sign the “Certification of the ACO Participant List” as ACO Executive."),
        (Role.DUA_REQUESTOR, "has to sign the “Certification of the ACO Participant List”."),
        (Role.MEDICAL_DIRECTOR, "has to sign the “Certification of the ACO Participant List”."),
    ],
)
def test_everybody_is_told_the_one_thing_that_is_next(site: Site, role: Role, words: str) -> None:
    """On the list of packets and on the packet: what they can do themselves, or for whom the packet waits."""
    browser = site.enter(site.holder(role))
    assert words in browser.get("/").text
    assert words in browser.get(packet(site)).text


@pytest.mark.requirement("R42", "R44")
def test_what_keeps_a_document_locked_leads_to_what_unlocks_it(site: Site) -> None:
    """An earlier step to its place on the page."""
    page = site.enter(site.holder(Role.ACO_EXECUTIVE)).get(packet(site)).text
    assert f'<a href="{packet(site)}#step-3-participant-list">Go there' in page
    assert 'id="step-3-participant-list"' in page


@pytest.mark.requirement("R4")
def test_archivists_read_the_audit_trail_of_a_record_and_contacts_do_not(site: Site) -> None:
    """Who made, read, signed it and when, in words."""
    document = site.document("provider-supplier-list")
    path = f"/documents/{document.document_id}"
    page = site.enter(site.world.agency(Role.ARCHIVIST)).get(path).text
    assert "Audit trail" in page
    assert "Signed for the ACO" in page
    assert "Audit trail" not in site.enter(site.holder(Role.ACO_EXECUTIVE)).get(path).text


@pytest.mark.requirement("R42")
def test_the_year_shows_its_steps_as_bars_with_the_same_figures_in_words(site: Site) -> None:
    """A drawing that says in words what it shows, and counts that lead to the ACOs behind them."""
    page = site.enter(site.world.agency(Role.CMS_STAFF)).get(f"/years/{site.current.aco.performance_year}").text
    assert 'role="img" aria-label="Step 2, current ACOs: Executed: 1"' in page
    assert "show=late#acos" in page


def test_a_page_without_the_look_says_what_to_run(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, unstyled."""
    from web.look import assets
    from web.pages import look

    monkeypatch.setattr(assets, "look_folder", lambda: tmp_path / "none")
    bare = assets.load_look.__wrapped__()
    monkeypatch.setattr(look, "load_look", lambda: bare)
    page = site.enter(site.holder(Role.ACO_EXECUTIVE)).get("/").text
    assert "make look" in page
    assert "uswds" not in page


def test_a_long_page_is_compressed_for_whoever_takes_it_and_never_twice_to_the_same_length(site: Site) -> None:
    """What is in it is the same; how long it is does not tell what is in it."""
    browser = site.enter(site.world.agency(Role.CMS_STAFF))
    path = f"/years/{site.current.aco.performance_year}"
    plain = browser.get(path)
    packed = [browser.raw(path, {"Accept-Encoding": "gzip"}) for _ in range(8)]
    assert "Content-Encoding" not in plain.headers
    assert {one.headers["Content-Encoding"] for one in packed} == {"gzip"}
    assert len({len(one.data) for one in packed}) > 1
    assert all(gzip.decompress(one.data).startswith(b"<!DOCTYPE html>") for one in packed)


def test_files_of_the_look_are_kept_for_ever_and_sent_compressed(site: Site) -> None:
    """A browser asks for each once."""
    sent = site.browser().raw(f"/look/{load_look().name('packets.css')}", {"Accept-Encoding": "gzip"})
    assert sent.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in sent.headers["Vary"]
    assert gzip.decompress(sent.data) == load_look().by_path["packets.css"].content
    assert site.browser().raw("/look/packets.css", {}).status_code == 404
