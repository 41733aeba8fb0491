"""Migrations with data in the tables: what was recorded before is there afterwards, up and down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from packets.jobs.queue import enqueue
from packets.model.agreements import Closure, DataOutcome
from packets.model.exports import Export, Finished
from packets.model.grants import Capacity, Grant, Retrieval
from packets.model.holds import Approval, Disposition, DispositionItem
from packets.model.jobs import JobState
from packets.model.people import PAIRS, Role
from packets.model.retention import Ground
from packets.model.tokens import ApiToken, Scope
from packets.model.webhooks import Endpoint, HookDelivery, HookEvent, HookState
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.accounts import Identity
from packets.store.records.jobs import JobFilter
from packets.store.records.notices import Filter
from packets.store.records.years import Load
from packets.store.schema_state import SchemaState
from schema import migrate
from worlds import PASSWORD, START, World, build_world

BEFORE_AGREEMENTS, BEFORE_API, BEFORE_KEEPING, BEFORE_COPIES = "0009", "0013", "0015", "0017"
BEFORE_EXPORTS, BEFORE_CLOSING, BEFORE_OPENINGS = "0018", "0019", "0020"


@pytest.fixture
def world(new_database: Callable[[], Database]) -> World:
    """A year on each database."""
    return build_world(2, database=new_database())


def test_contacts_survive_the_way_down_and_up_again(world: World) -> None:
    """The earlier schema knows the user ID only; on the way up the details come from the directory."""
    sample = world.first("current")
    place, database = (sample.aco.aco_id, sample.aco.performance_year), world.services.database
    with database.read() as records:
        before = records.acos.contacts(*place)
    assert before

    migrate(database, "0001")
    migrate(database, "head")

    with database.read() as records:
        assert records.acos.contacts(*place) == before


def test_after_the_migration_the_database_knows_the_pairs(world: World) -> None:
    """Contacts that came up from the earlier schema are held by the constraint as new ones are (R17)."""
    database = world.services.database
    migrate(database, "0001")
    migrate(database, "head")

    with database._engine.connect() as connection:
        held = connection.execute(sa.text("SELECT role, pair FROM contacts")).all()
    assert {(row.role, row.pair) for row in held if row.pair} == {(str(role), pair) for role, pair in PAIRS.items()}
    statement = sa.text(
        "UPDATE contacts SET user_id = (SELECT user_id FROM contacts AS other WHERE other.aco_id = contacts.aco_id "
        "AND other.year = contacts.year AND other.role = :one) WHERE role = :two"
    )
    with pytest.raises(sa.exc.IntegrityError), database._engine.begin() as connection:
        connection.execute(statement, {"one": str(Role.DUA_REQUESTOR), "two": str(Role.DUA_CUSTODIAN)})


@pytest.mark.requirement("R21")
def test_a_contact_without_a_user_id_is_kept(world: World) -> None:
    """Only designees need one (R21): name, phone and address are the ACO's own statement."""
    sample = world.first("current")
    place, database = (sample.aco.aco_id, sample.aco.performance_year), world.services.database
    with database.read() as records:
        contacts = records.acos.contacts(*place)
    changed = tuple(
        replace(one, person=replace(one.person, user_id="", given_name="Nobody’s"))
        if one.role is Role.PUBLIC_CONTACT
        else one
        for one in contacts
    )
    with database.write() as records:
        records.acos.put_contacts(*place, changed)
    with database.read() as records:
        found = {one.role: one.person for one in records.acos.contacts(*place)}

    assert (found[Role.PUBLIC_CONTACT].user_id, found[Role.PUBLIC_CONTACT].given_name) == ("", "Nobody’s")
    assert not found[Role.PUBLIC_CONTACT].account_active


