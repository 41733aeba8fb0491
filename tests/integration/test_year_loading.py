"""A year opened from files: everything that is wrong in one report, all or nothing, also when a load ends in the middle."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from offices import LISTS, NOTHING, YEAR, Office, Rows, codes, open_office, records_of, set_cell
from packets.audit.log import Act, Outcome, chain_problems
from packets.errors import ConflictError, ForbiddenError, InputError, OvertakenError, StoreError
from packets.lists.columns import PROVIDER_SUPPLIER
from packets.model.jobs import JobState
from packets.model.people import Role
from packets.store.database import Database
from packets.year_files.report import FileKind, read_report
from packets.year_files.windows import default_windows
from packets.years.year_opening import OpeningState
from web.work import build_executor

AGREEMENTS, PARTICIPANTS, PROVIDERS, CONTACTS = LISTS


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return open_office(tmp_path)


@pytest.mark.requirement("R1", "R2", "R7", "R10", "R45", "R47")
def test_a_year_is_opened_with_what_its_files_say(office: Office) -> None:
    """ACOs, contacts, both lists and the calendar's windows are exactly those of the files."""
    report = office.open()

    assert report.accepted
    assert report.counts["new ACOs"] == report.counts["current ACOs"] == 1
    with office.services.database.read() as records:
        opened = records.years.get(YEAR)
        assert opened is not None
        assert opened.sample
        assert set(opened.windows) == set(default_windows(YEAR))
        for sample in office.sample.acos:
            aco_id = sample.aco.aco_id
            assert records.acos.get(aco_id, YEAR) == sample.aco
            assert set(records.acos.contacts(aco_id, YEAR)) == set(sample.contacts)
            assert tuple(records.lists.rows(aco_id, YEAR, "participants")) == sample.participants
            assert tuple(records.lists.rows(aco_id, YEAR, "provider-supplier")) == sample.providers
            assert records.lists.tins(aco_id, YEAR, "participants") == sorted({row[2] for row in sample.participants})


def test_the_files_are_kept_with_who_loaded_them_and_the_log_tells_of_it(office: Office) -> None:
    """Each file by its digest, byte for byte, with rows, person and time; one entry for the act, one for each ACO."""
    office.open()
    with office.services.database.read() as records:
        loads, entries = records.years.loads(YEAR), list(records.journal.entries())
    assert {one.kind for one in loads} == {str(kind) for kind in LISTS}
    for one in loads:
        content = office.services.objects.get(one.digest)
        assert content == office.files[FileKind(one.kind)]
        assert (one.size, one.rows) == (len(content), len(content.decode("utf-8-sig").splitlines()) - 1)
        assert (one.loaded_by, one.loaded_at_utc) == (office.staff, office.clock())
        kept = read_report(json.loads(office.services.years.report_on(one)))
        assert (kept.accepted, kept.year) == (True, YEAR)
    told = next(one for one in entries if one.act is Act.YEAR_OPEN)
    assert told.details["files"] == {one.kind: one.digest for one in loads}
    assert [one.act for one in entries].count(Act.ACO_ENROLL) == len(office.sample.acos)
    assert chain_problems(entries) == []


