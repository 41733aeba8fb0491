"""Certified copies on the pages: given by those who may, opened by a link without an account, taken, withdrawn, recorded."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from browsing import Browser, Site, open_site
from mailboxes import Mailbox, mail_server
from packets.audit.log import Act, Entry, Outcome
from packets.audit.transcript import write_entries
from packets.documents.assemble import document_subject
from packets.errors import ForbiddenError, Problem, StoreError
from packets.giving.copies import Shape
from packets.model.documents import Document
from packets.model.grants import LONGEST_DAYS, Grant, Retrieval
from packets.model.people import Role
from packets.notices.message import LINK_MARK, Sender
from packets.notices.smtp import read_mail_url
from web.app import create_app
from web.auth.cookies import LOCAL_NAME
from web.auth.limits import COPIES
from web.giving import build_copies
from worlds import START

KIND, SLOT = "provider-supplier-list", 0
SHOWN = re.compile(r"http://localhost(/copies\?token=[A-Za-z0-9_-]{43})<")
MAILED = re.compile(r"https://esm\.example\.org(/copies\?token=[A-Za-z0-9_-]{43})\s")
NAME, EMAIL = "Rosa Delgado-Quist", "rosa.delgado@clinic.example.org"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Step 2 of the current ACO is executed; nothing else is."""
    made = open_site(tmp_path_factory.mktemp("copies"))
    made.world.sign(made.document(KIND), made.world.services.catalog[KIND].slots[SLOT], made.current)
    yield made
    made.world.services.database.close()


@pytest.fixture
def site(whole: Site) -> Iterator[Site]:
    """The same, with the clock set back after each test, and no tries counted."""
    before = whole.world.clock.now
    yield whole
    whole.world.clock.now = before
    with whole.world.services.database._engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM throttles"))


def executed(site: Site) -> Document:
    """The one executed document, whatever a test has made of it."""
    with site.world.services.database._engine.connect() as connection:
        key = connection.scalar(sa.text("SELECT document_id FROM documents WHERE executed_at_utc IS NOT NULL"))
    with site.world.services.database.read() as records:
        found = records.documents.get(key)
    assert found is not None
    return found


def address(site: Site) -> str:
    """The page of copies of the current ACO."""
    return f"/packets/{site.current.aco.aco_id}/{site.current.aco.performance_year}/copies"


def fields(site: Site, **changed: object) -> dict[str, object]:
    """A right request, with some of it changed."""
    until = (site.world.clock.now + timedelta(days=7)).date().isoformat()
    right = {"name": NAME, "email": EMAIL, "capacity": "participant", "reason": "42 CFR 425.210(a)"}
    return {**right, "document": [executed(site).document_id], "until": until, "most": "3", **changed}


def give(site: Site, role: Role = Role.ACO_EXECUTIVE, **changed: object) -> tuple[str, Grant]:
    """Give a copy; the link without its host, and the grant."""
    browser = enter(site, role)
    browser.get(address(site))
    answer = browser.post(address(site), fields(site, **changed))
    found = SHOWN.search(answer.text)
    assert found, answer.text
    return found[1], newest(site)


def enter(site: Site, role: Role) -> Browser:
    """A browser in which somebody with a role has signed in."""
    at_cms = role in {Role.CMS_STAFF, Role.ARCHIVIST, Role.CMS_SIGNATORY}
    return site.enter(site.world.agency(role) if at_cms else site.holder(role))


def newest(site: Site) -> Grant:
    """The grant that was made last."""
    with site.world.services.database.read() as records:
        last = [one for one in records.journal.entries() if one.act is Act.COPY_GRANT and one.outcome is Outcome.DONE][
            -1
        ]
        found = records.grants.get(last.details["grant"])
    assert found is not None
    return found


def told(site: Site, grant: Grant) -> list[Entry]:
    """What the log tells of a grant's use."""
    with site.world.services.database.read() as records:
        return [one for one in records.journal.entries() if one.actor == f"grant/{grant.grant_id}"]


def take(browser: Browser, link: str, document: str = "", shape: str = "zip") -> tuple[int, bytes]:
    """Open a link and take copies; the status, and what was sent."""
    browser.get(link)
    answer = browser.post("/copies", {"document": document, "shape": shape})
    return answer.status_code, answer.data


