"""Basic Agreement Data: four fields of the ACO's own, everything else by request to CMS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError
from packets.model.aco import Aco, StepOne
from packets.model.change_requests import LOCKED, ChangeRequest, RequestState
from packets.model.organization_rules import EDITABLE, TAX_STATUSES
from packets.model.people import Role
from packets.sample.plan import TAX_STATUSES as SAMPLE_STATUSES
from packets.store.records.notices import Filter
from packets.store.tables import outbox
from web.demo import holder
from worlds import World, build_world

YEAR = 2027
GOOD = {
    "trade_name": "Cedar Ridge ACO", "web_page": "https://www.cedarridge.example/aco", "line_2": "Suite 9",
    "tax_status": "Not-for-profit",
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return build_world(2)


def aco_of(world: World, cohort: str = "current") -> Aco:
    with world.services.database.read() as records:
        found = records.acos.get(world.first(cohort).aco.aco_id, YEAR)
    assert found is not None
    return found


def step_one(world: World) -> StepOne:
    aco_id = world.first("current").aco.aco_id
    with world.services.database.read() as records:
        found = records.acos.step_one(aco_id, YEAR)
    assert found is not None
    return found


def executive(world: World, cohort: str = "current") -> str:
    return holder(world.first(cohort), Role.ACO_EXECUTIVE)


def save(world: World, cohort: str = "current", *, seen: str | None = None, **changed: str) -> None:
    desk, aco = world.services.organization, aco_of(world, cohort)
    version = desk.look_up(aco.aco_id, YEAR).version if seen is None else seen
    desk.save(aco.aco_id, YEAR, {**GOOD, **changed}, version, executive(world, cohort))


def submit(world: World, seen: str | None = None) -> None:
    desk, aco = world.services.organization, aco_of(world)
    version = desk.look_up(aco.aco_id, YEAR).version if seen is None else seen
    desk.submit(aco.aco_id, YEAR, seen=version, user_id=executive(world))


def file(world: World, field: str = "city", value: str = "Elsewhere", why: str = "We have moved.") -> ChangeRequest:
    return world.services.change_requests.file(aco_of(world).aco_id, YEAR, field, value, why, executive(world))


def codes(call: Callable[[], object], kind: type[PacketsError] = InputError) -> list[str]:
    with pytest.raises(kind) as refusal:
        call()
    return [one.code for one in refusal.value.problems]


def queued(world: World) -> list[tuple[str, object]]:
    topics = ("change-request-filed", "change-request-answered")
    with world.services.database._engine.connect() as connection:
        found = connection.execute(sa.select(outbox).where(outbox.c.topic.in_(topics)).order_by(outbox.c.message_id))
        return [(row.topic, row.payload) for row in found]


def outcomes(world: World, act: Act) -> list[Outcome]:
    with world.services.database.read() as records:
        return [one.outcome for one in records.journal.entries() if one.act is act]


@pytest.mark.requirement("R30", "R34", "R35")
def test_the_four_fields_are_entered_confirmed_and_submitted(world: World) -> None:
    """A draft first; the rest of the data is what it was."""
    before = aco_of(world)
    save(world)
    assert aco_of(world) == before
    submit(world)
    wanted = replace(
        before,
        trade_name=GOOD["trade_name"],
        web_page=GOOD["web_page"],
        tax_status=GOOD["tax_status"],
        address=replace(before.address, line_2=GOOD["line_2"]),
    )
    assert aco_of(world) == wanted
    assert world.services.organization.look_up(before.aco_id, YEAR).draft is None


@pytest.mark.requirement("R30")
def test_no_form_changes_another_field(world: World) -> None:
    """Further names in a form say nothing; every field is either the ACO's own or locked."""
    before = aco_of(world)
    save(world, legal_name="Taken over", aco_id="A0000", city="Elsewhere")
    submit(world)
    after = aco_of(world)
    assert (after.legal_name, after.address.city, after.aco_id) == (
        before.legal_name,
        before.address.city,
        before.aco_id,
    )
    assert not {one.name for one in EDITABLE} & set(LOCKED)


