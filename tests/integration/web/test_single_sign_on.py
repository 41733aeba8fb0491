"""Single sign-on against a provider that speaks real HTTP: who gets in, who does not, and what a false provider achieves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from browsing import Browser, Site, open_site
from oidc_provider import CLIENT, SECRET, Provider, oidc_provider
from packets.audit.log import Act, Outcome
from packets.model.people import Role
from web.app import create_app


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """One provider for all tests here."""
    with oidc_provider() as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Site:
    """A site whose settings name the provider."""
    made = open_site(tmp_path_factory.mktemp("site"), assembled=False)
    said = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
        "oidc_name": "the agency’s sign-on",
    }
    settings = made.world.services.settings.model_copy(update=said)
    services = replace(made.world.services, settings=settings)
    return Site(replace(made.world, services=services), create_app(services))


@pytest.fixture(autouse=True)
def honest(provider: Provider, site: Site) -> None:
    """Before each test the provider tells the truth, of the ACO Executive."""
    provider.claims = {"sub": "a-1", "preferred_username": site.holder(Role.ACO_EXECUTIVE).lower()}
    provider.wrong, provider.published = {}, None


def go_there(browser: Browser, then: str = "/account") -> str:
    """Go to the provider and say yes there; the address that it sends the browser back to."""
    away = browser.get("/sign-in/provider", query_string={"next": then})
    assert away.status_code == 302
    back = requests.get(away.location, allow_redirects=False, timeout=10).headers["Location"]
    return back.removeprefix("http://localhost")


def codes(browser: Browser, back: str) -> tuple[int, bool]:
    """The status of the way back, and whether somebody is signed in then."""
    status = browser.get(back).status_code
    return status, browser.get("/account").status_code == 200


def test_a_person_of_the_directory_comes_back_signed_in_where_they_wanted_to_go(site: Site) -> None:
    """The sign-in page offers it by name; the request carries PKCE, state and nonce; the session says how one came."""
    browser = site.browser()
    assert "Sign in with the agency’s sign-on" in browser.get("/sign-in").text
    away = parse_qs(urlsplit(browser.get("/sign-in/provider").location).query)
    assert away["code_challenge_method"] == ["S256"]
    assert away["state"]
    assert away["nonce"]
    assert away["redirect_uri"] == ["http://localhost/sign-in/provider/back"]
    assert browser.get(go_there(browser)).location == "/account"
    assert "with single sign-on" in browser.get("/account").text
    with site.world.services.database.read() as records:
        acts = [one.act for one in records.journal.entries(site.holder(Role.ACO_EXECUTIVE))]
    assert Act.ACCOUNT_LINK in acts


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/\\evil.example", "/sign-out"])
def test_the_way_back_leads_to_our_own_pages_only(site: Site, then: str) -> None:
    """An address that somebody put into a link is not followed."""
    browser = site.browser()
    assert browser.get(go_there(browser, then)).location == "/"


def test_somebody_who_is_not_in_the_directory_does_not_get_in_and_is_not_added(site: Site, provider: Provider) -> None:
    """Nobody is made silently, whatever the provider says."""
    provider.claims = {"sub": "b-2", "preferred_username": "ZZZZ"}
    browser = site.browser()
    assert codes(browser, go_there(browser)) == (403, False)
    provider.claims = {"sub": "b-2"}
    assert codes(browser, go_there(browser)) == (403, False)
    with site.world.services.database.read() as records:
        assert records.people.get("ZZZZ") is None
        assert records.accounts.identity(provider.issuer, "b-2") is None


def test_the_provider_cannot_give_one_person_the_account_of_another(site: Site, provider: Provider) -> None:
    """Once linked, the provider's name and the user ID belong together; both ways are refused, and one is told to the log."""
    first = site.browser()
    first.get(go_there(first))
    provider.claims["preferred_username"] = site.holder(Role.CMS_LIAISON)
    browser = site.browser()
    assert codes(browser, go_there(browser)) == (403, False)
    provider.claims = {"sub": "c-3", "preferred_username": site.holder(Role.ACO_EXECUTIVE)}
    assert codes(browser, go_there(browser)) == (403, False)
    with site.world.services.database.read() as records:
        told = [(one.act, one.outcome) for one in records.journal.entries(site.holder(Role.ACO_EXECUTIVE))]
    assert (Act.ACCOUNT_LINK, Outcome.REFUSED) in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"aud": "somebody-else"},
        {"aud": ["somebody-else"], "azp": CLIENT},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"nonce": None},
        {"sub": None},
    ],
)
def test_a_token_that_was_made_for_something_else_is_refused(
    site: Site, provider: Provider, wrong: dict[str, Any]
) -> None:
    """Another nonce, audience, issuer or time; or none."""
    provider.wrong = wrong
    browser = site.browser()
    assert codes(browser, go_there(browser)) == (403, False)


