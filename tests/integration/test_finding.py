"""Records are found by what is recorded of them, by those who may see them, alike on both databases."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from browsing import Site, open_site
from packets.audit.log import Act
from packets.errors import InputError, NotFoundError, PacketsError
from packets.finding import desk as finding_desk
from packets.finding.query import Query, Stage, read_query
from packets.finding.sheets import COLUMNS
from packets.finding.words import words_of
from packets.model.people import Role
from packets.store.database import Database
from web.cli import esm
from web.demo import holder
from worlds import World, build_world


@pytest.fixture(scope="module")
def world() -> World:
    """The current ACO has signed its packet, the agreement waits for CMS; the new one's is prepared."""
    made = build_world(2)
    sample = made.first("current")
    made.finish(sample, before_step=4)
    agreement = made.document(sample, "data-use-agreement")
    for slot in made.services.catalog[agreement.kind].slots[:2]:
        agreement = made.sign(agreement, slot, sample)
    made.services.assembler.assemble_packet(made.first("new").aco.aco_id, 2027)
    return made


def found(world: World, user_id: str | None = None, **asked: object) -> list[tuple[str, str]]:
    """ACO ID and kind of everything that is found."""
    query = Query(**asked)  # type: ignore[arg-type]
    page = world.services.finding.find(user_id or world.agency(Role.ARCHIVIST), query, most=100)
    assert page.count == len(page.lines)
    return [(one.document.aco_id, one.document.kind) for one in page.lines]


@pytest.mark.requirement("R4")
def test_a_packet_is_found_by_a_providers_npi(world: World) -> None:
    """The NPI stands in the frozen list of one ACO, and the documents that carry the list are found by it alone."""
    sample = world.first("new")
    row = next(one for one in sample.providers if one[7])
    assert found(world, text=row[7]) == [(sample.aco.aco_id, "provider-supplier-list")]


def test_no_record_is_found_by_a_tin(world: World) -> None:
    """A TIN may be a Social Security number, so none is in the index."""
    tin = next(one for one in world.first("new").providers if one[7])[2]
    assert found(world, text=tin) == []


@pytest.mark.requirement("R4")
def test_records_are_found_by_signer_role_stage_and_days(world: World) -> None:
    """Each filter leaves out what does not fit it, and filters together leave what fits all."""
    current, today = world.first("current").aco.aco_id, world.clock().date()
    executive = next(one.person for one in world.first("current").contacts if one.role is Role.DUA_CUSTODIAN)
    assert found(world, role=Role.DUA_CUSTODIAN) == [(current, "data-use-agreement")]
    assert (current, "data-use-agreement") in found(world, signer=executive.user_id.lower())
    assert (current, "data-use-agreement") in found(world, signer=f"{executive.family_name[:4]}".upper())
    assert found(world, signer="nobody") == []
    assert {one for one, _ in found(world, stage=Stage.UNSIGNED)} == {world.first("new").aco.aco_id}
    assert found(world, stage=Stage.PENDING_CMS) == [(current, "data-use-agreement")]
    assert {kind for _, kind in found(world, stage=Stage.EXECUTED)} == {
        "provider-supplier-list", "participant-list"
    }  # fmt: skip
    assert found(world, stage=Stage.PARTIALLY_SIGNED) == found(world, stage=Stage.DECLINED) == []
    assert len(found(world, signed_from=today, signed_to=today)) == 3
    assert (
        found(world, signed_from=today + timedelta(days=1)) == found(world, executed_to=today - timedelta(days=1)) == []
    )
    assert len(found(world, executed_from=today)) == 2
    dua = world.first("current").aco.dua.extended_to
    assert (current, "data-use-agreement") in found(world, ends_from=dua, ends_to=dua)


def test_an_acos_people_find_their_own_records_only(world: World) -> None:
    """Somebody else's record is not found, as one that does not exist."""
    mine, other = world.first("current"), world.first("new")
    executive = holder(mine, Role.ACO_EXECUTIVE)
    assert {aco_id for aco_id, _ in found(world, executive)} == {mine.aco.aco_id}
    assert found(world, executive, aco_id=other.aco.aco_id) == found(world, executive, aco_id="A0000") == []


def test_pages_follow_each_other_without_gap_or_repetition(world: World) -> None:
    """The places of all pages are those of one long page."""
    desk, archivist = world.services.finding, world.agency(Role.ARCHIVIST)
    everything = [one.document.document_id for one in desk.find(archivist, Query(), most=100).lines]
    seen, after = [], ""
    for _ in everything:
        page = desk.find(archivist, Query(), after=after, most=2)
        seen += [one.document.document_id for one in page.lines]
        after = page.next
        if not after:
            break
    assert seen == everything


