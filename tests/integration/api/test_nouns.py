"""What each noun answers, and that it is what the pages and the records say."""

from __future__ import annotations

import hashlib
import uuid
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from structlog.testing import capture_logs

from browsing import Site, open_site
from callers import Caller, caller, refused
from databases import KINDS
from packets.audit.log import Act, Outcome
from packets.model.people import Role
from packets.sample.year import SampleAco
from web.api.repetition import UNANSWERED

ZIP = "application/zip"


@pytest.fixture(scope="module")
def executive(site: Site) -> Caller:
    return caller(site, site.holder(Role.ACO_EXECUTIVE))


@pytest.fixture(scope="module")
def staff(site: Site) -> Caller:
    return caller(site, site.world.agency(Role.CMS_STAFF))


def place(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/2027"


def test_packets_come_page_by_page_and_can_be_filtered(site: Site, staff: Caller) -> None:
    """A cursor leads on, belongs to its filter, and cannot be made up."""
    first = staff.get("/packets?limit=1").get_json()
    second = staff.get(f"/packets?limit=1&cursor={first['next']}").get_json()
    assert [one["aco_id"] for page in (first, second) for one in page["items"]] == ["A9001", "A9002"]
    assert second["next"] is None
    assert staff.get("/packets?year=2012").get_json()["items"] == []
    refused(staff.get(f"/packets?year=2027&cursor={first['next']}"), 422, "cursor-unusable")
    refused(staff.get(f"/packets?cursor={first['next'][:-2]}xx"), 422, "cursor-unusable")
    assert {one["aco_id"] for one in staff.get(f"/packets?aco_id={site.new.aco.aco_id}").get_json()["items"]} == {
        site.new.aco.aco_id
    }


@pytest.mark.requirement("R42")
def test_a_packet_says_step_by_step_what_stands_in_the_way(site: Site, executive: Caller) -> None:
    """The same reasons as on the page, with codes."""
    told = executive.get(place(site)).get_json()
    steps = {one["kind"]: one for one in told["steps"]}
    assert steps["provider-supplier-list"]["status"] == "executed"
    assert steps["participant-list"]["may_sign"]
    assert "prerequisite-unsigned" in {one["code"] for one in steps["data-use-agreement"]["reasons"]}
    assert told["signing_due_on"] == "2026-12-10"


def test_an_answer_that_was_seen_is_not_sent_again(site: Site, executive: Caller) -> None:
    """The tag stays as long as the answer does (RFC 9110, 13.1.2)."""
    response = executive.get(place(site))
    again = executive.get(place(site), If_None_Match=response.headers["ETag"])
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", response.headers["ETag"])


@pytest.mark.requirement("R40")
def test_a_document_its_revisions_and_its_bytes_belong_together(site: Site, executive: Caller) -> None:
    """The digest of what is downloaded is that of the newest revision; retrieving it is recorded and logged."""
    document = site.document("participant-list")
    path, user_id = f"/documents/{document.document_id}", site.holder(Role.ACO_EXECUTIVE)
    told = executive.get(path).get_json()
    revisions = executive.get(f"{path}/revisions").get_json()["items"]
    assert executive.send("HEAD", f"{path}/pdf").data == b""
    with site.world.services.database.read() as records:
        assert not records.documents.viewed(document.document_id, user_id, document.head_digest)
    response = executive.get(f"{path}/pdf")
    digest = hashlib.sha256(response.data).hexdigest()
    assert digest == told["digest"] == revisions[-1]["digest"] == document.head_digest
    assert response.headers["Repr-Digest"] == f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"
    assert [one["event"] for one in revisions] == ["drafted", "sealed"]
    with site.world.services.database.read() as records:
        assert records.documents.viewed(document.document_id, user_id, digest)
        downloads = [one for one in records.journal.entries() if one.act is Act.DOCUMENT_DOWNLOAD]
    assert (downloads[-1].actor, downloads[-1].details["digest"]) == (user_id, digest)
    assert downloads[-1].details["request"] == response.headers["X-Request-ID"]


def test_our_verifier_says_the_same_of_a_document_and_of_its_file(site: Site, executive: Caller) -> None:
    """One is held against the ledger; the other is any file from anywhere."""
    path = f"/documents/{site.document('provider-supplier-list').document_id}"
    ledger = executive.get(f"{path}/verification").get_json()
    posted = executive.send("POST", "/verifications", executive.get(f"{path}/pdf").data, Content_Type="application/pdf")
    assert ledger["overall"] == "PASSED"
    assert posted.get_json()["digest"] == ledger["digest"]
    assert [one["kind"] for one in posted.get_json()["signatures"]] == [one["kind"] for one in ledger["signatures"]]


def test_a_changed_file_fails_and_what_is_no_pdf_is_refused(site: Site, executive: Caller) -> None:
    """Nothing that is sent to be verified is kept."""
    document = site.document("provider-supplier-list")
    content = site.world.services.objects.get(document.head_digest)
    spot = content.index(b"stream") + 20
    changed = content[:spot] + bytes([content[spot] ^ 1]) + content[spot + 1 :]
    told = executive.send("POST", "/verifications", changed, Content_Type="application/pdf").get_json()
    assert (told["overall"], told["problems"] != []) == ("FAILED", True)
    refused(executive.send("POST", "/verifications", b"x", Content_Type="application/pdf"), 422, "file-not-pdf")
    with pytest.raises(Exception, match="object-missing"):
        site.world.services.objects.get(hashlib.sha256(changed).hexdigest())


@pytest.mark.requirement("R50")
def test_a_list_comes_page_by_page_with_tins_for_those_who_certify_them(
    site: Site, executive: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows, once each, in their order; others see the last four digits."""
    monkeypatch.setattr("packets.list_desks.reading.PAGE_ROWS", 10)
    path, rows, cursor = f"{place(site)}/lists/provider-supplier", [], ""
    while True:
        page = executive.get(f"{path}?cursor={cursor}").get_json()
        rows += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(rows) == page["total"] == len(site.current.providers) > 10
    at = [one["key"] for one in page["columns"]].index("tin")
    liaison = caller(site, site.holder(Role.CMS_LIAISON)).get(path).get_json()
    assert (page["masked"], liaison["masked"]) == (False, True)
    assert liaison["items"][0][at][-4:] == rows[0][at][-4:] != rows[0][at]
    refused(executive.get(f"{place(site)}/lists/nothing"), 404)


@pytest.mark.requirement("R37")
def test_records_are_for_archivists(site: Site) -> None:
    """Everything that counts, with the digest by which it is fetched."""
    archivist = caller(site, site.world.agency(Role.ARCHIVIST))
    told = archivist.get("/records?kind=provider-supplier-list").get_json()["items"]
    document = site.document("provider-supplier-list")
    assert (document.document_id, document.head_digest) in {(one["document_id"], one["digest"]) for one in told}


def test_jobs_are_listed_and_filtered(staff: Caller) -> None:
    """By state and kind, page by page."""
    told = staff.get("/jobs?kind=checkpoint&state=queued&limit=1").get_json()
    assert [one["kind"] for one in told["items"]] == ["checkpoint"]
    assert staff.get(f"/jobs/{told['items'][0]['job_id']}").get_json() == told["items"][0]
    refused(staff.get(f"/jobs/{uuid.uuid4()}"), 404)


@pytest.fixture(scope="module")
def correcting(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, SampleAco, Caller, str]:
    """A site of its own, for it is changed; on a file, for several threads use it."""
    folder = tmp_path_factory.mktemp("correcting")
    site = open_site(folder, database=KINDS["sqlite"](folder))
    sample = next(one for one in site.world.year.acos if one.corrections_upload)
    one = caller(site, site.holder(Role.ACO_EXECUTIVE, sample))
    return site, sample, one, f"/packets/{sample.aco.aco_id}/2027/corrections"


@pytest.mark.requirement("R66", "R68", "R70")
def test_corrections_are_handed_in_once_and_against_what_was_seen(
    correcting: tuple[Site, SampleAco, Caller, str],
) -> None:
    """With a tag and a key: twice the same is one act, something else under the key is refused, and so is a stale tag."""
    site, sample, one, path = correcting
    name, content = sample.corrections_upload or ("", b"")
    tag, key, send = one.get(path).headers["ETag"], str(uuid.uuid4()), {"Content_Type": ZIP}
    asked = f"{path}?file_name={name}&agreed=true"
    refused(one.make(asked, content, **send), 428, "condition-missing")
    refused(one.send("POST", asked, content, If_Match=tag, **send), 400, "key-missing")
    refused(one.make(asked, content, If_Match='"other"', **send), 412, "seen-another")
    first = one.make(asked, content, key=key, If_Match=tag, **send)
    again = one.make(asked, content, key=key, If_Match=tag, **send)
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    refused(one.make(asked, content + b"x", key=key, If_Match=tag, **send), 422, "key-reused")
    refused(one.make(asked, content, If_Match=tag, **send), 412, "seen-another")
    with site.world.services.database.read() as records:
        assert len(records.lists.uploads(sample.aco.aco_id, 2027)) == 1
    assert one.get(path).get_json()["uploads"][0]["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.requirement("R54", "R68")
def test_a_faulty_file_is_refused_with_everything_that_is_wrong(
    correcting: tuple[Site, SampleAco, Caller, str],
) -> None:
    """The refusal is an act in the log, and is what the same key is answered again."""
    site, _, one, path = correcting
    key, tag = str(uuid.uuid4()), one.get(path).headers["ETag"]
    refusals = [one.make(f"{path}?file_name=x.zip", b"PK", key=key, If_Match=tag, Content_Type=ZIP) for _ in range(2)]
    found = refused(refusals[0], 422, "agreement-missing")
    assert len(found) > 1
    assert refusals[1].get_json()["problems"] == refusals[0].get_json()["problems"]
    with site.world.services.database.read() as records:
        told = [entry for entry in records.journal.entries() if entry.act is Act.CORRECTIONS_UPLOAD]
    assert [entry.outcome for entry in told].count(Outcome.REFUSED) == 1


def test_the_same_call_at_the_same_moment_is_done_once(
    correcting: tuple[Site, SampleAco, Caller, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is told to wait; after it was answered, it has the same answer; after a crash, it may begin again."""
    site, _, one, path = correcting
    desk = type(site.world.services.webhooks)
    began, goes_on, register = Event(), Event(), desk.register

    def slowly(*given: object) -> object:
        began.set()
        goes_on.wait(20)
        return register(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "register", slowly)
    hooks, body, key = (
        path.replace("corrections", "webhooks"),
        {"url": "http://127.0.0.1/", "events": ["document-signed"]},
        str(uuid.uuid4()),
    )
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(one.make, hooks, body, key=key)
        assert began.wait(20)
        refused(one.make(hooks, body, key=key), 409, "call-under-way")
        goes_on.set()
        assert first.result().status_code == 201
    again = one.make(hooks, body, key=key)
    assert (again.status_code, again.data) == (201, first.result().data)
    assert len(one.get(hooks).get_json()["items"]) == 1
    monkeypatch.undo()
    _after_a_crash(site, one, hooks, body)


def _after_a_crash(site: Site, one: Caller, hooks: str, body: Mapping[str, object]) -> None:
    monkeypatch, desk = pytest.MonkeyPatch(), type(site.world.services.webhooks)

    def dies(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(desk, "register", dies)
    lost = str(uuid.uuid4())
    monkeypatch.setattr("web.api.repetition._forget", lambda _call: None)
    with pytest.raises(KeyboardInterrupt):
        one.make(hooks, body, key=lost)
    monkeypatch.undo()
    refused(one.make(hooks, body, key=lost), 409, "call-under-way")
    site.world.clock.advance(UNANSWERED * 1.1)
    assert one.make(hooks, body, key=lost).status_code == 201


def test_a_failure_of_ours_is_not_kept_as_the_answer(
    correcting: tuple[Site, SampleAco, Caller, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as JSON with the number of the request and no more; the same key then does the act."""
    site, _, one, path = correcting
    hooks, body, key = (
        path.replace("corrections", "webhooks"),
        {"url": "http://127.0.0.1/", "events": ["document-signed"]},
        str(uuid.uuid4()),
    )
    monkeypatch.setitem(site.app.config, "PROPAGATE_EXCEPTIONS", 0)
    with capture_logs() as lines, monkeypatch.context() as broken:
        broken.setattr(type(site.world.services.webhooks), "register", lambda *_given: 1 / 0)
        response = one.make(hooks, body, key=key)
    refused(response, 500, "internal-error")
    assert "ZeroDivision" not in response.text
    assert response.headers["X-Request-ID"] in {one["request_id"] for one in lines if one["event"] == "failure"}
    assert one.make(hooks, body, key=key).status_code == 201
