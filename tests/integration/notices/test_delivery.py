"""Mail to a real server: taken, refused, put off, cut off, away; nothing is lost, and nothing that was recorded is sent again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from mailboxes import PASSWORD, USER, Mailbox, mail_server, make_certificate
from packets.audit.log import Act, Outcome
from packets.faultpoints import FaultPoint, arm
from packets.model.notices import DeliveryState, Notice
from packets.model.people import Role
from packets.notices.delivery import LEASE, Delivered, PostOffice, wait_after
from packets.notices.desk import KEEP_TRYING
from packets.notices.message import Sender
from packets.notices.smtp import read_mail_url
from packets.store.records.notices import Filter
from worlds import World, build_world

SENDER = Sender("ACO packets", "no-reply@example.org")
QUEUED, SENT, REFUSED, FAILED = (
    DeliveryState.QUEUED,
    DeliveryState.SENT,
    DeliveryState.REFUSED,
    DeliveryState.FAILED,
)


@dataclass
class Post:
    """A world with one message to some people, and the mailbox of their server."""

    world: World
    mailbox: Mailbox

    def deliver(self, url: str = "", roots: Path | None = None) -> Delivered:
        """One pass over the due mail."""
        server = read_mail_url(url or f"smtp+plain://127.0.0.1:{self.mailbox.port}", roots, timeout=5)
        services = self.world.services
        return PostOffice(services.database, services.clock, server, SENDER).deliver()

    def notices(self) -> list[Notice]:
        """Every notice, oldest first."""
        with self.world.services.database.read() as records:
            return records.notices.listed(Filter(), skip=0, most=100)[::-1]

    def states(self) -> list[DeliveryState]:
        """The state of each."""
        return [one.state for one in self.notices()]

    def addresses(self) -> list[str]:
        """To whom each goes."""
        return [one.recipient.email for one in self.notices()]


@pytest.fixture
def post() -> Post:
    """More time was granted: six people are told."""
    world = build_world(2)
    sample, now = world.first("current"), world.clock()
    payload = {"aco_id": sample.aco.aco_id, "year": 2027, "activity": "sign-documents", "due_on": "2026-12-31"}
    with world.services.database.write() as records:
        records.journal.queue("window-extended", payload, now)
    replace(world.services.notices, mailed=True).write()
    made = Post(world, Mailbox())
    assert len(made.notices()) >= 4
    assert set(made.states()) == {QUEUED}
    return made


def test_everybody_gets_one_message_and_the_log_tells_of_it(post: Post) -> None:
    """Both bodies, the words of the notice; a second pass sends nothing."""
    with mail_server(post.mailbox):
        done = post.deliver()
        again = post.deliver()
    assert post.mailbox.to == post.addresses()
    assert done.counts[SENT] == len(post.mailbox.to)
    assert not any(again.counts.values())
    assert set(post.states()) == {SENT}
    _, message = post.mailbox.received[0]
    notice = post.notices()[0]
    assert message["Subject"] == notice.letter.subject
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == notice.letter.text
    with post.world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.act is Act.NOTICE_SEND]
    assert [one.outcome for one in told] == [Outcome.DONE] * len(post.mailbox.to)


@pytest.mark.parametrize("implicit", [False, True])
def test_mail_goes_encrypted_and_after_signing_in(post: Post, tmp_path: Path, *, implicit: bool) -> None:
    """By STARTTLS or from the first byte; user and password may hold any character."""
    certificate = make_certificate(tmp_path)
    scheme = "smtps" if implicit else "smtp"
    with mail_server(post.mailbox, certificate=certificate, implicit=implicit) as port:
        post.deliver(f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}", certificate[0])
    assert set(post.states()) == {SENT}


def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(post: Post, tmp_path: Path) -> None:
    """The certificate is checked; the notices wait."""
    certificate = make_certificate(tmp_path)
    with mail_server(post.mailbox, certificate=certificate) as port:
        done = post.deliver(f"smtp://{USER}:x@127.0.0.1:{port}")
    assert [one.code for one in done.problems] == ["mail-server-unreachable"]
    assert "certificate" in done.problems[0].sentence.lower()
    assert set(post.states()) == {QUEUED}


def test_a_server_that_does_not_offer_encryption_gets_no_mail(post: Post) -> None:
    """Never in the clear unless the settings say so."""
    with mail_server(post.mailbox) as port:
        done = post.deliver(f"smtp://127.0.0.1:{port}")
    assert [one.code for one in done.problems] == ["mail-server-unreachable"]
    assert post.mailbox.received == []
    assert set(post.states()) == {QUEUED}


def test_a_wrong_password_costs_no_notice_anything(post: Post, tmp_path: Path) -> None:
    """It is the service's own fault, and the problem does not repeat the password."""
    certificate = make_certificate(tmp_path)
    with mail_server(post.mailbox, certificate=certificate) as port:
        done = post.deliver(f"smtp://{USER}:wrong-one@127.0.0.1:{port}", certificate[0])
    assert [one.code for one in done.problems] == ["mail-server-unreachable"]
    assert "wrong-one" not in str(done.problems)
    assert {one.attempts for one in post.notices()} == {0}