CASES: list[tuple[FileKind, Callable[[Rows], object], str, str]] = [
    (AGREEMENTS, set_cell(1, 0, "B0001"), "aco-id-invalid", "row 2, column A"),
    (AGREEMENTS, set_cell(1, 1, "old"), "cohort-invalid", "row 2, column B"),
    (AGREEMENTS, set_cell(1, 2, ""), "cell-blank", "row 2, column C"),
    (AGREEMENTS, set_cell(1, 8, "Ohio"), "state-invalid", "row 2, column I"),
    (AGREEMENTS, set_cell(1, 9, "123"), "zip-invalid", "row 2, column J"),
    (AGREEMENTS, set_cell(1, 10, "mailto:us"), "web-page-invalid", "row 2, column K"),
    (AGREEMENTS, set_cell(1, 12, "0"), "number-invalid", "row 2, column M"),
    (AGREEMENTS, set_cell(1, 14, "2027-02-30"), "date-invalid", "row 2, column O"),
    (AGREEMENTS, set_cell(2, 14, "2019-01-01"), "dates-crossed", "row 3, column O"),
    (AGREEMENTS, set_cell(2, 15, "2025-01-01"), "dates-crossed", "row 3, column P"),
    (AGREEMENTS, set_cell(2, 15, "2026-12-31"), "period-elsewhere", "row 3, column P"),
    (AGREEMENTS, lambda rows: rows.append(rows[1]), "aco-duplicate", "row 4, column A"),
    (AGREEMENTS, lambda rows: rows[1].append("more"), "row-length", "row 2"),
    (AGREEMENTS, lambda rows: rows.pop(2), "aco-unknown", ""),
    (AGREEMENTS, lambda rows: rows[0].reverse(), "file-headings", "row 1"),
    (AGREEMENTS, lambda rows: rows.__delitem__(slice(1, None)), "file-without-rows", ""),
    (PARTICIPANTS, set_cell(1, 2, "12345678"), "tin-invalid", "row 2, column C"),
    (PARTICIPANTS, set_cell(1, 3, "=1+1"), "cell-formula", "row 2, column D"),
    (PARTICIPANTS, set_cell(1, 8, "1234567890"), "npi-invalid", "row 2, column I"),
    (PARTICIPANTS, lambda rows: rows.append(rows[1]), "row-duplicate", ""),
    (PARTICIPANTS, set_cell(1, 0, "A0000"), "aco-unknown", "row 2, column A"),
    (PROVIDERS, set_cell(1, 7, "1234567890"), "npi-invalid", "row 2, column H"),
    (PROVIDERS, set_cell(1, 10, "2"), "flag-invalid", "row 2, column K"),
    (PROVIDERS, set_cell(1, 0, "A0000"), "aco-unknown", "row 2, column A"),
    (PROVIDERS, set_cell(1, 2, "123456789"), "tin-not-participant", "row 2, column C"),
    (CONTACTS, set_cell(1, 1, "king"), "role-unknown", "row 2, column B"),
    (CONTACTS, set_cell(1, 2, "TOOLONG"), "user-id-invalid", "row 2, column C"),
    (CONTACTS, set_cell(1, 2, ""), "user-id-missing", "row 2, column C"),
    (CONTACTS, set_cell(1, 7, "nobody"), "email-invalid", "row 2, column H"),
    (CONTACTS, set_cell(1, 8, "12"), "phone-invalid", "row 2, column I"),
    (CONTACTS, set_cell(1, 14, ""), "flag-missing", "row 2, column O"),
    (CONTACTS, lambda rows: rows[2].__setitem__(1, rows[1][1]), "slot-duplicate", "row 3, column B"),
    (CONTACTS, set_cell(1, 0, "A0000"), "aco-unknown", ""),
    (CONTACTS, lambda rows: rows[2].__setitem__(2, rows[4][2]), "user-id-shared", "row 5, column C"),
]  # fmt: skip


@pytest.mark.requirement("R2", "R7", "R21", "R47", "R68")
@pytest.mark.parametrize(
    ("kind", "change", "code", "where"), CASES, ids=[f"{one[0]}-{one[2]}-{one[3]}" for one in CASES]
)
def test_what_is_wrong_is_told_with_its_place_and_nothing_is_stored(
    office: Office, kind: FileKind, change: Callable[[Rows], object], code: str, where: str
) -> None:
    """One thing wrong in one of four files: none of them leaves anything behind but the refusal in the log."""
    office.edit(kind, change)
    report = office.refused()

    found = [one for one in report.remarks if one.code == code]
    assert found
    places = [f"row {one.row}{f', column {one.column}' if one.column else ''}" if one.row else "" for one in found]
    assert not where or where in places
    assert all(one.sentence and one.remedy and one.file for one in report.remarks)
    assert records_of(office) == NOTHING
    with office.services.database.read() as records:
        told = list(records.journal.entries(str(YEAR)))
    assert [one.outcome for one in told] == [Outcome.REFUSED]
    assert code in told[0].details["reasons"]