def test_documents_survive_the_schema_before_agreements_and_numbers_of_documents(world: World) -> None:
    """Each is number 1 of its kind afterwards; what the earlier schema has no place for is asked for again, or read anew."""
    sample = world.first("current")
    place, database = (sample.aco.aco_id, sample.aco.performance_year), world.services.database
    document = world.document(sample, "participant-list")

    migrate(database, BEFORE_AGREEMENTS)
    migrate(database, "head")

    with database.read() as records:
        assert records.documents.get(document.document_id) == replace(document, sections_digest=None)
        assert (records.agreements.confirmation(*place), records.agreements.request(*place)) == (None, None)
    assert document.occurrence == 1


def test_a_closed_agreement_is_open_on_the_way_down_and_can_be_closed_again(world: World) -> None:
    """The earlier schema knows no closing; on the newest one an agreement is closed once, and never without a reason."""
    sample, database = world.first("current"), world.services.database
    place, number = (sample.aco.aco_id, sample.aco.performance_year), sample.aco.dua.number
    closure = Closure(number, DataOutcome.RETURNED, START.date(), "Left", world.agency(Role.CMS_STAFF), START)
    with database.write() as records:
        records.agreements.close(*place, closure)

    migrate(database, BEFORE_CLOSING)
    migrate(database, "head")

    with database.write() as records:
        assert records.agreements.closure(place[0], number) is None
        records.agreements.close(*place, closure)
        assert records.agreements.closures() == {(place[0], number): closure}
    for again in (closure, replace(closure, number="another", reason="")):
        with pytest.raises(sa.exc.IntegrityError), database.write() as records:
            records.agreements.close(*place, again)


def test_lists_that_were_loaded_before_can_be_searched_after_the_migration(world: World) -> None:
    """What a search looks at, and the names of TINs, are filled in as they are with new rows; on the way down nothing is lost."""
    asked = sa.text("SELECT aco_id, list, position, tin_name, search, cells FROM list_rows ORDER BY 1, 2, 3")
    database = world.services.database
    with database._engine.connect() as connection:
        before = connection.execute(asked).all()
    assert all(row.search and row.tin_name for row in before)

    migrate(database, "0003")
    with database._engine.connect() as connection:
        assert len(connection.execute(sa.text("SELECT cells FROM list_rows")).all()) == len(before)
    migrate(database, "head")

    with database._engine.connect() as connection:
        assert connection.execute(asked).all() == before


def test_loads_are_gone_on_the_way_down_and_can_be_recorded_again(world: World) -> None:
    """A year's files are known to the newest schema only; what they brought stays."""
    database, year = world.services.database, world.year.year.year
    digest = "0" * 64
    load = Load(year, "providers", "providers.csv", digest, 10, 1, "", digest, world.agency(Role.CMS_STAFF), START)
    with database.write() as records:
        records.years.add_load(load)
        before = records.acos.in_year(year)

    migrate(database, "0001")
    migrate(database, "head")

    with database.write() as records:
        assert records.years.loads(year) == []
        assert records.acos.in_year(year) == before
        records.years.add_load(load)
        assert [one.digest for one in records.years.loads(year)] == [digest]


@pytest.mark.parametrize("change", [{"kind": "songs"}, {"digest": "short"}, {"year": 1999}, {"loaded_by": "NOBO"}])
def test_the_database_refuses_loads_that_cannot_be(world: World, change: dict[str, object]) -> None:
    """Another kind, no digest, no such year, nobody."""
    year, digest = world.year.year.year, "0" * 64
    load = Load(year, "providers", "providers.csv", digest, 10, 1, "", digest, world.agency(Role.CMS_STAFF), START)
    with pytest.raises(sa.exc.IntegrityError), world.services.database.write() as records:
        records.years.add_load(replace(load, **change))  # type: ignore[arg-type]  # one wrong value at a time


