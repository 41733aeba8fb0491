"""Data use agreements and preparing documents over the API: the same desks as behind the pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from browsing import Site
from callers import Caller, caller, refused
from databases import KINDS
from packets.audit.log import Act, Outcome
from packets.model.people import Contact, Role
from packets.model.tokens import Scope
from web.app import create_app
from web.demo import holder
from web.work import build_executor
from worlds import build_world

ADDENDUM = "data-use-agreement-addendum"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Step 1 is submitted; nothing of Step 4 is done, and no document is prepared."""
    folder = tmp_path_factory.mktemp("agreements")
    world = build_world(
        2, folder=folder, database=KINDS["sqlite"](folder), agreement=False, api_calls_per_minute=100_000
    )
    yield Site(world, create_app(world.services))
    world.services.database.close()


@pytest.fixture(scope="module")
def custodian(site: Site) -> Caller:
    return caller(site, site.holder(Role.DUA_CUSTODIAN))


@pytest.fixture(scope="module")
def staff(site: Site) -> Caller:
    return caller(site, site.world.agency(Role.CMS_STAFF))


def agreement(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/2027/agreement"


def acts(site: Site, act: Act) -> list[Outcome]:
    with site.world.services.database.read() as records:
        return [one.outcome for one in records.journal.entries() if one.act is act]


def what_is_missing_of_a_year_is_prepared_by_jobs_once(site: Site, staff: Caller) -> None:
    """Asked for again under the same key, or while it is under way, it is the same; afterwards nothing is missing."""
    path, aco_id = "/years/2027/preparation", site.new.aco.aco_id
    before = staff.get(path).get_json()
    assert (before["asked"], before["moving"], before["jobs"]) == (False, False, [])
    assert before["missing"] == 8
    first = staff.get(f"{path}/missing?limit=5").get_json()
    rest = staff.get(f"{path}/missing?limit=5&cursor={first['next']}").get_json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (5, 3, None)
    assert {one["aco_id"] for one in staff.get(f"{path}/missing?aco_id={aco_id}").get_json()["items"]} == {aco_id}
    key = str(uuid.uuid4())
    asked = staff.make(path, key=key)
    assert asked.status_code == 201, asked.text
    told = asked.get_json()
    assert (told["moving"], told["done"], told["total"], len(told["jobs"])) == (True, 0, 8, 1)
    assert staff.make(path, key=key).headers["Idempotency-Replayed"] == "true"
    assert staff.make(path).get_json()["jobs"] == told["jobs"]
    build_executor(site.world.services).work_off()
    after = staff.get(path).get_json()
    assert (after["missing"], after["moving"], after["done"], after["problems"]) == (0, False, 8, [])
    assert staff.get(f"/jobs/{told['jobs'][0]}").get_json()["state"] == "done"
    refused(staff.get("/years/2031/preparation"), 404, "year-unknown")
    refused(staff.make("/years/2031/preparation"), 404, "year-unknown")


def test_preparing_wants_the_scope_for_managing(site: Site) -> None:
    """A token that only looks lays out no job."""
    one = caller(site, site.world.agency(Role.CMS_STAFF), {Scope.READ})
    refused(one.make("/years/2027/preparation"), 403, "scope-missing")
    one = caller(site, site.holder(Role.DUA_CUSTODIAN), {Scope.READ})
    refused(one.make(f"{agreement(site)}/confirmation", {"attested": True}, If_Match="*"), 403, "scope-missing")


def contacts_are_confirmed_against_what_was_read(site: Site, custodian: Caller) -> None:
    """With the statement, by the Requestor or the Custodian, and only while they are those that were read."""
    path = f"{agreement(site)}/confirmation"
    tag = custodian.get(agreement(site)).headers["ETag"]
    refused(custodian.make(path, {"attested": True}), 428, "condition-missing")
    refused(custodian.make(path, {"attested": True}, If_Match='"other"'), 412, "seen-another")
    refused(custodian.make(path, {"attested": False}, If_Match=tag), 422, "attestation-missing")
    executive = caller(site, site.holder(Role.ACO_EXECUTIVE))
    refused(executive.make(path, {"attested": True}, If_Match=tag), 403, "not-your-page")
    done = custodian.make(path, {"attested": True}, If_Match=tag)
    assert done.status_code == 201, done.text
    assert done.get_json()["confirmed"]
    assert done.get_json()["confirmation"]["role"] == "dua-custodian"
    assert acts(site, Act.DUA_CONFIRM_CONTACTS) == [Outcome.DONE]


def an_extension_is_asked_for_with_everything_that_is_wrong_told(site: Site, custodian: Caller) -> None:
    """The same refusals as on the page; the newest one that was asked for is told, and CMS sees it in its list."""
    path, seen = f"{agreement(site)}/extension", custodian.get(agreement(site))
    latest, tag = seen.get_json()["latest"], seen.headers["ETag"]
    refused(custodian.make(path, {"extended_to": "soon"}, If_Match=tag), 422, "member-invalid")
    refused(custodian.make(path, {"extended_to": "2020-01-01"}, If_Match=tag), 422, "day-not-later")
    refused(custodian.make(path, {"extended_to": "2099-01-01"}, If_Match=tag), 422, "day-too-late")
    done = custodian.make(path, {"extended_to": latest}, If_Match=tag)
    assert done.status_code == 201, done.text
    assert done.get_json()["extension"]["extended_to"] == latest
    assert acts(site, Act.DUA_EXTEND) == [Outcome.REFUSED, Outcome.REFUSED, Outcome.DONE]
    refused(custodian.make(path, {"extended_to": latest}, If_Match=tag), 412, "seen-another")


@pytest.mark.requirement("R74")
def test_agreements_of_a_year_are_listed_by_their_last_days(site: Site, staff: Caller) -> None:
    """Page by page, for CMS staff."""
    first = staff.get("/years/2027/agreements?limit=1").get_json()
    second = staff.get(f"/years/2027/agreements?limit=1&cursor={first['next']}").get_json()
    lines = [*first["items"], *second["items"]]
    assert {one["aco_id"] for one in lines} == {site.current.aco.aco_id, site.new.aco.aco_id}
    assert (second["next"], [one["expires_on"] for one in lines]) == (None, sorted(one["expires_on"] for one in lines))
    assert staff.get("/years/2031/agreements").get_json()["items"] == []


def an_addendum_is_raised_once_it_is_due(site: Site, custodian: Caller) -> None:
    """Not before somebody else is Requestor; then the answer is the document that is to be signed."""
    path, sample = f"{agreement(site)}/addenda", site.current
    refused(custodian.make(path, {"kind": ADDENDUM}), 409, "addendum-not-due")
    site.world.services.agreements.extend(
        sample.aco.aco_id, 2027, custodian.get(agreement(site)).get_json()["latest"], holder(sample, Role.DUA_REQUESTOR)
    )
    site.world.finish(sample, before_step=5)
    hand_over(site)
    told: dict[str, Any] = custodian.get(agreement(site)).get_json()
    assert [one["role"] for one in told["changed"]] == ["dua-requestor"]
    assert (told["addenda"], told["executed"]) == ([ADDENDUM], True)
    refused(custodian.make(path, {"kind": "nothing"}), 409, "addendum-not-due")
    made = custodian.make(path, {"kind": ADDENDUM})
    assert made.status_code == 201, made.text
    assert (made.get_json()["kind"], made.get_json()["occurrence"]) == (ADDENDUM, 1)
    refused(custodian.make(path, {"kind": ADDENDUM}), 409, "addendum-under-way")


def an_agreement_is_closed_and_its_addendum_is_signed_by_nobody(site: Site, custodian: Caller, staff: Caller) -> None:
    """By CMS, against what was seen; the addendum that was raised before stays unsigned, and no other is made."""
    path, seen = f"{agreement(site)}/closing", staff.get(agreement(site))
    wanted, tag = (
        {"outcome": "none-received", "certified_on": "2026-11-16", "reason": "Never began"},
        seen.headers["ETag"],
    )
    assert seen.get_json()["closure"] is None
    refused(staff.make(path, wanted, If_Match='"other"'), 412, "seen-another")
    refused(staff.make(path, {**wanted, "outcome": "lost"}, If_Match=tag), 422, "member-invalid")
    refused(staff.make(path, {**wanted, "reason": " "}, If_Match=tag), 422, "reason-missing")
    done = staff.make(path, wanted, If_Match=tag)
    assert done.status_code == 201, done.text
    told = done.get_json()
    assert (told["closure"]["outcome"], told["problem"]["code"]) == ("none-received", "dua-closed")
    assert (told["changed"], told["notice_by"], told["addenda"]) == ([], None, [])
    refused(staff.make(path, wanted, If_Match=done.headers["ETag"]), 409, "dua-closed")
    refused(custodian.make(f"{agreement(site)}/addenda", {"kind": ADDENDUM}), 409, "dua-closed")
    steps = custodian.get(f"/packets/{site.current.aco.aco_id}/2027").get_json()["steps"]
    reasons = {one["code"] for step in steps if step["kind"] == ADDENDUM for one in step["reasons"]}
    assert "dua-closed" in reasons
    page = site.enter(site.holder(Role.DUA_CUSTODIAN)).get(f"/packets/{site.current.aco.aco_id}/2027").text
    assert "CMS closed the data use agreement; nothing more is signed under it." in page
    assert acts(site, Act.DUA_CLOSE) == [Outcome.REFUSED, Outcome.DONE, Outcome.REFUSED]
    closed = [one for one in staff.get("/years/2027/agreements").get_json()["items"] if one["closure"]]
    assert [one["aco_id"] for one in closed] == [site.current.aco.aco_id]


def hand_over(site: Site) -> None:
    """The Compliance Contact becomes the Requestor too."""
    sample = site.current
    person = replace(
        next(one.person for one in sample.contacts if one.role is Role.COMPLIANCE_CONTACT), may_sign_electronically=True
    )
    contacts = [Contact(one.role, person) if one.role is Role.DUA_REQUESTOR else one for one in sample.contacts]
    with site.world.services.database.write() as records:
        records.people.put(person)
        records.acos.put_contacts(sample.aco.aco_id, sample.aco.performance_year, contacts)


@pytest.mark.requirement("R5", "R23", "R36", "R74")
def test_an_agreement_from_its_documents_to_its_end(site: Site, custodian: Caller, staff: Caller) -> None:
    """One story: each part goes on where the one before it ended."""
    what_is_missing_of_a_year_is_prepared_by_jobs_once(site, staff)
    contacts_are_confirmed_against_what_was_read(site, custodian)
    an_extension_is_asked_for_with_everything_that_is_wrong_told(site, custodian)
    an_addendum_is_raised_once_it_is_due(site, custodian)
    an_agreement_is_closed_and_its_addendum_is_signed_by_nobody(site, custodian, staff)