@pytest.mark.requirement("R4")
def test_a_copy_is_given_taken_without_an_account_and_certified(site: Site) -> None:
    """The bytes are those on record, the sheet passes our verifier and names the grant and the digest, all of it is on record."""
    link, grant = give(site)
    document, stranger = executed(site), site.browser()
    page = stranger.get(link)
    assert page.status_code == 200
    assert all(one in page.text for one in (NAME, "42 CFR 425.210(a)", document.head_digest, "ACO participant".lower()))

    status, sent = take(stranger, link)

    assert status == 200
    files = read_zip(sent)
    original = f"{document.aco_id}_{document.performance_year}_{KIND}.pdf"
    assert sorted(files) == sorted([original, "README.txt", "SHA256SUMS", "certification.pdf"])
    assert hashlib.sha256(files[original]).hexdigest() == document.head_digest
    verdict = site.world.services.signer.verify_own(files["certification.pdf"])
    assert (verdict.passed, [one.kind for one in verdict.signatures]) == (True, ["seal", "timestamp"])
    assert NAME in files["README.txt"].decode()
    taken = newest_retrieval(site, grant)
    assert taken.taken == {document.document_id: document.head_digest}
    assert taken.sheet_digest == hashlib.sha256(files["certification.pdf"]).hexdigest()
    entry = told(site, grant)[-1]
    assert (entry.act, entry.subject, entry.outcome) == (Act.COPY_RETRIEVE, document_subject(document), Outcome.DONE)
    assert entry.details["digest"] == document.head_digest
    mine = enter(site, Role.ACO_EXECUTIVE).get(f"{address(site)}/{grant.grant_id}").text
    assert document.head_digest in mine
    assert taken.sheet_digest in mine
    assert "Taken as a certified copy" in enter(site, Role.CMS_STAFF).get(f"/documents/{document.document_id}").text


def read_zip(content: bytes) -> dict[str, bytes]:
    """The files of an archive, and that its digests are right."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(files[name]).hexdigest() == digest
    return files


def newest_retrieval(site: Site, grant: Grant) -> Retrieval:
    """The last retrieval of a grant."""
    with site.world.services.database.read() as records:
        found = records.grants.get(grant.grant_id)
    assert found is not None
    return found.retrievals[-1]


WRONG = [
    ({"name": " "}, "name-missing"),
    ({"name": "x" * 101}, "name-too-long"),
    ({"name": "\u8003"}, "glyph-missing"),
    ({"reason": "\u8003"}, "glyph-missing"),
    ({"email": "no address"}, "email-unusable"),
    ({"email": "a@b.example\nBcc: c@d.example"}, "email-unusable"),
    ({"capacity": "king"}, "capacity-unknown"),
    ({"capacity": "auditor"}, "capacity-not-permitted"),
    ({"reason": ""}, "reason-missing"),
    ({"until": "soon"}, "until-unusable"),
    ({"until": "2020-01-01"}, "until-past"),
    ({"until": (START + timedelta(days=LONGEST_DAYS + 1)).date().isoformat()}, "until-too-late"),
    ({"until": "9999-12-31"}, "until-too-late"),
    ({"most": "0"}, "most-unusable"),
    ({"most": "51"}, "most-unusable"),
    ({"most": "²"}, "most-unusable"),
    ({"most": "9" * 6000}, "most-unusable"),
    ({"document": []}, "documents-unusable"),
    ({"document": ["x"] * 3 + [str(one) for one in range(30)]}, "documents-unusable"),
    ({"document": ["\x00'\""]}, "document-unknown"),
]


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(("changed", "code"), WRONG, ids=[f"{code}-{at}" for at, (_, code) in enumerate(WRONG)])
def test_a_request_that_cannot_be_is_refused_with_its_reason(site: Site, changed: dict[str, object], code: str) -> None:
    """Nothing is stored, the page says what is wrong and how to mend it, and the log tells of the refusal."""
    before, browser = count(site), enter(site, Role.ACO_EXECUTIVE)
    browser.get(address(site))

    answer = browser.post(address(site), fields(site, **changed))

    assert (answer.status_code, code in answer.text) == (422, True)
    assert count(site) == before
    with site.world.services.database.read() as records:
        last = list(records.journal.entries())[-1]
    assert (last.act, last.outcome, code in last.details["reasons"]) == (Act.COPY_GRANT, Outcome.REFUSED, True)


def count(site: Site) -> int:
    """How many grants there are."""
    return site.world.services.grants.newest(1)[1]


def test_all_that_is_wrong_is_said_at_once(site: Site) -> None:
    """An empty form names every field."""
    browser = enter(site, Role.ACO_EXECUTIVE)
    browser.get(address(site))
    page = browser.post(address(site), {"until": "", "most": ""}).text
    wanted = ("name-missing", "email-unusable", "capacity-unknown", "reason-missing", "until-unusable", "most-unusable")
    assert [one for one in (*wanted, "documents-unusable") if one not in page] == []


@pytest.mark.requirement("R37")
def test_what_is_not_executed_does_not_count_or_is_another_acos_is_refused(site: Site) -> None:
    """Another ACO's document is answered like one that does not exist."""
    unsigned, foreign = site.document("participant-list"), site.document(KIND, site.new)
    browser = enter(site, Role.ACO_EXECUTIVE)
    browser.get(address(site))
    refused = browser.post(address(site), fields(site, document=[unsigned.document_id]))
    assert (refused.status_code, "document-not-executed" in refused.text) == (422, True)
    sent = [browser.post(address(site), fields(site, document=[one])) for one in (foreign.document_id, "nothing")]
    assert [(one.status_code, "document-unknown" in one.text) for one in sent] == [(422, True)] * 2
    with standing(site, "voided_at_utc"):
        gone = browser.post(address(site), fields(site))
    assert (gone.status_code, "document-voided" in gone.text) == (422, True)


