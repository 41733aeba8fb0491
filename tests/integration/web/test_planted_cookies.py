"""Forms and sign-in against a sister host that can plant cookies for the parent domain."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient

from browsing import HIDDEN, Site, open_site
from packets.model.people import Role
from worlds import PASSWORD

HTTPS = "https://localhost"
COOKIE = "__Host-esm-form"
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": HTTPS}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that browsers reach by TLS."""
    return open_site(tmp_path_factory.mktemp("site"), assembled=False)


def token_of(client: FlaskClient, path: str) -> str:
    """The token of the forms on a page."""
    return str(dict(HIDDEN.findall(client.get(path, base_url=HTTPS).text))["csrf_token"])


def signed_in(site: Site, role: Role) -> FlaskClient:
    """A browser in which somebody has signed in by TLS."""
    client = site.app.test_client()
    fields = {"user_id": site.holder(role), "password": PASSWORD, "csrf_token": token_of(client, "/sign-in")}
    assert client.post("/sign-in", data=fields, base_url=HTTPS, headers=SAME).status_code == 303
    return client


def send(client: FlaskClient, token: str, headers: Mapping[str, str] = SAME) -> int:
    """The status of a form that prolongs the session."""
    return client.post("/session", data={"csrf_token": token}, base_url=HTTPS, headers=dict(headers)).status_code


def test_every_cookie_over_tls_has_the_host_prefix(site: Site) -> None:
    """Browsers take such a name from the host itself only, over TLS, without a domain."""
    client = signed_in(site, Role.ACO_EXECUTIVE)
    client.get("/account", base_url=HTTPS)
    cookies = list((client._cookies or {}).values())
    assert {cookie.key for cookie in cookies} == {COOKIE, "__Host-esm-session", "__Host-esm-browser"}
    assert all(cookie.secure and cookie.http_only and cookie.path == "/" for cookie in cookies)
    assert all(cookie.origin_only for cookie in cookies)


def test_a_cookie_planted_for_the_parent_domain_is_not_read(site: Site) -> None:
    """A sister host's own cookie and token do not make a form count, in a session or before one."""
    evil = site.app.test_client()
    token = token_of(evil, "/sign-in")
    planted = evil.get_cookie(COOKIE)
    assert planted
    for victim, status in ((signed_in(site, Role.CMS_LIAISON), 400), (site.app.test_client(), 303)):
        victim.delete_cookie(COOKIE)
        for name in ("esm-form", "session"):
            victim.set_cookie(name, planted.value)
        assert send(victim, token) == status  # without a session the way leads to sign-in, and nothing is done
        fields = {"user_id": site.holder(Role.ACO_EXECUTIVE), "password": PASSWORD, "csrf_token": token}
        assert victim.post("/sign-in", data=fields, base_url=HTTPS, headers=SAME).status_code == 400


def test_a_token_counts_in_the_session_that_it_was_made_for_only(site: Site) -> None:
    """Even somebody who replaces the cookie itself gets nowhere with the token of another session, or of none."""
    victim = signed_in(site, Role.CMS_LIAISON)
    good = token_of(victim, "/account")
    assert send(victim, good) == 303
    for evil, path in ((signed_in(site, Role.ACO_EXECUTIVE), "/account"), (site.app.test_client(), "/sign-in")):
        token = token_of(evil, path)
        planted = evil.get_cookie(COOKIE)
        assert planted
        victim.set_cookie(COOKIE, planted.value, secure=True)
        assert send(victim, token) == 400


def test_signing_in_makes_the_tokens_of_before_useless(site: Site) -> None:
    """The secret of the forms changes with the session."""
    client = site.app.test_client()
    before = token_of(client, "/sign-in")
    fields = {"user_id": site.holder(Role.CMS_LIAISON), "password": PASSWORD, "csrf_token": before}
    assert client.post("/sign-in", data=fields, base_url=HTTPS).status_code == 303
    assert send(client, before) == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "null"}, 303),
        ({"Origin": HTTPS}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": HTTPS}, 403),
        ({"Sec-Fetch-Site": "made up"}, 403),
        ({"Origin": "https://sister.localhost"}, 403),
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": "https://localhost.evil.example"}, 403),
        ({"Origin": "https://[evil"}, 403),
    ],
)
def test_a_form_that_the_browser_says_is_another_sites_is_refused(
    site: Site, headers: dict[str, str], status: int
) -> None:
    """With the right token, too; older browsers and our own referrer policy say nothing, and the token decides."""
    client = signed_in(site, Role.CMS_LIAISON)
    assert send(client, token_of(client, "/account"), headers) == status


def test_calls_with_a_token_of_the_api_need_no_form(site: Site) -> None:
    """No cookie is looked at there, so that where a call comes from does not matter."""
    answer = site.app.test_client().post("/api/v1/years", base_url=HTTPS, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 401
