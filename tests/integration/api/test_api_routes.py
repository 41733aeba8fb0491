"""Every route of the API, tried as every kind of person, and with what belongs to another ACO."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from api_routes import API_ROUTES
from browsing import Site
from callers import Caller, caller
from left_exports import leave_export
from packets.jobs.queue import enqueue
from packets.model.batches import Batch, BatchItem
from packets.model.people import Role
from packets.model.webhooks import HookDelivery, HookEvent
from packets.store.records.years import Load
from packets.year_files.report import write_report
from packets.years.list_loading import LOAD_LISTS
from packets.years.year_opening import OPEN_YEAR
from web.api.door import OPERATIONS
from web.api.operations import PREFIX
from web.auth.roles import Audience
from worlds import START

EXECUTIVE, CUSTODIAN, LIAISON, FOREIGNER = "executive", "custodian", "liaison", "executive of another ACO"
STAFF, SIGNATORY, ARCHIVIST = "CMS staff", "CMS signatory", "archivist"
CONTACTS = frozenset({EXECUTIVE, CUSTODIAN, LIAISON})
EVERYBODY = CONTACTS | {FOREIGNER, STAFF, SIGNATORY, ARCHIVIST}
ALLOWED: dict[Audience, frozenset[str]] = {
    Audience.SIGNED_IN: EVERYBODY,
    Audience.PACKET_READERS: CONTACTS | {STAFF, SIGNATORY},
    Audience.RECORD_READERS: CONTACTS | {STAFF, SIGNATORY, ARCHIVIST},
    Audience.UPLOAD_READERS: frozenset({EXECUTIVE, STAFF}),
    Audience.UPLOADERS: frozenset({EXECUTIVE}),
    Audience.SIGNERS: frozenset({EXECUTIVE, CUSTODIAN, SIGNATORY}),
    Audience.STEP_ONE_EDITORS: frozenset({EXECUTIVE, LIAISON}),
    Audience.AGREEMENT_KEEPERS: frozenset({CUSTODIAN}),
    Audience.YEAR_MANAGERS: frozenset({STAFF}),
    Audience.VOIDERS: frozenset({STAFF}),
    Audience.CMS_READERS: frozenset({STAFF, SIGNATORY}),
    Audience.CMS_SIGNATORIES: frozenset({SIGNATORY}),
    Audience.ARCHIVE_READERS: frozenset({STAFF, SIGNATORY, ARCHIVIST}),
}
CASES = [(who, route) for who, routes in API_ROUTES.items() if who is not Audience.ANYONE for route in sorted(routes)]
NOBODYS = "00000000-0000-4000-8000-000000000000"


NONE = {"<aco:aco_id>": "A0000", "<uuid:document_id>": NOBODYS}


@dataclass(frozen=True)
class Stage:
    """The site, a caller of each kind, and what addresses name: in general, of the ACO's webhook, of that of CMS.

    `leave` makes an export of a caller's own.
    """

    callers: Mapping[str, Caller]
    ours: Mapping[str, str]
    hooks: Mapping[bool, Mapping[str, str]]
    leave: Callable[[Caller], str]

    def call(self, who: Caller, route: str, **instead: str) -> TestResponse:
        """Use a route with a body that is none, so that nothing is done."""
        method, address = route.split(" ", 1)
        if "<uuid:export_id>" in address:  # an export is one person's
            address = address.replace("<uuid:export_id>", self.leave(who))
        for name, value in {**self.ours, **self.hooks["/packets/" in route], **instead}.items():
            address = address.replace(name, value)
        headers = {"If_Match": '"nothing"', "Idempotency_Key": str(uuid.uuid4()), "Content_Type": "text/plain"}
        return who.send(method, address, None if method == "GET" else b"x", **headers)


@pytest.fixture(scope="module")
def stage(site: Site) -> Stage:
    """A webhook of the ACO and one of CMS, each with a message that waits, and a job."""
    world, place = site.world, (site.current.aco.aco_id, site.current.aco.performance_year)
    people = {
        EXECUTIVE: site.holder(Role.ACO_EXECUTIVE),
        CUSTODIAN: site.holder(Role.DUA_CUSTODIAN),
        LIAISON: site.holder(Role.CMS_LIAISON),
        FOREIGNER: site.holder(Role.ACO_EXECUTIVE, site.new),
        STAFF: world.agency(Role.CMS_STAFF),
        SIGNATORY: world.agency(Role.CMS_SIGNATORY),
        ARCHIVIST: world.agency(Role.ARCHIVIST),
    }
    with world.services.database.write() as records:
        job = enqueue(records, "nothing", {}, "nothing", START)
    ours = {
        "<aco:aco_id>": place[0],
        "<int(min=2012, max=2999):year>": str(place[1]),
        "<slug:name>": "participants",
        "<uuid:document_id>": site.document("provider-supplier-list").document_id,
        "<uuid:prepared_id>": NOBODYS,
        "<uuid:job_id>": job.job_id,
        "<slug:role>": "dua-custodian",
        "<slug:cohort>": "current",
        "<slug:activity>": "sign-documents",
        **what_waits(site, place, people),
    }
    hooks = {True: hook(site, place, people[EXECUTIVE]), False: hook(site, None, people[STAFF])}
    callers = {who: caller(site, user_id) for who, user_id in people.items()}
    names = {id(one): people[who] for who, one in callers.items()}
    return Stage(callers, ours, hooks, lambda one: leave_export(site, names[id(one)]))


def what_waits(site: Site, place: tuple[str, int], people: Mapping[str, str]) -> Mapping[str, str]:
    """A change request, a batch that the signatory has laid out, a file that was loaded, and the jobs of opening and loading."""
    services = site.world.services
    filed = services.change_requests.file(
        *place, "city", "Springfield", "The address is an old one.", people[EXECUTIVE]
    )
    document = site.document("provider-supplier-list")
    item = BatchItem(document.document_id, document.head_digest, "CmsSignatory", Role.CMS_SIGNATORY)
    batch = Batch(str(uuid.uuid4()), people[SIGNATORY], START, services.objects.put(b"[]"), (item,))
    report = services.objects.put(write_report(place[1], {}, {}).as_bytes())
    load = Load(place[1], "participants", "x.csv", "0" * 64, 1, 1, "", report, people[STAFF], START)
    with services.database.write() as records:
        records.batches.add(batch)
        records.years.add_load(load)
        asked = {"year": place[1], "sample": True, "actor": people[STAFF], "files": [], "asked_at": START.isoformat()}
        enqueue(records, OPEN_YEAR, asked, f"{OPEN_YEAR}/{place[1]}/0000", START)
        enqueue(records, LOAD_LISTS, {**asked, "only_aco": ""}, f"{LOAD_LISTS}/{place[1]}/000000", START)
        load_id = records.years.loads(place[1])[0].load_id
    return {
        "<int(min=1, max=999999999):request_id>": str(filed.request_id),
        "<int(min=1, max=999999999):load_id>": str(load_id),
        "<uuid:batch_id>": batch.batch_id,
    }


def hook(site: Site, place: tuple[str, int] | None, user_id: str) -> Mapping[str, str]:
    """A webhook with a message that waits."""
    event = HookEvent.CHANGE_REQUEST_ANSWERED
    made = site.world.services.webhooks.register(place, user_id, "http://127.0.0.1:9/", [event])
    delivery = HookDelivery(str(uuid.uuid4()), made.endpoint_id, 0, event, "{}", START)
    with site.world.services.database.write() as records:
        records.webhooks.queue(delivery)
    return {"<uuid:webhook_id>": made.endpoint_id, "<uuid:delivery_id>": delivery.delivery_id}


def test_every_operation_is_listed() -> None:
    """The list is written by hand, the routes come from the declarations."""
    listed = {(who, route) for who, routes in API_ROUTES.items() if who is not Audience.ANYONE for route in routes}
    assert listed == {(one.audience, f"{one.method} {PREFIX}{one.path}") for one in OPERATIONS}


@pytest.mark.requirement("R11", "R18", "R37", "R41")
@pytest.mark.parametrize(("audience", "route"), CASES, ids=[route for _, route in CASES])
def test_a_route_lets_in_whom_it_is_for_and_nobody_else(stage: Stage, audience: Audience, route: str) -> None:
    """The permission matrix, route by route and person by person."""
    found = {who: stage.call(one, route) for who, one in stage.callers.items()}
    for one in found.values():
        one.get_data()
        one.close()
    let_in = {
        who for who, one in found.items() if one.status_code not in {401, 404} and b"not-your-page" not in one.data
    }
    assert let_in == ALLOWED[audience], {who: one.status_code for who, one in found.items()}
    assert {one.status_code for one in found.values()} <= {200, 201, 204, 403, 404, 409, 412, 415, 422}


@pytest.mark.requirement("R37")
@pytest.mark.parametrize("route", [one for _, one in CASES if "<aco:aco_id>" in one or "<uuid:document_id>" in one])
def test_what_is_somebody_elses_looks_like_what_does_not_exist(stage: Stage, route: str) -> None:
    """A contact of another ACO gets the same answer, but for the request's number and what they have typed."""
    foreigner = stage.callers[FOREIGNER]
    ours, none = stage.call(foreigner, route), stage.call(foreigner, route, **NONE)
    assert ours.status_code == none.status_code == 404
    assert told(ours) == told(none)


def test_webhooks_of_others_are_not_there(stage: Stage) -> None:
    """Neither those of CMS for an ACO, nor an ACO's own under the address of CMS, nor another ACO's."""
    aco, cms = stage.hooks[True]["<uuid:webhook_id>"], stage.hooks[False]["<uuid:webhook_id>"]
    for route in (one for _, one in CASES if "<uuid:webhook_id>" in one):
        mine, other = (EXECUTIVE, cms) if "/packets/" in route else (STAFF, aco)
        assert stage.call(stage.callers[mine], route, **{"<uuid:webhook_id>": other}).status_code == 404, route


def test_what_an_answer_lists_is_the_callers_own(stage: Stage) -> None:
    """No id of another ACO stands in anything that a contact is shown."""
    foreigner = stage.callers[FOREIGNER]
    for route in ("/packets", "/packets?year=2027", f"/packets?aco_id={stage.ours['<aco:aco_id>']}"):
        assert stage.ours["<aco:aco_id>"] not in foreigner.get(route).text


def told(response: TestResponse) -> object:
    """A refusal without the number of its request and without the place, which repeats the address."""
    problems = [{**one, "where": ""} for one in response.get_json()["problems"]]
    return {**response.get_json(), "instance": "", "problems": problems}
