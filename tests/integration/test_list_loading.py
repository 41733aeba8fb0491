"""Lists of an open year are loaded again until a document that carries them is signed; ACOs are added to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from offices import LISTS, YEAR, Office, Rows, drop_last_provider, open_office, records_of, set_cell
from packets.audit.log import Act
from packets.errors import ConflictError, InputError, NotFoundError, OvertakenError, PacketsError, StoreError
from packets.jobs.execution import Attempt
from packets.model.aco import Cohort
from packets.model.documents import Party, Status
from packets.model.jobs import JobState
from packets.model.people import Role
from packets.store.records.years import Load
from packets.year_files.report import FileKind, FilesRefusedError
from packets.years.list_loading import LoadingState
from signing.ceremony import SignRequest
from web.work import build_executor

AGREEMENTS, PARTICIPANTS, PROVIDERS, CONTACTS = LISTS


pytestmark = pytest.mark.usefixtures("every_database")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return open_office(tmp_path)


def sign_first_list(office: Office, number: int = 1) -> None:
    """Sign the provider/supplier list certification of an ACO."""
    sample = office.sample.acos[number]
    kind = office.services.catalog.for_cohort(sample.aco.cohort)[0]
    document = office.services.assembler.assemble(sample.aco.aco_id, YEAR, kind.kind)
    slot = next(one for one in kind.slots if one.party is Party.ACO)
    user_id = next(one.person.user_id for one in sample.contacts if one.role is slot.roles[0])
    shown, _ = office.services.reading.show(user_id, document.document_id)
    step_up = office.services.ceremony.step_up(user_id, document.document_id, shown.head_digest)
    request = SignRequest("once", document.document_id, slot.name, user_id, slot.roles[0], shown.head_digest, step_up)
    office.services.ceremony.sign(request)


@pytest.mark.requirement("R45", "R69")
def test_a_list_is_loaded_again_for_one_aco_and_its_unsigned_document_is_replaced(office: Office) -> None:
    """The other ACO's list and document stay; the new document carries the new rows; the former one is void."""
    office.open()
    first, second = (one.aco for one in office.sample.acos)
    desk = office.services.preparation
    desk.prepare(YEAR, desk.documents(YEAR))
    with office.services.database.read() as records:
        before = {one.kind: one for one in records.documents.packet(first.aco_id, YEAR)}
        others = records.documents.packet(second.aco_id, YEAR)
    office.edit(PROVIDERS, drop_last_provider(first.aco_id))
    office.edit(PROVIDERS, drop_last_provider(second.aco_id))

    office.services.loadings.load(YEAR, office.given(PROVIDERS), office.staff, only_aco=first.aco_id)

    with office.services.database.read() as records:
        rows = list(records.lists.rows(first.aco_id, YEAR, "provider-supplier"))
        after = {one.kind: one for one in records.documents.packet(first.aco_id, YEAR)}
        assert records.documents.packet(second.aco_id, YEAR) == others
        voided = records.documents.get(before["provider-supplier-list"].document_id)
    assert rows == list(office.sample.acos[0].providers[:-1])
    assert list(_changed(before, after)) == ["provider-supplier-list"]
    assert voided is not None
    assert voided.voided_at is not None


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [kind for kind in before if before[kind] != after[kind]]


def test_a_list_that_is_the_same_leaves_its_document_alone(office: Office) -> None:
    """Loading the same file again changes no document."""
    office.open()
    desk = office.services.preparation
    desk.prepare(YEAR, desk.documents(YEAR))
    with office.services.database.read() as records:
        before = records.documents.in_year(YEAR)
    office.services.loadings.load(YEAR, office.given(PARTICIPANTS, PROVIDERS), office.staff)
    with office.services.database.read() as records:
        assert records.documents.in_year(YEAR) == before


@pytest.mark.requirement("R69", "E9")
def test_a_list_whose_document_is_signed_is_not_loaded_again(office: Office) -> None:
    """The report names the ACO; the rows of the other ACO are not taken either, all or nothing; without it they are."""
    office.open()
    signed = office.sample.acos[1].aco
    for one in office.sample.acos:
        executive = next(contact.person.user_id for contact in one.contacts if contact.role is Role.ACO_EXECUTIVE)
        office.services.enrollment.submit_contacts(one.aco.aco_id, YEAR, executive)
        office.services.enrollment.submit_organization(one.aco.aco_id, YEAR, executive)
    sign_first_list(office)
    before = records_of(office)
    office.edit(PROVIDERS, drop_last_provider(office.sample.acos[0].aco.aco_id))
    with pytest.raises(FilesRefusedError) as refused:
        office.services.loadings.load(YEAR, office.given(PROVIDERS), office.staff)
    found = [one for one in refused.value.report.remarks if one.code == "list-signed"]
    assert [signed.aco_id in one.sentence for one in found] == [True]
    assert records_of(office) == before

    office.services.loadings.load(
        YEAR, office.given(PARTICIPANTS), office.staff, only_aco=office.sample.acos[0].aco.aco_id
    )
    office.services.loadings.load(
        YEAR, office.given(PROVIDERS), office.staff, only_aco=office.sample.acos[0].aco.aco_id
    )
    view = office.services.reading.packet(office.staff, signed.aco_id, YEAR)
    assert view.steps[0].status is Status.EXECUTED


