"""Who is let in: a token that counts, of a person who may, at this moment; nothing else opens anything."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from browsing import Site
from callers import Caller, caller, refused
from packets.audit.log import Act, Outcome
from packets.errors import ForbiddenError, InputError, NotFoundError
from packets.model.people import Role
from packets.model.tokens import Scope, check_of, draw_token, is_token
from packets.people.directory import Right
from packets.sample.year import sample_year
from packets.settings import Settings
from web.auth.cookies import LOCAL_NAME
from web.bootstrap import build_services, initialize
from web.cli.token import token
from worlds import START


def test_a_token_says_whose_it_is_and_what_it_is_for(site: Site) -> None:
    """The first thing that somebody tries."""
    user_id = site.holder(Role.ACO_EXECUTIVE)
    told = caller(site, user_id, [Scope.READ]).get("/whoami").get_json()
    assert (told["user_id"], told["scopes"]) == (user_id, ["read"])


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer esm_x", "bearer\tx", "Bearer " + "é" * 50]
)
def test_without_a_token_nothing_is_said(site: Site, given: str) -> None:
    """Also of things that do not exist."""
    headers = {"Authorization": given.encode().decode("latin-1")} if given else {}
    for path in ("/whoami", "/packets", f"/packets/{site.current.aco.aco_id}/2027", "/packets/A0000/2027"):
        refused(Caller(site.app).send("GET", path, **headers), 401, "token-needed")


def test_a_session_of_the_pages_opens_nothing(site: Site) -> None:
    """Cookies are not looked at, so that no form of another site can use one; and no other origin is invited."""
    client = site.app.test_client()
    client.set_cookie(LOCAL_NAME, site.world.services.accounts.sessions.open(site.holder(Role.ACO_EXECUTIVE)))
    response = client.get("/api/v1/whoami", headers={"Origin": "https://elsewhere.example"})
    refused(response, 401, "token-needed")
    assert not [name for name, _ in response.headers if name.lower().startswith("access-control")]


def test_a_mistyped_token_is_known_by_its_check() -> None:
    """Whatever character is changed, nobody's database is asked."""
    text = draw_token()
    assert is_token(text)
    assert not [
        at for at in range(4, len(text)) if is_token(text[:at] + ("a" if text[at] != "a" else "b") + text[at + 1 :])
    ]
    assert len(check_of("0" * 40)) == 6


def test_a_token_is_kept_as_a_digest_only(site: Site) -> None:
    """Whoever has the database has no token."""
    one = caller(site, site.holder(Role.ACO_EXECUTIVE))
    with site.world.services.database.read() as records:
        kept = list(records._connection.exec_driver_sql("SELECT * FROM api_tokens"))
    assert one.token not in str(kept)
    assert one.token.removeprefix("esm_")[:20] not in str(kept)


def test_a_revoked_token_and_an_expired_one_count_no_more(site: Site) -> None:
    """From the next request on; the last use is known."""
    user_id, desk = site.holder(Role.ACO_EXECUTIVE), site.world.services.tokens
    one, other = caller(site, user_id), caller(site, user_id, days=1)
    assert one.get("/whoami").status_code == 200
    newest = {desk.find(each.token).token_id: each for each in (one, other)}  # type: ignore[union-attr]
    kept = {token.token_id: token for token in desk.listed(user_id) if token.token_id in newest}
    assert [token.used_at_utc for token in kept.values() if newest[token.token_id] is one] == [site.world.clock.now]
    for token_id, each in newest.items():
        if each is one:
            desk.revoke(token_id)
            with pytest.raises(NotFoundError):
                desk.revoke(token_id)
    refused(one.get("/whoami"), 401)
    before = site.world.clock.now
    site.world.clock.advance(timedelta(days=1))
    try:
        refused(other.get("/whoami"), 401)
    finally:
        site.world.clock.now = before


