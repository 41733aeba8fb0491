"""Every route is listed here under the one audience that it is for, and is tried as every kind of visitor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from api_routes import API_ROUTES
from browsing import Site, open_site
from left_exports import leave_export
from packets.finding.query import Query
from packets.giving.grants import GrantRequest
from packets.keeping.holds import HoldRequest
from packets.model.holds import Disposition, DispositionItem
from packets.model.notices import Draft, Letter, Recipient
from packets.model.people import Role
from packets.store.records.years import Load
from packets.year_files.report import Report
from web.auth.roles import Audience, audience_of, require_audiences
from web.look.assets import load_look
from worlds import START

PACKET = "/packets/<aco_id>/<int(min=2012, max=2999):year>"
YEAR = "/years/<int(min=2012, max=2999):year>"
LIST = f"{PACKET}/lists/<name>"
REQUEST = "int(max=9223372036854775807):request_id"
NOTICE = "int(max=9223372036854775807):notice_id"
NOBODYS = "00000000-0000-0000-0000-000000000000"
SEARCH = "search_id"
HOLD = "int(max=2147483647):hold_id"
GRANT = f"{PACKET}/copies/<uuid:grant_id>"
DISPOSITION = "/archive/dispositions/<uuid:disposition_id>"
EXPORT = "/archive/exports/<uuid:export_id>"
BATCH = "/countersign/batches/<uuid:batch_id>"
OPEN_FORMS = (
    "/sign-in",
    "/sign-in/second",
    "/sign-in/passkey",
    "/password/reset",
    "/password/new",
    "/verify",
    "/copies",
)
ROUTES: dict[Audience, frozenset[str]] = {
    Audience.ANYONE: frozenset(
        {
            "GET /healthz",
            "GET /readyz",
            "GET /metrics",
            "GET /static/<path:filename>",
            *(f"{method} {path}" for method in ("GET", "POST") for path in OPEN_FORMS),
            "GET /sign-in/provider",
            "GET /sign-in/provider/back",
            "GET /look/<filename>",
            "GET /accessibility",
        }
    ),
    Audience.SIGNED_IN: frozenset(
        {
            "GET /",
            "GET /guides",
            "GET /records",
            "GET /records/file/<ending>",
            "POST /records/searches",
            f"POST /records/searches/<{SEARCH}>/remove",
            "GET /guides/<guide>",
            "GET /guides/files/<file>",
            "POST /sign-out",
            "GET /session",
            "POST /session",
            "GET /account",
            "GET /account/password",
            "POST /account/password",
            "GET /account/app",
            "POST /account/app",
            "POST /account/app/code",
            "POST /account/app/remove",
            "POST /account/recovery-codes",
            "GET /account/passkeys/new",
            "POST /account/passkeys",
            "POST /account/passkeys/remove",
            "POST /account/sessions/end",
            "POST /account/sessions/end-all",
            "GET /notices",
            f"GET /notices/<{NOTICE}>",
            "POST /notices/read",
        }
    ),
    Audience.PACKET_READERS: frozenset(
        {
            f"GET {PACKET}/reading-copy",
            f"GET {PACKET}/originals",
            f"GET {PACKET}",
            f"GET {PACKET}/deadlines",
            f"GET {PACKET}/agreement",
            f"GET {PACKET}/materials",
            f"GET {PACKET}/contacts",
            f"GET {PACKET}/organization",
            f"GET {PACKET}/change-requests",
            f"GET {PACKET}/lists/<name>",
            f"GET {PACKET}/lists/<name>/download",
            f"GET {PACKET}/lists/<name>/changes",
        }
    ),
    Audience.AGREEMENT_KEEPERS: frozenset(
        {f"POST {PACKET}/agreement/{one}" for one in ("contacts", "extension", "addendum")}
    ),
    Audience.STEP_ONE_EDITORS: frozenset(
        {
            f"GET {PACKET}/contacts/<role>",
            f"POST {PACKET}/contacts/<role>",
            f"GET {PACKET}/contacts/confirm",
            f"POST {PACKET}/contacts/confirm",
            f"POST {PACKET}/organization",
            f"GET {PACKET}/organization/confirm",
            f"POST {PACKET}/organization/confirm",
            f"POST {PACKET}/change-requests",
        }
    ),
    Audience.YEAR_MANAGERS: frozenset(
        {
            f"POST {PACKET}/deadlines",
            "GET /change-requests",
            f"GET /change-requests/<{REQUEST}>",
            f"POST /change-requests/<{REQUEST}>",
            "GET /readiness",
            "GET /people",
            "GET /people/new",
            "POST /people",
            "GET /people/<user_id>",
            *(f"POST /people/<user_id>/{one}" for one in ("rights", "deactivate", "recertification", "factors/forget")),
            "GET /years",
            "POST /years",
            "GET /years/layouts",
            f"GET {YEAR}",
            f"POST {YEAR}/documents",
            f"GET {YEAR}/files",
            f"GET {YEAR}/opening",
            f"POST {YEAR}/files",
            f"GET {YEAR}/loading",
            f"GET {YEAR}/files/<int:load_id>/report",
            f"GET {YEAR}/windows",
            f"POST {YEAR}/windows",
            "GET /agreements/<int(min=2012, max=2999):year>",
            f"GET {PACKET}/editor",
            f"POST {PACKET}/editor",
            f"GET {YEAR}/unattended",
            *(f"{method} {PACKET}/agreement/closing" for method in ("GET", "POST")),
        }
    ),
    Audience.RECORD_READERS: frozenset(
        {
            "GET /documents/<document_id>",
            "GET /documents/<document_id>/page",
            "GET /documents/<document_id>/read",
            "GET /documents/<document_id>/pdf",
            "GET /documents/<document_id>/download",
            "GET /documents/<document_id>/verification",
            "GET /documents/<document_id>/receipt/<slot>",
        }
    ),
    Audience.SIGNERS: frozenset(
        {
            "GET /documents/<document_id>/sign/<slot>",
            "POST /documents/<document_id>/sign/<slot>",
            "GET /documents/<document_id>/decline/<slot>",
            "POST /documents/<document_id>/decline/<slot>",
            "GET /documents/<document_id>/withdraw",
            "POST /documents/<document_id>/withdraw",
        }
    ),
    Audience.UPLOAD_READERS: frozenset({f"GET {PACKET}/corrections", f"GET {PACKET}/corrections/accepted"}),
    Audience.UPLOADERS: frozenset({f"POST {PACKET}/corrections", f"POST {PACKET}/corrections/findings"}),
    Audience.CMS_READERS: frozenset({"GET /countersign"}),
    Audience.CMS_SIGNATORIES: frozenset(
        {
            "POST /countersign/batches",
            f"GET {BATCH}",
            f"POST {BATCH}/start",
            f"POST {BATCH}/stop",
            f"POST {BATCH}/resume",
        }
    ),
    Audience.VOIDERS: frozenset({"GET /documents/<document_id>/void", "POST /documents/<document_id>/void"}),
    Audience.MAIL_KEEPERS: frozenset({"GET /notices/delivery", f"POST /notices/delivery/<{NOTICE}>/retry"}),
    Audience.ARCHIVE_READERS: frozenset(
        {
            "GET /archive",
            "GET /archive/retention",
            "GET /archive/holds",
            f"GET /archive/holds/<{HOLD}>",
            "GET /archive/dispositions",
            f"GET {DISPOSITION}",
            f"GET {DISPOSITION}/certificate",
            "GET /archive/copies",
            "GET /archive/exports",
            "POST /archive/exports",
            f"GET {EXPORT}",
            f"GET {EXPORT}/file",
            f"POST {EXPORT}/resume",
            f"POST {EXPORT}/remove",
            "GET /archive/fixity",
            "GET /archive/time-stamps",
        }
    ),
    Audience.RECORD_KEEPERS: frozenset(
        {
            "GET /archive/retention/extend",
            "POST /archive/retention/extend",
            "POST /archive/retention/propose",
            "POST /archive/holds",
            f"POST /archive/holds/<{HOLD}>/lift",
        }
    ),
    Audience.COPY_GIVERS: frozenset(
        {f"GET {PACKET}/copies", f"POST {PACKET}/copies", f"GET {GRANT}", f"POST {GRANT}/withdraw"}
    ),
    Audience.DISPOSITION_APPROVERS: frozenset({f"POST {DISPOSITION}/approve", f"POST {DISPOSITION}/stop"}),
}

EXECUTIVE, CUSTODIAN, LIAISON, FOREIGNER = "executive", "custodian", "liaison", "executive of another ACO"
STAFF, SIGNATORY, ARCHIVIST = "CMS staff", "CMS signatory", "archivist"
CONTACTS = frozenset({EXECUTIVE, CUSTODIAN, LIAISON})
EVERYBODY = CONTACTS | {FOREIGNER, STAFF, SIGNATORY, ARCHIVIST}
ALLOWED: dict[Audience, frozenset[str]] = {
    Audience.ANYONE: EVERYBODY,
    Audience.SIGNED_IN: EVERYBODY,
    Audience.PACKET_READERS: CONTACTS | {STAFF, SIGNATORY},
    Audience.RECORD_READERS: CONTACTS | {STAFF, SIGNATORY, ARCHIVIST},
    Audience.SIGNERS: frozenset({EXECUTIVE, CUSTODIAN, SIGNATORY}),
    Audience.STEP_ONE_EDITORS: frozenset({EXECUTIVE, LIAISON}),
    Audience.UPLOAD_READERS: frozenset({EXECUTIVE, STAFF}),
    Audience.AGREEMENT_KEEPERS: frozenset({CUSTODIAN}),
    Audience.UPLOADERS: frozenset({EXECUTIVE}),
    Audience.CMS_READERS: frozenset({STAFF, SIGNATORY}),
    Audience.CMS_SIGNATORIES: frozenset({SIGNATORY}),
    Audience.YEAR_MANAGERS: frozenset({STAFF}),
    Audience.VOIDERS: frozenset({STAFF}),
    Audience.MAIL_KEEPERS: frozenset({STAFF}),
    Audience.ARCHIVE_READERS: frozenset({STAFF, SIGNATORY, ARCHIVIST}),
    Audience.RECORD_KEEPERS: frozenset({STAFF, ARCHIVIST}),
    Audience.COPY_GIVERS: frozenset({EXECUTIVE, STAFF, ARCHIVIST}),
    Audience.DISPOSITION_APPROVERS: frozenset({STAFF, SIGNATORY, ARCHIVIST}),
}
CASES = [(audience, route) for audience, routes in ROUTES.items() for route in sorted(routes)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on which Step 2 of the current ACO is signed, so that it has a receipt, and a file was loaded."""
    made = open_site(tmp_path_factory.mktemp("site"))
    made.world.sign(made.document("provider-supplier-list"), made.world.types(made.current)[0].slots[0], made.current)
    with made.world.services.database.write() as records:
        records.years.add_load(kept_load(made))
    place = (made.current.aco.aco_id, made.current.aco.performance_year)
    made.world.services.change_requests.file(*place, "city", "Elsewhere", "-", made.holder(Role.ACO_EXECUTIVE))
    yield made
    made.world.services.database.close()


