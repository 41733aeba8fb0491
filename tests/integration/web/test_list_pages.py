"""The lists behind a packet: all rows page by page, one TIN's, a search, and the spreadsheet."""

from __future__ import annotations

import io
import re
import time
import zipfile
from html import unescape
from pathlib import Path

import pytest
from openpyxl import load_workbook

from browsing import Browser, Site, open_site
from packets.audit.log import Act
from packets.list_desks.reading import PAGE_ROWS, ListQuery
from packets.lists.columns import LAYOUTS, Row
from packets.model.identifiers import Npi, format_tin, mask_tin
from packets.model.people import Role
from packets.store.database import Database

PROVIDERS = LAYOUTS["provider-supplier"]
TIN_PLACE, NPI_PLACE = PROVIDERS.place("tin"), PROVIDERS.place("npi")
CELL = re.compile(r'<td data-label="[^"]*"(?: class="whole")?>([^<]*)</td>')
SAID_ABOVE = 2
"""ACO ID and name stand in the heading of the page and not in each of its rows."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return open_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def executive(site: Site) -> Browser:
    return site.enter(site.holder(Role.ACO_EXECUTIVE))


def path(site: Site, name: str = "provider-supplier") -> str:
    return f"/packets/{site.current.aco.aco_id}/2027/lists/{name}"


def shown(text: str) -> list[Row]:
    """The rows of a page."""
    cells = [unescape(one) for one in CELL.findall(text)]
    width, above = len(PROVIDERS.columns) - SAID_ABOVE, ("",) * SAID_ABOVE
    return [(*above, *cells[at : at + width]) for at in range(0, len(cells), width)]


@pytest.mark.requirement("R45", "R47", "R52")
def test_every_row_of_the_list_is_on_some_page_in_its_order(site: Site, executive: Browser) -> None:
    """From the packet's link on: nothing is left out, nothing comes twice."""
    assert path(site) in executive.get(f"/packets/{site.current.aco.aco_id}/2027").text
    rows = [tuple(one) for one in site.current.providers]
    pages = -(-len(rows) // PAGE_ROWS)
    found = [one for page in range(1, pages + 1) for one in shown(executive.get(f"{path(site)}?page={page}").text)]

    assert [one[NPI_PLACE] for one in found] == [row[NPI_PLACE] or "–" for row in rows]
    assert [one[TIN_PLACE] for one in found] == [format_tin(row[TIN_PLACE]) for row in rows]


@pytest.mark.requirement("R50")
def test_a_tin_chosen_from_the_list_shows_its_rows_only(site: Site, executive: Browser) -> None:
    """Its place in the menu stands in the address, never its digits."""
    tins = sorted({row[TIN_PLACE] for row in site.current.providers})
    page = executive.get(f"{path(site)}?tin=2").text

    expected = [row for row in site.current.providers if row[TIN_PLACE] == tins[1]]
    assert {one[TIN_PLACE] for one in shown(page)} == {format_tin(tins[1])}
    assert f"of {len(expected):,}" in page
    assert tins[1] not in page


@pytest.mark.requirement("R50")
def test_words_and_numbers_are_found_whatever_signs_they_have(site: Site, executive: Browser) -> None:
    """A last name, part of an NPI, and percent signs that mean nothing special."""
    place = PROVIDERS.place("last_name")
    for row in site.current.providers[:5]:
        for text in (row[place], row[NPI_PLACE][2:9]):
            if text:
                found = shown(executive.get(path(site), query_string={"text": text}).text)
                assert row[NPI_PLACE] in {one[NPI_PLACE] for one in found}
            both = shown(executive.get(path(site), query_string={"text": f"{text.upper()} {row[NPI_PLACE]}"}).text)
            assert row[NPI_PLACE] in {one[NPI_PLACE] for one in both}
    tin = site.current.providers[0][TIN_PLACE]
    for text in (tin, format_tin(tin), tin[2:7]):
        found = shown(executive.get(path(site), query_string={"text": text}).text)
        assert format_tin(tin) in {one[TIN_PLACE] for one in found}
    assert "No row fits" in executive.get(path(site), query_string={"text": "%"}).text
    assert "No row fits" in executive.get(path(site), query_string={"text": "nobody<b>"}).text


@pytest.mark.requirement("R73")
def test_the_participant_list_is_looked_at_in_the_same_way(site: Site, executive: Browser) -> None:
    """Step 3 has its list."""
    page = executive.get(path(site, "participants"))
    assert page.status_code == 200
    assert f"of {len(site.current.participants):,}" in page.text


@pytest.mark.requirement("R51")
def test_the_download_is_a_zip_with_a_workbook_of_all_rows_and_the_log_tells_of_it(
    site: Site, executive: Browser
) -> None:
    """Eleven headings, every row, TINs with their hyphen."""
    response = executive.get(f"{path(site)}/download")
    [name] = zipfile.ZipFile(io.BytesIO(response.data)).namelist()
    sheet = load_workbook(io.BytesIO(zipfile.ZipFile(io.BytesIO(response.data)).read(name))).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))

    assert response.mimetype == "application/zip"
    assert rows[0] == PROVIDERS.headings
    assert len(rows) == 1 + len(site.current.providers)
    assert rows[1][TIN_PLACE] == format_tin(site.current.providers[0][TIN_PLACE])
    with site.world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.act is Act.LIST_DOWNLOAD]
    assert told[-1].actor == site.holder(Role.ACO_EXECUTIVE)


