"""The pages of CMS staff about years: open one from files, see how far it is, load lists again, move windows."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from browsing import Browser
from national import ACOS, fill_national_year
from offices import LISTS, YEAR, Office, open_office, set_cell
from packets.audit.log import Act
from packets.errors import ForbiddenError
from packets.lists.intake import read_participants_puf
from packets.model.calendar import Activity, agency_day
from packets.model.documents import Party
from packets.model.people import CONTACT_SLOTS, Role
from packets.model.readiness import readiness_of
from packets.people.directory import Right
from packets.sample.files import files_of
from packets.sample.year import sample_year_from_puf
from packets.year_files.report import FileKind
from packets.year_files.template import file_name
from packets.year_files.windows import default_windows
from web.app import create_app
from web.auth.cookies import LOCAL_NAME
from web.work import build_executor
from worlds import PASSWORD

REAL = Path(__file__).parents[4] / "shared" / "data" / "PY2026_Medicare_Shared_Savings_Program_Participants.csv.gz"
AGREEMENTS, PARTICIPANTS, PROVIDERS, CONTACTS = LISTS


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return open_office(tmp_path)


def enter(office: Office, user_id: str = "") -> Browser:
    """A browser in which CMS staff, or somebody else, has signed in."""
    browser = Browser(create_app(office.services))
    browser.keep_cookie(LOCAL_NAME, office.services.accounts.sessions.open(user_id or office.staff))
    return browser


def send(browser: Browser, office: Office, address: str, *kinds: FileKind, **fields: str) -> TestResponse:
    """Open the page and send its form with files."""
    browser.get(address)
    files = {str(kind): (io.BytesIO(office.files[kind]), file_name(kind)) for kind in kinds}
    return browser.post(address, {**fields, **files}, content_type="multipart/form-data")


@pytest.mark.requirement("R1", "R2", "R7", "R45")
def test_a_year_is_opened_on_a_page_and_its_documents_are_prepared(office: Office) -> None:
    """Files in, a job that opens the year, its page out; the button queues more; when these are done nothing is missing."""
    browser = enter(office)
    response = send(browser, office, "/years", *FileKind, year=str(YEAR))
    assert response.status_code == 303, response.text
    assert response.location == f"/years/{YEAR}/opening"
    assert "Waiting for its turn" in browser.get(response.location).text
    assert "is being opened" in browser.get("/years").text
    assert browser.get(f"/years/{YEAR}").status_code == 404
    assert build_executor(office.services).work_off() == 1
    assert "The year is open" in browser.get(response.location).text
    page = browser.get(f"/years/{YEAR}").text
    assert "Prepare 8 documents" in page
    browser.post(f"/years/{YEAR}/documents")
    assert "Documents are being prepared: 0 of 8" in browser.get(f"/years/{YEAR}").text
    browser.post(f"/years/{YEAR}/documents")

    assert build_executor(office.services).work_off() == 1
    page = browser.get(f"/years/{YEAR}").text
    assert "not prepared" not in page
    assert "Prepare" not in page
    with office.services.database.read() as records:
        assert len(records.documents.in_year(YEAR)) == 8
    assert f'<a href="/years/{YEAR}">{YEAR}</a>' in browser.get("/years").text


@pytest.mark.requirement("R68")
def test_what_is_wrong_stands_on_the_page_and_in_a_table_to_download(office: Office) -> None:
    """Every problem with file, row, column and remedy; the year in the form stays; nothing was stored."""
    office.edit(AGREEMENTS, set_cell(1, 9, "<b>12</b>"))
    office.edit(PROVIDERS, set_cell(4, 7, "1234567890"))
    browser = enter(office)
    response = send(browser, office, "/years", *LISTS, year=str(YEAR))
    assert response.status_code == 422
    for part in ("The files were not stored", "row 2, column J", "row 5, column H", "zip-invalid", "npi-invalid"):
        assert part in response.text
    table = unescape(response.text.split('href="data:text/csv;base64,')[1].split('"')[0])
    rows = list(csv.DictReader(io.StringIO(b64decode(table).decode("utf-8-sig"))))
    assert {("agreements.csv", "zip-invalid"), ("providers.csv", "npi-invalid")} <= {
        (row["File"], row["Code"]) for row in rows
    }
    assert "No year was opened yet" in response.text


@pytest.mark.requirement("R68")
def test_what_is_wrong_with_long_files_stands_on_the_page_of_the_opening(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not read in the request; the job finds the same, tells it in the same report, and opens nothing."""
    monkeypatch.setattr("packets.years.kept_files.SMALL_BYTES", 0)
    office.edit(PROVIDERS, set_cell(4, 7, "1234567890"))
    browser = enter(office)
    response = send(browser, office, "/years", *LISTS, year=str(YEAR))
    assert response.status_code == 303
    assert build_executor(office.services).work_off() == 1
    page = browser.get(response.location).text
    for part in ("The files were not stored", "row 5, column H", "npi-invalid", "data:text/csv;base64,"):
        assert part in page
    assert "was not opened" in browser.get("/years").text
    assert browser.get(f"/years/{YEAR}").status_code == 404


