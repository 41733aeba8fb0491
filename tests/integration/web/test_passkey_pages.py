"""Passkeys: adding them, signing in, and signing documents with them; and everything that a false answer tries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from browsing import Browser, Site, open_site
from packets.audit.log import Act, Outcome
from packets.model.people import Role
from soft_passkeys import SoftPasskey, options_in
from web.app import create_app
from worlds import PASSWORD, START


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in development mode, for all tests here."""
    return open_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def people(site: Site) -> Iterator[str]:
    """User IDs of contacts of the current ACO who sign nothing here."""
    apart = {site.holder(Role.ACO_EXECUTIVE), site.holder(Role.AUTHORIZED_TO_SIGN_PRIMARY)}
    return iter(sorted({one.person.user_id for one in site.current.contacts} - apart))


@pytest.fixture
def who(site: Site, people: Iterator[str]) -> str:
    """Somebody new, at the beginning of the day."""
    site.world.clock.now = START
    return next(people)


def add_passkey(browser: Browser, key: SoftPasskey, **changed: str) -> TestResponse:
    """Add a passkey as a browser does."""
    answer = key.create(options_in(browser.get("/account/passkeys/new").text))
    fields = {"passkey": answer, "label": "Work laptop", "password": PASSWORD, **changed}
    return browser.post("/account/passkeys", fields)


def owner(site: Site, user_id: str) -> SoftPasskey:
    """A passkey that the person has added."""
    key = SoftPasskey()
    assert add_passkey(site.enter(user_id), key).location == "/account?done=passkey-added"
    return key


def sign_in(site: Site, key: SoftPasskey, answer: Callable[[str], str] = str) -> TestResponse:
    """Sign in with a passkey and nothing else."""
    browser = site.browser()
    said = key.get(options_in(browser.get("/sign-in/passkey?next=/account").text))
    return browser.post("/sign-in/passkey", {"passkey": answer(said)})


def refusals(site: Site, user_id: str, act: Act) -> int:
    with site.world.services.database.read() as records:
        return sum((one.act, one.outcome) == (act, Outcome.REFUSED) for one in records.journal.entries(user_id))


def test_a_passkey_is_added_with_the_password_and_signs_in_alone(site: Site, who: str) -> None:
    """It is listed by its name; it tells who it is; the password alone is not enough any more."""
    browser, key = site.enter(who), SoftPasskey()
    assert "sign-in-wrong" in add_passkey(browser, key, password="wrong").text
    assert "passkey-unnamed" in add_passkey(browser, key, label=" \x00 ").text
    assert add_passkey(browser, key).location == "/account?done=passkey-added"
    assert "Work laptop" in browser.get("/account").text
    assert sign_in(site, key).location == "/account"
    assert site.browser().sign_in(who).location == "/sign-in/second?next=/"


def test_as_a_second_step_only_a_passkey_of_the_same_person_is_taken(site: Site, who: str) -> None:
    """The options name the person's passkeys; somebody else's answer to them is refused."""
    mine, other = owner(site, who), owner(site, site.holder(Role.CMS_LIAISON, site.new))
    browser = site.browser()
    browser.sign_in(who)
    for key, location in ((other, None), (mine, "/")):
        answer = key.get(options_in(browser.get("/sign-in/second").text))
        assert browser.post("/sign-in/second", {"passkey": answer}).location == location
    assert "password and passkey" in browser.get("/account").text


LIES: dict[str, Callable[[SoftPasskey], SoftPasskey]] = {
    "another page": lambda key: replace(key, origin="https://evil.example"),
    "another port": lambda key: replace(key, origin="http://localhost:81"),
    "another service": lambda key: replace(key, rp_id="evil.example"),
    "nobody verified": lambda key: replace(key, verifies=False),
    "another key": lambda key: SoftPasskey(credential_id=key.credential_id),
    "an unknown passkey": lambda _key: SoftPasskey(),
    "a copy that was used less": lambda key: replace(key, count=key.count - 1),
}


