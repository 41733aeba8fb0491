"""The pages of exports, and downloads that break off and are resumed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from browsing import Browser, Site, open_site
from packets.audit.log import Act, Outcome
from packets.keeping.exports import EXPORT_JOB
from packets.model.people import Role
from packets.store.objects import digest_bytes
from web.bootstrap import build_executor


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Step 2 of the current ACO is executed; the folder is named from where the process stands, as people name it."""
    made = open_site(Path(os.path.relpath(tmp_path_factory.mktemp("site"))), assembled=False)
    made.world.finish(made.current, before_step=3)
    yield made
    made.world.services.database.close()


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    """Where the archivist's export is, which is ready."""
    browser = archivist(site)
    browser.get("/archive/exports")
    made = browser.post("/archive/exports", {"aco_id": site.current.aco.aco_id.lower(), "year": "2027"})
    assert made.status_code == 303, made.text
    work(site, made.location)
    return made.location


@pytest.fixture(scope="module")
def path(site: Site, address: str) -> Path:
    """Where the file lies."""
    return next(Path(site.world.services.settings.exports).glob(f"{address.rpartition('/')[2]}.*"))


@pytest.fixture(scope="module")
def browser(site: Site) -> Browser:
    """The archivist's."""
    return archivist(site)


def archivist(site: Site) -> Browser:
    """A browser in which the archivist has signed in."""
    return site.enter(site.world.agency(Role.ARCHIVIST))


def take(browser: Browser, address: str, **headers: str) -> TestResponse:
    """Ask for the file of an export, read what is sent to its end, and close it."""
    answer = browser.raw(f"{address}/file", {name.replace("_", "-"): value for name, value in headers.items()})
    answer.get_data()
    answer.close()
    return answer


def work(site: Site, address: str) -> None:
    """Do the job of an export."""
    with site.world.services.database.read() as records:
        job = records.jobs.by_key(f"{EXPORT_JOB}/{address.rpartition('/')[2]}")
    assert job is not None
    build_executor(site.world.services).do_one(job.job_id)


def downloads(site: Site, address: str) -> list[tuple[int, int]]:
    """The first and the last byte of everything that was given away of an export."""
    with site.world.services.database.read() as records:
        told = records.journal.entries(f"export/{address.rpartition('/')[2]}")
        kept = [one for one in told if one.act is Act.EXPORT_DOWNLOAD and one.outcome is Outcome.DONE]
    return [(one.details["first"], one.details["last"]) for one in kept]


@pytest.mark.requirement("R4")
def test_an_export_from_the_record_search_to_the_file(site: Site) -> None:
    """What was found is asked for, watched without a script too, downloaded, and removed."""
    browser = archivist(site)
    found = browser.get("/records", query_string={"aco_id": site.current.aco.aco_id, "stage": "executed"})
    assert "Export the executed documents" in found.text
    address = browser.post("/archive/exports").location
    page = browser.get(address)
    assert "Waiting for its turn" in page.text
    assert 'http-equiv="refresh" content="2"' in page.text
    assert 'hx-trigger="every 2s"' in page.text
    assert browser.get(f"{address}/file").status_code == 404
    work(site, address)
    page = browser.get(address)
    assert "Ready" in page.text
    assert "hx-get" not in page.text
    assert browser.get(f"{address}/file").data.startswith(b"PK")
    browser.get(address)
    assert browser.post(f"{address}/remove").status_code == 303
    assert "The file was removed" in browser.get(address).text
    assert "Removed" in browser.get("/archive/exports").text
    assert browser.get(f"{address}/file").status_code == 404


def test_what_cannot_be_exported_is_told_beside_the_form(site: Site) -> None:
    """With its code, and nothing that was typed is lost."""
    browser = archivist(site)
    browser.get("/archive/exports")
    refused = browser.post("/archive/exports", {"aco_id": "A0000", "year": "20"})
    assert refused.status_code == 422
    assert "year-unusable" in refused.text
    assert 'value="A0000"' in refused.text
    browser.get("/archive/exports")
    assert "selection-empty" in browser.post("/archive/exports", {"aco_id": "A0000"}).text
    assert "Export the executed documents" not in site.enter(site.holder(Role.ACO_EXECUTIVE)).get("/records").text