def test_one_bad_address_does_not_hold_up_the_others(post: Post) -> None:
    """The first is refused for good, the second put off, the rest is sent in the same pass."""
    first, second, *rest = post.addresses()
    post.mailbox.answer = lambda address: {first: "550 5.1.1 no such user", second: "451 come back"}.get(
        address, "250 OK"
    )
    with mail_server(post.mailbox):
        post.deliver()
    assert post.states() == [REFUSED, QUEUED, *([SENT] * len(rest))]
    assert post.mailbox.to == rest
    assert [one.last_error for one in post.notices()][:2] == ["550 5.1.1 no such user", "451 come back"]


def test_what_is_put_off_is_tried_again_later_and_then_sent(post: Post) -> None:
    """A server that greylists: no at first, yes after some minutes; the wait doubles."""
    asked: dict[str, int] = {}

    def greylist(address: str) -> str:
        asked[address] = asked.get(address, 0) + 1
        return "450 4.7.1 greylisted" if asked[address] < 3 else "250 OK"

    post.mailbox.answer = greylist
    with mail_server(post.mailbox):
        for wait in (timedelta(), wait_after(1), wait_after(2)):
            post.world.clock.advance(wait - timedelta(seconds=1))
            post.deliver()
            assert post.mailbox.received == []
            post.world.clock.advance(timedelta(seconds=1))
            post.deliver()
    assert set(post.states()) == {SENT}
    assert {one.attempts for one in post.notices()} == {3}
    assert sorted(post.mailbox.to) == sorted(post.addresses())


def test_what_is_put_off_for_days_is_given_up_and_the_log_says_so(post: Post) -> None:
    """After five days at the latest, with the server's last words; nothing is tried any more."""
    post.mailbox.answer = lambda _address: "452 mailbox full"
    with mail_server(post.mailbox):
        for _ in range(60):
            post.deliver()
            post.world.clock.advance(timedelta(hours=4))
    assert {(one.state, one.last_error) for one in post.notices()} == {(FAILED, "452 mailbox full")}
    with post.world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.act is Act.NOTICE_SEND]
    assert {one.outcome for one in told} == {Outcome.REFUSED}
    assert len(told) == len(post.notices())


def test_a_message_that_is_refused_after_it_was_read_is_refused_for_good(post: Post) -> None:
    """554 to the content ends it, 451 does not."""
    first, second, *rest = post.addresses()
    post.mailbox.after_data = {first: "554 5.7.1 no", second: "451 busy"}.get
    with mail_server(post.mailbox):
        post.deliver()
    assert post.states() == [REFUSED, QUEUED, *([SENT] * len(rest))]


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_connection_that_breaks_costs_one_message_its_turn_and_no_more(post: Post, where: str) -> None:
    """The next ones go over a new connection; the one that was cut off comes later."""
    first, *rest = post.addresses()
    if where == "before":
        post.mailbox.answer = lambda address: "hang up" if address == first else "250 OK"
    else:
        post.mailbox.after_data = lambda address: "hang up" if address == first else None
    with mail_server(post.mailbox):
        post.deliver()
        assert post.states() == [QUEUED, *([SENT] * len(rest))]
        post.mailbox.answer, post.mailbox.after_data = lambda _address: "250 OK", lambda _address: None
        post.world.clock.advance(wait_after(1))
        post.deliver()
    assert post.mailbox.to == [*rest, first]


def test_a_yes_that_gets_lost_leads_to_the_same_message_again_under_the_same_id(post: Post) -> None:
    """The server took it, and the line broke before it could say so: a mailbox can tell that it is the same."""
    first, *rest = post.addresses()
    post.mailbox.after_data = lambda address: "take and hang up" if address == first else None
    with mail_server(post.mailbox):
        post.deliver()
        post.mailbox.after_data = lambda _address: None
        post.world.clock.advance(wait_after(1))
        post.deliver()
    assert sorted(post.mailbox.to) == sorted([first, first, *rest])
    ids = {message["Message-ID"] for _, message in post.mailbox.received}
    assert len(ids) == len(post.addresses())


def test_mail_waits_while_the_server_is_down_and_goes_out_when_it_is_back(post: Post) -> None:
    """For days and longer: no attempt is counted while nobody could be asked, and at least one is made."""
    with mail_server(post.mailbox):
        pass
    for _ in range(3):
        assert [one.code for one in post.deliver().problems] == ["mail-server-unreachable"]
        post.world.clock.advance(timedelta(days=1))
    assert {one.attempts for one in post.notices()} == {0}
    post.world.clock.advance(timedelta(days=30))
    with mail_server(post.mailbox):
        post.deliver()
    assert set(post.states()) == {SENT}
    assert post.mailbox.to == post.addresses()


