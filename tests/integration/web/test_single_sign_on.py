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
from structlog.testing import capture_logs

from browsing import Browser, Site, open_site
from oidc_provider import CLIENT, SECRET, Provider, oidc_provider
from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, InputError
from packets.model.people import Role
from web.app import create_app
from web.auth.links import approve_link
from web.provider_settings import require_provider


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
    provider.claims = claims_of(site, site.holder(Role.ACO_EXECUTIVE), "a-1")
    provider.wrong, provider.published, provider.answer, provider.returned = {}, None, {}, {}
    provider.changed.clear()


def claims_of(site: Site, user_id: str, subject: str) -> dict[str, Any]:
    """What an honest provider says of a person of the directory."""
    with site.world.services.database.read() as records:
        person = records.people.get(user_id)
    assert person
    email = {"email": person.email.upper(), "email_verified": True}
    return {"sub": subject, "preferred_username": user_id.lower(), **email}


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
    assert len(away["state"][0]) >= 32
    assert len(away["nonce"][0]) >= 32
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
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": 1_000_000_000},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": " "},
        {"sub": 7},
        {"sub": "x" * 256},
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
    assert browser.get(back).location == "/"
    state = parse_qs(urlsplit(go_there(other)).query)["state"][0]
    refused = other.get(f"/sign-in/provider/back?error=access_denied&error_description=%0d%0aX-Evil:1&state={state}")
    assert refused.status_code == 403
    assert "X-Evil" not in refused.headers
    assert other.get("/sign-in/provider/back?code=x&state=made-up").status_code == 403
    assert other.get("/sign-in/provider/back").status_code == 403


def test_a_deactivated_user_id_does_not_get_in_this_way_either(site: Site, provider: Provider) -> None:
    """The directory decides, at each sign-in."""
    liaison = site.holder(Role.CMS_LIAISON)
    provider.claims = claims_of(site, liaison, "d-4")
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


@pytest.mark.parametrize(
    ("methods", "in_"), [(["pwd", "otp"], True), (["pwd"], False), ("otp", False), ([], False), (None, False)]
)
def test_a_method_that_the_settings_name_must_have_been_used(
    site: Site, provider: Provider, methods: object, *, in_: bool
) -> None:
    """`amr` is a list of names (RFC 8176); a text that happens to be one of them is none."""
    browser = with_settings(site, oidc_amr=("otp", "hwk")).browser()
    provider.claims["amr"] = methods
    assert codes(browser, go_there(browser)) == ((303, True) if in_ else (403, False))


def test_a_required_second_factor_is_not_met_by_a_provider_that_says_nothing(site: Site, provider: Provider) -> None:
    """Without a class or method in the settings nothing could be compared; the page says what to set."""
    browser = with_settings(site, second_factor="required").browser()
    provider.claims["amr"] = ["otp"]
    refused = browser.get(go_there(browser))
    assert refused.status_code == 403
    assert "ESM_OIDC_ACR or ESM_OIDC_AMR" in refused.text
    browser = with_settings(site, second_factor="required", oidc_amr=("otp",)).browser()
    assert codes(browser, go_there(browser)) == (303, True)


@pytest.mark.parametrize("token", [None, "", 7, {}, "not.a.token"])
def test_an_answer_without_an_identity_token_signs_nobody_in(site: Site, provider: Provider, token: object) -> None:
    """Also where it says who it is about in a part that nobody signed."""
    said = {**provider.claims, "iss": provider.issuer, "aud": CLIENT}
    provider.answer = {"id_token": token, "userinfo": said}
    browser = site.browser()
    assert codes(browser, go_there(browser)) == (403, False)


def test_a_way_back_that_another_provider_sent_is_refused(site: Site, provider: Provider) -> None:
    """RFC 9207: `iss` is compared where it comes, and missed where the provider says that it sends it."""
    browser = site.browser()
    for wrong in ("https://evil.example", provider.issuer + "/", ""):
        provider.returned = {"iss": wrong}
        assert codes(browser, go_there(browser)) == (403, False)
    provider.returned = {"iss": provider.issuer}
    provider.changed["authorization_response_iss_parameter_supported"] = True
    careful = with_settings(site)
    browser = careful.browser()
    assert codes(browser, go_there(browser)) == (303, True)
    provider.returned = {}
    browser = careful.browser()
    assert codes(browser, go_there(browser)) == (403, False)


