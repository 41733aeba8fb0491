"""Checking a document without signing in: ours, changed, foreign, hostile; and nothing of the file is kept."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from browsing import Site, open_site
from packets.documents.voiding import VoidRequest
from packets.model.documents import Document
from packets.model.people import Role
from web.auth.limits import VERIFICATIONS, key_of


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with a signed document."""
    return open_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def signed(site: Site) -> Document:
    """Step 2 of the current ACO, signed and closed."""
    document = site.document("provider-supplier-list")
    return site.world.sign(document, site.world.types(site.current)[0].slots[0], site.current)


@pytest.fixture(autouse=True)
def unhurried(site: Site) -> None:
    """Each test comes from a network that has examined nothing yet."""
    with site.world.services.database.write() as records:
        records.throttles.remove(key_of(VERIFICATIONS, "127.0.0.1"))


def check(site: Site, content: bytes, name: str = "file.pdf") -> TestResponse:
    """Send a file as anybody would."""
    browser = site.browser()
    browser.get("/verify")
    return browser.post("/verify", {"file": (BytesIO(content), name)}, content_type="multipart/form-data")


def test_a_document_of_ours_is_told_in_plain_words(site: Site, signed: Document) -> None:
    """Ours and unchanged, who signed as what, the newest on record; an earlier revision says that there is a newer one."""
    objects = site.world.services.objects
    page = check(site, objects.get(signed.head_digest), "some/folder/list.pdf").text
    assert "It is ours, and unchanged" in page
    assert "list.pdf" in page
    assert "folder" not in page
    assert signed.signatures[0].name in page
    assert "It is the newest version on record." in page
    earlier = signed.signatures[0].revision_digest
    assert "There is a newer version on record" in check(site, objects.get(earlier)).text


def test_a_voided_document_says_so(site: Site) -> None:
    """It is ours and unchanged, and does not count any more."""
    document = site.document("participant-list")
    content = site.world.services.objects.get(document.head_digest)
    asked = VoidRequest(document.document_id, "A wrong name", site.world.agency(Role.CMS_STAFF), document.head_digest)
    site.world.services.voiding.void(asked)
    assert "The document was voided" in check(site, content).text


def test_a_changed_document_is_not_ours_and_says_what_is_wrong(site: Site, signed: Document) -> None:
    """One byte in the signed part, or something after the end."""
    whole = site.world.services.objects.get(signed.head_digest)
    middle = len(whole) // 3
    changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for content in (changed, whole + b"\n%% more\n"):
        page = check(site, content).text
        assert "It is not ours, or was changed" in page
        assert "It is ours, and unchanged" not in page


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"not a PDF at all", "../../etc/passwd"),
        (b"%PDF-1.7\n" + b"1 0 obj << /Length 99999999 >> stream" * 2000, "<script>alert(1)</script>.pdf"),
        (b"%PDF-1.7\n" + b"[" * 200_000, "x" * 500),
        (b"\x00" * 1000, "\r\nX-Evil: 1.pdf"),
    ],
)
def test_a_hostile_file_gets_a_calm_answer(site: Site, content: bytes, name: str) -> None:
    """Whatever is sent, the page says that it is not ours or cannot be said, and repeats no markup and no header."""
    response = check(site, content, name)
    assert response.status_code in {200, 422}  # a name with a line end leaves no file in the form
    assert "It is ours, and unchanged" not in response.text
    assert "<script>alert" not in response.text
    assert "X-Evil" not in response.headers
    assert "x" * 101 not in response.text


def test_no_file_an_empty_one_and_too_large_a_one_are_refused(site: Site) -> None:
    """With what to do about it."""
    browser = site.browser()
    browser.get("/verify")
    assert "file-missing" in browser.post("/verify").text
    assert "file-missing" in check(site, b"").text
    browser.get("/verify")
    too_large = browser.post_raw("/verify", bytes(13 * 1024 * 1024), "multipart/form-data; boundary=x")
    assert (too_large.status_code, "larger than 12 MB" in too_large.text) == (413, True)


def test_nothing_of_a_file_is_kept(site: Site, tmp_path: Path) -> None:
    """No row but the count of the network, no object, no log entry."""
    del tmp_path
    before = _rows(site)
    check(site, b"%PDF-1.7 something private")
    after = _rows(site)
    assert {name for name in after if after[name] != before[name]} == {"throttles"}


def test_so_many_files_are_examined_from_one_network_and_not_more(site: Site) -> None:
    """Then it has to wait."""
    guard = site.world.services.accounts.guard
    for _ in range(VERIFICATIONS.free - 1):
        guard.admit((VERIFICATIONS, "127.0.0.1"))
    assert check(site, b"one more").status_code == 200
    assert check(site, b"too many").status_code == 429


def test_another_site_cannot_have_files_examined_in_somebodys_name(site: Site) -> None:
    """The form has its token, like every other one."""
    assert site.browser().post_bare("/verify", {}).status_code == 400


def _rows(site: Site) -> dict[str, int]:
    with site.world.services.database._engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: int(connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar() or 0)  # noqa: S608  ours
            for name in names
        }
