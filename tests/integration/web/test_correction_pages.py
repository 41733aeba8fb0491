"""The corrections page: the attestation, findings on the page and as a workbook, and the set that counts to take along."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from browsing import Browser, Site, open_site
from packets.audit.log import Act
from packets.list_desks.corrections import AGREEMENT
from packets.lists.columns import Row
from packets.lists.corrections import correction_row, write_corrections
from packets.model.people import Role
from packets.sample.year import SampleAco

DAY = date(2026, 11, 17)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(tmp_path)


@pytest.fixture
def sample(site: Site) -> SampleAco:
    return next(one for one in site.world.year.acos if one.corrections_upload)


@pytest.fixture
def browser(site: Site, sample: SampleAco) -> Browser:
    return site.enter(site.holder(Role.ACO_EXECUTIVE, sample))


def path(sample: SampleAco) -> str:
    return f"/packets/{sample.aco.aco_id}/2027/corrections"


def send(
    browser: Browser, sample: SampleAco, upload: tuple[str, bytes] | None, to: str = "", **fields: str
) -> TestResponse:
    """Open the page and send its form."""
    browser.get(path(sample))
    file = {"file": (io.BytesIO(upload[1]), upload[0])} if upload else {}
    return browser.post(path(sample) + to, {**file, **fields}, content_type="multipart/form-data")


def bad_rows(sample: SampleAco, count: int) -> list[Row]:
    """Rows with four faults each, different enough not to look like a bomb when zipped."""
    row = correction_row(aco_id=sample.aco.aco_id, action="X", tin="000000000", npi="1", first_name="A", reason="?")
    return [(*row[:4], f"B{number * 7919 % 99991}", *row[5:]) for number in range(count)]


@pytest.mark.requirement("R54", "R55", "R56", "R57", "R71")
def test_the_page_says_what_corrections_are_and_asks_for_the_agreement(browser: Browser, sample: SampleAco) -> None:
    """Who is added, who is deleted, what is not changed; the box is there, required, and not ticked."""
    text = browser.get(path(sample)).text
    assert AGREEMENT in text
    box = re.search(r'<input [^>]*id="agreed"[^>]*>', text)
    assert box is not None
    assert "required" in box[0]
    assert "checked" not in box[0]
    for words in (
        "no longer bills",
        "bills and is missing",
        "do not change PECOS",
        "never add or delete a participant TIN",
    ):
        assert words in text
    assert "Uploading is optional" in text


@pytest.mark.requirement("R54")
def test_without_the_box_nothing_is_accepted(browser: Browser, sample: SampleAco) -> None:
    """Whatever the browser lets through."""
    assert sample.corrections_upload
    response = send(browser, sample, sample.corrections_upload)
    assert response.status_code == 422
    assert "agreement-missing" in response.text
    assert "No file was accepted so far." in response.text
    assert send(browser, sample, sample.corrections_upload, agreed="yes").status_code == 303


@pytest.mark.requirement("R68")
def test_a_file_with_a_hundred_thousand_faults_is_answered_with_a_small_page(
    browser: Browser, sample: SampleAco
) -> None:
    """The first fifty are described, all are counted, and the page says how to see the rest."""
    upload = write_corrections(bad_rows(sample, 40_000), sample.aco.aco_id, DAY)
    response = send(browser, sample, upload, agreed="yes")
    assert response.status_code == 422
    assert len(response.data) < 100_000
    assert response.text.count('data-label="Code"') == 50
    assert "160,000 things have to be put right; here are the first 50." in response.text
    assert "Check and download the findings" in response.text


@pytest.mark.requirement("R68")
def test_the_findings_can_be_downloaded_in_ones_own_rows(site: Site, browser: Browser, sample: SampleAco) -> None:
    """The second button answers with the workbook; nothing was handed in."""
    upload = write_corrections(bad_rows(sample, 150), sample.aco.aco_id, DAY)
    response = send(browser, sample, upload, "/findings")
    assert response.status_code == 200
    assert (
        response.headers["Content-Disposition"] == f"attachment; filename={sample.aco.aco_id}_corrections_findings.xlsx"
    )
    book = load_workbook(io.BytesIO(response.data))
    assert book["Findings"].cell(book["Findings"].max_row, 4).value == "600 found in all."
    assert book["Your file"].max_row == 151
    assert "No file was accepted so far." in browser.get(path(sample)).text
    with site.world.services.database.read() as records:
        assert [one.act for one in records.journal.entries()][-1] is Act.CORRECTIONS_CHECK


def test_a_check_without_findings_or_without_rows_answers_with_the_page(browser: Browser, sample: SampleAco) -> None:
    """Nothing wrong; nothing to show; no file chosen."""
    assert sample.corrections_upload
    faultless = send(browser, sample, sample.corrections_upload, "/findings")
    assert faultless.status_code == 200
    assert "Nothing is wrong with the file" in faultless.text
    assert "No file was accepted so far." in faultless.text
    damaged = send(browser, sample, (sample.corrections_upload[0], b"PK"), "/findings")
    assert damaged.status_code == 422
    assert "archive-not-zip" in damaged.text
    assert "file-missing" in send(browser, sample, None, "/findings").text


@pytest.mark.requirement("R66", "R70")
def test_the_set_that_counts_can_be_downloaded_by_those_who_see_the_page(
    site: Site, browser: Browser, sample: SampleAco
) -> None:
    """The same file again; before the first upload there is none, and the page has no link."""
    assert sample.corrections_upload
    assert "/accepted" not in browser.get(path(sample)).text
    assert "no-corrections" in browser.get(f"{path(sample)}/accepted").text
    assert send(browser, sample, sample.corrections_upload, agreed="yes").status_code == 303
    assert f"{path(sample)}/accepted" in browser.get(path(sample)).text
    for one in (browser, site.enter(site.world.agency(Role.CMS_STAFF))):
        response = one.get(f"{path(sample)}/accepted")
        assert response.data == sample.corrections_upload[1]
        assert sample.corrections_upload[0] in response.headers["Content-Disposition"]


@pytest.mark.requirement("R69")
def test_after_the_signature_the_page_says_why_there_is_no_form(
    site: Site, browser: Browser, sample: SampleAco
) -> None:
    """No form that could only be refused."""
    site.world.finish(sample, before_step=3)
    text = browser.get(path(sample)).text
    assert "The list is signed; no corrections are accepted any more." in text
    assert 'type="file"' not in text


def test_a_very_long_name_is_shown_shortened(browser: Browser, sample: SampleAco) -> None:
    """Nobody can blow up the page with the name of a file."""
    response = send(browser, sample, ("x" * 50_000 + ".zip", b"PK"), agreed="yes")
    assert response.status_code == 422
    assert len(response.data) < 20_000