def test_files_are_only_checked_when_that_is_asked(office: Office) -> None:
    """The report without the year."""
    response = send(enter(office), office, "/years", *LISTS, year=str(YEAR), check="yes")
    assert (response.status_code, "The files can be stored" in response.text) == (200, True)
    assert "No year was opened yet" in response.text


@pytest.mark.parametrize(
    ("fields", "code"), [({"year": "soon"}, "year-unusable"), ({"year": "2099"}, "year-out-of-reach")]
)
def test_a_form_that_cannot_be_used_is_answered_with_why(office: Office, fields: dict[str, str], code: str) -> None:
    """No year, a year that is far away, and no file."""
    response = send(enter(office), office, "/years", **fields)
    assert response.status_code == 422
    assert code in response.text


def test_long_files_are_taken_from_cms_staff_only(office: Office) -> None:
    """More than other pages take is read from whoever may load files, and not even read from others."""
    office.files[PROVIDERS] += b"," * (13 * 1024 * 1024)
    taken = send(enter(office), office, "/years", *LISTS, year=str(YEAR))
    assert taken.status_code == 303
    archivist = next(one.user_id for one in office.sample.agency if Role.ARCHIVIST in one.cms_roles)
    browser = enter(office, archivist)
    browser.get("/records")
    content = {"providers": (io.BytesIO(office.files[PROVIDERS]), "providers.csv")}
    response = browser.post("/years", content, content_type="multipart/form-data")
    assert response.status_code == 403
    assert "not-your-page" in response.text
    for one in (taken, response):
        one.request.environ["wsgi.input"].close()  # the test client leaves the file open in which it has packed so much


@pytest.mark.requirement("R45", "R69")
def test_lists_are_loaded_again_on_a_page_with_their_reports(office: Office) -> None:
    """One ACO's list, then the table of files with person, digest and report; the former document waits for its job."""
    office.open()
    desk = office.services.preparation
    desk.prepare(YEAR, desk.documents(YEAR))
    aco_id = office.sample.acos[0].aco.aco_id
    office.edit(PROVIDERS, lambda rows: rows.pop(1))
    browser = enter(office)
    response = send(browser, office, f"/years/{YEAR}/files", PROVIDERS, aco_id=aco_id.lower())
    assert response.status_code == 303, response.text
    assert response.location == f"/years/{YEAR}/loading"
    assert "Waiting for its turn" in browser.get(response.location).text
    assert "Files are being loaded" in browser.get(f"/years/{YEAR}/files").text
    executor = build_executor(office.services)
    executor.do_one()
    assert "The files were stored" in browser.get(response.location).text
    page = browser.get(f"/years/{YEAR}/files").text
    assert f"{aco_id} only" in page
    assert "being loaded" not in page
    assert "Documents are being prepared: 0 of 1" in browser.get(f"/years/{YEAR}").text
    assert executor.work_off() == 1
    assert desk.missing(YEAR) == []

    with office.services.database.read() as records:
        newest = records.years.loads(YEAR)[0]
    report = browser.get(f"/years/{YEAR}/files/{newest.load_id}/report")
    assert (report.mimetype, report.status_code) == ("text/csv", 200)
    assert "What is wrong" in report.text
    assert browser.get(f"/years/{YEAR}/files/999/report").status_code == 404


