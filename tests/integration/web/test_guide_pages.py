"""Guides, the template, agreement materials: what the start page of a packet leads to."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape

import pytest

from browsing import Site, open_site
from packets.lists.columns import CORRECTIONS
from packets.lists.correction_rows import REASONS
from packets.lists.corrections import ROW_LIMIT
from packets.model.documents import Party, Status
from packets.model.people import Role, role_label

FILES = {
    "users-guide.html": "text/html",
    "quick-reference.html": "text/html",
    "corrections-template.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "corrections-example.zip": "application/zip",
    "corrections-template.zip": "application/zip",
    "guides.zip": "application/zip",
}
TAGS = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose current ACO has signed Step 2."""
    made = open_site(tmp_path_factory.mktemp("site"))
    made.world.sign(made.document("provider-supplier-list"), made.world.types(made.current)[0].slots[0], made.current)
    return made


def packet(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/2027"


def words(page: str) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(TAGS.sub(" ", page)).split())


@pytest.mark.requirement("R39", "R41", "R43")
@pytest.mark.parametrize(
    ("role", "uploads"), [(Role.ACO_EXECUTIVE, True), (Role.DUA_CUSTODIAN, False), (Role.MEDICAL_DIRECTOR, False)]
)
def test_the_packet_leads_to_signing_upload_materials_and_guides(site: Site, role: Role, *, uploads: bool) -> None:
    """All contacts have the same start page, but the upload is for those who may."""
    browser = site.enter(site.holder(role))
    page = browser.get(packet(site)).text
    doors = page.split('<nav aria-label="This packet"')[1].split("</nav>")[0]
    links = [unescape(one) for one in re.findall(r'href="([^"]+)"', doors)]
    assert links[0] == packet(site)
    assert (f"{packet(site)}/corrections" in links) == uploads
    for link in links:
        assert browser.get(link).status_code == 200
    assert {f"{packet(site)}/materials", f"/guides?aco={site.current.aco.aco_id}"} <= set(links)


@pytest.mark.requirement("R42")
def test_materials_show_every_document_with_status_signers_and_file(site: Site) -> None:
    """Also to contacts who never sign; nothing on the page can be signed."""
    page = site.enter(site.holder(Role.MEDICAL_DIRECTOR)).get(f"{packet(site)}/materials").text
    in_steps = [one for one in site.world.services.catalog.values() if not one.on_demand]
    for type_ in in_steps:
        assert type_.title in unescape(page)
    assert page.count('<th scope="row">') == len(in_steps)
    signed = site.document("provider-supplier-list")
    assert signed.signatures[0].name in page
    assert f"/documents/{signed.document_id}/download" in page
    assert Status.EXECUTED in page
    assert Status.NOT_APPLICABLE in page
    assert "January 1, 2027" in page
    assert "/sign/" not in page
    assert "<button" not in page.split("<main")[1]


@pytest.mark.requirement("R43")
@pytest.mark.parametrize("role", [Role.ACO_EXECUTIVE, Role.MEDICAL_DIRECTOR])
@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_every_guide_and_template_can_be_downloaded_by_every_contact(
    site: Site, role: Role, name: str, kind: str
) -> None:
    """From the page of guides, alone and together."""
    browser = site.enter(site.holder(role))
    page = browser.get("/guides?aco=A1234").text
    assert f'href="/guides/files/{name}' in page
    response = browser.get(f"/guides/files/{name}?aco=A1234")
    assert (response.status_code, response.mimetype) == (200, kind)
    assert "attachment" in response.headers["Content-Disposition"]


@pytest.mark.requirement("R43", "R62")
def test_everything_comes_in_one_archive_with_the_names_that_files_must_have(site: Site) -> None:
    """Three things: two guides, and the template with its example."""
    content = site.enter(site.holder(Role.ACO_EXECUTIVE)).get("/guides/files/guides.zip?aco=a1234").data
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == [
            "users-guide.html",
            "quick-reference.html",
            "A1234_ProviderSupCorrection_11162026.xlsx",
            "A0001_ProviderSupCorrection_11162026.zip",
        ]


@pytest.mark.parametrize("aco", ["", "A12", "../../x", "A1234\n", "<b>"])
def test_whatever_stands_in_the_address_names_no_file(site: Site, aco: str) -> None:
    """Only an ACO ID does; anything else gives the example's name."""
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    response = browser.get("/guides/files/corrections-template.xlsx", query_string={"aco": aco})
    expected = "A1234" if aco.strip() == "A1234" else "A0001"
    assert f"{expected}_ProviderSupCorrection_11162026.xlsx" in response.headers["Content-Disposition"]
    assert browser.get("/guides", query_string={"aco": aco}).status_code == 200


@pytest.mark.parametrize("address", ["/guides/nothing", "/guides/files/nothing.zip", "/guides/guides.toml"])
def test_a_guide_that_does_not_exist_is_not_found(site: Site, address: str) -> None:
    """No file of the folder can be had by its name."""
    assert site.enter(site.holder(Role.ACO_EXECUTIVE)).get(address).status_code == 404


@pytest.mark.requirement("R43")
def test_the_guides_say_what_the_service_does(site: Site) -> None:
    """Who signs what, the rules of the file and the statuses are those that the service goes by."""
    browser = site.enter(site.holder(Role.CMS_LIAISON))
    users, quick = (words(browser.get(f"/guides/{one}").text) for one in ("users-guide", "quick-reference"))
    for type_ in site.world.services.catalog.values():
        assert type_.title in users
        for slot in (one for one in type_.slots if one.party is Party.ACO):
            assert " or ".join(map(role_label, slot.roles)) in users
            assert " or ".join(map(role_label, slot.roles)) in quick
    assert all(column.heading in users and column.heading in quick for column in CORRECTIONS.columns)
    assert all(reason in users and reason in quick for reason in REASONS)
    assert f"{ROW_LIMIT:,} rows" in users
    assert all(status in quick for status in Status)
    assert "must have agreed to participate" in users
    assert "They do not change PECOS" in users


def test_a_guide_in_a_file_says_the_same_as_on_its_page(site: Site) -> None:
    """And needs nothing beside it."""
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    page, file = browser.get("/guides/users-guide").text, browser.get("/guides/files/users-guide.html").text
    body = page.split('<div class="guide">')[1].split("</main>")[0]
    assert words(body) in words(file)
    assert "<link" not in file
    assert "src=" not in file
