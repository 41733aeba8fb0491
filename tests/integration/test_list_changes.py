"""A list against the one certified for the year before: what it is compared with, what is found, how it is shown."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from browsing import Site, open_site
from packets.documents import frozen_facts
from packets.documents.frozen_facts import roster_facts
from packets.errors import NotFoundError
from packets.list_desks.changes import Basis, Changes
from packets.lists.columns import LAYOUTS, PARTICIPANTS, PROVIDER_SUPPLIER, Row
from packets.model.documents import Document
from packets.model.identifiers import Npi, format_tin, mask_tin
from packets.model.people import Role
from packets.sample.year import SampleAco, sample_year
from packets.years.enrollment import Enrollment
from worlds import START, World

TIN, NAME, NPI, LAST, FLAG = (
    PROVIDER_SUPPLIER.place(one) for one in ("tin", "tin_legal_name", "npi", "last_name", "excluded")
)


@dataclass(frozen=True)
class TwoYears:
    """A site whose current ACO also took part the year before, with three rows that differ, and the other year."""

    site: Site
    last: World
    sample: SampleAco
    added: Row
    removed: Row
    changed: tuple[Row, Row]

    @property
    def aco_id(self) -> str:
        """The ACO of both years."""
        return self.sample.aco.aco_id

    def compare(self, name: str = "provider-supplier") -> Changes:
        """The comparison as the desk makes it."""
        return self.site.world.services.list_changes.compare(self.aco_id, 2027, name)

    def certify(self, kind: str) -> Document:
        """Sign last year's document of that kind."""
        document = self.last.document(self.sample, kind)
        slot = self.last.services.catalog[kind].slots[0]
        return self.last.sign(document, slot, self.sample)


def two_years(folder: Path, *, enrolled: bool = True) -> TwoYears:
    """Last year somebody was listed who is gone, somebody was missing, and one had another last name and was excluded."""
    site = open_site(folder, assembled=False)
    services, year = site.world.services, sample_year(2026, 2, now=START)
    sample = next(one for one in year.acos if one.aco.aco_id == site.current.aco.aco_id)
    now = [tuple(row) for row in site.current.providers]
    people = [row for row in now if row[NPI] and row[FLAG] == "0"]
    added, changed = people[0], people[-1]
    removed = (*added[:NPI], Npi.from_body(299_999_998), "Gone", "Away", "0")
    was = (*changed[:LAST], "Maiden", "1")
    before = [removed, *(was if row == changed else row for row in now if row != added)]
    last = World(services, replace(year, acos=(replace(sample, providers=tuple(before)),)), site.world.clock)
    if enrolled:
        enroll(last, sample, before)
    return TwoYears(site, last, sample, added, removed, (was, changed))


def enroll(last: World, sample: SampleAco, providers: Sequence[Row]) -> None:
    """Open the year before and enrol the ACO in it."""
    services, staff = last.services, last.agency(Role.CMS_STAFF)
    services.enrollment.open_year(last.year.year, staff)
    lists = {"provider-supplier": providers, "participants": sample.participants}
    services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, lists), staff)
    last.submit_step_one(sample)


def ids(rows: Sequence[Row], changes: Changes) -> list[str]:
    """The NPIs of rows in the compared columns."""
    at = [column.key for column in changes.columns].index("npi")
    return [row[at] for row in rows]


def holds_the_differences(years: TwoYears, changes: Changes) -> None:
    """The three rows, and no other."""
    assert ids(changes.added, changes) == [years.added[NPI]]
    assert ids(changes.removed, changes) == [years.removed[NPI]]
    [one] = changes.changed
    assert {changes.columns[at].key: (one.before[at], one.after[at]) for at in one.places} == {
        "last_name": ("Maiden", years.changed[1][LAST]),
        "excluded": ("1", "0"),
    }


