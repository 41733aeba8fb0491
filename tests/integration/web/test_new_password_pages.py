"""Links by mail to a new password, with a real mail server: one use, a short life, and no way to learn who exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from browsing import Browser, Site, open_site
from mailboxes import Mailbox, mail_server
from packets.audit.log import Act
from packets.model.people import Role
from packets.notices.message import LINK_MARK, Sender
from packets.notices.smtp import read_mail_url
from web.app import create_app
from web.auth.limits import RESETS_BY_NETWORK, RESETS_FROM_NETWORK, RESETS_OF_ACCOUNT, key_of
from web.auth.resets import RESET_JOB
from web.bootstrap import Services
from web.work import build_executor
from worlds import PASSWORD

NEW = "an altogether new sentence"
LINK = re.compile(r"https://esm\.example\.org(/password/new\?token=[A-Za-z0-9_-]{43})\s")


@dataclass
class Office:
    """A site with a mail server, and what it took."""

    site: Site
    services: Services
    mailbox: Mailbox

    def browser(self) -> Browser:
        """A browser in which nobody has signed in."""
        return Browser(create_app(self.services))

    def work(self) -> None:
        """Do what is queued: jobs, notices, mail."""
        build_executor(self.services).work_off()
        self.services.notices.write()
        self.services.post.deliver()

    def ask(self, user_id: str) -> str:
        """Ask for a link; the answer."""
        browser = self.browser()
        browser.get("/password/reset")
        return browser.post("/password/reset", {"user_id": user_id}).text

    def link(self, user_id: str) -> str:
        """Ask for a link, and read it in the mail; without scheme and host."""
        self.ask(user_id)
        self.work()
        body = self.mailbox.received[-1][1].get_body(("plain",))
        assert body is not None
        found = LINK.search(body.get_content())
        assert found, body.get_content()
        return found[1]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A site whose links lead to its public address."""
    site, mailbox = open_site(tmp_path, assembled=False), Mailbox()
    services = site.world.services
    with mail_server(mailbox):
        server = read_mail_url(f"smtp+plain://127.0.0.1:{mailbox.port}", None, timeout=5)
        resets = replace(services.resets, public_url="https://esm.example.org", mailed=True)
        post = replace(services.post, server=server, sender=Sender("ACO", "no-reply@example.org"), link=resets.link)
        notices = replace(services.notices, mailed=True)
        yield Office(site, replace(services, resets=resets, post=post, notices=notices), mailbox)


def test_a_link_from_the_mail_lets_one_choose_a_password_once(office: Office) -> None:
    """Sessions end, nobody is signed in by it, the person is told, and the second use is refused."""
    user_id = office.site.holder(Role.ACO_EXECUTIVE)
    inside = office.site.enter(user_id)
    link, browser = office.link(user_id), office.browser()
    assert browser.get(link).status_code == 200
    assert "passwords-differ" in browser.post("/password/new", {"new_password": NEW, "again": "x"}).text
    assert "password-weak" in browser.post("/password/new", {"new_password": "short", "again": "short"}).text
    done = browser.post("/password/new", {"new_password": NEW, "again": NEW})
    assert "Your password is changed" in done.text
    assert browser.get("/").status_code == inside.get("/").status_code == 303
    assert browser.sign_in(user_id).status_code == 403
    assert browser.sign_in(user_id, NEW).status_code == 303
    assert "link-spent" in office.browser().get(link).text
    office.work()
    assert office.mailbox.received[-1][1]["Subject"] == "Your account was changed"


