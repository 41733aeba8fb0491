"""Passkeys and the end of a session in a real Chromium, whose authenticator is a virtual one (Chrome DevTools Protocol)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import databases
from browsing import Site, open_site
from e2e.test_browser import ARGUMENTS, CHROMIUM
from packets.model.people import Role
from serving import serving
from worlds import PASSWORD

WIDTHS = (320, 390, 1280)
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Place:
    """A site that listens on this machine, and a browser."""

    site: Site
    address: str
    chromium: Browser
    screens: Path

    def visit(self, context: BrowserContext, user_id: str) -> Page:
        """Sign in with the password."""
        page = context.new_page()
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("CMS user ID").fill(user_id)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        return page

    def keep(self, page: Page, name: str) -> None:
        """Take a picture at each width; nothing sticks out."""
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=self.screens / f"{name}-{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Place]:
    """The site in threads of this process; `localhost`, for a number has no passkeys."""
    folder = tmp_path_factory.mktemp("place")
    screens = request.config.getoption("--screens", default=None) or folder
    screens.mkdir(parents=True, exist_ok=True)
    site = open_site(folder, database=databases.sqlite_file(folder))
    with serving(site.app) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield Place(site, f"http://localhost:{port}", browser, screens)
        browser.close()
    site.world.services.database.close()


def give_device(page: Page) -> tuple[Any, str]:
    """Give the page's browser an authenticator; how it is spoken to, and its name."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    return line, line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]


@pytest.mark.browser
@pytest.mark.requirement("R40")
def test_a_passkey_is_made_signs_in_and_signs_a_document(place: Place) -> None:
    """With the password it is added; then it opens the door alone, and signs the digest that was shown."""
    user_id, document = place.site.holder(Role.ACO_EXECUTIVE), place.site.document("provider-supplier-list")
    page = place.visit(place.chromium.new_context(), user_id)
    line, device = give_device(page)
    add_passkey(place, page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Sign in with a passkey").click()
    place.keep(page, "passkey")
    line.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.locator("[data-passkey-status]")).to_contain_text("The passkey was not used")
    line.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Packets")
    page.goto(f"{place.address}/documents/{document.document_id}/read")
    with page.expect_response(lambda response: response.url.endswith("/pdf")):
        page.reload()
    page.goto(f"{place.address}/documents/{document.document_id}/sign/AuthorizedSigner")
    place.keep(page, "sign-with-passkey")
    page.locator("label[for=consent]").click()
    page.get_by_role("button", name="Sign with your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Signed:")
    with place.site.world.services.database.read() as records:
        methods = [one.details.get("method") for one in records.journal.entries(document.document_id)]
    assert "passkey" in methods


def add_passkey(place: Place, page: Page) -> None:
    """On the page of the account."""
    page.goto(f"{place.address}/account")
    place.keep(page, "account")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of the passkey").fill("Work laptop")
    page.get_by_label("Your password").fill(PASSWORD)
    place.keep(page, "passkey-new")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("main")).to_contain_text("The passkey is added.")
    place.keep(page, "account-with-passkey")


@pytest.mark.browser
def test_a_page_warns_before_the_session_ends_and_keeps_what_was_typed(place: Place) -> None:
    """Five minutes before; the button prolongs it without leaving the page; afterwards the sign-in page comes by itself."""
    user_id = place.site.holder(Role.CMS_LIAISON)
    context = place.chromium.new_context()
    page = place.visit(context, user_id)
    page.clock.install()
    page.goto(f"{place.address}/account/password")
    page.get_by_label("New password again").fill("typed before")
    warning = page.get_by_role("alertdialog")
    expect(warning).to_be_hidden()
    page.clock.fast_forward("15:30")
    expect(warning).to_be_visible()
    place.keep(page, "session-warning")
    page.get_by_role("button", name="Stay signed in").click()
    page.clock.run_for(6000)
    expect(page.get_by_label("New password again")).to_have_value("typed before")
    assert len(place.site.world.services.accounts.sessions.of_person(user_id)) == 1


@pytest.mark.browser
def test_pages_of_accounts_work_without_a_script(place: Place) -> None:
    """The app is set up, codes sign in, a document is checked; on a phone nothing sticks out."""
    user_id = place.site.holder(Role.DUA_CUSTODIAN)
    page = place.visit(place.chromium.new_context(java_script_enabled=False), user_id)
    page.goto(f"{place.address}/account")
    page.get_by_text("Set up an app", exact=True).click()
    page.locator("#app-password").fill(PASSWORD)
    page.get_by_role("button", name="Set up an authenticator app").click()
    page.screenshot(path=place.screens / "app-1280.png", full_page=True)
    page.get_by_label("Code").fill(code_of(place, user_id))
    page.get_by_role("button", name="Take the app into use").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.screenshot(path=place.screens / "recovery-codes-1280.png", full_page=True)
    page.goto(f"{place.address}/verify")
    document = place.site.document("participant-list")
    content = place.site.world.services.objects.get(document.head_digest)
    page.get_by_label("PDF").set_input_files({"name": "list.pdf", "mimeType": "application/pdf", "buffer": content})
    page.get_by_role("button", name="Check the document").click()
    expect(page.get_by_role("main")).to_contain_text("It is ours, and unchanged")
    page.screenshot(path=place.screens / "verify-1280.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=place.screens / "verify-390.png", full_page=True)


def code_of(place: Place, user_id: str) -> str:
    """What the person's app would show."""
    from web.auth.totp import code_at, step_at

    secret = place.site.world.services.accounts.factors.begun_app(user_id)
    assert secret is not None
    return code_at(secret, step_at(place.site.world.clock()))