@pytest.mark.requirement("R17", "E5")
def test_one_person_in_both_slots_of_a_pair_is_refused(office: Office) -> None:
    """Requestor and Custodian are two people, in a file as everywhere."""

    def share(rows: Rows) -> None:
        requestor = next(row for row in rows if row[1] == Role.DUA_REQUESTOR)
        custodian = next(row for row in rows if row[1] == Role.DUA_CUSTODIAN)
        requestor[2:] = custodian[2:]

    office.edit(CONTACTS, share)
    assert "contacts-same-person" in codes(office.refused())


@pytest.mark.requirement("R68")
def test_problems_of_all_files_stand_in_one_report_also_as_a_table(office: Office) -> None:
    """Something is wrong in each file; each is told, on every sort of report."""
    office.edit(AGREEMENTS, set_cell(1, 2, ""))
    office.edit(PARTICIPANTS, set_cell(1, 2, "12"))
    office.edit(PROVIDERS, set_cell(3, 7, "12"))
    office.edit(CONTACTS, set_cell(1, 2, "?"))
    report = office.refused()

    files = {one.file for one in report.remarks if one.weight == "error"}
    assert files == {"agreements.csv", "participants.csv", "providers.csv", "contacts.csv"}
    table = list(csv.DictReader(io.StringIO(report.as_csv().decode("utf-8-sig"))))
    assert len(table) == len(report.remarks)
    row = next(one for one in table if one["File"] == "providers.csv" and one["Code"] == "npi-invalid")
    assert (row["Row"], row["Column"], row["Weight"]) == ("4", "H", "error")
    assert "providers.csv, row 4, column H" in report.as_text(stored=False)
    assert read_report(json.loads(report.as_bytes())) == report


def test_names_that_differ_between_files_are_warnings(office: Office) -> None:
    """What the agreements, the participants and the providers call the same ACO or TIN; the year is opened all the same."""

    def rename(column: int, wanted: str) -> Callable[[Rows], object]:
        def change(rows: Rows) -> None:
            first = rows[1][column]
            for row in rows[1:]:
                row[column] = wanted if row[column] == first else row[column]

        return change

    office.edit(PARTICIPANTS, rename(1, "Another Name, LLC"))
    office.edit(PROVIDERS, rename(3, "Another Practice, P.A."))
    report = office.open()
    found = [one for one in report.remarks if one.code == "names-differ"]
    assert [(one.file, one.row, one.column) for one in found] == [
        ("participants.csv", 2, "B"),
        ("providers.csv", 2, "D"),
    ]


@pytest.mark.requirement("R49")
def test_excluded_parties_are_counted_and_stay_flagged(office: Office) -> None:
    """They are loaded with their flag, and the report says how many there are."""
    expected = sum(row[-1] == "1" for sample in office.sample.acos for row in sample.providers)
    assert expected
    assert office.open().counts["excluded rows"] == expected


def test_the_report_never_tells_a_whole_tin(office: Office) -> None:
    """A TIN may be a person's number: sentences have its last four digits."""
    office.edit(PROVIDERS, set_cell(1, 2, "123456789"))
    assert "123456789" not in office.refused().as_text(stored=False)


@pytest.mark.requirement("R20")
def test_without_a_contacts_file_contacts_come_from_the_year_before(office: Office) -> None:
    """The next year has the same people in the same slots, for an ACO that was there; an ACO that was not has none."""
    office.open()
    office.clock.now = office.clock.now.replace(year=YEAR)

    def age(rows: Rows) -> None:
        rows[1][0] = "A7777"
        rows[1][1], rows[2][1] = "new", "current"
        for row in rows[1:]:
            row[14], row[15] = f"{YEAR + 1}-01-01", f"{YEAR + 5}-12-31"

    office.edit(AGREEMENTS, age)
    report = office.services.openings.open(YEAR + 1, office.given(AGREEMENTS), office.staff)
    assert report.accepted
    with office.services.database.read() as records:
        second = office.sample.acos[1].aco.aco_id
        assert records.acos.contacts(second, YEAR + 1) == records.acos.contacts(second, YEAR) != ()
        assert records.acos.contacts("A7777", YEAR + 1) == ()