@pytest.mark.parametrize("letter", ["\u017f", "\u0131", "\uff33", "\u00df", "\u0661"])
def test_a_user_id_in_other_letters_is_refused_and_not_mapped(site: Site, provider: Provider, letter: str) -> None:
    """Upper case makes an S of U+017F and an I of U+0131."""
    provider.claims["preferred_username"] = letter + site.holder(Role.ACO_EXECUTIVE)[1:]
    browser = site.browser()
    assert codes(browser, go_there(browser)) == (403, False)


@pytest.mark.parametrize(
    "said",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": "somebody@else.example"},
        {"email": None},
        {"email": ["a"]},
    ],
)
def test_a_claim_that_people_choose_themselves_links_nobody(
    site: Site, provider: Provider, said: dict[str, Any]
) -> None:
    """Only an e-mail address that the provider has verified and the directory knows; the page says what happens next."""
    custodian = site.holder(Role.DUA_CUSTODIAN)  # whom no other test links
    provider.claims = {**claims_of(site, custodian, "self-chosen"), **said}
    browser = site.browser()
    refused = browser.get(go_there(browser))
    assert refused.status_code == 403
    assert "Ask CMS to link it" in refused.text
    assert browser.get("/account").status_code == 303
    with site.world.services.database.read() as records:
        assert records.accounts.identity(provider.issuer, "self-chosen") is None


def test_each_refusal_is_logged_with_its_cause_and_without_values(site: Site, provider: Provider) -> None:
    """Names of claims and codes; what the provider said of the person is not written down."""
    wrongs = ({"sub": ""}, {"preferred_username": "canary \u017f"}, {"nonce": "canary"}, {"exp": 1}, {"iss": "canary"})
    for wrong in wrongs:
        provider.wrong = wrong
        browser = site.browser()
        with capture_logs() as lines:
            browser.get(go_there(browser))
        told = [line for line in lines if line["event"] == "sign-on refused"]
        assert len(told) == 1
        assert next(iter(wrong)) in f"{told[0]['cause']} {told[0]['claim']}"
        assert "canary" not in str(lines)


def test_two_tabs_each_come_back_to_where_they_wanted_to_go(site: Site) -> None:
    """The second does not end what the first waits for, and Back leads somebody who is signed in home."""
    browser = site.browser()
    first, second = go_there(browser, "/account"), go_there(browser, "/notices")
    assert browser.get(first).location == "/account"
    assert browser.get(second).location == "/notices"
    assert browser.get(first).location == "/"
    assert browser.get("/account").status_code == 200


def test_twenty_tabs_do_not_make_the_cookie_too_large(site: Site) -> None:
    """Browsers drop a cookie of more than 4 KB; the newest tabs are kept."""
    browser = site.browser()
    ways = [go_there(browser, "/account?" + "x" * 50) for _ in range(20)]
    assert len(browser.cookie("esm-form") or "") < 4000
    assert browser.get(ways[-1]).status_code == 303


def with_settings(site: Site, **said: object) -> Site:
    """The site with other settings."""
    settings = site.world.services.settings.model_copy(update=said)
    services = replace(site.world.services, settings=settings)
    return Site(replace(site.world, services=services), create_app(services))


def test_an_account_that_cms_has_linked_gets_in_without_an_email(site: Site, provider: Provider) -> None:
    """Once, for one person; the log names who approved it."""
    services, person, staff = site.world.services, site.holder(Role.DUA_REQUESTOR), site.holder(Role.ACO_EXECUTIVE)
    approve_link(services.database, provider.issuer, "approved", person, staff, services.clock())
    with pytest.raises(ConflictError):
        approve_link(services.database, provider.issuer, "another", person, staff, services.clock())
    with services.database.read() as records:
        assert records.accounts.identity(provider.issuer, "approved")
        told = [one for one in records.journal.entries(person) if one.act is Act.ACCOUNT_LINK]
    assert told[-1].actor == staff


@pytest.mark.parametrize(
    ("mode", "issuer", "taken"),
    [
        ("production", "https://id.example.org", True),
        ("production", "http://id.example.org", False),
        ("production", "http://127.0.0.1:9", False),
        ("service", "http://id.example.org", False),
        ("service", "http://127.0.0.1:9", True),
        ("service", "http://[::1]:9", True),
        ("service", "http://127.0.0.1.evil.example", False),
        ("service", "ftp://127.0.0.1", False),
    ],
)
def test_an_issuer_without_tls_is_refused_but_on_this_machine_outside_production(
    site: Site, mode: str, issuer: str, *, taken: bool
) -> None:
    """Whoever stands on the line would be the provider."""
    said = {"mode": mode, "oidc_issuer": issuer}
    settings = site.world.services.settings.model_copy(update=said)
    if taken:
        require_provider(settings)
        return
    with pytest.raises(InputError, match="without encryption"):
        require_provider(settings)
