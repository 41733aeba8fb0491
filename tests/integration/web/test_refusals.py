"""Every failure is a calm page with the right status and the right headers, and never a traceback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from browsing import Browser, Site, open_site
from packets.model.people import Role
from web.app import MOST_BYTES, create_app


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with nothing signed."""
    return open_site(tmp_path, assembled=False)


@pytest.fixture
def executive(site: Site) -> Browser:
    """The Executive of the current ACO, signed in."""
    return site.enter(site.holder(Role.ACO_EXECUTIVE))


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/packets/A9002/99999999999999999999",
        "/packets/A9002/x",
        "/documents/%00",
        "/documents/..%2f..",
        "/static/../app.py",
        "/static/none.css",
    ],
)
def test_what_is_not_there_is_a_page(executive: Browser, path: str) -> None:
    """Addresses of every shape end in the same page."""
    response = executive.get(path)
    assert response.status_code == 404
    assert "Page not found" in response.text
    assert response.headers["X-Request-ID"] in response.text


def test_a_refused_form_says_under_which_number_the_log_tells_of_it(site: Site, executive: Browser) -> None:
    """On the form itself; the same page when it is only looked at has none."""
    path = f"/packets/{site.current.aco.aco_id}/2027/change-requests"
    shown = executive.get(path)
    refused = executive.post(path, {})
    assert refused.status_code == 422
    assert refused.headers["X-Request-ID"] in refused.text
    assert shown.headers["X-Request-ID"] not in shown.text


def test_a_method_that_is_not_offered_is_a_page_and_says_which_are(executive: Browser) -> None:
    """405 keeps the `Allow` header that it must have (RFC 9110, 15.5.6)."""
    response = executive.get("/sign-out")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
    assert "method-not-allowed" in response.text


def test_a_request_that_is_too_large_is_a_page(site: Site, executive: Browser) -> None:
    """An upload beyond the limit is refused with the limit in words."""
    executive.get("/")
    response = executive.post_raw(
        f"/packets/{site.current.aco.aco_id}/2027/corrections",
        b"0" * (MOST_BYTES + 1),
        "multipart/form-data; boundary=0",
    )
    assert response.status_code == 413
    assert "12 MB" in response.text


def test_a_failure_of_ours_tells_its_number_and_nothing_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page and the log share the request's number; what broke stands in the log only."""

    def breaks(*_given: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("packets.documents.reading.ReadingRoom.acos_of", breaks)
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE))
    with structlog.testing.capture_logs() as lines:
        response = browser.get("/")
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert "Traceback" not in response.text
    number = response.headers["X-Request-ID"]
    assert number in response.text
    failure = next(line for line in lines if line["event"] == "failure")
    assert failure["request_id"] == number
    assert str(failure["exc_info"]) == "secret detail"


def test_a_file_that_is_gone_is_a_page_and_not_an_empty_document(tmp_path: Path) -> None:
    """When the store does not have the bytes that the ledger names, the reader is told; the page has its style."""
    site = open_site(tmp_path)
    document = site.document("provider-supplier-list")
    vars(site.world.services.objects)["_kept"].clear()
    response = site.enter(site.holder(Role.ACO_EXECUTIVE)).get(f"/documents/{document.document_id}/pdf")
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "style-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/healthz", "/static/packets.css"])
def test_every_answer_is_guarded(site: Site, executive: Browser, path: str) -> None:
    """Nothing runs, nothing is framed, nothing is guessed, nothing is referred to."""
    for browser in (site.browser(), executive):
        headers = browser.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == ("public, max-age=3600" if "static" in path else "no-store")


def test_pages_are_html_without_inline_scripts_or_styles(site: Site, executive: Browser) -> None:
    """The strict content policy has nothing to block: no page relies on what it forbids."""
    for path in ("/", "/sign-in", f"/packets/{site.current.aco.aco_id}/2027"):
        page = executive.get(path).text
        assert "<script" not in page.replace('<script src="/look/', "")
        assert "style=" not in page
        assert " on" not in {part[:3] for part in page.split("<")}


@pytest.mark.parametrize(
    ("trusted", "given", "kept"),
    [(False, "client-number-1", False), (True, "proxy-number-1", True), (True, "x", False), (True, "a" * 65, False)],
)
def test_a_request_number_is_taken_from_a_trusted_proxy_only(
    site: Site, *, trusted: bool, given: str, kept: bool
) -> None:
    """Whoever sends a number of their own gets a new one, unless a proxy in front is believed and the number is in order."""
    settings = site.world.services.settings.model_copy(update={"trust_proxy": "127.0.0.1" if trusted else ""})
    browser = Browser(create_app(replace(site.world.services, settings=settings)))
    assert (browser.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given) == kept


def test_the_log_names_the_user_and_the_path_and_no_query(site: Site) -> None:
    """What somebody searched for is not in the log."""
    browser = site.enter(site.world.agency(Role.ARCHIVIST))
    with structlog.testing.capture_logs() as lines:
        browser.get("/records", query_string={"text": "Washington"})
    assert lines[-1]["path"] == "/records"
    assert lines[-1]["user"] == site.world.agency(Role.ARCHIVIST)
    assert "Washington" not in str(lines)


def test_health_is_told_without_signing_in(site: Site) -> None:
    """The check says that the records are reachable."""
    response = site.browser().get("/healthz")
    assert response.get_json() == {"status": "ok"}
