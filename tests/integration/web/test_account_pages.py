"""One's own account: the password, the authenticator app, recovery codes, sessions; and signing in with all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle

import pytest

from browsing import Browser, Site, open_site
from packets.audit.log import Act, Outcome
from packets.model.people import Role
from web.app import create_app
from web.auth.cookies import LOCAL_BROWSER, LOCAL_NAME
from web.auth.limits import CODE, NETWORK, PASSWORD_FROM_NETWORK, STEP_UP, key_of
from web.auth.limits import PASSWORD as LIMIT
from web.auth.sessions import GRACE
from web.auth.totp import code_at, step_at
from worlds import PASSWORD, START

KEY = re.compile(r"Key: <code[^>]*>([A-Z2-7 ]+)</code>")
RECOVERY = re.compile(r'<code class="password">([A-Z2-7-]+)</code>')
NEW = "a quite different sentence"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in development mode, for all tests here: each has a person of its own."""
    return open_site(tmp_path_factory.mktemp("site"), assembled=False)


@pytest.fixture(scope="module")
def people(site: Site) -> Iterator[str]:
    """User IDs of contacts, one after the other."""
    contacts = (*site.current.contacts, *site.new.contacts)
    return cycle(sorted({one.person.user_id for one in contacts} - {site.holder(Role.CMS_LIAISON)}))


@pytest.fixture
def who(site: Site, people: Iterator[str]) -> str:
    """Somebody with a password and nothing else, at the beginning of the day, on a network that nobody has guessed from."""
    site.world.clock.now = START
    accounts, found = site.world.services.accounts, next(people)
    accounts.guard.forget((LIMIT, found), (STEP_UP, found), (CODE, found))
    accounts.factors.remove_all(found, "service")
    accounts.set_password([found], PASSWORD)
    with site.world.services.database.write() as records:
        records.throttles.remove(key_of(NETWORK, "127.0.0.1"))
    return found


def code_now(site: Site, user_id: str) -> str:
    """What the person's app shows."""
    desk = site.world.services.accounts.factors
    with site.world.services.database.read() as records:
        kept = records.factors.authenticator(user_id)
    assert kept is not None
    return code_at(desk.box.open(kept.secret, user_id), step_at(site.world.clock()))


def set_up_app(site: Site, browser: Browser, user_id: str) -> list[str]:
    """Set up an app as a person would; the recovery codes."""
    browser.get("/account")
    assert browser.post("/account/app", {"password": PASSWORD}).location == "/account/app"
    page = browser.get("/account/app").text
    assert "<svg" in page
    assert KEY.search(page)
    done = browser.post("/account/app/code", {"code": code_now(site, user_id)})
    assert done.status_code == 200
    site.world.clock.advance(timedelta(minutes=1))
    return RECOVERY.findall(done.text)


def acts(site: Site, user_id: str, act: Act, outcome: Outcome = Outcome.DONE) -> int:
    with site.world.services.database.read() as records:
        return sum((one.act, one.outcome) == (act, outcome) for one in records.journal.entries(user_id))


@pytest.mark.requirement("R77")
def test_a_password_is_changed_with_the_old_one_and_ends_every_other_session(site: Site, who: str) -> None:
    """Here one stays, with another secret; elsewhere one is out; the person is told by a notice."""
    here, elsewhere = site.enter(who), site.enter(who)
    before = here.cookie(LOCAL_NAME)
    here.get("/account/password")
    typed = {"new_password": NEW, "again": NEW}
    assert "sign-in-wrong" in here.post("/account/password", {**typed, "password": "wrong"}).text
    assert "passwords-differ" in here.post("/account/password", {**typed, "password": PASSWORD, "again": "x"}).text
    short = {"password": PASSWORD, "new_password": "too short", "again": "too short"}
    assert "At least 15 characters" in here.post("/account/password", short).text
    assert here.post("/account/password", {**typed, "password": PASSWORD}).location == "/account?done=password"
    assert here.cookie(LOCAL_NAME) != before
    assert "Your password is changed." in here.get("/account?done=password").text
    assert elsewhere.get("/").status_code == 303
    assert site.browser().sign_in(who).status_code == 403
    assert site.browser().sign_in(who, NEW).status_code == 303
    site.world.services.notices.write()
    assert "Your account was changed" in here.get("/notices").text