def test_a_signature_that_comes_while_files_are_read_wins(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading and storing somebody signs: the load is a conflict, and the list stays what was signed."""
    office.open()
    sample = office.sample.acos[1]
    executive = next(one.person.user_id for one in sample.contacts if one.role is Role.ACO_EXECUTIVE)
    office.services.enrollment.submit_contacts(sample.aco.aco_id, YEAR, executive)
    office.services.enrollment.submit_organization(sample.aco.aco_id, YEAR, executive)
    office.edit(PROVIDERS, drop_last_provider(sample.aco.aco_id))
    monkeypatch.setattr(Attempt, "progress", lambda *_told: sign_first_list(office))
    before = records_of(office)
    with pytest.raises(ConflictError, match="list-signed"):
        office.services.loadings.load(YEAR, office.given(PROVIDERS), office.staff)
    assert records_of(office) == before


def test_acos_are_added_to_an_open_year_and_enrolled_ones_are_refused(office: Office) -> None:
    """Applicants who are approved later come in a file of their own."""

    def keep(number: int) -> Callable[[Rows], object]:
        aco_id = office.sample.acos[number].aco.aco_id
        return lambda rows: rows.__setitem__(slice(1, None), [row for row in rows[1:] if row[0] == aco_id])

    everything = dict(office.files)
    for kind in LISTS:
        office.edit(kind, keep(1))
    office.open()
    office.files = dict(everything)
    with pytest.raises(FilesRefusedError, match="aco-enrolled"):
        office.services.loadings.load(YEAR, office.given(), office.staff)
    for kind in LISTS:
        office.edit(kind, keep(0))
    office.services.loadings.load(YEAR, office.given(), office.staff)
    with office.services.database.read() as records:
        assert {one.cohort for one in records.acos.in_year(YEAR)} == set(Cohort)


def test_what_an_open_year_does_not_take_is_said(office: Office) -> None:
    """No file, windows, contacts alone, a year that is not open, an ACO that is not in it."""
    with pytest.raises(NotFoundError, match="year-unknown"):
        office.services.loadings.load(YEAR, office.given(), office.staff)
    office.open()
    for kinds, code in (
        ((), "file-missing"),
        ((FileKind.WINDOWS,), "windows-by-hand"),
        ((CONTACTS,), "contacts-alone"),
    ):
        given = office.given(*kinds) if kinds else {}
        with pytest.raises(InputError, match=code):
            office.services.loadings.load(YEAR, given, office.staff)
    with pytest.raises(NotFoundError, match="aco-unknown"):
        office.services.loadings.load(YEAR, office.given(PROVIDERS), office.staff, only_aco="A0000")


def told_of(office: Office) -> list[tuple[str, str, str]]:
    """Act, actor and outcome of what the log tells of loading lists."""
    acts = {Act.LIST_ASK, Act.LIST_LOAD}
    with office.services.database.read() as records:
        return [(one.act, one.actor, one.outcome) for one in records.journal.entries() if one.act in acts]


@pytest.mark.requirement("R45", "R69")
def test_files_are_loaded_by_a_job_and_asking_twice_is_asking_once(office: Office) -> None:
    """The list stays what it was until a worker has come; the same files are one load, others have to wait for it."""
    office.open()
    office.edit(PROVIDERS, drop_last_provider(office.sample.acos[0].aco.aco_id))
    before = records_of(office)
    desk = office.services.loadings

    asked = desk.ask(YEAR, office.given(PROVIDERS), office.staff)
    assert (asked.state, records_of(office)) == (LoadingState.WAITING, before)
    assert desk.ask(YEAR, office.given(PROVIDERS), office.staff).job.job_id == asked.job.job_id
    with pytest.raises(ConflictError, match="year-loading"):
        desk.ask(YEAR, office.given(PROVIDERS), office.staff, only_aco=office.sample.acos[0].aco.aco_id)
    assert build_executor(office.services).work_off() == 1

    loaded = desk.newest(YEAR)
    report = desk.report_on(loaded)
    assert report is not None
    assert (loaded.state, report.accepted, loaded.asked_by) == (LoadingState.LOADED, True, office.staff)
    assert records_of(office) != before
    staff = office.staff
    assert told_of(office) == [
        ("list:ask", staff, "done"),
        ("list:load", staff, "refused"),
        ("list:load", staff, "done"),
    ]
    assert desk.ask(YEAR, office.given(PROVIDERS), staff).job.job_id != asked.job.job_id


def test_what_is_wrong_with_short_files_is_told_at_once_and_with_long_ones_by_the_job(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same report and the same entry of the log; nothing of the files is in the year."""
    office.open()
    office.edit(PROVIDERS, set_cell(4, 7, "1234567890"))
    before, desk = records_of(office), office.services.loadings
    with pytest.raises(FilesRefusedError) as at_once:
        desk.ask(YEAR, office.given(PROVIDERS), office.staff)
    monkeypatch.setattr("packets.years.kept_files.SMALL_BYTES", 0)
    assert desk.ask(YEAR, office.given(PROVIDERS), office.staff).state is LoadingState.WAITING
    assert build_executor(office.services).work_off() == 1

    refused = desk.newest(YEAR)
    assert refused.state is LoadingState.REFUSED
    assert desk.report_on(refused) == at_once.value.report
    assert records_of(office) == before
    assert [one[2] for one in told_of(office)] == ["refused", "done", "refused"]


@pytest.mark.parametrize(
    ("fails", "error"), [("append", StoreError), ("add_load", StoreError), ("add_load", OvertakenError)]
)
def test_a_load_that_breaks_off_leaves_nothing_and_is_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, fails: str, error: type[PacketsError]
) -> None:
    """Whether the store fails or another act stands in the way: the lists are what they were, until the next attempt."""
    office.open()
    office.edit(PROVIDERS, drop_last_provider(office.sample.acos[0].aco.aco_id))
    before, desk = records_of(office), office.services.loadings
    desk.ask(YEAR, office.given(PROVIDERS), office.staff)
    owner = "lists.ListRecords" if fails == "append" else "years.YearRecords"

    def fail(*_given: object, **_named: object) -> None:
        raise error([])

    monkeypatch.setattr(f"packets.store.records.{owner}.{fails}", fail)
    build_executor(office.services).do_one()
    assert (desk.newest(YEAR).state, records_of(office)) == (LoadingState.WAITING, before)
    monkeypatch.undo()
    office.clock.advance(timedelta(minutes=1))
    build_executor(office.services).do_one()
    assert desk.newest(YEAR).state is LoadingState.LOADED
    assert records_of(office) != before