@pytest.mark.requirement("R68")
def test_a_load_that_comes_to_nothing_says_why_on_its_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long files with an error, an act that stood in the way, a job that was stopped; and the page of files leads there."""
    office.open()
    browser, address = enter(office), f"/years/{YEAR}/loading"
    assert browser.get(address).location == f"/years/{YEAR}/files"
    monkeypatch.setattr("packets.years.kept_files.SMALL_BYTES", 0)
    office.edit(PROVIDERS, set_cell(4, 7, "1234567890"))
    send(browser, office, f"/years/{YEAR}/files", PROVIDERS)
    assert "year-loading" in send(browser, office, f"/years/{YEAR}/files", PARTICIPANTS).text
    build_executor(office.services).work_off()
    page = browser.get(address).text
    for part in ("The files were not stored", "row 5, column H", "npi-invalid", "data:text/csv;base64,"):
        assert part in page
    assert "The files that were given last were not stored" in browser.get(f"/years/{YEAR}/files").text

    send(browser, office, f"/years/{YEAR}/files", PARTICIPANTS)
    staff_role = Right(cms_roles=frozenset({Role.CMS_STAFF}))
    office.services.directory.revoke(office.staff, staff_role)
    build_executor(office.services).work_off()
    office.services.directory.grant(office.staff, staff_role)
    assert "year-not-permitted" in browser.get(address).text

    send(browser, office, f"/years/{YEAR}/files", PARTICIPANTS)
    waiting = office.services.loadings.newest(YEAR)
    with office.services.database.queue() as jobs:
        jobs.stop(waiting.job.job_id)
    assert "The work on it was stopped" in browser.get(address).text


def test_a_load_that_is_refused_says_why(office: Office) -> None:
    """No file; a year that is not open; a check."""
    browser = enter(office)
    assert browser.get(f"/years/{YEAR}/files").status_code == 404
    office.open()
    assert "file-missing" in send(browser, office, f"/years/{YEAR}/files").text
    assert "aco-enrolled" in send(browser, office, f"/years/{YEAR}/files", AGREEMENTS).text
    assert "The files can be stored" in send(browser, office, f"/years/{YEAR}/files", PROVIDERS, check="yes").text


@pytest.mark.requirement("R7", "R8")
def test_a_window_is_moved_on_a_page_and_the_move_is_told_with_its_reason(office: Office) -> None:
    """The new day, who, when and why; a refused form keeps what was typed."""
    office.open()
    browser = enter(office)
    address = f"/years/{YEAR}/windows"
    wrong = {"cohort": "new", "activity": "sign-documents", "due_on": "2020-01-01", "reason": ""}
    browser.get(address)
    refused = browser.post(address, wrong)
    assert refused.status_code == 422
    for part in ("window-crossed", "day-past", "reason-missing", 'value="2020-01-01"'):
        assert part in refused.text
    moved = browser.post(address, wrong | {"due_on": "2026-12-21", "reason": "Late approvals <i>"})
    assert moved.status_code == 303, moved.text
    page = browser.get(moved.location).text
    for part in ("The window was moved", "December 21, 2026", "Late approvals &lt;i&gt;", office.staff):
        assert part in page


def test_the_layouts_are_files_that_open_a_year(office: Office) -> None:
    """What the page gives away is what it takes."""
    response = enter(office).get("/years/layouts")
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        assert sorted(archive.namelist()) == sorted(["README.txt", *map(file_name, FileKind)])
        office.files = {kind: archive.read(file_name(kind)) for kind in FileKind}
    assert office.open().accepted


@pytest.mark.requirement("R42")
def test_who_is_late_is_shown_with_a_way_to_the_packet(office: Office) -> None:
    """After the window: every unsigned document and an unsubmitted Step 1 are past due; more time takes an ACO out."""
    office.open()
    desk = office.services.preparation
    desk.prepare(YEAR, desk.documents(YEAR))
    signing = next(one for one in default_windows(YEAR) if one.activity is Activity.SIGN)
    browser = enter(office)
    assert "2 ACOs · 0 past due" in browser.get(f"/years/{YEAR}").text
    office.clock.now = signing.closes_at
    found = office.services.progress.look_up(YEAR)
    assert [one.aco.aco_id for one in found.late] == [one.aco.aco_id for one in office.sample.acos]
    browser = enter(office)
    page = browser.get(f"/years/{YEAR}").text
    assert "2 ACOs · 2 past due" in page
    for one in office.sample.acos:
        assert f'href="/packets/{one.aco.aco_id}/{YEAR}"' in page
    for activity in ("sign-documents", "review-contacts", "review-organization"):
        given = (office.sample.acos[0].aco.aco_id, YEAR, activity, "2026-12-20", "Illness", office.staff)
        office.services.deadlines.extend(*given)
    found = office.services.progress.look_up(YEAR)
    assert [one.aco.aco_id for one in found.late] == [office.sample.acos[1].aco.aco_id]
    assert office.sample.acos[0].aco.aco_id not in browser.get(f"/years/{YEAR}?show=late").text


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """511 ACOs and their documents in every state of signing."""
    made = open_office(tmp_path_factory.mktemp("nation"))
    fill_national_year(made.services, YEAR)
    return made


@pytest.mark.requirement("R42")
def test_the_page_of_a_national_year_says_of_every_document_what_the_packets_say(nation: Office) -> None:
    """The quick way of counting and the way of the packets' own pages agree, ACO by ACO and document by document."""
    nation.clock.now += timedelta(days=25)
    found = nation.services.progress.look_up(YEAR)
    lines = nation.services.reading.archive(nation.staff, year=YEAR)
    told = {(one.aco.aco_id, kind): status for one in found.acos for kind, status in one.statuses.items()}
    assert len(found.acos) == ACOS
    assert len(lines) > 1_680
    assert {(one.aco.aco_id, one.document.kind): one.status for one in lines}.items() <= told.items()
    assert sum(one.total for one in found.steps) == len(lines)
    nation.clock.now -= timedelta(days=25)