def test_with_an_app_the_password_alone_does_not_sign_in(site: Site, who: str) -> None:
    """The second step asks for a code; the code of a step is taken once, by whoever comes first."""
    set_up_app(site, site.enter(who), who)
    browser = site.browser()
    assert browser.sign_in(who).location == "/sign-in/second?next=/"
    assert browser.get("/").status_code == 303
    browser.get("/sign-in/second")
    assert "code-missing" in browser.post("/sign-in/second").text
    assert "code-wrong" in browser.post("/sign-in/second", {"code": "000000"}).text
    code = code_now(site, who)
    assert browser.post("/sign-in/second", {"code": code}).location == "/"
    assert browser.get("/").status_code == 200
    other = site.browser()
    other.sign_in(who)
    other.get("/sign-in/second")
    assert "code-wrong" in other.post("/sign-in/second", {"code": code}).text
    assert acts(site, who, Act.ACCOUNT_SIGN_IN, Outcome.REFUSED) == 2


def test_a_second_step_is_done_once_and_within_five_minutes(site: Site, who: str) -> None:
    """What is left in a browser after the first step opens nothing later on."""
    set_up_app(site, site.enter(who), who)
    browser = site.browser()
    browser.sign_in(who)
    browser.get("/sign-in/second")
    site.world.clock.advance(timedelta(minutes=6))
    assert "second-step-over" in browser.post("/sign-in/second", {"code": code_now(site, who)}).text
    assert site.browser().get("/sign-in/second").status_code == 409


def test_a_recovery_code_works_once_however_it_is_typed_and_signs_nothing(site: Site, who: str) -> None:
    """It stands in for a lost phone at the door, and for nothing else."""
    codes = set_up_app(site, site.enter(who), who)
    assert len(set(codes)) == 10
    browser = site.browser()
    for location in ("/", None):
        browser.sign_in(who)
        browser.get("/sign-in/second")
        assert browser.post("/sign-in/second", {"code": f" {codes[0].lower()} "}).location == location
        browser = site.browser()
    assert site.world.services.accounts.standing(who).recovery_codes == 9
    with site.world.services.database.read() as records:
        kept = records.factors.authenticator(who)
    assert kept is not None
    assert codes[0].replace("-", "") not in kept.secret


def test_guessed_codes_have_to_wait_as_passwords_do(site: Site, who: str) -> None:
    """Six digits are soon guessed where nobody counts."""
    set_up_app(site, site.enter(who), who)
    browser = site.browser()
    browser.sign_in(who)
    browser.get("/sign-in/second")
    for _ in range(CODE.free):
        assert browser.post("/sign-in/second", {"code": "000000"}).status_code == 403
    assert browser.post("/sign-in/second", {"code": code_now(site, who)}).status_code == 429


def test_setting_up_an_app_takes_the_password_and_its_first_code(site: Site, who: str) -> None:
    """A browser that somebody left open adds nothing; the secret is never shown again afterwards."""
    browser = site.enter(who)
    browser.get("/account")
    assert "sign-in-wrong" in browser.post("/account/app", {"password": "wrong"}).text
    assert browser.get("/account/app").location == "/account"
    browser.get("/account")
    browser.post("/account/app", {"password": PASSWORD})
    browser.get("/account/app")
    assert "code-wrong" in browser.post("/account/app/code", {"code": "123"}).text
    assert not site.world.services.accounts.standing(who).app
    set_up_app(site, browser, who)
    assert browser.get("/account/app").location == "/account"
    browser.get("/account")
    assert "app-set-up" in browser.post("/account/app", {"password": PASSWORD}).text


def test_a_short_password_does_not_stay_behind_alone(site: Site, who: str) -> None:
    """With an app eight characters are enough; the app can be removed when the password is long again."""
    browser = site.enter(who)
    set_up_app(site, browser, who)
    browser.get("/account/password")
    short = {"password": PASSWORD, "new_password": "plum tree", "again": "plum tree"}
    assert browser.post("/account/password", short).status_code == 303
    browser.get("/account")
    assert "password-too-short-alone" in browser.post("/account/app/remove", {"password": "plum tree"}).text
    browser.get("/account/password")
    browser.post("/account/password", {"password": "plum tree", "new_password": NEW, "again": NEW})
    browser.get("/account")
    assert browser.post("/account/app/remove", {"password": NEW}).location == "/account?done=app-removed"
    assert not site.world.services.accounts.standing(who).has_second_factor
    assert site.world.services.accounts.standing(who).recovery_codes == 0
    assert site.browser().sign_in(who, NEW).location == "/"