def test_a_known_person_keeps_their_account_whatever_a_file_says(office: Office) -> None:
    """The directory stands; the report says that the file differs."""
    executive = office.sample.acos[0].contacts[0].person
    office.services.enrollment.register([executive])
    office.services.directory.deactivate(executive.user_id, "Left the organization")
    report = office.open()
    assert "account-differs" in codes(report, "warning")
    with office.services.database.read() as records:
        person = records.people.get(executive.user_id)
    assert person is not None
    assert not person.account_active


def tabbed(content: bytes) -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter="\t").writerows(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return target.getvalue().encode()


@pytest.mark.parametrize(
    "change",
    [
        gzip.compress,
        lambda content: content.decode("utf-8-sig").encode(),
        lambda content: b"\xef\xbb\xbf" + content.decode("utf-8-sig").encode(),
        tabbed,
    ],
    ids=["gzip", "plain", "bom", "tabs"],
)
def test_files_are_read_packed_marked_or_tab_delimited(office: Office, change: Callable[[bytes], bytes]) -> None:
    """The same year comes out of each."""
    for kind in LISTS:
        office.files[kind] = change(office.files[kind])
    office.open()
    with office.services.database.read() as records:
        assert records.acos.get(office.sample.acos[0].aco.aco_id, YEAR) == office.sample.acos[0].aco


def test_only_active_cms_staff_open_years_and_every_try_is_told(office: Office) -> None:
    """The signatory, nobody, and a member of staff whose user ID is not active any more."""
    signatory = next(one.user_id for one in office.sample.agency if Role.CMS_SIGNATORY in one.cms_roles)
    for user_id in (signatory, "NOBO"):
        with pytest.raises(ForbiddenError, match="year-not-permitted"):
            office.services.openings.open(YEAR, office.given(), user_id)
    office.services.directory.deactivate(office.staff, "Retired")
    with pytest.raises(ForbiddenError, match="year-not-permitted"):
        office.open()
    with office.services.database.read() as records:
        assert [one.outcome for one in records.journal.entries(str(YEAR))] == [Outcome.REFUSED] * 3
    assert records_of(office) == NOTHING


def test_a_year_is_opened_once_and_near_its_time(office: Office) -> None:
    """A second time is a conflict; a year far away is a slip; agreements are necessary."""
    with pytest.raises(InputError, match="year-out-of-reach"):
        office.services.openings.open(2051, office.given(), office.staff)
    with pytest.raises(InputError, match="agreements-missing"):
        office.open(PARTICIPANTS)
    office.open()
    with pytest.raises(ConflictError, match="year-open"):
        office.open()


def test_a_check_stores_nothing(office: Office) -> None:
    """The whole report, and neither year nor entry."""
    report = office.services.years.check(YEAR, office.given(), office.staff, opening=True)
    assert report.accepted
    assert records_of(office) == NOTHING
    with office.services.database.read() as records:
        assert list(records.journal.entries()) == []


@pytest.mark.parametrize("fails", ["objects", "rows", "loads"])
def test_an_interrupted_load_leaves_nothing(office: Office, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """Whether the store, the rows or the last record of the load fails: no year, no ACO, no row, no person."""

    def fail(*_given: object, **_named: object) -> None:
        raise StoreError([])

    targets = {
        "objects": (type(office.services.objects), "put_file"),
        "rows": ("packets.store.records.lists.ListRecords", "append"),
        "loads": ("packets.store.records.years.YearRecords", "add_load"),
    }
    owner, name = targets[fails]
    if isinstance(owner, str):
        monkeypatch.setattr(f"{owner}.{name}", fail)
    else:
        monkeypatch.setattr(owner, name, fail)
    with pytest.raises(StoreError):
        office.open()
    assert records_of(office) == NOTHING
    monkeypatch.undo()
    assert office.open().accepted


def test_an_opening_in_whose_way_another_act_stood_is_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database undid its last part: that is no refusal, and the next attempt opens the year."""

    def fail(*_given: object, **_named: object) -> None:
        raise OvertakenError([])

    desk, executor = office.services.openings, build_executor(office.services)
    desk.ask(YEAR, office.given(), office.staff)
    monkeypatch.setattr("packets.store.records.years.YearRecords.complete", fail)
    executor.do_one()
    assert not desk.newest(YEAR).is_over
    assert records_of(office) == NOTHING
    monkeypatch.undo()
    office.clock.now += timedelta(minutes=1)
    executor.do_one()
    assert desk.newest(YEAR).state is OpeningState.OPEN


def test_the_layout_of_providers_is_the_guides(office: Office) -> None:
    """The file has the eleven columns and no other."""
    first = office.files[PROVIDERS].decode("utf-8-sig").splitlines()[0].split(",")
    assert tuple(first) == PROVIDER_SUPPLIER.headings
    assert len(first) == 11


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from offices import open_office
from packets.store.database import Database
from packets.store.records.lists import ListRecords

append, calls = ListRecords.append, []

def die(self, year, name, rows):
    append(self, year, name, rows)
    calls.append(name)
    if len(calls) == 2:
        os._exit(9)

ListRecords.append = die
open_office(Path(sys.argv[2]), database=Database(sys.argv[3])).open()
"""


KILLED_AGAIN = KILLED.replace(
    "ListRecords.append = die\nopen_office(Path(sys.argv[2]), database=Database(sys.argv[3])).open()",
    """office = open_office(Path(sys.argv[2]), database=Database(sys.argv[3]))
office.open()
office.edit(LISTS[2], lambda rows: rows.pop(1))
ListRecords.append = die
office.services.loadings.load(YEAR, office.given(*LISTS[1:3]), office.staff)""",
).replace("import open_office", "import LISTS, YEAR, open_office")


def kill(script: str, folder: Path) -> Office:
    """An office on the database in which a process of such a script was killed, a minute later."""
    address = f"sqlite:///{folder / 'esm.db'}"
    office = open_office(folder, database=Database(address))
    path = folder / "killed.py"
    path.write_text(script, encoding="utf-8")
    (folder / "files").mkdir()
    arguments = [str(Path(__file__).parents[1]), str(folder / "files"), address]
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, path, *arguments], check=False, capture_output=True, cwd=root, env={"PYTHONPATH": str(root)}
    )
    assert ended.returncode == 9, ended.stderr.decode()
    office.clock.now += timedelta(minutes=1)
    return office