def test_a_person_whose_user_id_is_inactive_is_not_let_in(site: Site) -> None:
    """The person is asked anew at each request, and the roles too."""
    staff, directory = site.world.agency(Role.CMS_STAFF), site.world.services.directory
    with site.world.services.database.read() as records:
        person = records.people.get(staff)
    assert person is not None
    another = replace(person, user_id="ZZ98", email="zz98@cms.example")
    directory.add(another)
    one = caller(site, "ZZ98")
    assert one.get("/jobs").status_code == 200
    directory.revoke("ZZ98", Right(cms_roles=frozenset({Role.CMS_STAFF})))
    refused(one.get("/jobs"), 403, "not-your-page")
    directory.deactivate("ZZ98", "a test")
    refused(one.get("/whoami"), 401)
    directory.grant("ZZ98", Right(active=True))
    refused(one.get("/whoami"), 401)


def test_a_token_does_only_what_it_is_for(site: Site) -> None:
    """Each scope opens its own operations."""
    one = caller(site, site.holder(Role.ACO_EXECUTIVE), [Scope.VERIFY])
    refused(one.get("/packets"), 403, "scope-missing")
    refused(one.make(f"/packets/{site.current.aco.aco_id}/2027/corrections"), 403, "scope-missing")


def test_a_token_makes_so_many_calls_in_a_minute_and_no_more(site: Site) -> None:
    """The next minute begins anew; the answer says when."""
    one = caller(site, site.holder(Role.ACO_EXECUTIVE))
    services = site.app.extensions["esm-packets"]
    site.app.extensions["esm-packets"] = replace(
        services, settings=services.settings.model_copy(update={"api_calls_per_minute": 2})
    )
    before = site.world.clock.now
    try:
        assert [one.get("/whoami").status_code for _ in range(3)] == [200, 200, 429]
        response = one.get("/whoami")
        refused(response, 429, "calls-too-many")
        site.world.clock.advance(timedelta(seconds=int(response.headers["Retry-After"])))
        assert one.get("/whoami").status_code == 200
    finally:
        site.world.clock.now = before
        site.app.extensions["esm-packets"] = services


def test_making_and_revoking_is_for_cms_staff_and_logged(site: Site) -> None:
    """And a token without a purpose, a label or an end is not made."""
    desk, user_id = site.world.services.tokens, site.holder(Role.ACO_EXECUTIVE)
    with pytest.raises(ForbiddenError):
        desk.create(user_id, "mine", [Scope.READ], timedelta(days=1), actor=user_id)
    with pytest.raises(InputError) as error:
        desk.create(user_id, "\0", [], timedelta(days=1000))
    assert {one.code for one in error.value.problems} == {"token-label", "token-scope", "token-life"}
    with pytest.raises(NotFoundError):
        desk.create("0000", "nobody's", [Scope.READ], timedelta(days=1))
    made, text = desk.create(user_id, "ours", [Scope.READ], timedelta(days=1), site.world.agency(Role.CMS_STAFF))
    with site.world.services.database.read() as records:
        told = [one for one in records.journal.entries(user_id) if one.act is Act.TOKEN_CREATE]
    assert [one.outcome for one in told[-3:]] == [Outcome.REFUSED, Outcome.REFUSED, Outcome.DONE]
    assert told[-1].details["token"] == made.token_id
    assert text not in str(told)


def test_tokens_by_command(tmp_path: Path) -> None:
    """Printed once and alone, so that it can be piped; listed without it; revoked."""
    folder = tmp_path / "data"
    initialize(Settings(dir=folder), sample=True)
    services = build_services(Settings(dir=folder))
    services.enrollment.register(sample_year(2027, 1, now=START).agency)
    user_id = sample_year(2027, 1, now=START).agency[0].user_id
    services.database.close()

    def esm(*words: str) -> str:
        result = CliRunner().invoke(token, [*words, "--dir", str(folder)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    text = esm("create", user_id.lower(), "--label", "roster", "--scope", "read", "--days", "7").strip()
    assert is_token(text)
    (told,) = json.loads(esm("list", "--user", user_id, "--json"))
    assert (told["user_id"], told["scopes"], told["used_at_utc"]) == (user_id, ["read"], None)
    assert text not in esm("list")
    esm("revoke", told["token_id"])
    assert "revoked" in esm("list")
    other = json.loads(esm("create", user_id, "--label", "x", "--scope", "sign", "--scope", "read", "--json"))
    assert (is_token(other["token"]), other["scopes"]) == (True, ["read", "sign"])