def kept_load(site: Site) -> Load:
    """A file that was loaded into the year, with its report."""
    year, objects = site.world.year.year.year, site.world.services.objects
    kept = objects.put(Report(year, (), {}, (), 0, 0).as_bytes())
    return Load(year, "providers", "providers.csv", kept, 1, 1, "", kept, site.world.agency(Role.CMS_STAFF), START)


def found_routes(site: Site) -> dict[str, Audience]:
    """Every method and address of the application, with the audience that its view is marked with."""
    return {
        f"{method} {rule.rule}": audience_of(site.app, rule.endpoint)
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def call(site: Site, route: str, user_id: str | None, *, there: bool = True) -> TestResponse:
    """Use a route of the current ACO's Step 2, or of an ACO and a document that do not exist."""
    method, address = route.split(" ", 1)
    document = site.document("provider-supplier-list")
    values = {
        PACKET: f"/packets/{document.aco_id if there else 'A0000'}/{document.performance_year}",
        YEAR: f"/years/{document.performance_year}",
        "<int:load_id>": "1",
        "<document_id>": document.document_id if there else NOBODYS,
        "<ending>": "csv",
        f"<{SEARCH}>": search_of(site, user_id),
        f"<{NOTICE}>": str(notice_of(site, user_id)),
        f"<{REQUEST}>": "1",
        f"<{HOLD}>": str(hold_of(site)),
        "<uuid:disposition_id>": disposition_of(site) if "<uuid:disposition_id>" in address else NOBODYS,
        "<uuid:grant_id>": grant_of(site) if there and "<uuid:grant_id>" in address else NOBODYS,
        "<uuid:export_id>": leave_export(site, user_id) if user_id and EXPORT in address else NOBODYS,
        "<role>": "public-contact",
        "<user_id>": site.holder(Role.MEDICAL_DIRECTOR),
        "<slot>": "AuthorizedSigner",
        "<name>": "provider-supplier",
        "<guide>": "users-guide",
        "<file>": "guides.zip",
        "<path:filename>": "packets.css",
        "<filename>": load_look().name("packets.css"),
        "<int(min=2012, max=2999):year>": str(document.performance_year),
        "<uuid:batch_id>": batch_of(site) if there and "<uuid:batch_id>" in address else NOBODYS,
    }
    for name, value in values.items():
        address = address.replace(name, value)
    browser = site.enter(user_id) if user_id else site.browser()
    if method == "GET":
        return browser.get(address)
    browser.get("/sign-in" if user_id is None else "/nowhere")
    return browser.post(address)


def notice_of(site: Site, user_id: str | None) -> int:
    """A notice of the visitor's own; the first one of all for an anonymous visitor."""
    if user_id is None:
        return 1
    found = site.world.services.notices.inbox(user_id).notices
    if not found:
        give_notice(site, user_id)
        found = site.world.services.notices.inbox(user_id).notices
    return found[0].notice_id


def search_of(site: Site, user_id: str | None) -> str:
    """A search that the visitor has kept; none of an anonymous visitor."""
    if user_id is None:
        return NOBODYS
    site.world.services.finding.save(user_id, "Mine", Query(text="washington"))
    return site.world.services.finding.saved(user_id)[0][0].search_id


def give_notice(site: Site, user_id: str) -> None:
    """Tell somebody something."""
    now = site.world.clock()
    with site.world.services.database.write() as records:
        records.journal.queue("batch-finished", {"batch_id": "none"}, now)
        message = records.journal.waiting(1000)[-1].message_id
        records.journal.take(message, now)
        draft = Draft(message, "batch-finished", "", 0, True, Letter("Done", "Done.", "<p>Done.</p>"), now, now)  # noqa: FBT003
        records.notices.add(draft, [Recipient(user_id, "")], mailed=False)


def hold_of(site: Site) -> int:
    """A legal hold on an ACO."""
    desk = site.world.services.holds
    asked = HoldRequest(site.new.aco.aco_id, (), "Audit", "OIG")
    return desk.all()[0].hold_id if desk.all() else desk.place(site.world.agency(Role.CMS_STAFF), asked)


def grant_of(site: Site) -> str:
    """A grant of a certified copy of the current ACO's Step 2, which the ACO Executive may see."""
    document, desk = site.document("provider-supplier-list"), site.world.services.grants
    place, staff = (document.aco_id, document.performance_year), site.world.agency(Role.CMS_STAFF)
    if made := desk.of_packet(staff, *place):
        return made[0].grant_id
    until = (START + timedelta(days=7)).date().isoformat()
    why, what = "42 CFR 425.210(a)", (document.document_id,)
    asked = GrantRequest(*place, "Rosa", "rosa@example.org", "participant", why, what, until, "3")
    return desk.make(staff, asked).grant.grant_id


def disposition_of(site: Site) -> str:
    """A disposition that somebody else has proposed."""
    found = site.world.services.dispositions.newest()
    if found:
        return found[0].disposition_id
    item = DispositionItem(site.document("provider-supplier-list").document_id, START.date())
    made = Disposition(NOBODYS.replace("0", "1"), site.holder(Role.ACO_EXECUTIVE), "Over", START, (item,))
    with site.world.services.database.write() as records:
        records.dispositions.add(made)
    return made.disposition_id


def batch_of(site: Site) -> str:
    """A batch of the CMS signatory, with the new ACO's DUA in it."""
    world = site.world
    if not world.services.countersigning.queue():
        world.finish(site.new, before_step=4)
        dua = world.document(site.new, "data-use-agreement")
        for slot in world.services.catalog[dua.kind].slots[:2]:
            dua = world.sign(dua, slot, site.new)
    waiting = [one.document.document_id for one in world.services.countersigning.queue()]
    return world.services.countersigning.prepare(world.agency(Role.CMS_SIGNATORY), waiting).batch_id


def user_of(site: Site, who: str) -> str:
    """User ID of a kind of visitor."""
    found = {
        EXECUTIVE: site.holder(Role.ACO_EXECUTIVE),
        CUSTODIAN: site.holder(Role.DUA_CUSTODIAN),
        LIAISON: site.holder(Role.CMS_LIAISON),
        FOREIGNER: site.holder(Role.ACO_EXECUTIVE, site.new),
        STAFF: site.world.agency(Role.CMS_STAFF),
        SIGNATORY: site.world.agency(Role.CMS_SIGNATORY),
        ARCHIVIST: site.world.agency(Role.ARCHIVIST),
    }
    return found[who]


@pytest.mark.requirement("R11", "R18", "R41")
def test_every_route_is_listed_under_exactly_one_audience(site: Site) -> None:
    """A new route fails here until somebody has said who may use it."""
    listed = [route for routes in ROUTES.values() for route in routes]
    assert len(listed) == len(set(listed))
    every = [*ROUTES.items(), *API_ROUTES.items()]
    assert {route: audience for audience, routes in every for route in routes} == found_routes(site)


@pytest.mark.parametrize(("audience", "route"), CASES, ids=[route for _, route in CASES])
def test_an_anonymous_visitor_is_sent_to_sign_in(site: Site, audience: Audience, route: str) -> None:
    """Only what is open to anyone is answered; the rest asks to sign in, before it looks at anything."""
    response = call(site, route, None)
    sent_away = response.status_code == 303 and response.location.startswith("/sign-in")
    assert sent_away == (audience is not Audience.ANYONE)


@pytest.mark.requirement("R11", "R18", "R37", "R41")
@pytest.mark.parametrize("who", sorted(EVERYBODY))
@pytest.mark.parametrize(("audience", "route"), CASES, ids=[route for _, route in CASES])
def test_a_route_lets_in_whom_it_is_for_and_nobody_else(site: Site, audience: Audience, route: str, who: str) -> None:
    """The permission matrix, route by route and visitor by visitor."""
    response = call(site, route, user_of(site, who))
    let_in = response.status_code not in {404, 500} and b"not-your-page" not in response.data
    assert let_in == (who in ALLOWED[audience]), response.status_code


SCOPED = [route for _, route in CASES if "<aco_id>" in route or "<document_id>" in route]


@pytest.mark.requirement("R37")
@pytest.mark.parametrize("route", SCOPED)
def test_what_is_somebody_elses_looks_like_what_does_not_exist(site: Site, route: str) -> None:
    """A contact of another ACO gets the same page, to the letter but for the request's number, for our document and for none."""
    foreigner = user_of(site, FOREIGNER)
    ours, none = call(site, route, foreigner), call(site, route, foreigner, there=False)
    assert ours.status_code == none.status_code == 404
    assert _without_token(ours) == _without_token(none)


def _without_token(response: TestResponse) -> str:
    page = response.text.replace(response.headers["X-Request-ID"], "")
    return "\n".join(line for line in page.splitlines() if "csrf_token" not in line)


def test_an_application_with_an_unmarked_route_does_not_start(tmp_path: Path) -> None:
    """Leaving the mark out is found at start-up, not by a visitor."""
    site = open_site(tmp_path)
    site.app.add_url_rule("/open", "open", lambda: "anything")
    with pytest.raises(LookupError, match="open"):
        require_audiences(site.app)