def test_the_answer_is_the_same_for_everybody_and_nothing_is_looked_up_before_it(office: Office) -> None:
    """A known user ID, an unknown one, one that is none: the same page; only the known one gets mail."""
    known = office.site.holder(Role.CMS_LIAISON)
    pages = {_without_token(office.ask(one)) for one in (known, known.lower(), "ZZZZ", "no user id", "\x00'\"")}
    assert len(pages) == 1
    with office.services.database._engine.connect() as connection:
        jobs = connection.execute(sa.text("SELECT count(*) FROM jobs WHERE kind = :kind"), {"kind": RESET_JOB})
        assert jobs.scalar() == 3
        assert connection.execute(sa.text("SELECT count(*) FROM resets")).scalar() == 0
    office.work()
    person = office.services.reading.person(known)
    assert person is not None
    assert office.mailbox.to == [person.email] * 2


def test_the_database_and_the_inbox_hold_nothing_that_opens_the_link(office: Office) -> None:
    """The link is in the mail alone: the notice has a mark in its place, the record a digest."""
    user_id = office.site.holder(Role.CMS_LIAISON)
    token = office.link(user_id).partition("token=")[2]
    with office.services.database.read() as records:
        notice = records.notices.of_person(user_id, skip=0, most=1)[0]
        assert [one.act for one in records.journal.entries(user_id)][-1] is Act.ACCOUNT_RESET
    assert LINK_MARK in notice.letter.text
    with office.services.database._engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # SQLite
    assert token not in dump


def test_a_link_is_good_for_a_quarter_of_an_hour_and_until_the_password_changes(office: Office) -> None:
    """A link that lies around is worth nothing; every change spends all of them."""
    user_id = office.site.holder(Role.ACO_EXECUTIVE)
    first, second = office.link(user_id), office.link(user_id)
    office.services.accounts.give_password(user_id, NEW, "service")
    assert {office.browser().get(one).status_code for one in (first, second)} == {403}
    third = office.link(user_id)
    office.site.world.clock.advance(timedelta(minutes=15, seconds=1))
    assert "link-spent" in office.browser().get(third).text
    assert "link-spent" in office.browser().get("/password/new?token=%ED%A0%80").text
    assert "link-spent" in office.browser().get("/password/new").text


def test_a_second_factor_outlives_a_new_password(office: Office) -> None:
    """Whoever reads somebody's mail gets no further than the second step."""
    user_id = office.site.holder(Role.ACO_EXECUTIVE)
    accounts = office.services.accounts
    secret = accounts.factors.begin_app(user_id)
    from web.auth.totp import code_at, step_at

    accounts.factors.confirm_app(user_id, code_at(secret, step_at(office.site.world.clock())))
    link, browser = office.link(user_id), office.browser()
    browser.get(link)
    browser.post("/password/new", {"new_password": NEW, "again": NEW})
    assert browser.sign_in(user_id, NEW).location == "/sign-in/second?next=/"


def test_links_are_asked_for_so_often_and_not_more(office: Office) -> None:
    """Nobody's mailbox is filled: three an hour for one user ID from one network, ten in ten minutes in all."""
    assert "Too many" not in "".join(office.ask("ZZZZ") for _ in range(RESETS_FROM_NETWORK.free))
    assert "too-many-tries" in office.ask("ZZZZ")
    for number in range(RESETS_BY_NETWORK.free - RESETS_FROM_NETWORK.free):
        assert "too-many-tries" not in office.ask(f"Z{number:03}")
    assert "too-many-tries" in office.ask("ZZZY")
    with office.services.database.read() as records:
        assert records.throttles.get(key_of(RESETS_OF_ACCOUNT, "ZZZY")) is None


def test_an_inactive_user_id_gets_no_link_and_a_service_without_mail_says_so(office: Office) -> None:
    """The same answer for the first; for the second nothing is asked for."""
    user_id = office.site.holder(Role.CMS_LIAISON)
    office.services.directory.deactivate(user_id, "Left")
    assert "a link is on its way" in office.ask(user_id)
    office.work()
    assert office.mailbox.to == []
    assert "sends no mail" in office.site.browser().get("/password/reset").text
    assert office.site.browser().sign_in(user_id, PASSWORD).status_code == 403


def _without_token(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf_token" not in line)