@contextmanager
def standing(site: Site, column: str) -> Iterator[None]:
    """The executed document as it is when it was voided, or disposed of."""
    said = sa.text(f"UPDATE documents SET {column} = :at WHERE document_id = :one")  # noqa: S608  our own column
    engine, key = site.world.services.database._engine, executed(site).document_id
    with engine.begin() as connection:
        connection.execute(said, {"at": "2026-11-16 15:00:00", "one": key})
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(said, {"at": None, "one": key})


def test_an_aco_gives_to_its_own_and_does_not_see_what_auditors_are_given(site: Site) -> None:
    """CMS staff and archivists give to auditors too; the ACO's page does not tell of it (permission matrix 1.7)."""
    for role in (Role.CMS_STAFF, Role.ARCHIVIST):
        _, grant = give(site, role, capacity="auditor", name="Ada Auditor")
        own = f"{address(site)}/{grant.grant_id}"
        assert enter(site, role).get(own).status_code == 200
        executive = enter(site, Role.ACO_EXECUTIVE)
        assert "Ada Auditor" not in executive.get(address(site)).text
        assert executive.get(own).status_code == 404
        assert executive.post(f"{own}/withdraw", {"reason": "mine"}).status_code == 404
        assert "Ada Auditor" in enter(site, Role.CMS_SIGNATORY).get("/archive/copies").text
    assert enter(site, Role.CMS_LIAISON).get(address(site)).status_code == 403
    other = f"/packets/{site.new.aco.aco_id}/{site.new.aco.performance_year}/copies/{grant.grant_id}"
    assert enter(site, Role.CMS_STAFF).get(other).status_code == 404


@pytest.mark.requirement("R4")
def test_every_link_that_opens_nothing_gets_the_same_calm_page(site: Site) -> None:
    """Unknown, malformed, withdrawn, used up, ended: one page, one status; only the log knows which."""
    used, first = give(site, most="1")
    assert take(site.browser(), used)[0] == 200
    withdrawn, second = give(site)
    opened = site.browser()
    opened.get(withdrawn)
    browser = enter(site, Role.ACO_EXECUTIVE)
    browser.get(f"{address(site)}/{second.grant_id}")
    assert browser.post(f"{address(site)}/{second.grant_id}/withdraw", {"reason": ""}).status_code == 422
    assert (
        browser.post(f"{address(site)}/{second.grant_id}/withdraw", {"reason": "Sent to the wrong"}).status_code == 303
    )
    assert browser.post(f"{address(site)}/{second.grant_id}/withdraw", {"reason": "Again"}).status_code == 409
    assert opened.post("/copies", {"document": "", "shape": "zip"}).status_code == 403, "withdrawn while it was open"
    ended, third = give(site)
    for link, grant, reason in ((used, first, "grant-used-up"), (withdrawn, second, "grant-withdrawn")):
        assert site.browser().get(link).status_code == 403
        assert told(site, grant)[-1].details["reasons"] == [reason]
    site.world.clock.advance(timedelta(days=8))
    bad = [used, withdrawn, ended, "/copies", "/copies?token=", f"{used}x", "/copies?token=%ED%A0%80%00", used[:-1]]

    answers = [site.browser().get(one) for one in bad]

    assert {one.status_code for one in answers} == {403}
    assert len({bare(one.text) for one in answers}) == 1
    assert "link-closed" in answers[0].text
    last = [told(site, one)[-1] for one in (first, second, third)]
    assert [one.details["reasons"] for one in last] == [["grant-expired"], ["grant-withdrawn"], ["grant-expired"]]
    assert {one.outcome for one in last} == {Outcome.REFUSED}
    with site.world.services.database.read() as records:
        unknown = list(records.journal.entries("grants"))
    assert {one.actor for one in unknown} == {"anonymous"}