def test_mail_that_waited_too_long_for_a_server_is_given_up_and_can_be_tried_again(post: Post) -> None:
    """CMS staff see it; nothing is thrown away."""
    with mail_server(post.mailbox):
        pass
    post.world.clock.advance(KEEP_TRYING)
    done = post.deliver()
    assert done.counts[FAILED] == len(post.notices())
    assert set(post.states()) == {FAILED}
    given_up = post.notices()
    with post.world.services.database.write() as records:
        for one in given_up:
            assert records.notices.requeue(one.notice_id, post.world.clock(), post.world.clock() + KEEP_TRYING)
    with mail_server(post.mailbox):
        post.deliver()
    assert set(post.states()) == {SENT}


def test_a_sender_that_died_between_yes_and_record_sends_again_when_its_lease_is_over(post: Post) -> None:
    """Until then nobody else takes the notice; afterwards it is sent with the same Message-ID. Late news of it is ignored."""
    services = post.world.services
    with services.database.write() as records:
        claimed = records.notices.claim(post.world.clock(), post.world.clock() + LEASE)
    assert claimed is not None
    with mail_server(post.mailbox):
        post.deliver()
        assert claimed.recipient.email not in post.mailbox.to
        post.world.clock.advance(LEASE)
        post.deliver()
    assert post.mailbox.to.count(claimed.recipient.email) == 1
    with services.database.write() as records:
        assert not records.notices.settle(claimed, FAILED, "late", next_attempt_at=None, now=post.world.clock())
    assert set(post.states()) == {SENT}


class _Died(BaseException):
    """The process is gone: nothing of ours catches it."""


def test_mail_is_sent_again_under_the_same_id_when_the_sender_dies_between_the_yes_and_its_record(post: Post) -> None:
    """At least once (F9): the place is passed after the server took the message and before anybody wrote that down."""

    def die(point: FaultPoint) -> None:
        assert point is FaultPoint.AFTER_SENDING
        raise _Died

    with mail_server(post.mailbox):
        arm(die)
        try:
            with pytest.raises(_Died):
                post.deliver()
        finally:
            arm(None)
        assert len(post.mailbox.received) == 1
        assert SENT not in post.states()
        post.world.clock.advance(LEASE)
        post.deliver()
    twice = post.mailbox.to[0]
    ids = [message["Message-ID"] for address, message in post.mailbox.received if address == twice]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert set(post.states()) == {SENT}


def test_an_address_that_is_none_is_told_to_cms_and_not_to_the_server(post: Post) -> None:
    """No address, or one with a line end in it: refused without a connection's help, the others are sent."""
    sample = post.world.first("current")
    services = post.world.services
    with services.database.write() as records:
        emails = {Role.DUA_REQUESTOR: "a@example.org\r\nRCPT TO:<b@c.d>", Role.DUA_CUSTODIAN: ""}
        contacts = [
            replace(one, person=replace(one.person, email=emails.get(one.role, one.person.email)))
            for one in records.acos.contacts(sample.aco.aco_id, 2027)
        ]
        records.acos.put_contacts(sample.aco.aco_id, 2027, contacts)
        payload = {"aco_id": sample.aco.aco_id, "year": 2027, "activity": "sign-documents", "due_on": "2026-12-31"}
        records.journal.queue("window-extended", payload, post.world.clock())
    replace(services.notices, mailed=True).write()
    with mail_server(post.mailbox):
        post.deliver()
    refused = [one for one in post.notices() if one.state is REFUSED]
    assert [one.last_error for one in refused] == [
        "The e-mail address cannot be used.",
        "There is no e-mail address.",
    ]
    assert all("@" in one and "\n" not in one for one in post.mailbox.to)


def test_without_a_mail_server_nothing_is_sent(post: Post) -> None:
    """And nothing is said about it: the notices stand in the inbox."""
    services = post.world.services
    done = PostOffice(services.database, services.clock, None, None).deliver()
    assert not any(done.counts.values())
    assert done.problems == ()


def test_a_pass_stops_between_two_messages_when_it_is_told_to(post: Post) -> None:
    """What is left waits, untouched."""

    def stop_at_two(done: int) -> None:
        if done == 2:
            raise InterruptedError

    services = post.world.services
    with mail_server(post.mailbox) as port:
        server = read_mail_url(f"smtp+plain://127.0.0.1:{port}", timeout=5)
        office = PostOffice(services.database, services.clock, server, SENDER)
        with pytest.raises(InterruptedError):
            office.deliver(stop_at_two)
    assert post.states().count(SENT) == 2
    assert {one.attempts for one in post.notices() if one.state is QUEUED} == {0}