@pytest.fixture(scope="module")
def victim(site: Site) -> SoftPasskey:
    """The passkey of the DUA Requestor of the new ACO, used before."""
    key = owner(site, site.holder(Role.DUA_REQUESTOR, site.new))
    assert sign_in(site, key).status_code == 303
    return key


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_signs_nobody_in(site: Site, victim: SoftPasskey, lie: str) -> None:
    """What a page that looks like ours, another service, a copied key or a careless device would send."""
    response = sign_in(site, LIES[lie](victim))
    assert (response.status_code, "passkey-refused" in response.text) == (403, True)
    assert "esm-session=" not in str(response.headers)


@pytest.mark.parametrize("lie", ["another page", "another service", "nobody verified"])
def test_a_lie_adds_no_passkey(site: Site, who: str, lie: str) -> None:
    """The same holds where passkeys are made; the log tells."""
    assert "passkey-refused" in add_passkey(site.enter(who), LIES[lie](SoftPasskey())).text
    assert not site.world.services.accounts.standing(who).passkeys
    assert refusals(site, who, Act.ACCOUNT_FACTOR_ADD) == 1


def test_a_passkey_belongs_to_one_person(site: Site, who: str, victim: SoftPasskey) -> None:
    """Nobody adds the passkey that somebody else has."""
    assert "passkey-refused" in add_passkey(site.enter(who), victim).text


def test_an_answer_counts_once_and_for_five_minutes(site: Site, victim: SoftPasskey) -> None:
    """A recorded answer is worth nothing, and neither is a late one, nor one to another question."""
    site.world.clock.now = START
    browser = site.browser()
    page = browser.get("/sign-in/passkey").text
    answer = victim.get(options_in(page))
    assert browser.post("/sign-in/passkey", {"passkey": answer}).status_code == 303
    other = site.browser()
    other.get("/sign-in/passkey")
    assert other.post("/sign-in/passkey", {"passkey": answer}).status_code == 403
    late = victim.get(options_in(other.get("/sign-in/passkey").text))
    site.world.clock.advance(timedelta(minutes=5, seconds=1))
    assert other.post("/sign-in/passkey", {"passkey": late}).status_code == 403
    site.world.clock.now = START
    elsewhere = site.enter(site.holder(Role.DUA_REQUESTOR, site.new))
    enrolling = victim.get(options_in(elsewhere.get("/account/passkeys/new").text))
    assert other.post("/sign-in/passkey", {"passkey": enrolling}).status_code == 403


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.recursive(
        st.none() | st.text() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    )
)
def test_whatever_a_browser_sends_is_a_calm_no(site: Site, said: object) -> None:
    """Any JSON at all, and the right names with anything in them."""
    browser = site.browser()
    browser.get("/sign-in/passkey")
    with site.world.services.database.write() as records:
        records.throttles.sweep(site.world.clock() + timedelta(days=2), site.world.clock() + timedelta(days=2))
    for answer in (said, {"id": said, "rawId": said, "type": said, "response": said, "clientExtensionResults": said}):
        assert browser.post("/sign-in/passkey", {"passkey": json.dumps(answer)}).status_code == 403
        browser.hidden["next"] = "/"


@pytest.mark.usefixtures("victim")
def test_removing_a_passkey_takes_the_password_and_nobody_elses_can_be_removed(site: Site, who: str) -> None:
    """What is not yours looks like what is not there."""
    owner(site, who)
    browser = site.enter(who)
    held = site.world.services.accounts.standing(who).passkeys[0].credential_id
    foreign = site.world.services.accounts.standing(site.holder(Role.DUA_REQUESTOR, site.new)).passkeys[0].credential_id
    for which, password, code in ((held, "wrong", "sign-in-wrong"), (foreign, PASSWORD, "no-passkey")):
        browser.get("/account")
        fields = {"credential_id": which, "password": password}
        browser.hidden.pop("credential_id", None)
        assert code in browser.post("/account/passkeys/remove", fields).text
    browser.get("/account")
    done = browser.post("/account/passkeys/remove", {"credential_id": held, "password": PASSWORD})
    assert done.location == "/account?done=passkey-removed"
    assert site.browser().sign_in(who).location == "/"