@pytest.mark.requirement("R4")
def test_somebody_elses_export_looks_like_none(site: Site, address: str) -> None:
    """To CMS staff too, and to whoever may not see the archive nothing of it is open."""
    for user_id in (site.world.agency(Role.CMS_STAFF), site.world.agency(Role.CMS_SIGNATORY)):
        browser = site.enter(user_id)
        for path in (address, f"{address}/file", f"{address[:-12]}{'0' * 12}"):
            assert browser.get(path).status_code == 404
    assert site.enter(site.holder(Role.ACO_EXECUTIVE)).get(f"{address}/file").status_code == 403


@pytest.mark.requirement("R4")
def test_a_download_that_broke_off_is_resumed_and_each_part_is_logged(
    site: Site, browser: Browser, address: str, path: Path
) -> None:
    """As `curl -C -` does; when the file is another one by now, all of it is sent."""
    content, before = path.read_bytes(), len(downloads(site, address))
    assert digest_bytes(content) in browser.get(address).text
    head = browser.head(f"{address}/file")
    head.close()
    tag = head.headers["ETag"]
    assert tag == f'"{digest_bytes(content)}"'
    assert (head.headers["Accept-Ranges"], head.content_length) == ("bytes", len(content))
    assert len(downloads(site, address)) == before
    rest = take(browser, address, Range="bytes=100-", If_Range=tag)
    assert (rest.status_code, content[:100] + rest.data) == (206, content)
    assert rest.headers["Content-Range"] == f"bytes 100-{len(content) - 1}/{len(content)}"
    assert rest.headers["ETag"] == tag
    other = take(browser, address, Range="bytes=100-", If_Range=f'"{"0" * 64}"')
    assert (other.status_code, other.data) == (200, content)
    whole = (0, len(content) - 1)
    assert downloads(site, address)[before:] == [(100, len(content) - 1), whole]
    assert take(browser, address, If_None_Match=tag).status_code == 304
    assert len(downloads(site, address)) == before + 2


NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 10**30)).map(str)
RANGES = st.one_of(
    st.builds("bytes={}-{}".format, NUMBERS, NUMBERS),
    st.builds("bytes={}-".format, NUMBERS),
    st.builds("bytes=-{}".format, NUMBERS),
    st.builds("bytes={}-{},{}-".format, NUMBERS, NUMBERS, NUMBERS),
    st.builds("rows={}-".format, NUMBERS),
    st.text(st.characters(min_codepoint=33, max_codepoint=126)),
)


@pytest.mark.requirement("R4")
@settings(max_examples=50, deadline=None)
@given(asked=RANGES)
def test_whatever_range_is_asked_for_the_bytes_are_those_of_the_file(
    browser: Browser, address: str, path: Path, asked: str
) -> None:
    """One range that is satisfiable: exactly it. One that is not: 416 with the size. Anything else: the whole file."""
    answer, content = take(browser, address, Range=asked), path.read_bytes()
    span = expected(asked, len(content))
    if span is None:
        assert (answer.status_code, answer.data == content) == (200, True)
    elif not span:
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{len(content)}"
    else:
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"bytes {span[0]}-{span[-1]}/{len(content)}"
        assert answer.data == content[span[0] : span[-1] + 1]
        assert int(answer.headers["Content-Length"]) == len(span)


def expected(asked: str, size: int) -> range | None:
    """RFC 9110, 14.1.2, written down a second time: the bytes; empty when unsatisfiable, None when it is to be passed over."""
    unit, equals, rest = asked.partition("=")
    first, dash, last = rest.partition("-")
    if (unit, equals, dash) != ("bytes", "=", "-") or not (first + last):
        return None
    if not all(one.isdigit() and one.isascii() for one in (first, last) if one):
        return None
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last), size - 1) + 1 if last else size)
