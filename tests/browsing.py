"""A browser for tests: it keeps cookies, sends forms with their hidden fields, and refuses markup that is not right HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.test import TestResponse

from canaries import leaks
from packets.model.documents import Document
from packets.model.people import Role
from packets.sample.year import SampleAco
from web.app import create_app
from web.auth.cookies import LOCAL_NAME
from web.demo import holder
from worlds import PASSWORD, World, build_world

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Browser:
    """A test client that behaves like a browser with one window."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.hidden: dict[str, str] = {}

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self._look(self._client.get(path, **options))

    def raw(self, path: str, headers: Mapping[str, str]) -> TestResponse:
        """What is sent for an address, with nothing looked at."""
        return self._client.get(path, headers=headers)

    def head(self, path: str) -> TestResponse:
        """Ask for the headers of a page only."""
        return self._client.head(path)

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form with the hidden fields of the page that was opened last."""
        return self._look(self._client.post(path, data={**self.hidden, **(fields or {})}, **options))

    def post_bare(self, path: str, fields: Mapping[str, str]) -> TestResponse:
        """Send a form as another site would: without any hidden field."""
        return self._look(self._client.post(path, data=fields))

    def post_raw(self, path: str, content: bytes, content_type: str) -> TestResponse:
        """Send a body as it is, with the page's token in a header."""
        headers = {"X-CSRFToken": self.hidden["csrf_token"]}
        return self._look(self._client.post(path, data=content, content_type=content_type, headers=headers))

    def sign_in(self, user_id: str, password: str = PASSWORD, then: str = "/") -> TestResponse:
        """Sign in as a person would."""
        self.get("/sign-in", query_string={"next": then})
        return self.post("/sign-in", {"user_id": user_id, "password": password})

    def cookie(self, name: str) -> str | None:
        """The value of a cookie."""
        found = self._client.get_cookie(name)
        return found.value if found else None

    def keep_cookie(self, name: str, value: str) -> None:
        """Put a cookie into the browser."""
        self._client.set_cookie(name, value)

    def _look(self, response: TestResponse) -> TestResponse:
        assert leaks(response.get_data()) == []
        response.close()
        if response.mimetype == "text/html" and response.location is None:
            check_page(html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.text))
            self.hidden = {name: unescape(value) for name, value in HIDDEN.findall(response.text)}
        return response


def check_page(page: Element) -> None:
    """What holds for every page: a language, a title, landmarks, one main heading, names for whatever wants one."""
    assert page.get("lang") == "en-US"
    assert (page.findtext("head/title") or "").strip()
    assert [len(page.findall(f".//{one}")) for one in ("main", "header", "footer", "h1")] == [1, 1, 1, 1]
    ids = [one.get("id") for one in page.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    named = {label.get("for") for label in page.iter("label")}
    for control in (*page.iter("input"), *page.iter("select"), *page.iter("textarea")):
        assert control.get("type") == "hidden" or control.get("id") in named
    for table in page.iter("table"):
        captions = [True for caption in table.findall("caption") if "".join(caption.itertext()).strip()]
        assert captions == [True] or table.get("aria-label")
        assert all(head.get("scope") in {"col", "row"} for head in table.iter("th"))
    for one in page.iter():
        named_by = f"{one.get('aria-labelledby', '')} {one.get('aria-describedby', '')}".split()
        assert set(named_by) <= set(ids)
    for script in page.iter("script"):
        assert (script.get("src") or "").startswith("/look/")
        assert not "".join(script.itertext()).strip()
    assert {one.get("href", "")[1:] for one in page.iter("a") if one.get("href", "").startswith("#")} <= set(ids)
    assert not [one for one in page.iter() if any(name == "style" or name.startswith("on") for name in one.attrib)]


@dataclass
class Site:
    """The web front end on a world."""

    world: World
    app: Flask

    @property
    def current(self) -> SampleAco:
        """The current ACO."""
        return self.world.first("current")

    @property
    def new(self) -> SampleAco:
        """The new ACO."""
        return self.world.first("new")

    def document(self, kind: str, sample: SampleAco | None = None) -> Document:
        """A document of the current ACO, or of another one."""
        return self.world.document(sample or self.current, kind)

    def holder(self, role: Role, sample: SampleAco | None = None) -> str:
        """User ID of the person in a slot of the current ACO, or of another one."""
        return holder(sample or self.current, role)

    def browser(self) -> Browser:
        """A browser in which nobody has signed in."""
        return Browser(self.app)

    def enter(self, user_id: str) -> Browser:
        """A browser in which somebody has signed in."""
        one = self.browser()
        one.keep_cookie(LOCAL_NAME, self.world.services.accounts.sessions.open(user_id))
        return one

    def sign(self, browser: Browser, document: Document, slot: str, **changed: str) -> TestResponse:
        """Read a document and send the signing form of a slot, with some of its fields changed."""
        browser.get(f"/documents/{document.document_id}/pdf")
        browser.get(f"/documents/{document.document_id}/sign/{slot}")
        fields = {"consent": "yes", "password": PASSWORD, **changed}
        return browser.post(f"/documents/{document.document_id}/sign/{slot}", fields)


def open_site(folder: Path, *, assembled: bool = True, **options: Any) -> Site:
    """A new year with a new ACO and a current one, whose packet is assembled; every account has the test password."""
    world = build_world(2, folder=folder, **options)
    site = Site(world, create_app(world.services))
    if assembled:
        world.services.assembler.assemble_packet(site.current.aco.aco_id, site.current.aco.performance_year)
    world.services.accounts.set_password([person.user_id for person in world.year.people], PASSWORD)
    return site
