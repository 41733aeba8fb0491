"""Crowds that nobody knows, at the real server: long bodies, half-sent heads, hostile files; others are served meanwhile."""

from __future__ import annotations

import http.client
import re
import resource
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from html import unescape

import pytest
from flask import Flask, request

from browsing import Site, open_site
from serving import serving
from web import connections
from web.connections import BODY_BYTES_PER_SECOND, CONNECTIONS
from web.examination_pool import QUEUE, QUEUE_OF_NETWORK, ExaminationPool
from web.request_limits import FILE_BYTES, FORM_BYTES, YEAR_BYTES, find_limit

HIDDEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PROMPTLY = 5.0
"""Seconds within which somebody is served on a machine that is busy with other things, too."""


def echo() -> Flask:
    """An application that tells how long the body was that it got."""
    app = Flask(__name__)
    app.add_url_rule("/<path:path>", "tell", lambda path: f"{path}={len(request.get_data())};", methods=["GET", "POST"])
    return app


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with documents."""
    return open_site(tmp_path_factory.mktemp("crowded"))


@pytest.fixture(scope="module")
def port(site: Site) -> Iterator[int]:
    """The site on the real server, which believes this machine about client addresses."""
    with serving(site.app, proxies="127.0.0.1") as found:
        yield found


def say(port: int, text: bytes, *, seconds: float = 20.0) -> bytes:
    """Send bytes and read until the server ends the connection or says nothing more."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(text)
        pieces = []
        with suppress(TimeoutError, ConnectionResetError):
            while piece := line.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/sign-in", FORM_BYTES),
        ("POST", "/verify", FILE_BYTES),
        ("PUT", "/verify", FORM_BYTES),
        ("POST", "/verify/more", FORM_BYTES),
        ("POST", "/api/v1/verifications", FILE_BYTES),
        ("POST", "/packets/A9001/2027/corrections", FILE_BYTES),
        ("POST", "/api/v1/packets/A9001/2027/corrections", FILE_BYTES),
        ("POST", "/packets/A9001/2027/corrections/findings", FORM_BYTES),
        ("POST", "/years", YEAR_BYTES),
        ("POST", "/yearsolid", FORM_BYTES),
    ],
)
def test_what_brings_no_file_may_have_a_megabyte(method: str, path: str, limit: int) -> None:
    """Only the addresses that take files take more."""
    assert find_limit(method, path) == limit


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
def test_a_body_that_is_announced_too_long_is_refused_before_it_is_sent(site: Site, port: int, expect: bytes) -> None:
    """413 with a page, from the head alone, whatever is sent behind it; nothing behind it is a request of its own."""
    del site
    head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 200000000\r\n" + expect + b"\r\n"
    said = say(port, head + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 1 MB" in said
    assert said.count(b"HTTP/1.1") == 1
    assert b"Connection: close" in said


def test_whoever_sends_too_much_before_they_listen_is_told_all_the_same(site: Site, port: int) -> None:
    """A browser sends a whole file first; nothing of it is kept, and the page says how much may be sent."""
    del site
    head = f"POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: {FILE_BYTES + 5_000_000}\r\n\r\n".encode()
    said = say(port, head + bytes(FILE_BYTES + 5_000_000))
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 12 MB" in said


def test_chunks_are_counted_while_they_come() -> None:
    """No more of them is kept than the address takes."""
    with serving(echo()) as port:
        said = say(
            port, b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(FORM_BYTES + 9000)
        )
        assert b"form=" + str(FORM_BYTES).encode() not in said
        assert b"form=0;" in said  # this application does not look at what the server has found out
        fits = say(
            port,
            b"POST /form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunked(500_000),
        )
        assert b"form=500000;" in fits


def test_an_endless_line_between_chunks_is_refused() -> None:
    """Reading it on and on would stop everybody else."""
    with serving(echo()) as port:
        said = say(port, b"POST /verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 60_000)
    assert said.startswith(b"HTTP/1.1 400 ")


def test_the_files_of_a_year_are_taken_from_those_only_who_may_load_it(site: Site, port: int) -> None:
    """Anybody else is answered from the head: sent to sign in, or refused; no 300 MB are kept for them."""
    del site
    long = b"Content-Length: 200000000\r\n\r\n"
    assert b"HTTP/1.1 303 " in say(port, b"POST /years HTTP/1.1\r\nHost: localhost\r\n" + long)[:20]
    assert b"HTTP/1.1 401 " in say(port, b"POST /api/v1/years HTTP/1.1\r\nHost: localhost\r\n" + long)[:20]
    assert b"HTTP/1.1 404 " in say(port, b"POST /years/a/b/c HTTP/1.1\r\nHost: localhost\r\n" + long)[:20]


def test_half_sent_heads_shut_nobody_out() -> None:
    """One address opens more connections than there are places, and sends a byte on each; the next one is answered."""
    with serving(echo()) as port, ExitStack() as stack:
        _allow_files()
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            for _ in range(CONNECTIONS + 60)
        ]
        for line in lines:
            with suppress(OSError):
                line.sendall(b"G")
        began = time.monotonic()
        said = say(port, b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"last=0;" in said
        assert time.monotonic() - began < PROMPTLY


def test_a_head_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many bytes come, one by one."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1)
    with serving(echo()) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        assert _is_given_up(line, b"G", 0.2)


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has to come at a least rate; one that does is taken."""
    monkeypatch.setattr(connections, "BODY_GRACE_SECONDS", 1)
    with serving(echo()) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
        assert _is_given_up(line, b"a" * (BODY_BYTES_PER_SECOND // 200), 0.1)


def test_fifty_hostile_files_leave_the_service_to_others(site: Site, port: int) -> None:
    """Most are turned away with a sentence and `Retry-After`; `/healthz` answers meanwhile, and so does a page."""
    token, cookie = _form(port)
    hostile = b"%PDF-1.7\n1 0 obj<</Type/Catalog/X[" + b"1 " * 1_000_000 + b"]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    del site
    with ThreadPoolExecutor(50) as crowd:
        sent = [crowd.submit(_upload, port, token, cookie, hostile, f"198.51.{n // 5}.1") for n in range(50)]
        time.sleep(1)
        slowest = max(_seconds(port, path) for path in ("/healthz", "/sign-in") * 5)
        answers = [future.result() for future in sent]
    assert slowest < PROMPTLY
    turned_away = [headers for status, headers, _ in answers if status == 503]
    assert len(turned_away) >= 50 - QUEUE - 2 - 20
    assert turned_away
    assert all(int(headers["Retry-After"]) > 0 for headers in turned_away)
    assert {status for status, _, _ in answers} <= {200, 503}
    assert all("Too many files" in text for status, _, text in answers if status == 503)


class Work:
    """An examination that takes as long as it is let."""

    def __init__(self) -> None:
        self.began, self.may_end = threading.Event(), threading.Event()

    def service(self) -> None:
        """Wait."""
        self.began.set()
        self.may_end.wait(30)

    def cancel(self) -> None:
        """Nothing was done."""


def test_one_network_leaves_a_thread_and_places_to_others() -> None:
    """Its files are examined one at a time, and only some of them wait."""
    pool = ExaminationPool()
    pool.start()
    works = [Work() for _ in range(QUEUE)]
    assert pool.offer("a", works[0])
    assert works[0].began.wait(10)
    taken = [pool.offer("a", work) for work in works[1:]]
    assert taken.count(True) == QUEUE_OF_NETWORK
    other = Work()
    assert pool.offer("b", other)
    assert other.began.wait(10)
    assert not works[1].began.is_set()
    works[0].may_end.set()
    assert works[1].began.wait(10)
    for work in (*works, other):
        work.may_end.set()
    pool.end()


def _is_given_up(line: socket.socket, drop: bytes, pause: float) -> bool:
    """Send drop by drop for a while, until the other side has closed the connection."""
    for _ in range(int(20 / pause)):
        try:
            line.sendall(drop)
        except OSError:
            return True
        time.sleep(pause)
    return False


def chunked(length: int) -> bytes:
    """A body in chunks."""
    whole, rest = divmod(length, 8000)
    pieces = [b"1f40\r\n" + b"x" * 8000 + b"\r\n"] * whole + (
        [f"{rest:x}\r\n".encode() + b"x" * rest + b"\r\n"] if rest else []
    )
    return b"".join(pieces) + b"0\r\n\r\n"


def _form(port: int) -> tuple[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/verify", headers={"Host": "localhost"})
    response = connection.getresponse()
    cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
    found = HIDDEN.search(response.read().decode())
    connection.close()
    assert found
    return unescape(found[1]), cookie


def _upload(
    port: int, token: str, cookie: str, content: bytes, address: str
) -> tuple[int, http.client.HTTPMessage, str]:
    body = b"\r\n".join([
        b"--x", b'Content-Disposition: form-data; name="csrf_token"', b"", token.encode(),
        b"--x", b'Content-Disposition: form-data; name="file"; filename="a.pdf"', b"Content-Type: application/pdf", b"",
        content, b"--x--", b"",
    ])  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    headers = {"Host": "localhost", "Cookie": cookie, "X-Forwarded-For": address}
    connection.request("POST", "/verify", body, headers | {"Content-Type": "multipart/form-data; boundary=x"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


def _seconds(port: int, path: str) -> float:
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Host": "localhost"})
    assert connection.getresponse().status == 200
    connection.close()
    return time.monotonic() - began


def _allow_files() -> None:
    """Both ends of every connection are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
