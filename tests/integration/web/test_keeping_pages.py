"""The pages of the keepers: what is kept until when, holds, dispositions by three people, fixity and time-stamps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from browsing import Site, open_site
from packets.audit.log import Act
from packets.keeping.dispositions import DISPOSAL_JOB
from packets.model.people import Role
from packets.model.retention import AGREEMENT_RECORDS
from web.keepers import build_fixity
from web.work import build_executor
from worlds import PASSWORD

LATER = datetime(2030, 1, 7, 15, 0, tzinfo=UTC)
APPROVERS = (Role.CMS_STAFF, Role.CMS_SIGNATORY)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Years later, under a law that asks for two years; Step 2 of the current ACO is executed."""
    made = open_site(tmp_path, assembled=False)
    world = made.world
    world.finish(made.current, before_step=3)
    monkeypatch.setattr("packets.keeping.retention.class_of", lambda _type: replace(AGREEMENT_RECORDS, years=2))
    with world.services.database.write() as records:
        for sample in world.year.acos:
            change = {"end_date": date(2027, 12, 31)}
            records.acos.change(sample.aco.aco_id, sample.aco.performance_year, change)
    world.services.renewal.run()
    build_fixity(world.services).run()
    world.clock.now = LATER
    yield made
    world.services.database.close()


def propose(site: Site) -> str:
    """The archivist proposes to dispose of the executed document; the address of the disposition."""
    document = site.document("provider-supplier-list")
    browser = site.enter(site.world.agency(Role.ARCHIVIST))
    assert document.document_id in browser.get("/archive/retention").text
    answer = browser.post(
        "/archive/retention/propose", {"document": document.document_id, "reason": "The time is over."}
    )
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_disposition_from_the_first_page_to_the_certificate(site: Site) -> None:
    """Proposed by one, approved by two others with their passwords, done by a worker; then the record is a calm stub."""
    document, address = site.document("provider-supplier-list"), propose(site)
    for role in APPROVERS:
        browser = site.enter(site.world.agency(role))
        assert "Approve" in browser.get(address).text
        assert "consent-missing" in browser.post(f"{address}/approve", {"password": PASSWORD}).text
        browser.get(address)
        assert browser.post(f"{address}/approve", {"consent": "yes", "password": "wrong wrong"}).status_code == 403
        browser.get(address)
        assert browser.post(f"{address}/approve", {"consent": "yes", "password": PASSWORD}).status_code == 303
    with site.world.services.database.read() as records:
        acts = [one.act for one in records.journal.entries(f"disposition/{address.rpartition('/')[2]}")]
    assert acts == [Act.ACCOUNT_STEP_UP, Act.DISPOSITION_APPROVE] * 2
    assert "Approved, about to begin" in browser.get(address).text
    assert browser.get(f"{address}/certificate").status_code == 409

    with site.world.services.database.read() as records:
        job = records.jobs.by_key(f"{DISPOSAL_JOB}/{address.rpartition('/')[2]}")
    assert job is not None
    build_executor(site.world.services).do_one(job.job_id)

    assert "Completed" in browser.get(address).text
    assert browser.get(f"{address}/certificate").data.startswith(b"%PDF")
    page = browser.get(f"/documents/{document.document_id}")
    assert page.status_code == 200
    assert "then disposed of" in page.text
    assert "Download PDF" not in page.text
    assert document.head_digest in page.text
    for part in ("pdf", "read", "download", "verification", "page"):
        gone = browser.get(f"/documents/{document.document_id}/{part}")
        assert (gone.status_code, "document-disposed" in gone.text) == (404, True)
    assert site.enter(site.holder(Role.ACO_EXECUTIVE)).get(f"/documents/{document.document_id}").status_code == 200
    assert "Nothing may be disposed of now" in browser.get("/archive/retention").text


def test_who_has_proposed_sees_no_form_and_is_refused_and_can_give_it_up(site: Site) -> None:
    """The form is not there, and what is sent all the same is refused in words."""
    address = propose(site)
    browser = site.enter(site.world.agency(Role.ARCHIVIST))
    assert f"{address}/approve" not in browser.get(address).text
    sent = browser.post(f"{address}/approve", {"consent": "yes", "password": PASSWORD})
    assert (sent.status_code, "own-proposal" in sent.text) == (403, True)
    browser.get(address)
    assert browser.post(f"{address}/stop", {"reason": ""}).status_code == 422
    browser.get(address)
    assert browser.post(f"{address}/stop", {"reason": "Not yet."}).status_code == 303
    assert "Not yet." in browser.get(address).text
    assert "Given up" in browser.get("/archive/dispositions").text


def test_a_hold_is_placed_and_lifted_and_stands_on_the_page_of_the_record(site: Site) -> None:
    """What is wrong is told beside its field; a held record is not offered any more."""
    document, browser = site.document("provider-supplier-list"), site.enter(site.world.agency(Role.CMS_STAFF))
    browser.get(f"/archive/holds?document={document.document_id}")
    refused = browser.post("/archive/holds", {"documents": document.document_id, "reason": "", "authority": "OIG"})
    assert (refused.status_code, "reason-missing" in refused.text) == (422, True)
    told = {"documents": document.document_id, "reason": "Audit", "authority": "OIG, letter 7"}
    placed = browser.post("/archive/holds", told)
    assert placed.status_code == 303
    assert "OIG, letter 7" in browser.get(f"/documents/{document.document_id}").text
    assert "Nothing may be disposed of now" in browser.get("/archive/retention").text
    assert "OIG, letter 7" in browser.get("/archive/holds").text
    assert document.document_id in browser.get("/archive/retention?view=held").text
    browser.get(placed.location)
    assert browser.post(f"{placed.location}/lift", {"reason": "Closed."}).status_code == 303
    assert "Lifted" in browser.get(placed.location).text
    assert browser.get("/archive/holds/77").status_code == 404


def test_records_are_kept_longer_by_a_form(site: Site) -> None:
    """The page of the record says until when, why, and on whose authority."""
    document, browser = site.document("provider-supplier-list"), site.enter(site.world.agency(Role.CMS_STAFF))
    browser.get("/archive/retention/extend")
    asked = {"aco_id": document.aco_id.lower(), "ground": "dispute", "day": "2029-03-01", "authority": "Settlement 12"}
    wrong = browser.post("/archive/retention/extend", {**asked, "day": "soon"})
    assert (wrong.status_code, "day-unusable" in wrong.text) == (422, True)
    assert browser.post("/archive/retention/extend", asked).status_code == 303
    page = browser.get(f"/documents/{document.document_id}").text
    assert "March 1, 2035" in page
    assert "Settlement 12" in page


def test_fixity_and_time_stamps_have_a_page_each(site: Site) -> None:
    """What the newest walk has read, which document is due next; and damage is said in words."""
    services, document = site.world.services, site.document("provider-supplier-list")
    browser = site.enter(site.world.agency(Role.ARCHIVIST))
    assert "Every file holds" in browser.get("/archive/fixity").text
    assert f"/documents/{document.document_id}" in browser.get("/archive/time-stamps").text
    del services.objects._kept[document.head_digest]  # type: ignore[attr-defined]  # the store of tests
    build_fixity(services).run()
    page = browser.get("/archive/fixity").text
    assert "Not every file holds" in page
    assert document.head_digest in page
