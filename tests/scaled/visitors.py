"""People who use the service over HTTP, as a browser would, and never the same process twice in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import requests

SECONDS = 60


class RefusedError(Exception):
    """A page answered something else than what the person wanted."""


@dataclass
class Visitor:
    """One person with one browser. Each request goes to the next of the addresses, so that nothing may live in a process."""

    addresses: Iterator[str]
    session: requests.Session = field(default_factory=requests.Session)
    page: Element | None = None

    @classmethod
    def enter(cls, addresses: list[str], user_id: str, password: str) -> Visitor:
        """Sign in."""
        one = cls(cycle(addresses))
        one.get("/sign-in")
        one.send("/sign-in", {"user_id": user_id, "password": password})
        return one

    def get(self, path: str) -> requests.Response:
        """Open a page or a file."""
        return self._look(self.session.get(next(self.addresses) + path, timeout=SECONDS, allow_redirects=False))

    def send(self, action: str, given: Mapping[str, str] | None = None, **options: Any) -> str:
        """Fill in the form with that action on the page that was opened last, and send it; answer where it leads.

        Raises:
            RefusedError: the page comes back with what is wrong.
        """
        fields = self._fields(action) | dict(given or {})
        address = next(self.addresses) + action
        answer = self._look(self.session.post(address, data=fields, timeout=SECONDS, allow_redirects=False, **options))
        if not answer.is_redirect:
            raise RefusedError(f"{action}: {answer.status_code}: {self.words('.//*[@class]')}")
        return answer.headers["Location"]

    def words(self, place: str) -> str:
        """The words of the page in a place, an XPath; all in one line."""
        found = self.page.findall(place) if self.page is not None else []
        return " ".join(" ".join("".join(one.itertext()).split()) for one in found)[:2000]

    def links(self, beginning: str) -> list[str]:
        """The addresses on the page that begin so."""
        found = self.page.iter("a") if self.page is not None else ()
        return [one.get("href", "") for one in found if one.get("href", "").startswith(beginning)]

    def _look(self, answer: requests.Response) -> requests.Response:
        if answer.status_code >= 400 and not answer.headers["Content-Type"].startswith("text/html"):
            raise RefusedError(f"{answer.url}: {answer.status_code}")
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            self.page = html5lib.parse(answer.text, namespaceHTMLElements=False)
        return answer

    def _fields(self, action: str) -> dict[str, str]:
        """What the form holds before anybody types: hidden fields, and what is entered or chosen already."""
        posted = [] if self.page is None else [one for one in self.page.iter("form") if one.get("method") == "post"]
        forms = [one for one in posted if one.get("action", action) == action]
        if not forms:
            raise RefusedError(f"There is no form to {action}: {self.words('.//main')}")
        fields = {}
        for one in (*forms[0].iter("input"), *forms[0].iter("textarea")):
            ticked = one.get("type") not in {"checkbox", "radio", "file", "submit"} or one.get("checked") is not None
            if one.get("name") and ticked and one.get("type") != "file":
                fields[one.get("name", "")] = one.get("value") or (one.text or "" if one.tag == "textarea" else "")
        for one in forms[0].iter("select"):
            chosen = [choice.get("value", "") for choice in one.iter("option") if choice.get("selected") is not None]
            fields[one.get("name", "")] = chosen[0] if chosen else next(one.iter("option")).get("value", "")
        return fields