def test_a_certified_list_is_compared_as_it_was_frozen(tmp_path: Path) -> None:
    """What CMS does to last year's rows afterwards does not matter: the signed document is what was certified."""
    years = two_years(tmp_path)
    document = years.certify("provider-supplier-list")
    with years.site.world.services.database.write() as records:
        records.lists.replace(years.aco_id, 2026, "provider-supplier", [], TIN)

    changes = years.compare()
    assert changes.compared_with.basis is Basis.EXECUTED
    assert changes.compared_with.document_id == document.document_id
    holds_the_differences(years, changes)
    assert changes.summary == "1 added, 1 removed, 1 changed, against the list in the executed certification for 2026"


def test_without_a_signed_certification_the_list_that_cms_holds_is_compared(tmp_path: Path) -> None:
    """An assembled document that nobody signed certifies nothing; what was compared is told."""
    years = two_years(tmp_path)
    years.last.document(years.sample, "provider-supplier-list")

    changes = years.compare()
    assert (changes.compared_with.basis, changes.compared_with.document_id) == (Basis.LISTED, "")
    holds_the_differences(years, changes)
    assert "no signed certification" in changes.summary


def test_without_a_year_before_nothing_is_compared_and_nothing_counts_as_added(tmp_path: Path) -> None:
    """A new ACO has not added everybody."""
    changes = two_years(tmp_path, enrolled=False).compare()
    assert (changes.compared, changes.added) == (False, ())
    assert changes.summary == "Compared with nothing: there is no list for 2026"


def test_a_voided_certification_certifies_nothing(tmp_path: Path) -> None:
    """Then CMS's list of the year is what remains."""
    years = two_years(tmp_path)
    document = years.certify("provider-supplier-list")
    with years.site.world.services.database.write() as records:
        records.documents.void(document.document_id, "signed by mistake", START)

    assert years.compare().compared_with.basis is Basis.LISTED