def test_documents_survive_the_way_down_and_up_again_and_a_voided_one_says_by_whom(world: World) -> None:
    """The earlier schema knows only voids of the service itself; declines that it cannot tell of are left out."""
    sample, database = world.first("current"), world.services.database
    first = world.document(sample, "provider-supplier-list")
    with database.write() as records:
        records.documents.void(first.document_id, "superseded", world.clock())
        before = records.documents.get(first.document_id)
    second = world.document(sample, "provider-supplier-list")
    with database.write() as records:
        role, user_id = Role.ACO_EXECUTIVE, sample.contacts[0].person.user_id
        records.documents.decline(second.document_id, "AuthorizedSigner", user_id, role, "No.", world.clock())

    migrate(database, "0001")
    migrate(database, "head")

    with database.read() as records:
        assert before is not None
        assert records.documents.get(first.document_id) == replace(before, sections_digest=None)
        assert records.documents.get(second.document_id) == replace(second, sections_digest=None)
    assert before.voided_by == "service"


def test_a_document_has_one_decline_that_holds(world: World) -> None:
    """The database refuses the second; after the first was withdrawn another one is taken."""
    sample, database, now = world.first("current"), world.services.database, world.clock()
    place = (world.document(sample, "provider-supplier-list").document_id, "AuthorizedSigner")
    who = (sample.contacts[0].person.user_id, Role.ACO_EXECUTIVE)
    with database.write() as records:
        records.documents.decline(*place, *who, "No.", now)
    with pytest.raises(sa.exc.IntegrityError), database.write() as records:
        records.documents.decline(*place, *who, "No again.", now)
    with database.write() as records:
        assert records.documents.withdraw(1, who[0], "Yes.", now)
        assert not records.documents.withdraw(1, who[0], "Yes again.", now)
        records.documents.decline(*place, *who, "No after all.", now)


def test_messages_from_before_there_were_notices_are_history(world: World) -> None:
    """What was queued when nobody could be told is not told years later; what is queued afterwards is."""
    database, desk = world.services.database, world.services.notices
    migrate(database, "0001")
    statement = sa.text("INSERT INTO outbox (topic, payload, queued_at_utc) VALUES ('contacts-changed', '{}', :at)")
    with database._engine.begin() as connection:
        connection.execute(statement, {"at": "2026-01-01 00:00:00.000000"})
    migrate(database, "head")
    assert desk.write() == 0
    with database.write() as records:
        assert records.journal.failed(10) == []
        aco = world.first("current").aco
        payload = {"aco_id": aco.aco_id, "year": aco.performance_year, "roles": ["medical-director"]}
        records.journal.queue("contacts-changed", payload, world.clock())
    assert desk.write() > 0

    migrate(database, "0001")
    migrate(database, "head")
    assert desk.write() == 0
    with database.read() as records:
        assert records.notices.count_listed(Filter()) == 0


@pytest.mark.parametrize(
    "change",
    [
        "state = 'queued'",
        "state = 'sent'",
        "state = 'lost'",
        "next_attempt_at_utc = created_at_utc",
        "sent_at_utc = created_at_utc",
        "user_id = 'NOBO'",
        "message_id = 999",
    ],
)
def test_the_database_refuses_notices_that_cannot_be(world: World, change: str) -> None:
    """A queued one has its next attempt, a sent one its time; each belongs to a message, and to a person who exists."""
    database, aco = world.services.database, world.first("current").aco
    payload = {"aco_id": aco.aco_id, "year": aco.performance_year, "roles": ["medical-director"]}
    with database.write() as records:
        records.journal.queue("contacts-changed", payload, world.clock())
    assert world.services.notices.write() > 0
    with pytest.raises(sa.exc.IntegrityError), database._engine.begin() as connection:
        connection.execute(sa.text("UPDATE notices SET " + change))  # noqa: S608  ours