def test_a_worker_that_has_lost_its_job_stores_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one took it over between reading and storing: what the first one has written is rolled back, and done once."""
    office.open()
    office.edit(PROVIDERS, drop_last_provider(office.sample.acos[0].aco.aco_id))
    desk, lost = office.services.loadings, list[str]()
    desk.ask(YEAR, office.given(PROVIDERS), office.staff)
    before = records_of(office)

    def lose(attempt: Attempt, *_told: int) -> None:
        if not lost:
            lost.append(attempt.job.job_id)
            with office.services.database.queue() as jobs:
                assert jobs.requeue(attempt.job.claim, office.clock(), attempts=0)

    monkeypatch.setattr(Attempt, "progress", lose)
    executor = build_executor(office.services)
    executor.do_one()
    assert records_of(office) == before
    executor.do_one()
    assert desk.newest(YEAR).state is LoadingState.LOADED
    assert [one.kind for one in _loads(office)].count("providers") == 2


def _loads(office: Office) -> list[Load]:
    with office.services.database.read() as records:
        return records.years.loads(YEAR)


def test_a_load_that_was_stopped_says_so_and_others_may_follow(office: Office) -> None:
    """Nothing of it is in the year; the next one is another job."""
    office.open()
    desk = office.services.loadings
    with pytest.raises(NotFoundError, match="loading-unknown"):
        desk.newest(YEAR)
    asked = desk.ask(YEAR, office.given(PROVIDERS), office.staff)
    with office.services.database.queue() as jobs:
        jobs.stop(asked.job.job_id)
    stopped = desk.newest(YEAR)
    assert (stopped.state, stopped.job.state, desk.report_on(stopped)) == (LoadingState.FAILED, JobState.STOPPED, None)
    desk.load(YEAR, office.given(PROVIDERS), office.staff)
    assert desk.newest(YEAR).state is LoadingState.LOADED
