"""Signing in and out, cookies, the way back, and the sample accounts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from browsing import Browser, Site, open_site
from packets.audit.log import Act
from packets.model.people import Role
from web.app import create_app
from web.auth.cookies import LOCAL_NAME, SECURE_NAME
from web.auth.limits import PASSWORD_FROM_NETWORK as LIMIT
from web.auth.sessions import MOST_OPEN
from worlds import PASSWORD


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site in development mode."""
    return open_site(tmp_path, assembled=False)


def in_mode(site: Site, mode: str) -> Browser:
    """A browser on the same world, served in another mode."""
    settings = site.world.services.settings.model_copy(update={"mode": mode})
    return Browser(create_app(replace(site.world.services, settings=settings)))


def test_a_right_password_opens_the_packets(site: Site) -> None:
    """After signing in, the home page lists the visitor's ACO and no other one."""
    browser = site.browser()
    assert browser.sign_in(site.holder(Role.ACO_EXECUTIVE)).location == "/"
    page = browser.get("/").text
    assert site.current.aco.aco_id in page
    assert site.new.aco.aco_id not in page


@pytest.mark.parametrize(("user_id", "password"), [("", ""), ("ZZZZ", PASSWORD), ("<b>x</b>", "'\"--")])
def test_wrong_credentials_are_told_without_saying_which(site: Site, user_id: str, password: str) -> None:
    """Nobody learns from the page whether the user ID exists."""
    response = site.browser().sign_in(user_id, password)
    assert response.status_code == 403
    assert "The user ID or the password is wrong." in response.text
    assert 'role="alert"' in response.text
    known = site.browser().sign_in(site.holder(Role.ACO_EXECUTIVE), "wrong")
    assert "The user ID or the password is wrong." in known.text


@pytest.mark.parametrize("known", [True, False])
def test_too_many_wrong_passwords_make_the_next_one_wait(site: Site, *, known: bool) -> None:
    """The right password has to wait as well, in the same words for a user ID that does not exist, and is right afterwards."""
    user_id = site.holder(Role.ACO_EXECUTIVE) if known else "ZZZZ"
    for _ in range(LIMIT.free):
        assert site.browser().sign_in(user_id, "wrong").status_code == 403
    refused = site.browser().sign_in(user_id)
    assert refused.status_code == 429
    assert "Wait 31 seconds, then try once more." in refused.text
    site.world.clock.advance(timedelta(seconds=31))
    assert site.browser().sign_in(user_id).status_code == (303 if known else 403)


def test_a_user_id_that_is_not_active_cannot_sign_in(site: Site) -> None:
    """A deactivated user ID is refused at the door, and a session that it still has is over."""
    user_id = site.holder(Role.ACO_EXECUTIVE)
    inside = site.enter(user_id)
    person = site.world.services.reading.person(user_id)
    assert person is not None
    site.world.services.enrollment.register([replace(person, account_active=False)])
    assert "account-inactive" in site.browser().sign_in(user_id).text
    assert inside.get("/").status_code == 303


def test_signing_in_ends_the_session_that_was_there(site: Site) -> None:
    """The secret changes at each sign-in, and the old one opens nothing any more."""
    user_id = site.holder(Role.ACO_EXECUTIVE)
    browser = site.browser()
    browser.sign_in(user_id)
    first = browser.cookie(LOCAL_NAME)
    assert first is not None
    form = site.browser()
    form.keep_cookie(LOCAL_NAME, first)
    form.get("/account")  # a form counts in the session that it was made for
    assert form.post("/sign-in", {"user_id": user_id, "password": PASSWORD}).status_code == 303
    assert form.cookie(LOCAL_NAME) not in {None, first}
    assert browser.get("/").status_code == 303


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    """The old secret opens nothing, even when a browser kept it."""
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    secret = browser.cookie(LOCAL_NAME)
    browser.get("/")
    assert browser.post("/sign-out").status_code == 303
    assert browser.cookie(LOCAL_NAME) is None
    browser.keep_cookie(LOCAL_NAME, str(secret))
    assert browser.get("/").status_code == 303


def test_a_session_ends_after_a_while_without_use(site: Site) -> None:
    """Idle sessions are over; the page asks to sign in and remembers where the visitor was."""
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    assert browser.get("/").status_code == 200
    site.world.clock.advance(timedelta(minutes=21))
    response = browser.get(f"/packets/{site.current.aco.aco_id}/2027")
    assert response.status_code == 303
    assert response.location == f"/sign-in?next=/packets/{site.current.aco.aco_id}/2027"