@pytest.mark.requirement("R40")
def test_contacts_who_do_not_certify_see_the_last_digits_of_tins_only(site: Site) -> None:
    """A TIN may be a Social Security number: on the page, in the menu, in the workbook, and not to be guessed by a search."""
    liaison = site.enter(site.holder(Role.CMS_LIAISON))
    tin = site.current.providers[0][TIN_PLACE]
    page, workbook = liaison.get(path(site)).text, liaison.get(f"{path(site)}/download").data

    assert mask_tin(tin) in page
    [name] = zipfile.ZipFile(io.BytesIO(workbook)).namelist()
    inside = zipfile.ZipFile(io.BytesIO(zipfile.ZipFile(io.BytesIO(workbook)).read(name)))
    everything = page + "".join(inside.read(one).decode("utf-8", "replace") for one in inside.namelist())
    for one in {row[TIN_PLACE] for row in site.current.providers}:
        assert one not in everything
        assert format_tin(one) not in everything
    assert "No row fits" in liaison.get(path(site), query_string={"text": tin[:7]}).text
    last_name = next(row[PROVIDERS.place("last_name")] for row in site.current.providers if row[NPI_PLACE])
    assert shown(liaison.get(path(site), query_string={"text": last_name.upper()}).text)


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=999", "page=x", "page=99999999999", "tin=x", "tin=9999", "text=%00"]
)
def test_an_address_that_makes_no_sense_is_answered_calmly(site: Site, executive: Browser, query: str) -> None:
    """No page is an error."""
    assert executive.get(f"{path(site)}?{query}").status_code == 200


def test_a_list_that_does_not_exist_is_not_found(site: Site, executive: Browser) -> None:
    """Nor can it be downloaded."""
    for address in (path(site, "anything"), f"{path(site, 'anything')}/download"):
        assert executive.get(address).status_code == 404


@pytest.mark.requirement("R53")
def test_after_the_list_one_may_sign_or_correct_by_two_links_with_two_names(site: Site, executive: Browser) -> None:
    """Whoever may do neither is led to the certification; the participant list takes no corrections."""
    page, document = executive.get(path(site)).text, site.document("provider-supplier-list")
    assert f'href="/documents/{document.document_id}/read">Nothing to correct: read and sign as ACO Executive' in page
    assert "Something to correct: upload corrections" in page

    liaison = site.enter(site.holder(Role.CMS_LIAISON)).get(path(site)).text
    assert "read and sign" not in liaison
    assert "upload corrections" not in liaison
    assert f'href="/documents/{document.document_id}">Open the certification' in liaison
    assert "upload corrections" not in executive.get(path(site, "participants")).text