def test_accounts_survive_the_schema_before_second_factors_and_sessions_do_not(world: World) -> None:
    """Passwords stay good on the way down and up again; everybody signs in anew."""
    accounts, database = world.services.accounts, world.services.database
    user_id = world.agency(Role.CMS_STAFF)
    accounts.set_password([user_id], PASSWORD)
    token = accounts.sessions.open(user_id)
    accounts.factors.begin_app(user_id)

    migrate(database, "0012")
    migrate(database, "head")

    accounts.check_password(user_id, PASSWORD)
    assert accounts.sessions.find(token) is None
    assert accounts.factors.begun_app(user_id) is None
    assert accounts.standing(user_id).stands_alone


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO challenges VALUES ('a', NULL, 'second-factor', '', '', '', '2026-01-01', NULL)",
        "INSERT INTO challenges VALUES ('a', NULL, 'anything', '', '', '', '2026-01-01', NULL)",
        "INSERT INTO challenges VALUES ('a', NULL, 'step-up', '', '', '', '2026-01-01', NULL)",
        "INSERT INTO challenges VALUES ('a', 'NOBO', 'enroll', '', '', '', '2026-01-01', NULL)",
        "INSERT INTO throttles VALUES ('a', 0, '2026-01-01', NULL)",
        "INSERT INTO passkeys VALUES ('a', 'NOBO', 'key', 0, 'name', '2026-01-01', NULL)",
    ],
)
def test_the_database_refuses_factors_that_cannot_be(world: World, statement: str) -> None:
    """A challenge is somebody's and for something that is known; a count counts; nobody has no passkey."""
    with pytest.raises(sa.exc.IntegrityError), world.services.database._engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_a_user_id_is_linked_to_one_person_of_a_provider(world: World) -> None:
    """Neither a second name for one user ID, nor a second user ID for one name."""
    one, other = world.agency(Role.CMS_STAFF), world.agency(Role.CMS_SIGNATORY)
    with world.services.database.write() as records:
        records.accounts.link(Identity("https://one.example", "a", one, START))
        records.accounts.link(Identity("https://two.example", "a", other, START))
    for subject, user_id in (("b", one), ("a", other)):
        with pytest.raises(sa.exc.IntegrityError), world.services.database.write() as records:
            records.accounts.link(Identity("https://one.example", subject, user_id, START))


def test_jobs_and_messages_survive_the_way_down_below_the_api_and_up_again(world: World) -> None:
    """Tokens, webhooks and prepared signatures are gone then; what was there before them stays, and can be used again."""
    database, clock = world.services.database, world.clock
    _, text = world.services.tokens.create(world.agency(Role.CMS_STAFF), "a test", [Scope.READ], timedelta(days=1))
    with database.write() as records:
        job = enqueue(records, "anything", {}, "anything", clock())

    migrate(database, BEFORE_API)
    migrate(database, "head")

    with database.read() as records:
        assert records.jobs.get(job.job_id) == job
        assert records.jobs.counts()["anything", JobState.QUEUED] == 1
        assert (records.jobs.oldest_due(clock()), records.jobs.stalled(clock())) == (clock(), 0)
        assert job in records.jobs.some(JobFilter("queued", "anything"), after="", most=10)
    assert database.inspect_schema().state is SchemaState.READY
    assert world.services.tokens.find(text) is None
    _, text = world.services.tokens.create(world.agency(Role.CMS_STAFF), "a test", [Scope.READ], timedelta(days=1))
    found = world.services.tokens.find(text)
    assert found is not None
    assert [world.services.tokens.count(found) for _ in range(2)] == [1, 2]