def test_a_token_that_somebody_else_signed_is_refused(site: Site, provider: Provider) -> None:
    """The keys are those that the provider publishes."""
    honest, provider.key = provider.key, RSAKey.generate_key(2048, {"kid": "1"})
    provider.published = honest
    browser = site.browser()
    assert codes(browser, go_there(browser)) == (403, False)
    provider.key = honest


def test_a_way_back_is_taken_once_and_only_by_the_browser_that_went(site: Site) -> None:
    """State and code are spent; another browser, or a made-up state, gets nothing; a no at the provider is told calmly."""
    browser, other = site.browser(), site.browser()
    back = go_there(browser)
    assert codes(other, back) == (403, False)
    assert codes(browser, back) == (303, True)
    assert codes(site.browser(), back) == (403, False)
    assert browser.get(back).status_code == 403
    state = parse_qs(urlsplit(go_there(other)).query)["state"][0]
    refused = other.get(f"/sign-in/provider/back?error=access_denied&error_description=%0d%0aX-Evil:1&state={state}")
    assert refused.status_code == 403
    assert "X-Evil" not in refused.headers
    assert other.get("/sign-in/provider/back?code=x&state=made-up").status_code == 403
    assert other.get("/sign-in/provider/back").status_code == 403


def test_a_deactivated_user_id_does_not_get_in_this_way_either(site: Site, provider: Provider) -> None:
    """The directory decides, at each sign-in."""
    liaison = site.holder(Role.CMS_LIAISON)
    provider.claims = {"sub": "d-4", "preferred_username": liaison}
    site.world.services.directory.deactivate(liaison, "Left")
    browser = site.browser()
    assert codes(browser, go_there(browser)) == (403, False)


def test_a_provider_that_is_away_is_told_calmly(tmp_path: Path) -> None:
    """The page says so, and the password still works; without a provider there is no such page."""
    made = open_site(tmp_path, assembled=False)
    settings = made.world.services.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    browser = Browser(create_app(replace(made.world.services, settings=settings)))
    assert browser.get("/sign-in/provider").status_code == 503
    assert "cannot be reached" in browser.get("/sign-in/provider").text
    assert "provider-missing" in made.browser().get("/sign-in/provider").text


@pytest.mark.parametrize(("reached", "in_"), [("card", True), ("otp", True), ("password", False), ("", False)])
def test_the_provider_must_have_asked_for_enough_proof(
    site: Site, provider: Provider, reached: str, *, in_: bool
) -> None:
    """Classes that the settings name are asked for, and what the provider says that it did is compared (ASVS 6.8.4)."""
    settings = site.world.services.settings.model_copy(update={"oidc_acr": ("card", "otp")})
    services = replace(site.world.services, settings=settings)
    strict = Site(replace(site.world, services=services), create_app(services))
    browser = strict.browser()
    if reached:
        provider.claims["acr"] = reached

    asked = parse_qs(urlsplit(browser.get("/sign-in/provider").location).query)
    assert asked["acr_values"] == ["card otp"]
    assert codes(browser, go_there(browser)) == ((303, True) if in_ else (403, False))
