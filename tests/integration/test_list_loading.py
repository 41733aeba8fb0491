"""Lists of an open year are loaded again until a document that carries them is signed; ACOs are added to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from offices import LISTS, YEAR, Office, Rows, drop_last_provider, open_office, records_of
from packets.errors import ConflictError, InputError, NotFoundError
from packets.model.aco import Cohort
from packets.model.documents import Party, Status
from packets.model.people import Role
from packets.year_files.report import FileKind, FilesRefusedError
from signing.ceremony import SignRequest

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

    office.services.years.load(YEAR, office.given(PROVIDERS), office.staff, only_aco=first.aco_id)

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
    office.services.years.load(YEAR, office.given(PARTICIPANTS, PROVIDERS), office.staff)
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
        office.services.years.load(YEAR, office.given(PROVIDERS), office.staff)
    found = [one for one in refused.value.report.remarks if one.code == "list-signed"]
    assert [signed.aco_id in one.sentence for one in found] == [True]
    assert records_of(office) == before

    office.services.years.load(
        YEAR, office.given(PARTICIPANTS), office.staff, only_aco=office.sample.acos[0].aco.aco_id
    )
    office.services.years.load(YEAR, office.given(PROVIDERS), office.staff, only_aco=office.sample.acos[0].aco.aco_id)
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
    objects = office.services.objects
    put = type(objects).put_file

    def put_late(_store: object, path: Path) -> str:
        sign_first_list(office)
        return put(objects, path)

    monkeypatch.setattr(type(objects), "put_file", put_late)
    before = records_of(office)
    with pytest.raises(ConflictError, match="list-signed"):
        office.services.years.load(YEAR, office.given(PROVIDERS), office.staff)
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
        office.services.years.load(YEAR, office.given(), office.staff)
    for kind in LISTS:
        office.edit(kind, keep(0))
    office.services.years.load(YEAR, office.given(), office.staff)
    with office.services.database.read() as records:
        assert {one.cohort for one in records.acos.in_year(YEAR)} == set(Cohort)


def test_what_an_open_year_does_not_take_is_said(office: Office) -> None:
    """No file, windows, contacts alone, a year that is not open, an ACO that is not in it."""
    with pytest.raises(NotFoundError, match="year-unknown"):
        office.services.years.load(YEAR, office.given(), office.staff)
    office.open()
    for kinds, code in (
        ((), "file-missing"),
        ((FileKind.WINDOWS,), "windows-by-hand"),
        ((CONTACTS,), "contacts-alone"),
    ):
        given = office.given(*kinds) if kinds else {}
        with pytest.raises(InputError, match=code):
            office.services.years.load(YEAR, given, office.staff)
    with pytest.raises(NotFoundError, match="aco-unknown"):
        office.services.years.load(YEAR, office.given(PROVIDERS), office.staff, only_aco="A0000")