def test_keeping_is_gone_on_the_way_down_and_can_be_recorded_again(world: World) -> None:
    """Documents stay; holds, extensions and what was proposed are known to the newest schema only, and held by it."""
    database, staff = world.services.database, world.agency(Role.CMS_STAFF)
    document = world.document(world.first("current"), "participant-list")
    item = DispositionItem(document.document_id, START.date())
    disposition = Disposition("d", staff, "Over", START, (item,))

    def fill() -> None:
        with database.write() as records:
            records.keeping.place_hold("", [document.document_id], "Audit", "OIG", staff, START)
            records.keeping.extend("A9001", "", Ground.AUDIT, START.date(), "OIG", staff, START)
            records.keeping.record_date(document.document_id, START.date())
            records.dispositions.add(disposition)

    fill()
    migrate(database, BEFORE_KEEPING)
    migrate(database, "head")

    with database.read() as records:
        assert records.documents.get(document.document_id) == document
        assert (records.keeping.holds(), records.keeping.extensions(), records.dispositions.newest(9)) == ([], [], [])
    fill()
    with database.read() as records:
        assert records.dispositions.get("d") == disposition
        assert [one.document_ids for one in records.keeping.holds(standing=True)] == [(document.document_id,)]
    assert database.inspect_schema().state is SchemaState.READY
    refused: tuple[Callable[[Records], object], ...] = (
        lambda records: records.keeping.place_hold("A9001", [], "", "OIG", staff, START),
        lambda records: records.keeping.lift_hold(1, "", staff, START),
        lambda records: records.keeping.extend("A9001", "d", Ground.AUDIT, START.date(), "OIG", staff, START),
        lambda records: records.dispositions.begin(disposition, START),
        lambda records: records.dispositions.complete("d", "0" * 64, START),
        lambda records: records.dispositions.approve("d", Approval(staff, START, "none"), first=True),
    )
    for act in refused:
        with pytest.raises(sa.exc.IntegrityError), database.write() as records:
            act(records)
    with pytest.raises(sa.exc.IntegrityError), database._engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM retention_extensions"))


def test_grants_are_gone_on_the_way_down_and_the_database_keeps_their_rules(world: World) -> None:
    """Documents stay. A grant ends and has a reason; what was handed out is the grant's, on record, and stays as it is."""
    database, staff, end = world.services.database, world.agency(Role.CMS_STAFF), START + timedelta(days=1)
    document = world.document(world.first("current"), "participant-list")
    other = world.document(world.first("current"), "provider-supplier-list")
    place = (document.aco_id, document.performance_year)
    grant = Grant(
        "g", *place, "Rosa", "r@example.org", Capacity.PARTICIPANT, "Why", (document.document_id,), staff, START, end, 2
    )
    taken = Retrieval("r", "g", 1, START, "", {document.document_id: document.head_digest})
    with database.write() as records:
        records.grants.add(grant, "0" * 64)
        records.grants.add_retrieval(taken)
    migrate(database, BEFORE_COPIES)
    migrate(database, "head")

    with database.read() as records:
        assert records.documents.get(document.document_id) == document
        assert records.grants.count() == 0
    with database.write() as records:
        records.grants.add(grant, "0" * 64)
        records.grants.add_retrieval(taken)
    with database.read() as records:
        assert records.grants.by_digest("0" * 64) == replace(grant, retrievals=(taken,))
    again = replace(grant, grant_id="h")
    refused: tuple[Callable[[Records], object], ...] = (
        lambda records: records.grants.add(again, "0" * 64),
        lambda records: records.grants.add(again, "short"),
        lambda records: records.grants.add(replace(again, expires_at=START), "1" * 64),
        lambda records: records.grants.add(replace(again, reason=""), "1" * 64),
        lambda records: records.grants.add(replace(again, most=51), "1" * 64),
        lambda records: records.grants.add(replace(again, aco_id="A0000"), "1" * 64),
        lambda records: records.grants.withdraw("g", "", staff, START),
        lambda records: records.grants.add_retrieval(replace(taken, retrieval_id="s")),
        lambda records: records.grants.add_retrieval(
            replace(taken, retrieval_id="s", number=2, taken={document.document_id: "0" * 64})
        ),
        lambda records: records.grants.add_retrieval(
            replace(taken, retrieval_id="s", number=2, taken={other.document_id: other.head_digest})
        ),
    )
    for act in refused:
        with pytest.raises(sa.exc.IntegrityError), database.write() as records:
            act(records)
    for table in ("copy_retrievals", "copy_retrieved"):
        with pytest.raises(sa.exc.IntegrityError), database._engine.begin() as connection:
            connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608  our own tables