@pytest.mark.requirement("R30", "R32")
@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"tax_status": "Blessed"}, ["tax-status-unknown"]),
        ({"tax_status": ""}, ["organization-field-missing"]),
        ({"web_page": "cedarridge.org"}, ["web-page-unusable"]),
        ({"web_page": "javascript:alert(1)"}, ["web-page-unusable"]),
        ({"web_page": "ftp://cedarridge.org/"}, ["web-page-unusable"]),
        ({"web_page": "https://localhost/"}, ["web-page-unusable"]),
        ({"web_page": "https://cedarridge.org:99999/"}, ["web-page-unusable"]),
        ({"web_page": "https://[::1"}, ["web-page-unusable"]),
        ({"web_page": "https://cms.gov@evil.example/"}, ["web-page-unusable"]),
        ({"trade_name": "x" * 201}, ["organization-field-too-long"]),
        ({"trade_name": "道"}, ["glyph-missing"]),
        ({"web_page": "nowhere", "tax_status": "Blessed"}, ["web-page-unusable", "tax-status-unknown"]),
    ],
)
def test_a_field_that_is_wrong_is_refused_and_nothing_is_kept(
    world: World, changed: dict[str, str], wanted: list[str]
) -> None:
    """A closed list of tax statuses, a whole address of a page on the public web, letters that can be printed."""
    assert codes(lambda: save(world, **changed)) == wanted
    assert world.services.organization.look_up(aco_of(world).aco_id, YEAR).draft is None


@pytest.mark.requirement("R32", "E2", "R10")
def test_a_blank_web_page_holds_up_a_new_aco_and_warns_a_current_one(world: World) -> None:
    """Every ACO must have one; whether its lack blocks depends on the cohort (REQ 1.6.4)."""
    assert codes(lambda: save(world, "new", web_page="")) == ["web-page-missing"]
    save(world, web_page="")
    sheet = world.services.organization.look_up(aco_of(world).aco_id, YEAR)
    assert (sheet.problems, [one.code for one in sheet.warnings]) == ((), ["web-page-missing"])


@pytest.mark.requirement("R30")
def test_the_sample_knows_no_other_tax_status() -> None:
    """The demonstration could submit its data again."""
    assert set(SAMPLE_STATUSES) <= set(TAX_STATUSES)


@pytest.mark.requirement("R11", "R30")
def test_who_may_not_edit_step_one_neither_saves_nor_submits_nor_files(world: World) -> None:
    """Tried by the DUA Custodian; each try is an entry of the log."""
    custodian, aco = holder(world.first("current"), Role.DUA_CUSTODIAN), aco_of(world)
    desk = world.services.organization
    seen = desk.look_up(aco.aco_id, YEAR).version
    tries: list[tuple[Act, Callable[[], object]]] = [
        (Act.ORGANIZATION_EDIT, lambda: desk.save(aco.aco_id, YEAR, GOOD, seen, custodian)),
        (Act.ORGANIZATION_EDIT, lambda: desk.discard(aco.aco_id, YEAR, seen, custodian)),
        (Act.ORGANIZATION_SUBMIT, lambda: desk.submit(aco.aco_id, YEAR, seen=seen, user_id=custodian)),
        (
            Act.CHANGE_REQUEST_FILE,
            lambda: world.services.change_requests.file(aco.aco_id, YEAR, "city", "X", "Y", custodian),
        ),
    ]
    for act, one in tries:
        assert codes(one, ForbiddenError) == ["edit-not-permitted"]
        assert outcomes(world, act)[-1] is Outcome.REFUSED


@pytest.mark.requirement("R30", "R34")
def test_of_two_who_edit_at_once_the_second_is_told(world: World) -> None:
    """Neither a save nor a submission goes by a page that is out of date; a discarded draft is gone."""
    desk, aco = world.services.organization, aco_of(world)
    seen = desk.look_up(aco.aco_id, YEAR).version
    save(world, trade_name="First")
    assert codes(lambda: save(world, seen=seen, trade_name="Second"), ConflictError) == ["organization-changed"]
    assert codes(lambda: submit(world, seen), ConflictError) == ["organization-changed"]
    desk.discard(aco.aco_id, YEAR, desk.look_up(aco.aco_id, YEAR).version, executive(world))
    assert desk.look_up(aco.aco_id, YEAR).version == seen