def test_strangers_never_lock_out_somebody_who_has_been_here_before(site: Site, who: str) -> None:
    """After a hundred wrong passwords from elsewhere the account waits for strangers, and its owner signs in as always."""
    own = site.browser()
    assert own.sign_in(who).status_code == 303
    own.get("/")
    own.post("/sign-out")
    assert own.cookie(LOCAL_BROWSER)
    guard = site.world.services.accounts.guard
    for _ in range(LIMIT.most or 0):
        guard.admit((LIMIT, who))
        site.world.clock.advance(timedelta(hours=1))
    assert "this way is closed" in site.browser().sign_in(who).text
    assert own.sign_in(who).status_code == 303
    with site.world.services.database.read() as records:
        assert records.throttles.get("password:" + who) is None


@pytest.mark.usefixtures("who")
def test_one_network_that_tries_many_accounts_has_to_wait(site: Site) -> None:
    """Spraying one password over all accounts is counted by where it comes from."""
    statuses = [site.browser().sign_in(f"Z{n:03}", "the same password").status_code for n in range(21)]
    assert statuses == [403] * 20 + [429]


def test_a_lock_and_each_wrong_password_are_told_to_the_log(site: Site, who: str) -> None:
    """For accounts that exist; of user IDs that do not there is nothing to tell."""
    for _ in range(PASSWORD_FROM_NETWORK.free):
        site.browser().sign_in(who, "wrong")
    assert acts(site, who, Act.ACCOUNT_SIGN_IN, Outcome.REFUSED) == PASSWORD_FROM_NETWORK.free
    assert acts(site, who, Act.ACCOUNT_LOCK) == 1
    site.browser().sign_in("ZZZZ", "wrong")
    assert acts(site, "ZZZZ", Act.ACCOUNT_SIGN_IN, Outcome.REFUSED) == 0


def test_whoever_guesses_inside_a_session_has_to_wait_too(site: Site, who: str) -> None:
    """A stolen session does not help to find the password; the owner still signs in elsewhere."""
    browser = site.enter(who)
    browser.get("/account/password")
    typed = {"password": "wrong", "new_password": NEW, "again": NEW}
    for _ in range(STEP_UP.free):
        assert browser.post("/account/password", typed).status_code == 403
    assert browser.post("/account/password", {**typed, "password": PASSWORD}).status_code == 429
    assert site.browser().sign_in(who).status_code == 303


def test_sessions_are_listed_and_ended_one_by_one_or_all_at_once(site: Site, who: str) -> None:
    """The list says what a browser calls itself, never more than a page can show; nobody ends somebody else's."""
    here, there, foreign = site.browser(), site.browser(), site.enter(site.holder(Role.CMS_LIAISON))
    here.sign_in(who)
    there.get("/sign-in")
    agent = "Strange\x07<script>alert(1)</script>" + "x" * 500
    there.post("/sign-in", {"user_id": who, "password": PASSWORD}, headers={"User-Agent": agent})
    page = here.get("/account").text
    assert "Strange&lt;script&gt;" in page
    assert "x" * 121 not in page
    handle = re.findall(r'name="session" value="([^"]+)"', page)[0]
    foreign.get("/account")
    assert "session-over" in foreign.post("/account/sessions/end", {"session": handle}).text
    assert there.get("/").status_code == 200
    here.get("/account")
    assert here.post("/account/sessions/end", {"session": handle}).location == "/account?done=session-ended"
    assert there.get("/").status_code == 303
    here.get("/account")
    assert "session-over" in here.post("/account/sessions/end", {"session": handle}).text
    third = site.enter(who)
    here.get("/account")
    assert here.post("/account/sessions/end-all").location == "/sign-in?ended="
    assert third.get("/").status_code == here.get("/").status_code == 303
    assert foreign.get("/").status_code == 200


