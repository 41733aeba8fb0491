"""The inbox that everybody has, and the page on which CMS staff see what became of the mail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from browsing import Browser, Site, open_site
from mailboxes import Mailbox, mail_server
from packets.errors import InputError
from packets.model.notices import DeliveryState
from packets.model.people import Role
from packets.settings import load_settings
from packets.store.records.notices import Filter
from web.app import create_app
from web.bootstrap import build_services, initialize
from web.cli import esm
from web.mail import read_mail
from web.work import build_executor


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(tmp_path, assembled=False)


def tell(site: Site, roles: tuple[str, ...] = ("medical-director",), times: int = 1) -> None:
    """Tell the current ACO's people that contacts were changed."""
    payload = {"aco_id": site.current.aco.aco_id, "year": 2027, "roles": list(roles)}
    with site.world.services.database.write() as records:
        for _ in range(times):
            records.journal.queue("contacts-changed", payload, site.world.clock())
    site.world.services.notices.write()


def director(site: Site) -> Browser:
    return site.enter(site.holder(Role.MEDICAL_DIRECTOR))


def test_the_head_of_every_page_counts_what_is_unread(site: Site) -> None:
    """Two, then one after the first was opened, then none."""
    tell(site, times=2)
    browser = director(site)
    assert 'class="count"><span class="usa-sr-only">(</span>2<' in browser.get("/").text
    inbox = browser.get("/notices").text
    assert inbox.count(" Unread</span>") == 2
    notice = site.world.services.notices.inbox(site.holder(Role.MEDICAL_DIRECTOR)).notices[0]
    page = browser.get(f"/notices/{notice.notice_id}")
    assert notice.letter.subject in page.text
    assert "What to do" in page.text
    assert f'href="/packets/{site.current.aco.aco_id}/2027"' in page.text
    assert "password" not in page.text
    browser.get("/notices")
    assert browser.post("/notices/read").status_code == 303
    page = browser.get("/notices")
    assert 'class="count"' not in page.text
    assert ">Unread<" not in page.text


def test_an_empty_inbox_says_so_and_a_page_too_far_leads_back(site: Site) -> None:
    """Nobody is left before an empty table."""
    assert "You have no notices." in director(site).get("/notices").text
    tell(site)
    assert "There is no such page." in director(site).get("/notices?page=99").text
    assert "1 notice, 1 unread" in director(site).get("/notices?page=soon").text


def test_somebody_elses_notice_looks_like_one_that_does_not_exist(site: Site) -> None:
    """The same page, whether it is there or not."""
    tell(site)
    other = site.enter(site.holder(Role.DUA_CUSTODIAN))
    theirs = site.world.services.notices.inbox(site.holder(Role.MEDICAL_DIRECTOR)).notices[0]
    ours, none = other.get(f"/notices/{theirs.notice_id}"), other.get("/notices/999999")
    assert ours.status_code == none.status_code == 404
    assert other.get("/notices/99999999999999999999").status_code == 404


def test_cms_staff_see_why_mail_failed_and_have_it_tried_again(site: Site) -> None:
    """Filtered by state and ACO; the button puts it back into the queue."""
    services = site.world.services
    desk = replace(services.notices, mailed=True)
    site = Site(site.world, create_app(replace(services, notices=desk)))
    site.world.services = replace(services, notices=desk)
    tell(site)
    with services.database.write() as records:
        claimed = records.notices.claim(site.world.clock(), site.world.clock() + timedelta(minutes=1))
        assert claimed is not None
        words = "550 <b>no such user"
        records.notices.settle(claimed, DeliveryState.REFUSED, words, next_attempt_at=None, now=site.world.clock())

    staff = site.enter(site.world.agency(Role.CMS_STAFF))
    page = staff.get("/notices/delivery?state=refused").text
    assert "550 &lt;b&gt;no such user" in page
    assert "1 notice, newest first" in page
    assert "Try again" not in staff.get("/notices/delivery?state=queued").text
    assert "No notice is like that." in staff.get("/notices/delivery?aco_id=a0000").text
    assert staff.get("/notices/delivery?state=lost").status_code == 422

    staff.get("/notices/delivery?state=refused")
    response = staff.post(f"/notices/delivery/{claimed.notice_id}/retry")
    assert "The notice is tried again" in staff.get(response.location).text
    assert staff.post(f"/notices/delivery/{claimed.notice_id}/retry").status_code == 409
    assert staff.post("/notices/delivery/999999/retry").status_code == 404


