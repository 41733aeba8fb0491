"""What strangers try with requests: forged hosts, planted sessions, injected headers and log lines, stale and doubled forms."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import structlog

from browsing import Browser, Site, open_site
from packets.model.people import Role
from web.app import create_app
from web.auth.cookies import LOCAL_BROWSER, LOCAL_NAME
from worlds import PASSWORD, START


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in development mode."""
    return open_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def public(site: Site) -> Browser:
    """The same service, known under a public address."""
    settings = site.world.services.settings.model_copy(update={"public_url": "https://esm.example.org"})
    return Browser(create_app(replace(site.world.services, settings=settings)))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("esm.example.org", 200),
        ("ESM.example.org:443", 200),
        ("localhost:8080", 200),
        ("evil.example", 400),
        ("esm.example.org.evil.example", 400),
        ("esm.example.org@evil.example", 400),
        ("[", 400),
        ("", 400),
    ],
)
def test_a_service_with_an_address_answers_to_it_and_to_no_other(public: Browser, host: str, status: int) -> None:
    """So that no link and no passkey is made for a forged host; probes of machines are answered anyway."""
    answer = public._client.get("/sign-in", headers={"Host": host}, base_url="https://esm.example.org")
    assert answer.status_code == status
    probe = public._client.get("/healthz", headers={"Host": host}, base_url="https://esm.example.org")
    assert probe.status_code == 200


def test_a_session_that_was_planted_opens_nothing_and_does_not_survive_signing_in(site: Site) -> None:
    """The secret after signing in is never one that was there before."""
    browser = site.browser()
    for planted in ("planted", "", "x" * 3000, "\x00"):
        browser.keep_cookie(LOCAL_NAME, planted)
        assert browser.get("/").status_code == 303
    browser.keep_cookie(LOCAL_BROWSER, "planted too")
    browser.sign_in(site.holder(Role.ACO_EXECUTIVE))
    assert browser.cookie(LOCAL_NAME) not in {None, "planted", "x" * 3000}
    assert browser.cookie(LOCAL_BROWSER) not in {None, "planted too"}


@pytest.mark.parametrize("agent", ["two\tlines", "\x1b[31mred", "a" * 5000, "ünïcode"])
def test_a_browser_may_call_itself_anything(site: Site, agent: str) -> None:
    """The list of sessions shows what a page can show, and no more of it."""
    browser = site.browser()
    browser.get("/sign-in")
    fields = {"user_id": site.holder(Role.CMS_LIAISON), "password": PASSWORD}
    assert browser.post("/sign-in", fields, headers={"User-Agent": agent}).status_code == 303
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/second", "/sign-in/passkey", "/session", "/sign-in/provider"])
def test_no_page_repeats_a_way_back_that_is_not_ours(site: Site, path: str) -> None:
    """Neither in a link nor in a header nor in a hidden field."""
    browser = site.enter(site.holder(Role.CMS_LIAISON)) if path == "/session" else site.browser()
    for evil in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%0d%0aX-Evil:1",
        "javascript:alert(1)",
    ):
        answer = browser.get(path, query_string={"next": evil})
        assert "evil" not in answer.text
        assert "evil" not in str(answer.headers).lower()
        assert "alert(1)" not in answer.text


def test_log_lines_stay_lines_and_name_no_secret(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    """A path with line ends is one JSON value; the token of a link and the typed user ID are not logged."""
    from web.logs import configure_logs

    try:
        configure_logs("info")
        browser = site.browser()
        browser.get("/password/new?token=a-secret-of-a-link")
        browser.get("/%0a%7b%22user%22:%22FAKE%22%7d")
    finally:
        structlog.reset_defaults()
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert all("path" in json.loads(line) for line in lines)
    assert len(lines) == 2
    assert "a-secret-of-a-link" not in "".join(lines)


def test_two_tabs_keep_one_session_while_one_of_them_signs(site: Site) -> None:
    """Signing gives the session a new secret; what the other tab has open still works, and so does a doubled form."""
    site.world.clock.now = START
    user_id, document = site.holder(Role.ACO_EXECUTIVE), site.document("provider-supplier-list")
    browser = site.enter(user_id)
    old = browser.cookie(LOCAL_NAME)
    browser.get(f"/documents/{document.document_id}/pdf")
    place = f"/documents/{document.document_id}/sign/AuthorizedSigner"
    browser.get(place)
    fields = {**browser.hidden, "consent": "yes", "password": PASSWORD}
    assert browser.post(place, fields).status_code == 303
    assert browser.cookie(LOCAL_NAME) != old
    other = site.browser()
    other.keep_cookie(LOCAL_NAME, str(old))
    other.get("/account")
    other.hidden.update({name: value for name, value in fields.items() if name != "csrf_token"})
    assert other.post(place).location == f"/documents/{document.document_id}/receipt/AuthorizedSigner"
    assert other.get("/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/sign-in/second",
        "/sign-in/passkey",
        "/password/reset",
        "/password/new",
        "/session",
        "/account/password",
        "/account/app",
        "/account/app/code",
        "/account/app/remove",
        "/account/recovery-codes",
        "/account/passkeys",
        "/account/passkeys/remove",
        "/account/sessions/end",
        "/account/sessions/end-all",
    ],
)
def test_no_form_of_an_account_is_taken_from_another_site(site: Site, path: str) -> None:
    """Without the token of our own page nothing happens."""
    browser = site.enter(site.holder(Role.CMS_LIAISON))
    answer = browser.post_bare(path, {"password": PASSWORD, "new_password": "x", "user_id": "x"})
    assert (answer.status_code, "form-expired" in answer.text) == (400, True)
    assert browser.get("/account").status_code == 200


def test_of_doubled_parameters_the_first_counts_everywhere(site: Site) -> None:
    """What is checked and what is used cannot be two different values of one name (ASVS 15.3.7)."""
    executive, liaison = site.holder(Role.ACO_EXECUTIVE), site.holder(Role.CMS_LIAISON)
    refused, browser = site.browser(), site.browser()
    refused.get("/sign-in")
    browser.get("/sign-in")

    assert (
        refused.post("/sign-in", {"user_id": ["ZZZZ", executive], "password": [PASSWORD, PASSWORD]}).status_code == 403
    )
    assert browser.post("/sign-in", {"user_id": [executive, liaison], "password": [PASSWORD, "x"]}).status_code == 303
    assert executive in browser.get("/account").text
    assert liaison not in browser.get("/account").text