@pytest.mark.requirement("R31")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("legal_name", "Cedar Ridge Health, LLC"), ("line_1", "1 New Street"), ("city", "Elsewhere"), ("state", "maryland"),
        ("zip_code", "208501234"), ("service_area", "Maryland"), ("track", "BASIC Level B"), ("period_number", "7"),
        ("initial_start_date", "2012-04-01"), ("start_date", "2026-07-02"), ("end_date", "2039-12-31"),
    ],
)  # fmt: skip
def test_a_granted_request_changes_that_field_and_nothing_else(world: World, field: str, value: str) -> None:
    """Every field that is read-only; the organization data is to be confirmed again, the answer is on record."""
    before = aco_of(world)
    filed = file(world, field, value)
    assert (filed.legal_name, filed.current_value) == (before.legal_name, LOCKED[field].show(before))
    granted = world.services.change_requests.grant(filed.request_id, "Done.", world.agency(Role.CMS_STAFF))

    after = aco_of(world)
    assert LOCKED[field].show(after) == str(LOCKED[field].read(value))
    assert {name: one.show(after) for name, one in LOCKED.items() if name != field} == {
        name: one.show(before) for name, one in LOCKED.items() if name != field
    }
    assert (granted.state, granted.answer, granted.answered_by) == (
        RequestState.GRANTED,
        "Done.",
        world.agency(Role.CMS_STAFF),
    )
    assert not step_one(world).organization_submitted
    assert step_one(world).contacts_submitted
    assert queued(world) == [
        ("change-request-filed", {"request_id": filed.request_id}),
        ("change-request-answered", {"request_id": filed.request_id}),
    ]


@pytest.mark.requirement("R31")
def test_cms_is_told_of_a_request_and_the_aco_of_its_answer(world: World) -> None:
    """Each names the ACO; the value that was asked for is not repeated."""
    filed, staff = file(world), world.agency(Role.CMS_STAFF)
    world.services.change_requests.refuse(filed.request_id, "PECOS says otherwise.", staff)
    world.services.notices.write()
    with world.services.database.read() as records:
        told = records.notices.listed(Filter(), skip=0, most=100)
    by_topic = {topic: [one for one in told if one.topic == topic] for topic in {one.topic for one in told}}
    assert [one.recipient.user_id for one in by_topic["change-request-filed"]] == [staff]
    assert executive(world) in {one.recipient.user_id for one in by_topic["change-request-answered"]}
    for one in told:
        assert filed.aco_id in one.letter.subject
        assert filed.corrected_value not in one.letter.text


@pytest.mark.requirement("R31")
def test_a_refused_request_changes_nothing_and_says_why(world: World) -> None:
    """Without a reason it is not refused; the ACO reads the answer."""
    before, staff, desk = aco_of(world), world.agency(Role.CMS_STAFF), world.services.change_requests
    filed = file(world)
    assert codes(lambda: desk.refuse(filed.request_id, " ", staff)) == ["reason-missing"]
    desk.refuse(filed.request_id, "PECOS says otherwise.", staff)
    [found] = desk.of_aco(before.aco_id, YEAR)
    assert (found.state, found.answer) == (RequestState.REFUSED, "PECOS says otherwise.")
    assert aco_of(world) == before
    assert step_one(world).organization_submitted
    assert codes(lambda: desk.grant(filed.request_id, "", staff), ConflictError) == ["request-answered"]
    assert outcomes(world, Act.CHANGE_REQUEST_ANSWER) == [Outcome.REFUSED, Outcome.DONE, Outcome.REFUSED]