@pytest.mark.requirement("R42")
def test_the_page_of_a_national_year_is_quick(nation: Office) -> None:
    """The best of five takes less than 100 ms of the server's time; each page shows fifty ACOs."""
    browser = enter(nation)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        page = browser._client.get(f"/years/{YEAR}?show=all&page=2")
        seconds.append(time.process_time() - started)
    assert page.status_code == 200
    assert page.text.count('href="/packets/') == 50
    assert f"page 2 of {-(-ACOS // 50)}" in page.text
    assert min(seconds) < 0.1, seconds


@pytest.mark.requirement("R15", "R23")
@pytest.mark.parametrize("path", ["/", f"/agreements/{YEAR}", "/readiness", f"/years/{YEAR}", "/archive/retention"])
def test_a_page_about_all_acos_of_the_nation_is_quick(nation: Office, path: str) -> None:
    """The best of five takes less than 100 ms of the server's time, and at most a hundred lines stand on it."""
    browser, seconds = enter(nation), []
    for _ in range(5):
        started = time.process_time()
        page = browser._client.get(path)
        seconds.append(time.process_time() - started)
    assert page.status_code == 200
    assert page.text.count('<th scope="row">') <= 110
    assert min(seconds) < 0.1, seconds


@pytest.mark.requirement("R15", "R77")
def test_every_designee_of_the_nation_who_is_not_ready_is_on_one_of_the_pages(nation: Office) -> None:
    """The database leaves out whom the rule has nothing to tell about, and nobody else; the pages follow each other."""
    services, today = nation.services, agency_day(nation.clock())
    roles = [slot.role for slot in CONTACT_SLOTS if slot.designee]
    with services.database.write() as records:
        acos = records.acos.in_year(YEAR)
        held = {
            (one.aco_id, each.role): each.person for one in acos for each in records.acos.contacts(one.aco_id, YEAR)
        }
        people = [one for one in held.values() if one.user_id]
        for at, person in enumerate(people[:120]):
            day = today + timedelta(days=at - 30)
            records.people.put(replace(person, recertification_due_on=day, may_sign_electronically=at % 9 > 0))
        records.acos.put_contacts(acos[3].aco_id, YEAR, records.acos.contacts(acos[3].aco_id, YEAR)[2:])
        held = {
            (one.aco_id, each.role): each.person for one in acos for each in records.acos.contacts(one.aco_id, YEAR)
        }
    every = [(one.aco_id, role) for one in acos for role in roles]
    wanted = [one for one in every if one not in held or readiness_of(held[one], today).told]
    pages = [services.designees.unready(YEAR, most=25, skip=skip) for skip in range(0, len(wanted) + 25, 25)]
    assert [(one.aco_id, one.role) for page in pages for one in page.lines] == wanted
    assert {page.count for page in pages} == {len(wanted)}
    assert all(one.readiness is None or one.readiness.told for page in pages for one in page.lines)