@pytest.mark.requirement("R40")
def test_a_passkey_signs_exactly_the_digest_that_was_viewed(site: Site) -> None:
    """Its challenge is made from the digest: an answer about another document signs nothing. The log says which way it was."""
    site.world.clock.now = START
    user_id = site.holder(Role.ACO_EXECUTIVE)
    key, browser = owner(site, user_id), site.enter(user_id)
    first, second = site.document("provider-supplier-list"), site.document("participant-list")
    place = f"/documents/{first.document_id}"
    browser.get(f"/documents/{second.document_id}/pdf")
    browser.get(f"{place}/pdf")
    page = browser.get(f"{place}/sign/AuthorizedSigner").text
    assert "Sign with your passkey" in page
    other = services_step_up(site, user_id, second.document_id, second.head_digest)
    fields = {"consent": "yes", "passkey": key.get(other)}
    assert "passkey-refused" in browser.post(f"{place}/sign/AuthorizedSigner", fields).text
    assert refusals(site, user_id, Act.ACCOUNT_STEP_UP) == 1
    before = browser.cookie("esm-session")
    page = browser.get(f"{place}/sign/AuthorizedSigner").text
    fields["passkey"] = key.get(options_in(page))
    assert browser.post(f"{place}/sign/AuthorizedSigner", fields).location == f"{place}/receipt/AuthorizedSigner"
    assert browser.cookie("esm-session") not in {None, before}
    with site.world.services.database.read() as records:
        proof = next(one for one in records.journal.entries(first.document_id) if one.act is Act.ACCOUNT_STEP_UP)
    assert dict(proof.details) == {"digest": first.head_digest, "method": "passkey"}


def services_step_up(site: Site, user_id: str, document_id: str, digest: str) -> dict[str, object]:
    """The options of a step-up for another document."""
    from web.auth.passkeys import Bound, RelyingParty

    party = RelyingParty("localhost", "http://localhost")
    asked: dict[str, object] = json.loads(
        site.world.services.accounts.passkeys.ask_to_step_up(user_id, Bound(document_id, digest), party)
    )
    return asked


def test_in_production_cms_signatories_sign_with_a_passkey_only(site: Site) -> None:
    """The page offers no password, and a password that is sent anyway is refused; without a passkey it says what to do."""
    accounts, signatory = site.world.services.accounts, site.world.agency(Role.CMS_SIGNATORY)
    strict = replace(accounts, rules=replace(accounts.rules, signatories_by_passkey=True))
    step_ups = replace(site.world.services.step_ups, accounts=strict)
    app = create_app(replace(site.world.services, accounts=strict, step_ups=step_ups))
    world = site.world
    world.finish(site.new, before_step=4)
    agreement = world.document(site.new, "data-use-agreement")
    for slot in world.services.catalog[agreement.kind].slots[:2]:
        agreement = world.sign(agreement, slot, site.new)
    last = agreement.unsigned(world.services.catalog[agreement.kind])[0].name
    browser = Browser(app)
    browser.keep_cookie("esm-session", accounts.sessions.open(signatory))
    place = f"/documents/{agreement.document_id}"
    browser.get(f"{place}/pdf")
    page = browser.get(f"{place}/sign/{last}").text
    assert "sign with a passkey" in page
    assert 'name="password"' not in page
    typed = {"consent": "yes", "password": PASSWORD}
    assert "passkey-needed" in browser.post(f"{place}/sign/{last}", typed).text
    key = SoftPasskey()
    add_passkey(browser, key)
    typed = {"consent": "yes", "passkey": key.get(options_in(browser.get(f"{place}/sign/{last}").text))}
    assert browser.post(f"{place}/sign/{last}", typed).location == f"{place}/receipt/{last}"
