"""The whole path in a real Chromium against the real server: sign every step as its people, countersign, find it again."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from eyes import SHOWN_FOCUS, examine, keep_picture
from packets.errors import Problem
from packets.model.batches import Batch, BatchItem, ItemState
from packets.model.jobs import Job, JobState
from packets.model.notices import Draft, Letter, Recipient
from packets.model.people import Role
from packets.settings import Settings
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind
from packets.years import kept_files
from signing.countersigning import BATCH_JOB
from web.bootstrap import Services, build_services

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
DESKTOP = (1280, 900)
PHONE = (390, 844)
NARROWEST = (320, 640)
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")
START_SECONDS = 60
MOST_TABS = 90
EXAMINED_NARROW = frozenset({"sign-in", "home", "packet", "read", "sign", "sign-refused", "countersign"})
"""On a narrow window the menu folds and tables become lists, alike on every page."""
COMMAND = (sys.executable, "-c", "from web.cli import main; main()")


@dataclass
class House:
    """The demonstration's folder, the address of the server that serves it, and the services to look behind the pages."""

    address: str
    password: str
    practice: str
    services: Services

    def contact(self, role: Role) -> str:
        """User ID of the person in a slot of the ACO that is left to be signed."""
        with self.services.database.read() as records:
            year = records.years.numbers()[0]
            return next(one.person.user_id for one in records.acos.contacts(self.practice, year) if one.role is role)

    def agency(self, role: Role) -> str:
        """User ID of the person with a role on the CMS side."""
        with self.services.database.read() as records:
            return records.people.holding(role)[0].user_id

    def digest(self, kind: str) -> str:
        """What the ledger says that the newest file of a document is."""
        with self.services.database.read() as records:
            found = records.documents.current(self.practice, records.years.numbers()[0], kind)
        assert found is not None
        return found.head_digest


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A small demonstration, served by the command that people use."""
    folder = tmp_path_factory.mktemp("house") / "data"
    subprocess.run([*COMMAND, "demo", "--dir", str(folder), "--acos", "2", "--json"], check=True, capture_output=True)
    kept = json.loads((folder / "demo.json").read_text("utf-8"))
    services = build_services(Settings(dir=folder, mode="demo"))
    log = folder / "serve.log"
    with log.open("wb") as stderr:
        server = subprocess.Popen([*COMMAND, "serve", "--dir", str(folder), "--demo", "--port", "0"], stderr=stderr)
    try:
        yield House(wait_for_address(log, server), kept["password"], kept["practice"][0], services)
    finally:
        server.terminate()
        server.wait(timeout=START_SECONDS)
        services.database.close()


def wait_for_address(log: Path, server: subprocess.Popen[bytes]) -> str:
    """The address that the server prints once it listens."""
    for _ in range(START_SECONDS * 10):
        found = ADDRESS.search(log.read_text("utf-8"))
        if found:
            return found.group()
        assert server.poll() is None, log.read_text("utf-8")
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Walk:
    """Somebody in front of a browser window; pictures of what they see are kept."""

    house: House
    chromium: Browser
    screens: Path | None
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, user_id: str) -> Page:
        """Open a window of one's own and sign in."""
        page = self.chromium.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}).new_page()
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.goto(self.house.address)
        page.get_by_label("CMS user ID").fill(user_id)
        page.get_by_label("Password").fill(self.house.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
        return page

    def keep(self, page: Page, name: str) -> None:
        """Examine the page as a desktop and as a phone shows it, and keep pictures; nothing sticks out, nothing is amiss."""
        expect(page.get_by_role("heading", level=1)).to_be_visible()  # a page that is just arriving has no width yet
        page.wait_for_load_state()
        for width, height in (NARROWEST, PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
            if self.screens and width != NARROWEST[0]:
                keep_picture(page, self.screens / f"{name}{'-phone' if width == PHONE[0] else ''}.png")
            if width == DESKTOP[0] or (width == NARROWEST[0] and name in EXAMINED_NARROW):
                examine(page, f"{name}, {width}")

    def go(self, page: Page, role: str, name: str, key: str = "Enter") -> None:
        """Go to something with the Tab key alone, see that it shows where it is, and press a key there."""
        wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]  # roles are literals there
        for _ in range(MOST_TABS):
            page.keyboard.press("Tab")
            if wanted.evaluate("one => one === document.activeElement"):
                assert wanted.evaluate(SHOWN_FOCUS), f"{name} does not show that it has the focus"
                page.keyboard.press(key)
                return
        raise AssertionError(f"{name} cannot be reached with the keyboard")

    def open_packet(self, page: Page) -> None:
        """Go to the packet of the ACO that is left to be signed."""
        page.get_by_role("link", name="Packets").first.click()
        page.get_by_role("link", name=self.house.practice).first.click()

    def step(self, page: Page, title: str) -> Any:
        """The part of the packet's page that is about a document."""
        return page.get_by_role("article", name=title)

    def read(self, page: Page, title: str) -> None:
        """Open a document to read it from the packet's page; Chromium shows it inside the page."""
        with page.expect_response(lambda response: response.url.endswith("/pdf")) as shown:
            self.step(page, title).get_by_role("link", name="Read and sign").click()
        assert shown.value.status == 200

    def sign(self, page: Page, title: str) -> None:
        """Read a document and sign it."""
        self.open_packet(page)
        self.read(page, title)
        page.get_by_role("link", name="continue to sign").click()
        self.fill_in(page, self.house.password)
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Signed: {title}")

    @staticmethod
    def fill_in(page: Page, password: str) -> None:
        """Consent, enter a password and press the button."""
        page.get_by_label("I have read this document").check()
        page.get_by_label("Your password").fill(password)
        page.get_by_role("button", name="Sign as").click()

    def download(self, page: Page, kind: str) -> None:
        """Take the file along: it has its name, and its bytes are those that the ledger knows."""
        with page.expect_download() as begun:
            page.get_by_role("link", name="Download").first.click()
        assert begun.value.suggested_filename.endswith(f"_{kind}.pdf")
        content = Path(begun.value.path()).read_bytes()
        assert hashlib.sha256(content).hexdigest() == self.house.digest(kind)


@pytest.fixture
def walk(house: House, chromium: Browser, request: pytest.FixtureRequest) -> Walk:
    """A walk whose pictures go where `--screens` says; without it there are none."""
    screens: Path | None = request.config.getoption("--screens", default=None)
    if screens:
        screens.mkdir(parents=True, exist_ok=True)
    return Walk(house, chromium, screens)


PROVIDERS = "Certification of the ACO Provider/Supplier List"
PARTICIPANTS = "Certification of the ACO Participant List"
AGREEMENT = "Data Use Agreement"


@pytest.mark.browser
@pytest.mark.requirement("R3", "R4", "R19", "R40", "R42", "R44")
def test_a_packet_is_signed_countersigned_and_found_again_in_a_browser(walk: Walk) -> None:
    """From the sign-in page to the archive, as the people of the ACO, of CMS and of the archive would do it."""
    executive = look_around(walk)
    refuse_a_wrong_password(walk, executive)
    sign_the_lists(walk, executive)
    sign_the_agreement(walk)
    countersign(walk)
    find_the_record(walk)
    assert walk.complaints == ["Failed to load resource: the server responded with a status of 403 (FORBIDDEN)"]


def look_around(walk: Walk) -> Page:
    """The Executive signs in and sees Step 2 open, and Step 3 locked with the reason."""
    door = walk.chromium.new_page()
    door.goto(walk.house.address)
    door.keyboard.press("Tab")
    expect(door.get_by_role("link", name="Skip to content")).to_be_focused()
    walk.keep(door, "sign-in")
    page = walk.sign_in(walk.house.contact(Role.ACO_EXECUTIVE))
    walk.keep(page, "home")
    walk.open_packet(page)
    expect(walk.step(page, PROVIDERS)).to_contain_text("Ready for review")
    locked = walk.step(page, PARTICIPANTS)
    expect(locked).to_contain_text("Locked – prerequisite")
    expect(locked).to_contain_text("Sign Step 2 first.")
    expect(locked.get_by_role("link", name="Read and sign")).to_have_count(0)
    walk.keep(page, "packet")
    walk.step(page, PROVIDERS).get_by_role("link", name="Open Provider/Supplier List").click()
    page.get_by_role("link", name="Decline to sign").click()
    walk.keep(page, "decline")
    page.get_by_label("Reason").fill("A clinic in Springfield is missing.")
    page.get_by_role("button", name="Decline to sign").click()
    page.get_by_role("link", name="Take the decline back").click()
    walk.keep(page, "withdraw")
    page.get_by_label("Why it can be signed after all").fill("It stands under its new name.")
    page.get_by_role("button", name="Take the decline back").click()
    walk.open_packet(page)
    return page


def refuse_a_wrong_password(walk: Walk, page: Page) -> None:
    """The signing page asks for the password; a wrong one signs nothing and says so."""
    walk.go(page, "link", "Read and sign")
    page.wait_for_url("**/read")
    page.wait_for_load_state("networkidle")
    walk.keep(page, "read")
    walk.go(page, "link", "continue to sign")
    walk.keep(page, "sign")
    walk.fill_in(page, "not the password")
    expect(page.get_by_role("alert")).to_contain_text("The user ID or the password is wrong.")
    expect(page.get_by_role("alert")).to_be_focused()
    walk.keep(page, "sign-refused")


def sign_the_lists(walk: Walk, page: Page) -> None:
    """Steps 2 and 3, each with its receipt and its file; Step 2 with the keyboard alone."""
    walk.go(page, "checkbox", "I have read this document", "Space")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type(walk.house.password)
    walk.go(page, "button", "Sign as")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Signed: {PROVIDERS}")
    walk.keep(page, "receipt")
    walk.download(page, "provider-supplier-list")
    walk.open_packet(page)
    expect(walk.step(page, PROVIDERS)).to_contain_text("Executed")
    walk.sign(page, PARTICIPANTS)
    walk.download(page, "participant-list")
    walk.open_packet(page)
    walk.keep(page, "packet-half-way")
    walk.step(page, PROVIDERS).get_by_role("link", name="Corrections").click()
    walk.keep(page, "corrections")


def sign_the_agreement(walk: Walk) -> None:
    """Requestor and Custodian are two people; the status follows them."""
    requestor = walk.sign_in(walk.house.contact(Role.DUA_REQUESTOR))
    settle_the_agreement(walk, requestor)
    walk.sign(requestor, AGREEMENT)
    walk.open_packet(requestor)
    expect(walk.step(requestor, AGREEMENT)).to_contain_text("Partially signed")
    custodian = walk.sign_in(walk.house.contact(Role.DUA_CUSTODIAN))
    walk.sign(custodian, AGREEMENT)
    walk.open_packet(custodian)
    expect(walk.step(custodian, AGREEMENT)).to_contain_text("Signed by ACO – pending CMS")


def settle_the_agreement(walk: Walk, page: Page) -> None:
    """Before the signature the contacts are confirmed and the extension is asked for, on a page of its own."""
    walk.open_packet(page)
    walk.step(page, AGREEMENT).get_by_role("link", name="Contacts and extension").click()
    walk.keep(page, "agreement")
    page.locator("#attested").check()
    page.get_by_role("button", name="Confirm the contacts").click()
    expect(page.get_by_role("status")).to_contain_text("The contacts are confirmed")
    page.get_by_role("button", name="Ask for the extension").click()
    expect(page.get_by_role("status")).to_contain_text("The extension was asked for")


def countersign(walk: Walk) -> None:
    """The CMS signatory finds the agreement in the list and signs last."""
    page = walk.sign_in(walk.house.agency(Role.CMS_SIGNATORY))
    page.get_by_role("link", name="Countersign").click()
    page.get_by_label("Choose").first.check()
    walk.keep(page, "countersign")
    page.get_by_role("button", name="Review the chosen documents together").click()
    walk.keep(page, "batch")
    page.get_by_role("link", name="Countersign").first.click()
    page.get_by_role("link", name=AGREEMENT).click()
    walk.keep(page, "document")
    page.get_by_role("link", name="Read and sign").click()
    page.get_by_role("link", name="Open the PDF by itself").wait_for()
    with page.expect_response(lambda response: response.url.endswith("/pdf")):
        page.reload()
    page.get_by_role("link", name="continue to sign").click()
    walk.fill_in(page, walk.house.password)
    expect(page.get_by_role("main")).to_contain_text("it is executed")
    walk.download(page, "data-use-agreement")


def export_what_was_found(walk: Walk, page: Page) -> None:
    """The archivist exports what the search has found, watches the job, takes the file away, and goes back to the search."""
    found = page.url
    page.get_by_role("button", name="Export the executed documents").click()
    expect(page.get_by_role("heading", name="Ready")).to_be_visible(timeout=90_000)
    walk.keep(page, "export")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").click()
    digest = hashlib.sha256(Path(begun.value.path()).read_bytes()).hexdigest()
    expect(page.get_by_text(digest)).to_be_visible()
    page.get_by_role("link", name="Exports").first.click()
    walk.keep(page, "exports")
    page.goto(found)


def find_the_record(walk: Walk) -> None:
    """The archivist searches, opens the record, takes the file along and reads the verdict."""
    page = walk.sign_in(walk.house.agency(Role.ARCHIVIST))
    page.get_by_label("ACO ID").fill(walk.house.practice)
    page.get_by_label("Document").select_option(label=AGREEMENT)
    page.get_by_role("button", name="Search").click()
    walk.keep(page, "archive")
    export_what_was_found(walk, page)
    page.get_by_role("link", name=AGREEMENT).click()
    walk.keep(page, "record")
    walk.download(page, "data-use-agreement")
    page.get_by_role("link", name="Verify").click()
    expect(page.get_by_role("status")).to_contain_text("PASSED")
    walk.keep(page, "verification")


@pytest.mark.browser
@pytest.mark.requirement("R37", "R42")
def test_every_other_page_is_accessible_and_no_wider_than_the_narrowest_window(walk: Walk) -> None:
    """The pages that the walk does not come by, each with the person whose page it is."""
    house, kinds = walk.house, ("provider-supplier", "participants")
    with house.services.database.read() as records:
        year = records.years.numbers()[0]
        packet = f"packets/{house.practice}/{year}"
        record = next(one.document_id for one in records.documents.packet(house.practice, year))
    notice, asked = keep_notice(house, year), file_request(house, year)
    give_wrong_files(house, year)
    designee = house.contact(Role.ACO_EXECUTIVE)
    steps = ("contacts", "contacts/confirm", "contacts/aco-executive", "organization", "organization/confirm")
    pages = {
        house.contact(Role.ACO_EXECUTIVE): (
            *(f"{packet}/{one}" for one in (*steps, "change-requests", "deadlines", "materials")),
            *(f"{packet}/lists/{one}{part}" for one in kinds for part in ("", "/changes")),
            f"documents/{record}/page", "notices", f"notices/{notice}", "guides", "guides/users-guide",
            "accessibility", "nowhere", "account", "account/password", "verify", "password/reset",
        ),
        house.agency(Role.CMS_STAFF): (
            "", "years", f"years/{year}", *(f"years/{year}/{one}" for one in ("files", "loading", "windows")),
            f"years/{year + 1}/opening", "change-requests", "readiness",
            "people", "people/new", f"people/{designee}", f"change-requests/{asked}",
            f"agreements/{year}", "notices/delivery", f"documents/{record}/void", f"{packet}/deadlines",
            f"years/{year}/unattended", f"{packet}/editor", f"{packet}/agreement/closing",
        ),
    }  # fmt: skip
    for user_id, paths in pages.items():
        page = walk.sign_in(user_id)
        for path in paths:
            page.goto(walk.house.address + path)
            name = (
                path.replace(f"years/{year}", "year")
                .replace(f"years/{year + 1}", "next-year")
                .replace(f"people/{designee}", "person")
                .replace(f"{packet}/", "")
                .replace(f"documents/{record}/", "document-")
                .replace(f"notices/{notice}", "notice")
                .replace(f"change-requests/{asked}", "change-request")
            )
            side = "" if user_id == house.contact(Role.ACO_EXECUTIVE) else "cms-"
            walk.keep(page, side + (name.replace(f"/{year}", "").replace("/", "-") or "packets"))
        assert not [one for one in walk.complaints if "Content Security Policy" in one]


def keep_notice(house: House, year: int) -> int:
    """A notice that the Executive has."""
    user_id = house.contact(Role.ACO_EXECUTIVE)
    text = "Step 2 of your packet waits for your signature.\n\nIt is due soon."
    letter, now = Letter("One document waits for you", text, f"<p>{text}</p>"), house.services.clock()
    with house.services.database.write() as records:
        message = records.journal.queue("told-before", {}, now)
        records.journal.take(message, now)
        draft = Draft(message, "told-before", house.practice, year, True, letter, now, now)  # noqa: FBT003
        records.notices.add(draft, [Recipient(user_id, "")], mailed=False)
        return records.notices.of_person(user_id, skip=0, most=1)[0].notice_id


def give_wrong_files(house: House, year: int) -> None:
    """Files that the server's jobs refuse, of a year to be opened and of an open one: too long to be read in the request."""
    path, staff = house.services.settings.dir / "wrong.csv", house.agency(Role.CMS_STAFF)
    path.write_bytes(b"ACO,Legal name\nA1,Somebody\n" + b"\n" * kept_files.SMALL_BYTES)
    one = GivenFile(path.name, path)
    openings, loadings = house.services.openings, house.services.loadings
    openings.ask(year + 1, {FileKind.AGREEMENTS: one}, staff)
    loadings.ask(year, {FileKind.PARTICIPANTS: one}, staff)
    end = time.monotonic() + 30
    while not (openings.newest(year + 1).is_over and loadings.newest(year).is_over) and time.monotonic() < end:
        time.sleep(0.2)
    assert (openings.newest(year + 1).state, loadings.newest(year).state) == ("refused", "refused")


def file_request(house: House, year: int) -> int:
    """A change request that waits for CMS."""
    why = "The office has moved to the capital of the state."
    desk, user_id = house.services.change_requests, house.contact(Role.ACO_EXECUTIVE)
    return desk.file(house.practice, year, "city", "Springfield", why, user_id).request_id


@pytest.mark.browser
@pytest.mark.requirement("R4")
def test_a_certified_copy_is_given_and_taken_in_a_browser(walk: Walk) -> None:
    """CMS gives it; whoever has the link takes it without signing in, and the grant's page tells of it."""
    with walk.house.services.database.read() as records:
        year = records.years.numbers()[0]
        other = next(one.aco_id for one in records.acos.in_year(year) if one.aco_id != walk.house.practice)
    page = walk.sign_in(walk.house.agency(Role.CMS_STAFF))
    page.goto(f"{walk.house.address}packets/{other}/{year}/copies")
    page.get_by_role("button", name="Give the copies").click()
    walk.keep(page, "copies-refused")
    link = give_copy(walk, page)

    guest = walk.chromium.new_context().new_page()
    guest.goto(link)
    walk.keep(guest, "given-copies")
    with guest.expect_download() as begun:
        guest.get_by_role("button", name="Download (zip)").click()
    with zipfile.ZipFile(begun.value.path()) as archive:
        assert {"README.txt", "SHA256SUMS", "certification.pdf"} < set(archive.namelist())
    guest.goto(f"{link}x")
    walk.keep(guest, "given-copies-closed")

    page.get_by_role("link", name="I have copied the link").click()
    expect(page.get_by_role("main")).to_contain_text("1 of 5")
    walk.keep(page, "copy-grant")
    page.goto(f"{walk.house.address}archive/copies")
    walk.keep(page, "copies-all")
    page.goto(f"{walk.house.address}packets/{other}/{year}/copies")
    walk.keep(page, "copies")


def give_copy(walk: Walk, page: Page) -> str:
    """Fill in the form with two documents and send it; the link that is shown once."""
    page.get_by_label("Name").fill("Rosa Delgado")
    page.get_by_label("E-mail address").fill("rosa.delgado@clinic.example.org")
    page.get_by_label("Given as").select_option("governing-body")
    page.get_by_label("Reason").fill("A copy of what was signed, for the governing body (42 CFR 425.210(a)).")
    for at in range(2):
        page.locator("fieldset .usa-checkbox__label").nth(at).click()
    page.get_by_role("button", name="Give the copies").click()
    walk.keep(page, "copy-given")
    return page.locator("code.password").inner_text()


@pytest.mark.browser
@pytest.mark.requirement("R3")
def test_a_running_batch_shows_how_far_it_is(walk: Walk) -> None:
    """Two of its documents are signed, one was skipped with the reason, the others wait for the worker that has the job."""
    page = walk.sign_in(walk.house.agency(Role.CMS_SIGNATORY))
    page.goto(f"{walk.house.address}countersign/batches/{run_batch(walk.house)}")
    expect(page.get_by_role("main")).to_contain_text("3 of")
    walk.keep(page, "batch-running")


def run_batch(house: House) -> str:
    """A batch of documents whose job a worker has, which is in the middle of it."""
    services, user_id, now = house.services, house.agency(Role.CMS_SIGNATORY), house.services.clock()
    with services.database.read() as records:
        year = records.years.numbers()[0]
        shown = [one for aco in records.acos.in_year(year) for one in records.documents.packet(aco.aco_id, year)][:6]
    items = tuple(BatchItem(one.document_id, one.head_digest, "CmsSignatory", Role.CMS_SIGNATORY) for one in shown)
    names = ("document_id", "aco_id", "performance_year", "edition", "pages")
    lines = [
        {name: getattr(one, name) for name in names}
        | {
            "title": services.catalog[one.kind].title,
            "digest": one.head_digest,
            "signed_by": ["Ann Smith, ACO Executive"],
        }
        | {"facts": [["Track", "ENHANCED"]], "difference": "Nothing differs from last year."}
        for one in shown
    ]
    batch = Batch(str(uuid.uuid4()), user_id, now, services.objects.put(json.dumps(lines).encode()), items)
    with services.database.write() as records:
        records.batches.add(batch)
    proof = services.countersigning.step_up(user_id, batch.batch_id)
    held: dict[str, Any] = {
        "attempts": 1,
        "fence": 1,
        "owner": "a worker",
        "lease_until": now + timedelta(hours=1),
        "heartbeat_at": now,
    }
    job = Job(
        str(uuid.uuid4()), BATCH_JOB, {}, batch.job_keys[0], JobState.RUNNING, now, **held, done=3, total=len(shown)
    )
    why = Problem("document-changed", "The document has changed since the sheet was shown.", "Look at it again.")
    with services.database.write() as records:
        records.batches.start(batch.batch_id, proof, now, [])
        records.jobs.add(job)
        for one in items[:2]:
            records.batches.close_item(batch.batch_id, one.document_id, ItemState.SIGNED, (), now)
        records.batches.close_item(batch.batch_id, items[2].document_id, ItemState.SKIPPED, (why,), now)
    return batch.batch_id


@pytest.mark.browser
def test_pages_work_without_scripts(walk: Walk) -> None:
    """The menu stands open on a phone, and what a script would fold or fetch is there without one."""
    context = walk.chromium.new_context(java_script_enabled=False, viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    page.goto(walk.house.address)
    page.get_by_label("CMS user ID").fill(walk.house.contact(Role.ACO_EXECUTIVE))
    page.get_by_label("Password").fill(walk.house.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Notices").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notices")