def test_cms_turns_the_pages_of_packets_and_looks_for_acos(nation: Office) -> None:
    """Fifty stand on a page; a page behind the last one is the last; a percent sign is a percent sign."""
    browser, pages = enter(nation), -(-ACOS // 50)
    assert browser.get("/?page=2").text.count('<th scope="row">') == 50
    assert f"page {pages} of {pages}" in browser.get("/?page=999").text
    assert browser.get("/?text=a9001").text.count('<th scope="row">') == 1
    assert "No ACO fits" in browser.get("/?text=%25").text


@pytest.mark.parametrize(
    ("asked", "most"), [("show=done", 511), ("text=a9001", 1), ("cohort=new&show=late", 511), ("page=0x", 511)]
)
def test_acos_are_found_by_state_cohort_and_name(nation: Office, asked: str, most: int) -> None:
    """Whatever stands in the address, the page is a page."""
    page = enter(nation).get(f"/years/{YEAR}?{asked}")
    assert page.status_code == 200
    assert page.text.count('href="/packets/') <= min(most, 100)


def test_every_act_on_the_pages_is_in_the_log(office: Office) -> None:
    """Opening, loading, moving and preparing leave entries of the person who did it."""
    browser = enter(office)
    send(browser, office, "/years", *LISTS, year=str(YEAR))
    build_executor(office.services).work_off()
    send(browser, office, f"/years/{YEAR}/files", PROVIDERS)
    browser.get(f"/years/{YEAR}/windows")
    browser.post(
        f"/years/{YEAR}/windows",
        {"cohort": "new", "activity": "sign-documents", "due_on": "2026-12-30", "reason": "More time"},
    )
    browser.post(f"/years/{YEAR}/documents")
    build_executor(office.services).work_off()
    with office.services.database.read() as records:
        told = [(one.act, one.actor) for one in records.journal.entries()]
    for act in (
        Act.YEAR_ASK,
        Act.YEAR_OPEN,
        Act.LIST_ASK,
        Act.LIST_LOAD,
        Act.WINDOW_MOVE,
        Act.YEAR_PREPARE,
        Act.DOCUMENT_ASSEMBLE,
    ):
        assert (act, office.staff) in told


def test_who_may_not_have_documents_prepared_is_refused_and_the_log_tells(office: Office) -> None:
    """Asking is an act of CMS staff, refused to others whichever way they come."""
    send(enter(office), office, "/years", *LISTS, year=str(YEAR))
    build_executor(office.services).work_off()
    stranger = next(one.person.user_id for one in office.sample.acos[0].contacts if one.role is Role.ACO_EXECUTIVE)
    with pytest.raises(ForbiddenError, match="preparing-not-permitted"):
        office.services.preparation.ask(YEAR, stranger)
    with office.services.database.read() as records:
        last = list(records.journal.entries())[-1]
    assert (last.act, last.actor, last.outcome) == (Act.YEAR_PREPARE, stranger, "refused")


@pytest.mark.requirement("R1", "R3", "R5", "R36")
def test_from_files_to_an_executed_packet(office: Office) -> None:
    """CMS opens the year from files, the ACO submits Step 1, CMS prepares, everybody signs in the browser, CMS countersigns."""
    staff = enter(office)
    assert send(staff, office, "/years", *LISTS, year=str(YEAR)).status_code == 303
    build_executor(office.services).work_off()
    sample = next(one for one in office.sample.acos if one.aco.cohort == "current")
    holders = {one.role: one.person.user_id for one in sample.contacts}
    signatory = next(one.user_id for one in office.sample.agency if Role.CMS_SIGNATORY in one.cms_roles)
    office.services.accounts.set_password([*holders.values(), signatory], PASSWORD)
    office.services.enrollment.submit_contacts(sample.aco.aco_id, YEAR, holders[Role.ACO_EXECUTIVE])
    office.services.enrollment.submit_organization(sample.aco.aco_id, YEAR, holders[Role.ACO_EXECUTIVE])
    staff.get(f"/years/{YEAR}")
    staff.post(f"/years/{YEAR}/documents")
    build_executor(office.services).work_off()
    desk, place = office.services.agreements, (sample.aco.aco_id, YEAR)
    view = desk.look_up(*place)
    desk.confirm_contacts(*place, view.contacts_digest, holders[Role.DUA_CUSTODIAN])
    desk.extend(*place, view.standing.latest.isoformat(), holders[Role.DUA_REQUESTOR])

    for kind in office.services.catalog.for_cohort(sample.aco.cohort):
        for slot in kind.slots:
            role = slot.roles[0]
            browser = enter(office, signatory if slot.party is Party.CMS else holders[role])
            with office.services.database.read() as records:
                document = records.documents.current(sample.aco.aco_id, YEAR, kind.kind)
            assert document is not None
            browser.get(f"/documents/{document.document_id}/pdf")
            address = f"/documents/{document.document_id}/sign/{slot.name}"
            browser.get(address)
            signed = browser.post(address, {"consent": "yes", "password": PASSWORD})
            assert signed.status_code == 303, signed.text
    found = office.services.progress.look_up(YEAR)
    mine = next(one for one in found.acos if one.aco.aco_id == sample.aco.aco_id)
    assert mine.finished
    page = enter(office).get(f"/years/{YEAR}?show=done").text
    assert sample.aco.aco_id in page
    assert [page.count(f'<th scope="col">Step {step}</th>') for step in range(1, 7)] == [1] * 6


def test_the_real_participants_of_a_year_are_loaded(office: Office) -> None:
    """Names, service areas and agreements as CMS publishes them, where the file lies beside the project; numbers are invented."""
    if not REAL.exists():
        pytest.skip(f"the public-use file {REAL.name} does not lie beside the project")
    puf = read_participants_puf(REAL)
    sample = sample_year_from_puf(puf, 60, now=office.clock(), providers_per_participant=(1, 3))
    files = files_of(sample)
    office.files = {kind: files[file_name(kind)] for kind in FileKind}
    given = office.given()
    report = office.services.openings.open(puf.year, given, office.staff)
    assert (report.errors, report.counts["participant rows"]) == (0, sum(len(one.participants) for one in sample.acos))
    assert "60 ACOs" in enter(office).get(f"/years/{puf.year}").text