@pytest.mark.parametrize("counted", [1, 3, 50])
def test_a_page_is_the_same_wherever_counting_ends(world: World, monkeypatch: pytest.MonkeyPatch, counted: int) -> None:
    """Pages behind what was counted, those within it, and the ones that begin in it and end behind it."""
    archivist, query = world.agency(Role.ARCHIVIST), Query(year=2027)
    whole = [one.document.document_id for one in world.services.finding.find(archivist, query, most=100).lines]
    monkeypatch.setattr(finding_desk, "MOST_COUNTED", counted)
    seen: list[str] = []
    after = ""
    while True:
        page = world.services.finding.find(archivist, query, after=after, most=2)
        assert page.count == min(len(whole), counted + 1)
        seen += [one.document.document_id for one in page.lines]
        if not (after := page.next):
            break
    assert seen == whole
    assert len(whole) > 4  # more than two pages


def test_what_fits_often_is_found_as_what_fits_seldom(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two ways of looking answer alike."""
    name = world.first("current").aco.legal_name
    seldom = found(world, text=name, role=Role.DUA_CUSTODIAN)
    monkeypatch.setattr("packets.store.records.finding.COMMON", 0)
    assert found(world, text=name, role=Role.DUA_CUSTODIAN) == seldom != []


@pytest.mark.requirement("R4")
def test_a_command_finds_what_the_page_finds(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A table, JSON and both files hold the same records; the log knows who took how many; who is unknown is refused."""
    monkeypatch.setattr("web.cli.archive_find.open_folder", lambda _folder: world.services)
    archivist, aco_id = world.agency(Role.ARCHIVIST), world.first("current").aco.aco_id

    def run(*words: str) -> Result:
        return CliRunner().invoke(esm, ["archive", "find", "--by", archivist, *words])

    files = tmp_path / "found.csv", tmp_path / "found.xlsx"
    told = json.loads(run("--aco", aco_id.lower(), "--json", "--csv", str(files[0]), "--xlsx", str(files[1])).stdout)
    wanted = found(world, aco_id=aco_id)
    assert [(one["aco_id"], one["kind"]) for one in told] == wanted != []
    rows = list(csv.reader(io.StringIO(files[0].read_text("utf-8-sig"))))
    sheet = openpyxl.load_workbook(files[1])["Records"]
    assert rows[0] == [one.heading for one in COLUMNS]
    assert len(rows) == len(wanted) + 1
    assert aco_id in {str(cell.value) for row in sheet.iter_rows() for cell in row}
    table = run("--role", "dua-custodian", "--year", "2027", "--stage", "pending-cms")
    assert "data-use-agreement" in table.stdout
    assert table.stderr == "1 record\n"
    assert run("--text", "nobodyatall").stdout == ""
    with world.services.database.read() as records:
        entries = [one for one in records.journal.entries("records") if one.act is Act.RECORDS_DOWNLOAD]
    assert [(one.actor, one.details["count"]) for one in entries[-3:]] == [
        (archivist, count) for count in (len(wanted), 1, 0)
    ]
    refusals = [run("--year", "x", "--signed-from", "soon"), run("--by", "0000")]
    codes = [
        {one.code for one in each.exception.problems} for each in refusals if isinstance(each.exception, PacketsError)
    ]
    assert codes == [{"year-unusable", "day-unusable"}, {"user-unknown"}]


def test_the_index_follows_every_act_and_is_made_anew_when_it_is_lost(new_database: Callable[[], Database]) -> None:
    """Signing, declining, withdrawing, voiding and renaming leave nothing out of date; what was lost is mended."""
    world = build_world(2, database=new_database())
    sample, services, staff = world.first("current"), world.services, world.agency(Role.CMS_STAFF)
    replaced, place = world.document(sample, "provider-supplier-list"), (sample.aco.aco_id, 2027)
    slot = world.types(sample)[0].slots[0]
    with services.database.write() as records:
        records.acos.change(*place, {"trade_name": "Ünheard of"})
    document = world.document(sample, replaced.kind)
    with services.database.write() as records:
        records.documents.decline(document.document_id, slot.name, staff, Role.CMS_STAFF, "-", world.clock())
    assert services.finding.outdated() == 0
    assert found(world, text="unheard", stage=Stage.DECLINED) == [(place[0], document.kind)]
    with services.database.write() as records:
        records.documents.withdraw(1, staff, "-", world.clock())
    assert found(world, stage=Stage.DECLINED) == []
    world.sign(document, slot, sample)
    with services.database.write() as records:
        records.documents.void(document.document_id, "-", world.clock())
    assert found(world) == []
    assert found(world, stage=Stage.VOIDED) == [(place[0], document.kind)] * 2
    _lose_index(services.database)
    assert services.finding.outdated() == 2
    assert services.finding.rebuild() == 2
    assert services.finding.outdated() == 0
    npi = next(one for one in sample.providers if one[7])[7]
    assert found(world, text=npi, stage=Stage.VOIDED) == [(place[0], document.kind)]


def _lose_index(database: Database) -> None:
    with database._engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM record_words"))
        connection.execute(sa.text("DELETE FROM record_entries"))


def test_a_search_is_kept_for_one_person_under_one_name(world: World) -> None:
    """The newer of the same name holds; nobody removes another's; a search without a name is refused and the log told."""
    desk, archivist, staff = world.services.finding, world.agency(Role.ARCHIVIST), world.agency(Role.CMS_STAFF)
    desk.save(archivist, "Waiting", Query(stage=Stage.UNSIGNED))
    desk.save(archivist, "Waiting", Query(stage=Stage.PENDING_CMS))
    [(kept, query)] = desk.saved(archivist)
    assert query == Query(stage=Stage.PENDING_CMS)
    assert desk.saved(staff) == []
    with pytest.raises(NotFoundError):
        desk.forget(staff, kept.search_id)
    with pytest.raises(InputError, match="name-missing"):
        desk.save(archivist, " ", Query())
    desk.forget(archivist, kept.search_id)
    assert desk.saved(archivist) == []
    with world.services.database.read() as records:
        told = [one.outcome for one in records.journal.entries() if one.act is Act.SEARCH_SAVE]
    assert told == ["done", "done", "refused"]


WORDS = st.text(max_size=40)


@given(WORDS, WORDS)
def test_words_are_the_same_whatever_stands_between_them(one: str, other: str) -> None:
    """Two texts have the words of both, and folding again changes nothing."""
    assert words_of(one, other) == words_of(f"{one} {other}") == words_of(one) | words_of(other)


@given(st.dictionaries(st.sampled_from([*Query.__dataclass_fields__]), st.text(max_size=30)))
def test_whatever_is_typed_is_a_question_or_a_refusal(given_parts: dict[str, str]) -> None:
    """What is read is written as it was read; everything else is told as faults."""
    try:
        query = read_query(given_parts)
    except InputError as error:
        told = [one for one in error.problems if one.code and one.remedy]
        expected = len(told) == error.count
    else:
        expected = read_query(query.parts()) == query
    assert expected


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose ACO has a name that a spreadsheet would run."""
    made = open_site(tmp_path_factory.mktemp("site"))
    made.document("participant-list")
    with made.world.services.database.write() as records:
        records.acos.change(made.current.aco.aco_id, 2027, {"legal_name": '=HYPERLINK("x")'})
    yield made
    made.world.services.database.close()


def test_results_are_taken_along_and_no_cell_is_a_formula(site: Site) -> None:
    """CSV and workbook have the same rows; what looks like a formula is a text in both; the log knows of it."""
    browser = site.enter(site.world.agency(Role.ARCHIVIST))
    rows = list(csv.reader(io.StringIO(browser.get("/records/file/csv").get_data().decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(BytesIO(browser.get("/records/file/xlsx").get_data()))["Records"]
    cells = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == cells[0] == [one.heading for one in COLUMNS]
    assert rows[1][2] == '\'=HYPERLINK("x")'
    assert cells[1][2] == '=HYPERLINK("x")'
    assert sheet["C2"].data_type == "s"
    with site.world.services.database.read() as records:
        assert len([one for one in records.journal.entries() if one.act is Act.RECORDS_DOWNLOAD]) == 2


def test_the_page_says_where_counting_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not counted is not called a number of records."""
    for place in ("packets.finding.desk.MOST_COUNTED", "web.pages.archive.MOST_COUNTED"):
        monkeypatch.setattr(place, 1)
    page = site.enter(site.world.agency(Role.ARCHIVIST)).get("/records?year=2027").text
    assert "<caption>More than 1 records" in page


def test_more_records_than_a_file_holds_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, with what to do."""
    monkeypatch.setattr(finding_desk, "MOST_TAKEN", 0)
    response = site.enter(site.world.agency(Role.ARCHIVIST)).get("/records/file/csv")
    assert response.status_code == 422
    assert "too-many-records" in response.text


def test_a_search_is_kept_opened_and_removed_on_the_page(site: Site) -> None:
    """The form keeps what was asked; the link asks it again; the button removes it."""
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    assert "Save search" in browser.get("/records?kind=participant-list").text
    response = browser.post("/records/searches", {"kind": "participant-list", "name": "Lists & more"})
    assert response.location == "/records?kind=participant-list"
    page = browser.get(response.location).text
    assert "Lists &amp; more" in page
    [(kept, _)] = site.world.services.finding.saved(site.holder(Role.ACO_EXECUTIVE))
    assert browser.post(f"/records/searches/{kept.search_id}/remove").status_code == 303
    assert "None so far" in browser.get("/records").text


def test_faults_of_every_filter_are_told_at_once(site: Site) -> None:
    """Four faults, four codes; nothing is searched for."""
    asked = {
        "year": "20",
        "role": "king",
        "signed_from": "2027-13-01",
        "ends_from": "2027-02-01",
        "ends_to": "2027-01-01",
    }
    page = site.enter(site.world.agency(Role.ARCHIVIST)).get("/records", query_string=asked)
    assert page.status_code == 422
    assert all(code in page.text for code in ("year-unusable", "role-unknown", "day-unusable", "days-reversed"))