def test_the_secret_before_the_last_one_counts_for_half_a_minute(site: Site, who: str) -> None:
    """So that a form that is sent twice, or another tab, does not end the session; a stolen one is soon useless."""
    sessions = site.world.services.accounts.sessions
    first = sessions.open(who)
    second = sessions.rotate(first)
    assert second is not None
    assert sessions.find(first) == sessions.find(second)
    site.world.clock.advance(GRACE + timedelta(seconds=1))
    assert sessions.find(first) is None
    assert sessions.find(second) is not None
    assert sessions.rotate(first) is None


def test_a_page_says_until_when_one_is_signed_in_and_looking_at_the_warning_does_not_prolong_it(
    site: Site, who: str
) -> None:
    """A page without a form leads there by itself where no script runs; a page with one never goes away by itself."""
    browser = site.enter(who)
    page = browser.get("/").text
    assert "You are signed in until November 16, 2026, 10:20:00 a.m. EST" in page
    assert '<noscript><meta http-equiv="refresh" content="900; url=/session?next=/"></noscript>' in page
    assert "http-equiv" not in browser.get("/account/password").text
    site.world.clock.advance(timedelta(minutes=16))
    assert "10:20:00 a.m. EST" in browser.get("/session?next=/account").text
    assert browser.post("/session", {"next": "/account"}).location == "/account"
    assert "10:36:00 a.m. EST" in browser.get("/session").text
    stayed = browser.post("/session", headers={"Accept": "application/json"})
    assert stayed.get_json() == {"ends": "2026-11-16T15:36:00+00:00", "last": False}


def test_near_the_absolute_end_a_page_says_that_nothing_prolongs_the_session(site: Site, who: str) -> None:
    """Twelve hours after signing in it is over, however busy it was."""
    browser = site.enter(who)
    for _ in range(47):
        site.world.clock.advance(timedelta(minutes=15))
        assert browser.get("/guides").status_code == 200
    site.world.clock.advance(timedelta(minutes=11))
    assert "whatever you do" in browser.get("/").text
    site.world.clock.advance(timedelta(minutes=5))
    assert browser.get("/").status_code == 303


def test_sessions_that_are_over_are_swept_away(site: Site, who: str) -> None:
    """What opens nothing is not kept."""
    accounts = site.world.services.accounts
    accounts.sessions.open(who)
    site.world.clock.advance(timedelta(minutes=21))
    kept = accounts.sessions.open(who)
    accounts.sweep()
    with site.world.services.database.read() as records:
        assert len(records.sessions.of_person(who)) == 1
    assert accounts.sessions.find(kept) is not None


def test_where_a_second_factor_is_required_nothing_opens_before_there_is_one(site: Site, who: str) -> None:
    """As in production: the account page says so; right after the app is set up everything is open."""
    accounts = site.world.services.accounts
    strict = replace(accounts, rules=replace(accounts.rules, second_factor=True))
    browser = Browser(create_app(replace(site.world.services, accounts=strict)))
    assert browser.sign_in(who).location == "/"
    assert browser.get("/").location == "/account"
    assert "Add a second factor to go on." in browser.get("/account").text
    set_up_app(site, browser, who)
    assert browser.get("/").status_code == 200


def test_production_requires_a_second_factor_unless_it_is_told_otherwise(site: Site) -> None:
    """The setting decides; empty means what fits the mode."""
    settings = site.world.services.settings
    found = [
        settings.model_copy(update={"mode": mode, "second_factor": said}).needs_second_factor
        for mode, said in (("production", ""), ("production", "optional"), ("demo", ""), ("development", "required"))
    ]
    assert found == [True, False, False, True]


def test_cms_takes_the_second_factors_of_somebody_who_has_lost_them(site: Site, who: str) -> None:
    """Sessions end; the password stays; the person is told."""
    browser = site.enter(who)
    set_up_app(site, browser, who)
    assert site.world.services.accounts.factors.remove_all(who, "service") == 1
    assert browser.get("/").status_code == 303
    assert site.browser().sign_in(who).location == "/"
    site.world.services.notices.write()
    with site.world.services.database.read() as records:
        assert "CMS has removed" in records.notices.of_person(who, skip=0, most=1)[0].letter.text