def test_messages_of_which_nobody_was_told_are_on_the_page(site: Site) -> None:
    """With the reason, and that there is no mail server."""
    with site.world.services.database.write() as records:
        records.journal.queue("gossip", {}, site.world.clock())
    site.world.services.notices.write()
    page = site.enter(site.world.agency(Role.CMS_STAFF)).get("/notices/delivery").text
    assert "gossip" in page
    assert "message-unusable" in page
    assert "The service has no mail server" in page


def test_the_jobs_of_the_service_remind_write_and_mail(site: Site) -> None:
    """Without a person: what is due reaches the inbox, and every page that a notice names exists."""
    services = site.world.services
    executor = build_executor(services)
    executor.plan()
    executor.work_off()
    inbox = services.notices.inbox(site.holder(Role.DUA_CUSTODIAN))
    assert {one.topic for one in inbox.notices} == {"deadline-near", "dua-expiring"}


def test_the_address_in_a_notice_is_a_page_of_the_service(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packet, or the start page."""
    monkeypatch.setenv("ESM_PUBLIC_URL", "https://esm.example.org/")
    mail = read_mail(load_settings())
    for address in (mail.address(site.current.aco.aco_id, 2027), mail.address("", 0)):
        assert director(site).get(address.removeprefix("https://esm.example.org")).status_code == 200


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({"MAIL_URL": "smtp://h"}, {"public-url-unusable", "mail-from-unusable"}),
        ({"MAIL_URL": "ftp://h", "MAIL_FROM": "a@b.org", "PUBLIC_URL": "https://e.org"}, {"mail-url-unusable"}),
        ({"MAIL_URL": "smtp://h:x", "MAIL_FROM": "a@b.org", "PUBLIC_URL": "https://e.org"}, {"mail-url-unusable"}),
        ({"MAIL_URL": "smtp://h/path", "MAIL_FROM": "a@b.org", "PUBLIC_URL": "https://e.org"}, {"mail-url-unusable"}),
        (
            {"MAIL_URL": "smtp+plain://u:p@h", "MAIL_FROM": "a@b.org", "PUBLIC_URL": "https://e.org"},
            {"mail-url-unusable"},
        ),
        ({"PUBLIC_URL": "javascript:alert(1)"}, {"public-url-unusable"}),
        ({"PUBLIC_URL": "https://u:p@e.org"}, {"public-url-unusable"}),
        ({"PUBLIC_URL": "https://e.org/?next="}, {"public-url-unusable"}),
    ],
)
def test_settings_of_mail_that_cannot_be_used_are_all_told_at_once(
    settings: dict[str, str], codes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variable; a password is not repeated."""
    for name, value in settings.items():
        monkeypatch.setenv(f"ESM_{name}", value)
    with pytest.raises(InputError) as refusal:
        read_mail(load_settings())
    assert {one.code for one in refusal.value.problems} == codes
    assert "u:p" not in str(refusal.value)


def test_the_commands_send_and_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pass with a real server; without one, and with one that is away, it says so."""
    settings = load_settings(dir=tmp_path)
    initialize(settings, sample=True)
    services = build_services(settings)
    with services.database.write() as records:
        records.journal.queue("gossip", {}, services.clock())
    services.database.close()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(esm, ["notices", *arguments, "--dir", str(tmp_path)])

    assert json.loads(run("send", "--json").stdout)["written"] == 0
    assert json.loads(run("plan", "--date", "2026-12-10", "--json").stdout) == []
    assert "No reminder is due" in run("plan").output
    monkeypatch.setenv("ESM_MAIL_FROM", "Packets <no-reply@example.org>")
    monkeypatch.setenv("ESM_PUBLIC_URL", "https://esm.example.org")
    with mail_server(Mailbox()) as port:
        monkeypatch.setenv("ESM_MAIL_URL", f"smtp+plain://127.0.0.1:{port}")
        assert run("send").exit_code == 0
    assert run("plan", "--date", "soon").exit_code == 2
    with build_services(load_settings(dir=tmp_path)).database.read() as records:
        assert records.notices.count_listed(Filter()) == 0
