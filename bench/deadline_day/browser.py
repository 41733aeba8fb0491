"""A browser, light enough to run two hundred times: one connection kept open, cookies, links, forms; every request is clocked."""

from __future__ import annotations

import gzip
import http.client
import select
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

PATIENCE_SECONDS = 60.0
AGENT = "Mozilla/5.0 (deadline day)"
FORM = "application/x-www-form-urlencoded"
OKAY, SEE_OTHER = 200, 303
LOOKS = ("/look/", "/static/")


class UnexpectedError(Exception):
    """Something else came than what the person wanted; it is told among the requests already."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the person felt it: when it began, how long it took, and what was wrong with the answer."""

    at: float
    kind: str
    seconds: float
    status: int
    problem: str = ""


@dataclass(slots=True)
class Form:
    """A form that is sent: where, and what stands in it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a person sees of a page and can use of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.heading = ""
        self.links: list[tuple[str, str]] = []
        self.looks: list[str] = []
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def link(self, words: str, beginning: str = "/") -> str:
        """The address of the first link whose words and address begin so; empty when there is none."""
        return next((at for at, said in self.links if at.startswith(beginning) and said.startswith(words)), "")

    def form(self, action: str) -> Form | None:
        """The form that is sent there."""
        return next((one for one in self.forms if one.action in {"", action}), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """As `HTMLParser` calls it."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append((given["href"], ""))
            self._inside.append(tag)
        elif tag == "h1":
            self._inside.append(tag)
        elif tag == "form" and given.get("method") == "post":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and given.get("type") == "hidden" and self.forms:
            self.forms[-1].fields[given.get("name", "")] = given.get("value", "")
        elif asset := given.get("src") or (given.get("href") if tag == "link" else ""):
            self.looks += [asset] if asset.startswith(LOOKS) else []

    def handle_endtag(self, tag: str) -> None:
        """As `HTMLParser` calls it."""
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """As `HTMLParser` calls it."""
        self.words.append(" ".join(data.split()))
        if self._inside and self._inside[-1] == "h1":
            self.heading = _joined(self.heading, data)
        elif self._inside:
            address, before = self.links[-1]
            self.links[-1] = (address, _joined(before, data))


def _joined(before: str, data: str) -> str:
    """Words that go on, with single spaces."""
    return " ".join(f"{before}{data}".split()) + (" " if data[-1:].isspace() else "")


@dataclass
class Browser:
    """One person's browser at one of the processes that serve.

    Attributes:
        port: of the process, on this machine.
        own: the address from which the person comes; everybody has their own network.
        tell: is told of every request.
    """

    port: int
    own: str
    tell: Callable[[Asked], None]
    cookies: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    _connection: http.client.HTTPConnection | None = None

    def open(self, kind: str, path: str, heading: str) -> Page:
        """Open a page whose heading begins so, and fetch whatever of its look is not kept yet.

        Raises:
            UnexpectedError: another page came, or none.
        """
        page = Page(self._ask(kind, path, lambda status, text: _is_page(status, text, heading))[1])
        for one in [each for each in page.looks if each not in self.kept]:
            self.kept.add(one)
            self._ask("look of the pages", one, _is_there)
        return page

    def fetch(self, kind: str, path: str) -> int:
        """Fetch a PDF; answer how long it is.

        Raises:
            UnexpectedError: it is none.
        """
        return len(self._ask(kind, path, _is_pdf)[1])

    def send(self, kind: str, page: Page, action: str, given: Mapping[str, str], beginning: str) -> str:
        """Send the form of a page; answer where it leads, which begins so.

        Raises:
            UnexpectedError: it leads elsewhere, or the page comes back with what is wrong.
        """
        form = page.form(action)
        if form is None:
            self.tell(Asked(time.time(), kind, 0.0, 0, f"There is no form to {action}: {_said(page.words)}"))
            raise UnexpectedError
        body = urlencode(form.fields | dict(given)).encode()
        return self._ask(kind, action, lambda status, _: _leads(status, self._led, beginning), body)[0]

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self, kind: str, path: str, judge: Callable[[int, str], str], body: bytes | None = None
    ) -> tuple[str, str]:
        at, began, status = time.time(), time.perf_counter(), 0
        try:
            status, text = self._exchange(path, body)
            problem = judge(status, text)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            problem, text = f"{type(error).__name__}: {error}", ""
        self.tell(Asked(at, kind, time.perf_counter() - began, status, problem and f"{path}: {problem}"))
        if problem:
            raise UnexpectedError
        return self._led, text

    def _exchange(self, path: str, body: bytes | None) -> tuple[int, str]:
        headers = {"Accept-Encoding": "gzip", "User-Agent": AGENT}
        headers |= (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        )
        headers |= {"Content-Type": FORM} if body is not None else {}
        connection = self._connected()
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self._take_cookies(answer.headers.get_all("Set-Cookie") or [])
        self._led = answer.headers.get("Location", "")
        if answer.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return answer.status, content.decode("utf-8" if answer.headers.get_content_maintype() == "text" else "latin-1")

    def _connected(self) -> http.client.HTTPConnection:
        """The connection; a new one where the server has ended it meanwhile, as browsers see to it."""
        one = self._connection
        if one is not None and one.sock is not None and select.select([one.sock], [], [], 0)[0]:
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=PATIENCE_SECONDS, source_address=(self.own, 0)
            )
        return self._connection

    def _take_cookies(self, lines: list[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.coded_value

    _led: str = ""


def _is_page(status: int, text: str, heading: str) -> str:
    page = Page(text) if status != OKAY or f"<h1>{heading}" not in text else None
    if page is None or (status == OKAY and page.heading.startswith(heading)):
        return ""
    return f"{status} “{page.heading}” instead of “{heading}”: {_said(page.words)}"


def _is_there(status: int, _: str) -> str:
    return "" if status == OKAY else f"{status}"


def _is_pdf(status: int, text: str) -> str:
    return "" if status == OKAY and text.startswith("%PDF-") else f"{status} and no PDF: {text[:300]}"


def _leads(status: int, address: str, beginning: str) -> str:
    return "" if status == SEE_OTHER and address.startswith(beginning) else f"{status} leads to “{address}”"


def _said(words: list[str]) -> str:
    """What a page says, for the report of an error."""
    return " ".join(one for one in words if one)[-600:]
