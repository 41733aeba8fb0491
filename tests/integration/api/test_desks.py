"""Step 1, years, windows, batches and what becomes of documents, over the API: the same desks as behind the pages."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from browsing import Site, open_site
from callers import Caller, caller, refused
from databases import KINDS
from left_exports import leave_export
from packets.audit.log import Act, Outcome
from packets.model.people import Role
from packets.model.tokens import Scope
from packets.sample.files import example_files
from waiting_years import agency, make_waiting_year, settings_of
from web.app import create_app
from web.bootstrap import build_services
from web.work import build_executor
from worlds import START

LIST = "provider-supplier-list"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, for it is changed."""
    folder = tmp_path_factory.mktemp("desks")
    made = open_site(folder, database=KINDS["sqlite"](folder), api_calls_per_minute=100_000)
    yield made
    made.world.services.database.close()


@pytest.fixture(scope="module")
def executive(site: Site) -> Caller:
    return caller(site, site.holder(Role.ACO_EXECUTIVE))


@pytest.fixture(scope="module")
def staff(site: Site) -> Caller:
    return caller(site, site.world.agency(Role.CMS_STAFF))


def packet(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/2027"


def acts(site: Site, act: Act) -> list[Outcome]:
    with site.world.services.database.read() as records:
        return [one.outcome for one in records.journal.entries() if one.act is act]


def answer(response: TestResponse, status: int = 200) -> dict[str, object]:
    assert response.status_code == status, response.text
    told: dict[str, object] = response.get_json()
    return told


@pytest.mark.requirement("R25", "R28", "R35")
def test_a_contact_is_entered_as_a_draft_and_submitted_with_the_others(site: Site, executive: Caller) -> None:
    """What was seen must still be so; nothing is on record before it is submitted; the statement has to be made."""
    path = f"{packet(site)}/contacts/cms-liaison"
    slot = executive.get(path)
    given = {**slot.get_json()["contact"], "title": "Director of everything"}
    refused(executive.send("PUT", path, given), 428, "condition-missing")
    refused(executive.send("PUT", path, given, If_Match='"other"'), 412, "seen-another")
    faulty = executive.send("PUT", path, {**given, "email": "nobody"}, If_Match=slot.headers["ETag"])
    assert {one["where"] for one in refused(faulty, 422).values()} == {"cms-liaison.email"}
    kept = answer(executive.send("PUT", path, given, If_Match=slot.headers["ETag"]))
    assert (kept["draft"], kept["changed_fields"]) == (True, ["title"])
    refused(executive.send("PUT", path, given, If_Match=slot.headers["ETag"]), 412, "seen-another")

    sheet, submission = executive.get(f"{packet(site)}/contacts"), f"{packet(site)}/contacts/submission"
    tag = sheet.headers["ETag"]
    refused(executive.make(submission, {"attested": False}, If_Match=tag), 422, "attestation-missing")
    done = answer(executive.make(submission, {"attested": True}, If_Match=tag), 201)
    assert done["submitted"]
    assert not [one for one in done["slots"] if one["draft"]]  # type: ignore[attr-defined]
    assert acts(site, Act.CONTACTS_SUBMIT)[-2:] == [Outcome.REFUSED, Outcome.DONE]


def test_a_draft_is_discarded_and_a_required_slot_is_not_emptied(site: Site, executive: Caller) -> None:
    """Slots are named as on the page; what is no slot is not there."""
    path = f"{packet(site)}/contacts/dua-custodian"
    refused(executive.send("DELETE", path, If_Match=executive.get(path).headers["ETag"]), 422, "contact-required")
    given = {**executive.get(path).get_json()["contact"], "title": "Another"}
    answer(executive.send("PUT", path, given, If_Match=executive.get(path).headers["ETag"]))
    gone = executive.send("DELETE", f"{path}/draft", If_Match=executive.get(path).headers["ETag"])
    assert not answer(gone)["draft"]
    refused(executive.get(f"{packet(site)}/contacts/nobody"), 404, "slot-unknown")


@pytest.mark.requirement("R29", "R32", "R34")
def test_organization_data_is_entered_and_submitted(site: Site, executive: Caller) -> None:
    """Four fields; what is locked is told and not taken."""
    path = f"{packet(site)}/organization"
    sheet = executive.get(path)
    given = {**sheet.get_json()["data"], "trade_name": "The Good ACO"}
    tag = sheet.headers["ETag"]
    refused(executive.send("PUT", path, {**given, "legal_name": "Mine"}, If_Match=tag), 422, "member-unknown")
    refused(executive.send("PUT", path, {**given, "tax_status": "rich"}, If_Match=tag), 422, "tax-status-unknown")
    answer(executive.send("PUT", path, given, If_Match=tag))
    refused(executive.make(f"{path}/submission", If_Match=tag), 412, "seen-another")
    done = answer(executive.make(f"{path}/submission", If_Match=executive.get(path).headers["ETag"]), 201)
    assert done["recorded"]["trade_name"] == "The Good ACO"  # type: ignore[index]
    answer(executive.send("PUT", path, {**given, "trade_name": "x"}, If_Match=executive.get(path).headers["ETag"]))
    gone = answer(executive.send("DELETE", f"{path}/draft", If_Match=executive.get(path).headers["ETag"]))
    assert gone["data"] == gone["recorded"]


@pytest.mark.requirement("R31")
def test_a_change_request_is_filed_and_answered_once(site: Site, executive: Caller, staff: Caller) -> None:
    """Filed with the same key it is one; answered against what was seen."""
    path, key = f"{packet(site)}/change-requests", str(uuid.uuid4())
    wanted = {"field": "city", "corrected_value": "Springfield", "explanation": "The office has moved."}
    filed = answer(executive.make(path, wanted, key=key), 201)
    assert executive.make(path, wanted, key=key).get_json() == filed
    refused(executive.make(path, wanted), 409, "request-open")
    assert executive.get(path).get_json()["items"] == [filed]
    assert filed in staff.get("/change-requests").get_json()["items"]
    one = f"/change-requests/{filed['request_id']}"
    tag = staff.get(one).headers["ETag"]
    refused(staff.make(f"{one}/answer", {"granted": False}, If_Match=tag), 422, "reason-missing")
    done = answer(staff.make(f"{one}/answer", {"granted": True}, If_Match=tag), 201)
    assert done["state"] == "granted"
    refused(staff.make(f"{one}/answer", {"granted": True}, If_Match=tag), 412, "seen-another")
    assert staff.get("/change-requests?answered=true").get_json()["items"] == [done]
    fields = {one["field"]: one["value"] for one in executive.get(f"{packet(site)}/organization").get_json()["locked"]}
    assert fields["city"] == "Springfield"


@pytest.mark.requirement("R7", "R8")
def test_windows_are_moved_and_time_is_granted(site: Site, executive: Caller, staff: Caller) -> None:
    """Against what was seen, with a reason; a due date of one ACO moves later only."""
    path = "/years/2027/windows"
    tag = staff.get(path).headers["ETag"]
    body = {"due_on": "2026-12-14", "reason": "A holiday"}
    refused(staff.send("PUT", f"{path}/current/nothing", body, If_Match=tag), 422, "activity-unknown")
    moved = answer(staff.send("PUT", f"{path}/current/sign-documents", body, If_Match=tag))
    assert moved["moves"][0]["reason"] == "A holiday"  # type: ignore[index]
    refused(staff.send("PUT", f"{path}/current/sign-documents", body, If_Match=tag), 412, "seen-another")
    deadlines, extensions = f"{packet(site)}/deadlines", f"{packet(site)}/extensions"
    more = {"activity": "sign-documents", "due_on": "2026-12-11", "reason": "Illness"}
    tag = executive.get(deadlines).headers["ETag"]
    refused(staff.make(extensions, more, If_Match=tag), 422, "day-not-later")
    granted = answer(staff.make(extensions, {**more, "due_on": "2026-12-18"}, If_Match=tag), 201)
    assert [one["due_on"] for one in granted["extensions"]] == ["2026-12-18"]  # type: ignore[attr-defined]
    assert executive.get(packet(site)).get_json()["signing_due_on"] == "2026-12-18"


@pytest.mark.requirement("R3", "R18")
def test_a_document_is_declined_taken_back_and_voided(site: Site, executive: Caller, staff: Caller) -> None:
    """By who could sign it, against the bytes that they saw; voided, another one takes its place."""
    document = site.document(LIST)
    path, role = f"/documents/{document.document_id}", "aco-executive"
    why = {"slot": "AuthorizedSigner", "role": role, "reason": "A clinic is missing."}
    refused(executive.make(f"{path}/decline", {**why, "viewed_digest": "0" * 64}), 409, "document-changed")
    shown = {"viewed_digest": document.head_digest}
    refused(executive.make(f"{path}/decline", {**why, **shown, "slot": "nowhere"}), 404)
    declined = answer(executive.make(f"{path}/decline", {**why, **shown}), 201)
    assert (declined["document"]["declined"], declined["replaced_by"]) == (True, None)  # type: ignore[index]
    back, seen = {"role": role, "reason": "It is there."}, executive.get(path).headers["ETag"]
    refused(executive.make(f"{path}/withdrawal", back, If_Match='"other"'), 412, "seen-another")
    taken = answer(executive.make(f"{path}/withdrawal", back, If_Match=seen), 201)
    assert not taken["document"]["declined"]  # type: ignore[index]
    refused(executive.make(f"{path}/voiding", {"reason": "No", **shown}), 403, "not-your-page")
    voided = answer(staff.make(f"{path}/voiding", {"reason": "A wrong name", **shown}), 201)
    assert voided["document"]["status"] == "voided"  # type: ignore[index]
    assert voided["replaced_by"] == site.document(LIST).document_id != document.document_id
    refused(staff.make(f"{path}/voiding", {"reason": "Again", **shown}), 409, "document-voided")


@pytest.mark.requirement("R11", "R41")
def test_a_token_does_no_more_than_its_scopes_say(site: Site) -> None:
    """One that reads and signs neither edits Step 1 nor manages a year."""
    reads = {Scope.READ, Scope.SIGN, Scope.CORRECT}
    one = caller(site, site.holder(Role.ACO_EXECUTIVE), reads)
    refused(one.make(f"{packet(site)}/contacts/submission", {"attested": True}, If_Match="*"), 403, "scope-missing")
    one = caller(site, site.world.agency(Role.CMS_STAFF), reads)
    refused(one.make(f"/documents/{site.document(LIST).document_id}/voiding", {}), 403, "scope-missing")


def send_files(one: Caller, path: str, files: dict[str, bytes], key: str = "") -> TestResponse:
    """A form of files, each under the name of its kind."""
    headers = {"Authorization": f"Bearer {one.token}", "Idempotency-Key": key or str(uuid.uuid4())}
    form = {name: (io.BytesIO(content), f"{name}.csv") for name, content in files.items()}
    return one.app.test_client(use_cookies=False).post(f"/api/v1{path}", data=form, headers=headers)


@pytest.mark.requirement("R1", "R45", "R68")
def test_a_year_is_opened_from_files_and_a_list_is_loaded_again(site: Site, staff: Caller) -> None:
    """Checked, refused with every remark, opened once under one key; then its files, reports and ACOs are told."""
    written = example_files(2028, 2, now=START)
    files = {name.split(".")[0]: content for name, content in written.items() if name.endswith(".csv")}
    refused(send_files(staff, "/years?year=2028", {**files, "others": b"x"}), 422, "member-unknown")
    assert refused(send_files(staff, "/years?year=2028", {"agreements": b"nothing\n"}), 422)
    told = answer(send_files(staff, "/years/2028/file-checks?opening=true", files))
    assert told["accepted"]
    assert [one["year"] for one in staff.get("/years").get_json()["items"]] == [2027]
    key = str(uuid.uuid4())
    opened = send_files(staff, "/years?year=2028", files, key)
    assert (answer(opened, 202)["state"], opened.get_json()["report"]) == ("waiting", None)
    again = send_files(staff, "/years?year=2028", files, key)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (opened.data, "true")
    refused(send_files(staff, "/years?year=2028", {"agreements": files["agreements"]}, key), 422, "key-reused")
    refused(send_files(staff, "/years?year=2028", {"agreements": files["agreements"]}), 409, "year-opening")
    refused(staff.get("/years/2028"), 404, "year-unknown")
    build_executor(site.world.services).work_off()
    told = answer(staff.get("/years/2028/opening"))
    assert told["rows"]
    assert (told["state"], told["rows"]) == ("open", told["total"])
    refused(send_files(staff, "/years?year=2028", files), 409, "year-open")

    loaded = staff.get("/years/2028/loads?limit=2").get_json()
    assert len(loaded["items"]) == 2
    report = staff.get(f"/years/2028/loads/{loaded['items'][0]['load_id']}/report").get_json()
    assert report == told["report"]
    participants = {"participants": files["participants"]}
    refused(staff.get("/years/2028/loading"), 404, "loading-unknown")
    asked = answer(send_files(staff, "/years/2028/loads", participants), 202)
    assert (asked["state"], asked["only_aco"], asked["report"]) == ("waiting", "", None)
    build_executor(site.world.services).work_off()
    done: Any = answer(staff.get("/years/2028/loading"))
    assert (done["state"], done["job_id"], done["problems"]) == ("loaded", asked["job_id"], [])
    assert done["report"]["files"][0]["kind"] == "participants"
    assert staff.get("/years/2028").get_json()["acos"] == 2
    first = staff.get("/years/2028/acos?limit=1").get_json()
    assert len(staff.get(f"/years/2028/acos?limit=1&cursor={first['next']}").get_json()["items"]) == 1
    assert first["items"][0]["finished"] is False
    refused(staff.get("/years/2030"), 404, "year-unknown")
    refused(staff.get("/years/2030/opening"), 404, "opening-unknown")


@pytest.mark.requirement("R3", "R40")
def test_a_batch_is_laid_out_and_watched_and_starts_on_its_page_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No token starts or resumes one: there is no such call. What waits and what became of it is told."""
    folder = tmp_path_factory.mktemp("batches")
    year = make_waiting_year(folder, 1)
    services = build_services(settings_of(folder))
    signatory = agency(year, Role.CMS_SIGNATORY)
    _, token = services.tokens.create(signatory, "a test", tuple(Scope), timedelta(days=1))
    one = Caller(create_app(services), token)
    waiting = one.get("/countersigning").get_json()["items"]
    assert [line["reasons"] for line in waiting] == [[]]
    assert one.get("/countersigning?text=nobody").get_json()["items"] == []
    refused(one.make("/batches", {"documents": [str(uuid.uuid4())]}), 409, "not-waiting")
    key, wanted = str(uuid.uuid4()), {"documents": [waiting[0]["document_id"]]}
    laid = answer(one.make("/batches", wanted, key=key), 201)
    assert one.make("/batches", wanted, key=key).get_json() == laid
    path = f"/batches/{laid['batch_id']}"
    assert (laid["waiting"], laid["started_at"], laid["moving"]) == (1, None, False)
    for act in ("start", "resume"):
        refused(one.make(f"{path}/{act}"), 404)
    batch, _ = services.countersigning.batch(signatory, str(laid["batch_id"]))
    services.reading.show(signatory, batch.items[0].document_id)
    proof = services.countersigning.step_up(signatory, batch.batch_id, "passkey")
    services.countersigning.start(signatory, batch.batch_id, proof, batch.sheet_digest)
    assert answer(one.get(path))["moving"]
    assert one.get("/batches").get_json()["items"] == [one.get(path).get_json()]
    assert answer(one.send("POST", f"{path}/stop"))["job_states"] in (["stopped"], ["stopping"])
    assert one.get(f"{path}/documents").get_json()["items"][0]["state"] == "waiting"
    services.database.close()


@pytest.mark.requirement("R4")
def test_an_export_is_asked_for_watched_and_fetched_in_parts(site: Site) -> None:
    """Sent twice under one key it is one export; what does not fit is refused; removed, it is gone."""
    archivist = caller(site, site.world.agency(Role.ARCHIVIST))
    refused(archivist.make("/exports", {"year": 2027, "signed_from": "soon"}), 422, "day-unusable")
    refused(archivist.make("/exports", {"aco_id": "A0000"}), 422, "selection-empty")
    left = leave_export(site, site.world.agency(Role.ARCHIVIST))
    listed = archivist.get("/exports").get_json()["items"]
    assert (listed[0]["export_id"], listed[0]["state"], listed[0]["size"]) == (left, "ready", 4)
    assert answer(archivist.get(f"/exports/{left}")) == listed[0]
    for asked, status, content in (("bytes=2-", 206, b"le"), ("", 200, b"file")):
        part = archivist.send("GET", f"/api/v1/exports/{left}/file", None, Range=asked)
        assert (part.status_code, part.get_data()) == (status, content)
        assert part.headers["ETag"] == f'"{"0" * 64}"'
        part.close()
    past = archivist.send("GET", f"/api/v1/exports/{left}/file", None, Range="bytes=4-")
    refused(past, 416)
    assert past.headers["Content-Range"] == "bytes */4"
    refused(caller(site, site.world.agency(Role.CMS_STAFF)).get(f"/exports/{left}/file"), 404)
    assert archivist.send("DELETE", f"/api/v1/exports/{left}").status_code == 204
    refused(archivist.get(f"/exports/{left}/file"), 404, "export-removed")