@pytest.mark.parametrize("same_template", [True, False])
def test_facts_that_do_not_name_their_columns_are_read_by_their_template_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, same_template: bool
) -> None:
    """Documents of earlier versions: where the edition has changed since, nobody can say which cell was what."""
    years = two_years(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(
            frozen_facts,
            "roster_facts",
            lambda *args: {key: cells for key, cells in roster_facts(*args).items() if key != "columns"},
        )
        document = years.certify("provider-supplier-list")
    if not same_template:
        kinds = years.site.world.services.catalog._types
        monkeypatch.setitem(kinds, document.kind, replace(kinds[document.kind], template_digest="0" * 64))

    changes = years.compare()
    assert changes.compared_with.basis is (Basis.EXECUTED if same_template else Basis.LISTED)
    holds_the_differences(years, changes)


def test_a_later_edition_with_other_columns_reads_what_an_earlier_one_froze(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen rows say what their columns are; only those are compared."""
    years = two_years(tmp_path)
    document = years.certify("provider-supplier-list")
    kinds = years.site.world.services.catalog._types
    shorter = tuple(replace(one, columns=tuple(reversed(one.columns[:2]))) for one in kinds[document.kind].rosters)
    monkeypatch.setitem(kinds, document.kind, replace(kinds[document.kind], rosters=shorter, template_digest="0" * 64))

    changes = years.compare()
    assert changes.compared_with.basis is Basis.EXECUTED
    holds_the_differences(years, changes)


def test_participants_are_compared_by_their_tin(tmp_path: Path) -> None:
    """A participant that changed its name is one that changed; the signer's list has fewer columns, and those are compared."""
    years = two_years(tmp_path)
    years.last.finish(years.sample, before_step=4)
    services, name = years.site.world.services, PARTICIPANTS.place("legal_name")
    rows = [tuple(row) for row in years.site.current.participants]
    renamed = (*rows[0][:name], "Renamed, LLC", *rows[0][name + 1 :])
    with services.database.write() as records:
        records.lists.replace(years.aco_id, 2027, "participants", [renamed, *rows[1:]], PARTICIPANTS.place("tin"))

    changes = years.compare("participants")
    assert changes.compared_with.basis is Basis.EXECUTED
    [one] = [one for one in changes.changed if one.after[1] == "Renamed, LLC"]
    assert one.before[1] == rows[0][name]
    assert not {"effective_date", "aco_name"} & {column.key for column in changes.columns}


def test_corrections_stand_for_their_year_only(tmp_path: Path) -> None:
    """They are announced once."""
    years = two_years(tmp_path, enrolled=False)
    for name in ("corrections", "anything"):
        with pytest.raises(NotFoundError):
            years.compare(name)


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> TwoYears:
    """Two years with last year's list certified."""
    made = two_years(tmp_path_factory.mktemp("years"))
    made.certify("provider-supplier-list")
    return made


def address(years: TwoYears, query: str = "") -> str:
    return f"/packets/{years.aco_id}/2027/lists/provider-supplier/changes{query}"


def test_the_page_counts_and_shows_the_differences_kind_by_kind(years: TwoYears) -> None:
    """From the packet and the list; each kind alone or all together; old values stand beside new ones."""
    browser = years.site.enter(years.site.holder(Role.ACO_EXECUTIVE))
    links = [browser.get(f"/packets/{years.aco_id}/2027{more}").text for more in ("/lists/provider-supplier",)]
    assert all(address(years) in one for one in links)
    everything = browser.get(address(years)).text
    assert "the list in the executed certification for 2026" in everything
    for row in (years.added, years.removed, years.changed[1]):
        assert row[NPI] in everything
    assert re.search(r"<ins>[^<]+</ins> <del><span class=\"usa-sr-only\">before: </span>Maiden</del>", everything)
    for kind, row in (("added", years.added), ("removed", years.removed), ("changed", years.changed[1])):
        page = browser.get(address(years, f"?kind={kind}")).text
        assert row[NPI] in page
        assert page.count('<th scope="row">') == 1


@pytest.mark.parametrize("query", ["?kind=x", "?page=9", "?page=x", "?kind=added&page=99999999"])
def test_an_address_that_makes_no_sense_is_answered_calmly(years: TwoYears, query: str) -> None:
    """No page is an error."""
    assert years.site.enter(years.site.holder(Role.ACO_EXECUTIVE)).get(address(years, query)).status_code == 200


def test_who_does_not_certify_sees_the_last_digits_of_tins_only(years: TwoYears) -> None:
    """On the page and on every sheet of the workbook."""
    liaison = years.site.enter(years.site.holder(Role.CMS_LIAISON))
    page = liaison.get(address(years)).text
    assert mask_tin(years.added[TIN]) in page
    book = workbook(liaison.get(address(years).removesuffix("changes") + "download").data)
    cells = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    for row in (years.added, years.removed, years.changed[1]):
        for tin in (row[TIN], format_tin(row[TIN])):
            assert tin not in page
            assert tin not in cells


def workbook(content: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN201  openpyxl's workbook
    [name] = zipfile.ZipFile(io.BytesIO(content)).namelist()
    return load_workbook(io.BytesIO(zipfile.ZipFile(io.BytesIO(content)).read(name)))


@pytest.mark.requirement("R51")
def test_the_workbook_has_a_sheet_for_each_kind_of_difference_and_says_what_is_in_it(years: TwoYears) -> None:
    """One row for each cell that changed, with its old and its new value."""
    browser = years.site.enter(years.site.holder(Role.ACO_EXECUTIVE))
    book = workbook(browser.get(address(years).removesuffix("changes") + "download").data)
    assert book.sheetnames == ["Provider Supplier List", "Added", "Removed", "Changed", "About"]
    rows = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
    assert [years.added[NPI] in row for row in rows["Added"]] == [False, True]
    assert [years.removed[NPI] in row for row in rows["Removed"]] == [False, True]
    assert [row[-3:] for row in rows["Changed"]] == [
        ("Changed Column", "Before", "Now"),
        ("NPI Last Name", "Maiden", years.changed[1][LAST]),
        ("Excluded Flag", "1", "0"),
    ]
    about = dict(rows["About"])
    assert about["Compared with"] == "the list in the executed certification for 2026"
    assert about["Rows"] == str(len(years.site.current.providers))
    assert book.properties.subject == f"{years.aco_id}, performance year 2027"


def test_every_list_says_whether_years_are_compared() -> None:
    """Corrections are the one list that is not."""
    assert {name for name, layout in LAYOUTS.items() if not layout.identities} == {"corrections"}