@pytest.mark.requirement("R2", "R45")
def test_an_opening_that_is_killed_shows_nothing_and_is_gone_on_with(tmp_path: Path) -> None:
    """The process dies between two parts; nothing of the year can be seen, and whoever takes the job over goes on behind them."""
    office = kill(KILLED, tmp_path)
    assert records_of(office) == NOTHING
    with office.services.database.read() as records:
        assert [records.lists.stored(YEAR, name) > 0 for name in ("participants", "provider-supplier")] == [True, False]
    assert office.open().accepted
    with office.services.database.read() as records:
        (job,) = records.jobs.beginning("open-year/")
    assert (job.state, job.fence) == (JobState.DONE, 2)
    office.services.database.close()


@pytest.mark.requirement("R2", "R45")
def test_a_load_that_is_killed_leaves_the_lists_as_they_were_and_is_done_by_the_next_worker(tmp_path: Path) -> None:
    """The process dies between the rows of two lists that it replaces: both are the former ones, until the job is done again."""
    office = kill(KILLED_AGAIN, tmp_path)
    first = office.sample.acos[0]
    with office.services.database.read() as records:
        kept = records.lists.rows(first.aco.aco_id, YEAR, "provider-supplier")
        assert tuple(kept) == first.providers
        assert len(records.years.loads(YEAR)) == len(LISTS)
    office.edit(PROVIDERS, lambda rows: rows.pop(1))
    assert office.services.loadings.load(YEAR, office.given(PARTICIPANTS, PROVIDERS), office.staff).accepted
    with office.services.database.read() as records:
        (job,) = records.jobs.beginning("load-lists/")
        assert tuple(records.lists.rows(first.aco.aco_id, YEAR, "provider-supplier")) == first.providers[1:]
        assert len(records.years.loads(YEAR)) == len(LISTS) + 2
    assert (job.state, job.fence) == (JobState.DONE, 2)
    office.services.database.close()