def test_the_way_back_is_taken_after_signing_in(site: Site) -> None:
    """A visitor lands on the page that they had asked for."""
    wanted = f"/packets/{site.current.aco.aco_id}/2027"
    assert site.browser().sign_in(site.holder(Role.ACO_EXECUTIVE), then=wanted).location == wanted


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/nowhere",
        "/sign-out",
        "http:/",
        "//[",
        "/\r\nX-Evil: 1",
    ],
)
def test_a_way_back_that_leads_elsewhere_is_not_taken(site: Site, target: str) -> None:
    """Only addresses of our own pages are followed."""
    response = site.browser().sign_in(site.holder(Role.ACO_EXECUTIVE), then=target)
    assert response.location == "/"
    assert "X-Evil" not in response.headers


def test_a_form_without_its_token_is_refused_calmly(site: Site) -> None:
    """What another site sends in the visitor's name is a page with status 400, and nothing was done."""
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    response = browser.post_bare("/sign-out", {})
    assert response.status_code == 400
    assert "form-expired" in response.text
    assert browser.get("/").status_code == 200


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(site: Site) -> None:
    """HttpOnly and SameSite always."""
    browser = site.browser()
    browser.get("/sign-in")
    response = browser.sign_in(site.holder(Role.ACO_EXECUTIVE))
    kept = [one for one in response.headers.getlist("Set-Cookie") if one.startswith(LOCAL_NAME)]
    assert kept
    assert all("HttpOnly" in one and "SameSite=Lax" in one and "Path=/" in one for one in kept)


@pytest.mark.parametrize(
    ("mode", "address", "secure"),
    [
        ("development", "http://localhost/", False),
        ("development", "http://127.0.0.1:8080/", False),
        ("development", "http://intranet.example/", True),
        ("development", "https://localhost/", True),
        ("demo", "http://intranet.example/", False),
        ("production", "http://localhost/", True),
    ],
)
def test_cookies_travel_without_tls_only_on_this_machine_or_in_a_demonstration(
    site: Site, mode: str, address: str, secure: bool
) -> None:
    """The cookie of a session is for TLS only wherever somebody could listen, and never weaker in production."""
    browser = in_mode(site, mode)
    browser.get("/sign-in", base_url=address)
    fields = {"user_id": site.holder(Role.ACO_EXECUTIVE), "password": PASSWORD}
    response = browser.post("/sign-in", fields, base_url=address)
    cookies = response.headers.getlist("Set-Cookie")
    name = SECURE_NAME if secure else LOCAL_NAME
    session = next(one for one in cookies if one.startswith(f"{name}="))
    assert ("Secure" in session) == secure


def test_sample_accounts_are_listed_in_a_demonstration_only(site: Site) -> None:
    """With the same folder, only the mode decides whether the page tells accounts and their password."""
    marker = site.world.services.settings.dir / "demo.json"
    marker.write_text(json.dumps({"password": "sample-12345678", "practice": [site.current.aco.aco_id]}), "utf-8")
    shown = in_mode(site, "demo").get("/sign-in").text
    assert "sample-12345678" in shown
    assert all(person.user_id in shown for person in site.world.year.people)
    assert shown.index(site.current.aco.aco_id) < shown.index(site.new.aco.aco_id)
    for mode in ("development", "production"):
        assert "sample-12345678" not in in_mode(site, mode).get("/sign-in").text


def test_somebody_who_is_signed_in_is_not_asked_again(site: Site) -> None:
    """The sign-in page leads on."""
    assert site.enter(site.holder(Role.ACO_EXECUTIVE)).get("/sign-in").location == "/"


def test_an_archivist_starts_in_the_archive(site: Site) -> None:
    """Packets are not for archivists; their first page is the search."""
    assert site.enter(site.world.agency(Role.ARCHIVIST)).get("/").location == "/records"


def test_one_session_too_many_ends_the_one_that_was_used_longest_ago(site: Site) -> None:
    """A person has ten at once at the most, and the log tells which ended and why."""
    executive = site.holder(Role.ACO_EXECUTIVE)
    browsers = [site.browser() for _ in range(MOST_OPEN + 1)]
    for browser in browsers:
        browser.sign_in(executive)
        site.world.clock.advance(timedelta(minutes=1))

    assert [browser.get("/account").status_code for browser in browsers] == [303, *[200] * MOST_OPEN]
    with site.world.services.database.read() as records:
        ended = [one for one in records.journal.entries(executive) if one.details.get("crowded_out")]
    assert [one.act for one in ended] == [Act.ACCOUNT_SIGN_OUT]


def test_the_browser_forgets_pages_when_somebody_signs_out(site: Site) -> None:
    """Whoever uses the machine next finds nothing behind the way back."""
    browser = site.browser()
    browser.sign_in(site.holder(Role.ACO_EXECUTIVE))
    browser.get("/account")
    assert browser.post("/sign-out").headers["Clear-Site-Data"] == '"cache", "storage"'