def test_tins_with_two_legal_names_are_told_and_their_rows_can_be_filtered(tmp_path: Path) -> None:
    """Case and punctuation make no difference; a name that differs does, on both lists (REQ 6)."""
    site = open_site(tmp_path)
    aco, rows = site.current.aco, [tuple(one) for one in site.current.providers]
    tins = sorted({row[TIN_PLACE] for row in rows})
    place = PROVIDERS.place("tin_legal_name")
    names = {tins[0]: lambda name: f"  {name.upper()}.", tins[1]: lambda name: f"{name} Group"}
    changed = [(*row[:place], names.get(row[TIN_PLACE], str)(row[place]), *row[place + 1 :]) for row in rows]
    with site.world.services.database.write() as records:
        records.lists.replace(aco.aco_id, 2027, "provider-supplier", changed, TIN_PLACE)

    executive, liaison = site.enter(site.holder(Role.ACO_EXECUTIVE)), site.enter(site.holder(Role.CMS_LIAISON))
    page = executive.get(path(site)).text
    assert "1 TIN has another legal name on the Participant List" in page
    assert (
        "1 TIN has another legal name on the Provider/Supplier List" in executive.get(path(site, "participants")).text
    )
    filtered = executive.get(f"{path(site)}?names=differ").text
    assert {one[TIN_PLACE] for one in shown(filtered.split("</details>")[1])} == {format_tin(tins[1])}
    assert f"of {sum(row[TIN_PLACE] == tins[1] for row in rows):,}." in filtered
    assert "No row fits" in executive.get(f"{path(site)}?names=differ&tin=1").text
    assert tins[1] not in liaison.get(path(site)).text
    assert (
        "another legal name"
        not in site.enter(site.holder(Role.ACO_EXECUTIVE, site.new))
        .get(f"/packets/{site.new.aco.aco_id}/2027/lists/participants")
        .text
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The largest list known, 33,500 rows (REQ 5), in a real file."""
    folder = tmp_path_factory.mktemp("large")
    site = open_site(folder, assembled=False, database=Database(f"sqlite:///{folder / 'esm.db'}"))
    aco = site.current.aco
    rows = [
        (aco.aco_id, aco.legal_name, f"96{at // 400:07d}", f"Clinic {at // 400}", "", "", "", Npi.from_body(200_000_000 + at),
         f"Given{at % 97}", f"Family{at % 1009}", "0")
        for at in range(33_500)
    ]  # fmt: skip
    with site.world.services.database.write() as records:
        records.lists.replace(aco.aco_id, 2027, "provider-supplier", rows, TIN_PLACE)
    return site


@pytest.mark.parametrize(
    ("query", "total"),
    [
        (ListQuery(page=335), 33_500),
        (ListQuery(page=168), 33_500),
        (ListQuery(tin=40), 400),
        (ListQuery(text="family1008 CLINIC"), 33),
        (ListQuery(text="nobody"), 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("masked", [False, True])
def test_the_largest_list_is_as_quick_as_a_small_one(
    large: Site, query: ListQuery, total: int, *, masked: bool
) -> None:
    """No page takes long, wherever it lies and whatever is looked for; a tenth of this second is the aim, on an idle machine."""
    desk = large.world.services.lists
    started = time.thread_time()
    found = desk.look_up(large.current.aco.aco_id, 2027, "provider-supplier", query, masked=masked)

    assert time.thread_time() - started < 1
    assert found.total == total
    assert len(found.rows) == min(total, PAGE_ROWS)
    assert found.first == (0 if not total else (query.page - 1) * PAGE_ROWS + 1)