def bare(page: str) -> str:
    """A page without what differs from request to request."""
    return "\n".join(line for line in page.splitlines() if "csrf_token" not in line and "Request number" not in line)


def test_a_grant_counts_to_the_last_instant_of_its_day(site: Site) -> None:
    """The day ends at midnight, Eastern time."""
    link, grant = give(site, until=site.world.clock.now.date().isoformat())
    site.world.clock.now = grant.expires_at - timedelta(seconds=1)
    assert site.browser().get(link).status_code == 200
    site.world.clock.now = grant.expires_at
    assert site.browser().get(link).status_code == 403


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(
    ("column", "code"), [("disposed_at_utc", "document-disposed"), ("voided_at_utc", "document-voided")]
)
def test_what_was_disposed_of_or_voided_since_is_not_handed_out_and_says_so(site: Site, column: str, code: str) -> None:
    """The page stays calm and says it; taking is refused with the reason, and nothing is recorded as taken."""
    link, grant = give(site)
    document, browser, other = executed(site), site.browser(), site.browser()
    browser.get(link)
    other.get(link)
    with standing(site, column):
        page = site.browser().get(link)
        assert (page.status_code, "Download (zip)" in page.text) == (200, False)
        assert ("disposed of" if column.startswith("disposed") else "was voided") in page.text
        alone = browser.post("/copies", {"document": document.document_id, "shape": "pdf"})
        assert (alone.status_code, code in alone.text) == (422, True)
        assert other.post("/copies", {"document": "", "shape": "zip"}).status_code == 422
    assert [one.outcome for one in told(site, grant)] == [Outcome.REFUSED] * 2
    assert newest(site).retrievals == ()
    assert take(site.browser(), link)[0] == 200


def test_a_pdf_can_be_taken_alone_and_nothing_else_than_what_was_given(site: Site) -> None:
    """Byte for byte; another document's number is refused, and so is a shape that needs one document."""
    link, grant = give(site)
    document = executed(site)
    status, sent = take(site.browser(), link, document.document_id, "pdf")
    assert (status, hashlib.sha256(sent).hexdigest()) == (200, document.head_digest)
    assert newest_retrieval(site, grant).sheet_digest == ""
    for wrong in (site.document("participant-list").document_id, "\x00", ""):
        browser = site.browser()
        browser.get(link)
        refused = browser.post("/copies", {"document": wrong, "shape": "pdf"})
        assert (refused.status_code, "document-not-given" in refused.text) == (422, True)
    assert len(newest(site).retrievals) == 1
    with_sheet = read_zip(take(site.browser(), link, document.document_id)[1])
    assert len(with_sheet) == 4