def test_the_database_keeps_the_rules_of_the_api(world: World) -> None:
    """A token ends and is for something; an endpoint is an ACO's or CMS's; a message goes to an endpoint once."""
    staff, now = world.agency(Role.CMS_STAFF), START
    endpoint = Endpoint("e", None, None, "https://x.example", frozenset({HookEvent.DOCUMENT_SIGNED}), staff, now)
    token = ApiToken("t", staff, "label", frozenset({Scope.READ}), staff, now, now + timedelta(days=1))
    delivery = HookDelivery("d", "e", 1, HookEvent.DOCUMENT_SIGNED, "{}", now)
    refused: tuple[Callable[[Records], None], ...] = (
        lambda records: records.tokens.add(replace(token, expires_at_utc=now), "x"),
        lambda records: records.tokens.add(replace(token, scopes=frozenset()), "x"),
        lambda records: records.webhooks.add(replace(endpoint, aco_id="A9001")),
        lambda records: records.webhooks.add(replace(endpoint, events=frozenset())),
        lambda records: records.webhooks.queue(replace(delivery, delivery_id="again")),
        lambda records: records.webhooks.queue(
            replace(delivery, message_id=2, delivery_id="f", state=HookState.FAILED)
        ),
    )
    with world.services.database.write() as records:
        records.webhooks.add(endpoint)
        records.webhooks.queue(delivery)
    for act in refused:
        with pytest.raises(sa.exc.IntegrityError), world.services.database.write() as records:
            act(records)


def test_a_year_that_is_half_opened_is_forgotten_on_the_way_down(world: World) -> None:
    """The schema before knows open years only; those stay as they are, with what was in them."""
    database, year = world.services.database, world.year.year.year
    with database.write() as records:
        aco = records.acos.in_year(year)[0]
        before = (records.acos.in_year(year), records.lists.stored(year, "provider-supplier"))
        records.years.lay_out(year + 1, "a job", START, sample=True)
        records.acos.lay_out([replace(aco, performance_year=year + 1)])
        records.lists.append(year + 1, "provider-supplier", [(aco.aco_id, 0, "123456789", ("1",) * 11)])

    migrate(database, BEFORE_OPENINGS)
    migrate(database, "head")

    with database.read() as records:
        assert (records.acos.in_year(year), records.lists.stored(year, "provider-supplier")) == before
        assert (records.years.laid_out_by(year + 1), records.acos.laid_out(year + 1)) == ("", [])
        assert records.lists.stored(year + 1, "provider-supplier") == 0


def test_exports_are_gone_on_the_way_down_and_can_be_recorded_again(world: World) -> None:
    """The documents that they held stay; a file comes with its digest and its last day, a removal with who did it."""
    database, user_id = world.services.database, world.agency(Role.ARCHIVIST)
    document = world.document(world.first("current"), "participant-list")
    export = Export("one", user_id, START, {"year": "2027"}, 1)
    finished = Finished("0" * 64, 3 << 32, 1, START, START + timedelta(days=7))
    with database.write() as records:
        records.exports.add(export, [document.document_id])
    migrate(database, BEFORE_EXPORTS)
    migrate(database, "head")
    with database.write() as records:
        assert records.exports.get("one") is None
        assert records.documents.get(document.document_id) == document
        records.exports.add(export, [document.document_id])
        assert records.exports.finish("one", finished)
        assert not records.exports.finish("one", finished)
        assert records.exports.get("one") == replace(export, finished=finished)
        assert records.exports.expired(finished.expires_at) == [replace(export, finished=finished)]
        assert records.exports.expired(START) == []
        assert records.exports.remove("one", user_id, START)
        assert not records.exports.remove("one", user_id, START)


@pytest.mark.parametrize(
    "change", ["chosen = 0", "digest = 'x'", "removed_by = 'x'", "ready_at_utc = asked_at_utc", "user_id = 'NOBO'"]
)
def test_the_database_refuses_exports_that_cannot_be(world: World, change: str) -> None:
    """Of nothing, ready without a file, removed by nobody, nobody's."""
    document = world.document(world.first("current"), "participant-list")
    with world.services.database.write() as records:
        records.exports.add(Export("one", world.agency(Role.ARCHIVIST), START, {}, 1), [document.document_id])
    with pytest.raises(sa.exc.IntegrityError), world.services.database._engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE exports SET {change}"))  # noqa: S608  words of this test