@pytest.mark.requirement("R31")
@pytest.mark.parametrize(
    ("field", "value", "why", "wanted"),
    [
        ("aco_id", "A0000", "-", ["request-field-unknown"]),
        ("trade_name", "X", "-", ["request-field-unknown"]),
        ("city", "", "", ["request-value-missing", "request-unexplained"]),
        ("state", "Atlantis", "-", ["request-value-unusable"]),
        ("zip_code", "2085", "-", ["request-value-unusable"]),
        ("start_date", "next year", "-", ["request-value-unusable"]),
        ("period_number", "0", "-", ["request-value-unusable"]),
        ("period_number", "²", "-", ["request-value-unusable"]),
        ("legal_name", "x" * 301, "x" * 2001, ["request-value-unusable", "request-too-long"]),
        ("legal_name", "道", "-", ["glyph-missing"]),
    ],
)
def test_a_request_that_is_wrong_is_refused_with_everything(
    world: World, field: str, value: str, why: str, wanted: list[str]
) -> None:
    """The field, the corrected value and the explanation, each judged."""
    assert codes(lambda: file(world, field, value, why)) == wanted
    assert world.services.change_requests.queue() == []


@pytest.mark.requirement("R31")
def test_one_request_is_open_for_a_field_and_asks_for_another_value(world: World) -> None:
    """A second one waits for the answer; what CMS holds already is no correction."""
    assert codes(lambda: file(world, value=aco_of(world).address.city)) == ["request-value-same"]
    file(world)
    assert codes(lambda: file(world, value="Another city"), ConflictError) == ["request-open"]
    file(world, "line_1", "1 New Street")
    assert [one.field for one in world.services.change_requests.queue()] == ["city", "line_1"]


@pytest.mark.requirement("R31")
def test_what_is_granted_is_what_was_asked_for(world: World) -> None:
    """Not when the value has changed meanwhile, nor when the days of the agreement would lose their order."""
    desk, staff = world.services.change_requests, world.agency(Role.CMS_STAFF)
    city, end = file(world), file(world, "end_date", "2001-12-31")
    aco_id = aco_of(world).aco_id
    with world.services.database.write() as records:
        records.acos.change(aco_id, YEAR, {"city": "Somewhere"})
    assert codes(lambda: desk.grant(city.request_id, "", staff), ConflictError) == ["request-stale"]
    assert codes(lambda: desk.grant(end.request_id, "", staff)) == ["agreement-days-disordered"]


@pytest.mark.requirement("R31")
def test_only_cms_staff_answer(world: World) -> None:
    """Not the ACO, not the CMS signatory, nobody unknown; and nothing that does not exist."""
    filed, desk = file(world), world.services.change_requests
    for user_id in (executive(world), world.agency(Role.CMS_SIGNATORY), "NOBO"):
        assert codes(lambda one=user_id: desk.grant(filed.request_id, "", one), ForbiddenError) == [  # type: ignore[misc]
            "answer-not-permitted"
        ]
    assert codes(lambda: desk.grant(999, "", world.agency(Role.CMS_STAFF)), NotFoundError) == ["request-unknown"]
    with pytest.raises(NotFoundError):
        desk.get(999)


@pytest.mark.requirement("R31", "R34")
def test_granting_alters_nothing_signed_and_prepares_the_unsigned_anew(world: World) -> None:
    """The signed list keeps the old name, byte for byte; the next document has the new one."""
    sample = world.first("current")
    [signed] = world.finish(sample, before_step=3)
    unsigned = world.document(sample, "participant-list")
    filed = file(world, "legal_name", "Cedar Ridge Health, LLC")
    world.services.change_requests.grant(filed.request_id, "", world.agency(Role.CMS_STAFF))

    with world.services.database.read() as records:
        assert records.documents.get(signed.document_id) == signed
        voided = records.documents.get(unsigned.document_id)
        current = records.documents.current(sample.aco.aco_id, YEAR, "participant-list")
    assert voided is not None
    assert voided.voided_at is not None
    assert current is not None
    assert "Cedar Ridge Health, LLC" in world.services.objects.get(current.data_digest).decode()