def test_the_secret_and_the_person_are_in_no_log_and_the_secret_in_no_table(
    site: Site, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of the secret there is a digest; whom a grant is for stands with the grant, where it can be disposed of."""
    caplog.set_level(logging.DEBUG)
    link, _ = give(site, reason="A reason that names somebody")
    token = link.partition("token=")[2]
    take(site.browser(), link)
    site.browser().get(f"{link[:-2]}")
    with site.world.services.database._engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # SQLite
    with site.world.services.database.read() as records:
        entries = b"".join(write_entries(records.journal.entries())).decode()
    out = capfd.readouterr()
    logged = f"{caplog.text}\n{out.out}\n{out.err}"
    assert hashlib.sha256(token.encode()).hexdigest() in dump
    assert "/copies" in logged
    assert [name for name, text in (("dump", dump), ("log", entries), ("output", logged)) if token[:20] in text] == []
    private = (NAME, EMAIL, "A reason that names somebody", "Sent to the wrong")
    assert [one for one in private if one in entries or one in logged] == []


def test_with_mail_the_link_is_mailed_and_shown_to_nobody(site: Site) -> None:
    """Whoever gives the copy cannot take it in the other's name; the inbox and the database hold nothing that opens it."""
    mailbox, services = Mailbox(), site.world.services
    with mail_server(mailbox):
        server = read_mail_url(f"smtp+plain://127.0.0.1:{mailbox.port}", None, timeout=5)
        grants = replace(services.grants, public_url="https://esm.example.org", mailed=True)
        post = replace(services.post, server=server, sender=Sender("ACO", "no-reply@example.org"), link=grants.link)
        mailing = replace(services, grants=grants, post=post, notices=replace(services.notices, mailed=True))
        browser = Browser(create_app(mailing))
        browser.keep_cookie(LOCAL_NAME, services.accounts.sessions.open(site.holder(Role.ACO_EXECUTIVE)))
        browser.get(address(site))
        page = browser.post(address(site), fields(site)).text
        mailing.notices.write()
        mailing.post.deliver()
    assert "is on its way to" in page
    assert "token=" not in page
    to = [one for one in mailbox.received if one[1]["To"] == EMAIL]
    assert len(to) == 1
    body = to[0][1].get_body(("plain",))
    assert body is not None
    found = MAILED.search(body.get_content())
    assert found, body.get_content()
    assert "nothing to sign in to" in body.get_content()
    assert NAME not in body.get_content()
    with services.database._engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # SQLite
    assert found[1].partition("token=")[2] not in dump
    assert LINK_MARK in dump
    assert take(site.browser(), found[1])[0] == 200


def test_links_are_tried_so_often_and_not_more(site: Site) -> None:
    """One network has so many tries in two minutes, right ones too; afterwards nothing is looked up and nothing logged."""
    browser = site.browser()
    for _ in range(COPIES.free):
        assert browser.get("/copies?token=guess").status_code == 403
    with site.world.services.database.read() as records:
        before = len(list(records.journal.entries()))
    assert browser.get("/copies?token=guess").status_code == 429
    browser.get("/sign-in")
    assert browser.post("/copies", {"token": "guess"}).status_code == 429
    with site.world.services.database.read() as records:
        assert len(list(records.journal.entries())) == before


@pytest.mark.requirement("R4")
def test_without_a_seal_nothing_is_handed_out_or_recorded_as_taken(site: Site) -> None:
    """A copy whose sheet cannot be time-stamped is no certified copy."""
    link, grant = give(site)
    token, desk = link.partition("token=")[2], build_copies(site.world.services)

    def fail(_pdf: bytes) -> bytes:
        raise StoreError(Problem("no-time-stamp", "There is none.", "Try again."))

    broken = replace(desk, office=replace(desk.office, seal=fail))
    with pytest.raises(StoreError):
        broken.take(token, "", Shape.ARCHIVE)
    assert newest(site).retrievals == ()
    assert told(site, grant) == []


def test_a_grant_that_is_withdrawn_while_the_sheet_is_made_hands_out_nothing(site: Site) -> None:
    """The record has the last word, not the page that was open before it."""
    link, grant = give(site)
    token, desk = link.partition("token=")[2], build_copies(site.world.services)

    def slow(pdf: bytes) -> bytes:
        place = (grant.aco_id, grant.performance_year, grant.grant_id)
        site.world.services.grants.withdraw(grant.made_by, *place, "At that moment")
        return desk.office.seal(pdf)

    with pytest.raises(ForbiddenError):
        replace(desk, office=replace(desk.office, seal=slow)).take(token, "", Shape.ARCHIVE)
    assert newest(site).retrievals == ()
    assert told(site, grant)[-1].outcome is Outcome.REFUSED


def test_the_public_page_knows_a_sheet_that_was_handed_out(site: Site) -> None:
    """It is no document on record, and not called a foreign one either."""
    link, _ = give(site)
    sheet = read_zip(take(site.browser(), link)[1])["certification.pdf"]
    browser = site.browser()
    browser.get("/verify")
    page = browser.post("/verify", {"file": (io.BytesIO(sheet), "certification.pdf")}).text
    assert "exactly as it was handed out" in page
    assert "Our records do not hold exactly this file" not in page


def test_the_lists_of_grants_have_pages_that_exist(site: Site) -> None:
    """A page number that is none, or far away, is a page."""
    browser = enter(site, Role.CMS_STAFF)
    for page in ("", "2", "99999999999999999999", "x", "-1", "²"):
        assert browser.get("/archive/copies", query_string={"page": page}).status_code == 200
