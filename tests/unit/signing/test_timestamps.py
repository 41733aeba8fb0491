"""Time-stamps: one that holds, or none and no signature."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest
from asn1crypto import cms, tsp

from signed_files import NOW, StillClock, document_type, draft, identity, keys, life
from signing import timestamps
from signing.errors import TimeStampError
from signing.pades import SigningService
from signing.timestamps import (
    LONGEST_CONTAINER,
    Authority,
    LocalTimeStampAuthority,
    RemoteTimeStampAuthority,
    TimeStampSource,
    local_source,
)
from signing.tokens import generation_time, token_info
from signing.verify import verify_pdf

DIGEST = hashlib.sha256(b"stamp me").digest()


class Crooked:
    """An authority that answers another question than it was asked."""

    name = "crooked"

    def __init__(
        self, twist: Callable[[tsp.TimeStampReq], None], *, clock: StillClock | None = None, who: str = "ours"
    ) -> None:
        self._honest = LocalTimeStampAuthority(keys(who).timestamps, clock or StillClock())
        self._twist = twist

    def answer(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The honest answer to the twisted request."""
        twisted = tsp.TimeStampReq.load(request.dump())
        self._twist(twisted)
        return self._honest.answer(twisted)


class Broken:
    """An authority that cannot be reached."""

    name = "broken"

    def answer(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Nothing."""
        raise OSError(f"no route for {request['version'].native}")


def leave(_request: tsp.TimeStampReq) -> None:
    """Twist nothing."""


def other_nonce(request: tsp.TimeStampReq) -> None:
    """Another nonce."""
    request["nonce"] = request["nonce"].native + 1


def other_imprint(request: tsp.TimeStampReq) -> None:
    """Another digest."""
    request["message_imprint"]["hashed_message"] = bytes(32)


def weak_algorithm(request: tsp.TimeStampReq) -> None:
    """A digest that nobody should use."""
    request["message_imprint"]["hash_algorithm"] = {"algorithm": "sha1"}


def foreign_policy(request: tsp.TimeStampReq) -> None:
    """A policy that is not ours."""
    request["req_policy"] = "1.2.3.4"


def short_digest(request: tsp.TimeStampReq) -> None:
    """A digest that is too short for its algorithm."""
    request["message_imprint"]["hashed_message"] = bytes(20)


def ask(*authorities: Authority) -> cms.ContentInfo:
    """A token from these authorities, asked by a service whose clock shows `NOW`."""
    source = TimeStampSource(authorities, keys().trust, StillClock())
    return asyncio.run(source.async_timestamp(DIGEST, "sha256"))


CROOKED: dict[str, Authority] = {
    "nonce": Crooked(other_nonce),
    "something else": Crooked(other_imprint),
    "bad_alg": Crooked(weak_algorithm),
    "unaccepted_policy": Crooked(foreign_policy),
    "bad_data_format": Crooked(short_digest),
    "minutes from ours": Crooked(leave, clock=StillClock(NOW + timedelta(minutes=6))),
    "more than 5 minutes": Crooked(leave, clock=StillClock(NOW - timedelta(minutes=6))),
    "does not hold": Crooked(leave, who="theirs"),
    "no route": Broken(),
}


@pytest.mark.parametrize("words", CROOKED)
def test_a_token_that_does_not_hold_is_refused(words: str) -> None:
    """Wrong nonce, imprint, time, algorithm, policy or authority: each is found and said."""
    with pytest.raises(TimeStampError) as error:
        ask(CROOKED[words])
    assert words in str(error.value)


@pytest.mark.parametrize("words", CROOKED)
def test_without_a_time_stamp_there_is_no_signature(words: str) -> None:
    """The service refuses to sign rather than degrade to a signature without a time."""
    source = TimeStampSource([CROOKED[words]], keys().trust, StillClock())
    slot = document_type().slots[0]
    with pytest.raises(TimeStampError):
        SigningService(keys(), StillClock(), source).sign(
            life().sealed, slot=slot, identity=identity(slot), viewed_digest=None
        )


def test_the_next_authority_is_asked_when_one_fails() -> None:
    """Authorities are tried in order until one holds."""
    token = ask(Broken(), Crooked(other_nonce), LocalTimeStampAuthority(keys().timestamps, StillClock()))
    assert generation_time(token) == NOW


def test_all_failures_are_told_at_once() -> None:
    """When nobody gives a token, every authority's fault is in the refusal."""
    with pytest.raises(TimeStampError) as error:
        ask(Broken(), Crooked(other_nonce))
    assert [problem.where for problem in error.value.problems] == ["broken", "crooked"]


def test_without_any_authority_there_is_no_token() -> None:
    """An empty list of authorities is a refusal, not a silent pass."""
    with pytest.raises(TimeStampError):
        ask()


def test_every_token_has_its_own_serial_number_and_the_asked_nonce() -> None:
    """RFC 3161, 2.4.2."""
    source = TimeStampSource(
        [LocalTimeStampAuthority(keys().timestamps, StillClock())], keys().trust, StillClock(), nonce=lambda: 7
    )
    tokens = [token_info(asyncio.run(source.async_timestamp(DIGEST, "sha256"))) for _ in range(2)]
    assert tokens[0]["serial_number"].native != tokens[1]["serial_number"].native
    assert {one["nonce"].native for one in tokens} == {7}


def test_one_source_serves_many_threads() -> None:
    """A source is shared by all threads of a process."""
    source, tokens = local_source(keys(), StillClock()), []

    def work() -> None:
        tokens.append(generation_time(asyncio.run(source.async_timestamp(DIGEST, "sha256"))))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tokens == [NOW] * 8


class Handler(BaseHTTPRequestHandler):
    """An RFC 3161 server, or one that answers what the path says."""

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        authority = LocalTimeStampAuthority(keys().timestamps, StillClock())
        answers: dict[str, Callable[[], bytes]] = {
            "/tsa": lambda: authority.answer(tsp.TimeStampReq.load(body)).dump(),
            "/garbage": lambda: b"<html>not a time-stamp</html>",
            "/long": lambda: bytes(100_000),
        }
        self.send_response(200 if self.path in answers else 500)
        self.end_headers()
        self.wfile.write(answers.get(self.path, bytes)())

    def log_message(self, *args: object, **more: object) -> None:
        """Say nothing."""


@contextmanager
def server() -> Iterator[str]:
    """The address of a running server."""
    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def test_a_remote_authority_is_asked_over_http() -> None:
    """RFC 3161, 3.4: a token comes back and is checked like any other."""
    with server() as address:
        assert generation_time(ask(RemoteTimeStampAuthority(f"{address}/tsa"))) == NOW


@pytest.mark.parametrize("path", ["/garbage", "/long", "/failure"])
def test_a_remote_answer_that_is_no_token_is_refused(path: str) -> None:
    """A web page, an endless answer or an error is a fault of the authority, not of the service."""
    with server() as address, pytest.raises(TimeStampError):
        ask(RemoteTimeStampAuthority(address + path))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:9", "ftp://127.0.0.1/tsa"])
def test_an_address_that_cannot_be_asked_is_refused(url: str) -> None:
    """Only HTTP is spoken; a closed port is a fault."""
    with pytest.raises(TimeStampError):
        ask(RemoteTimeStampAuthority(url, seconds=2))


def measuring() -> TimeStampSource:
    """A source that learns from its tokens how much space a signature takes."""
    clock = StillClock()
    return TimeStampSource([LocalTimeStampAuthority(keys().timestamps, clock)], keys().trust, clock, measures=True)


def test_space_is_kept_for_what_signatures_take_and_no_more() -> None:
    """The first one keeps space for any authority; from then on the tokens are known, and files are smaller."""
    service = SigningService(keys(), StillClock(), measuring())
    first, second = service.seal(draft()), service.seal(draft())

    assert service.timestamps.reserved < LONGEST_CONTAINER / 2
    assert len(second) < len(first) - LONGEST_CONTAINER / 4
    assert all(verify_pdf(one, keys().trust, now=NOW).passed for one in (first, second))


def test_a_signature_that_outgrows_its_space_is_made_again_with_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal, signature and closing time-stamp all succeed though the measured space is too small, and it stays wide."""
    monkeypatch.setattr(timestamps, "CERTIFICATES_AND_ATTRIBUTES", -1000)
    slot = document_type().slots[0]
    acts: list[Callable[[SigningService], bytes]] = [
        lambda service: service.seal(draft()),
        lambda service: service.sign(life().sealed, slot=slot, identity=identity(slot), viewed_digest=None).pdf,
        lambda service: service.close(life().signed[2]),
    ]
    for act in acts:
        service = SigningService(keys(), StillClock(), measuring())
        service.close(life().signed[2])
        assert service.timestamps.reserved < LONGEST_CONTAINER

        assert verify_pdf(act(service), keys().trust, now=NOW).passed
        assert service.timestamps.reserved == LONGEST_CONTAINER


class KeptOpen(BaseHTTPRequestHandler):
    """Answers by HTTP/1.1, so that a connection can serve several questions; counts connections."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        """One more connection."""
        type(self).connections += 1
        super().setup()

    def do_POST(self) -> None:
        """An honest token."""
        request = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        body = LocalTimeStampAuthority(keys().timestamps, StillClock()).answer(request).dump()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_one_connection_serves_many_questions() -> None:
    """A handshake with an authority far away costs more than its token."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), KeptOpen)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        authority = RemoteTimeStampAuthority(f"http://127.0.0.1:{server.server_port}/")
        for _ in range(5):
            assert generation_time(ask(authority)) == NOW
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert KeptOpen.connections == 1


def test_an_authority_is_asked_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agency's machines reach the outside through one; it is asked for the authority's whole address."""
    asked: list[str] = []

    class Proxy(KeptOpen):
        def do_POST(self) -> None:
            asked.append(self.path)
            super().do_POST()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    try:
        assert generation_time(ask(RemoteTimeStampAuthority("http://tsa.example/stamp"))) == NOW
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == ["http://tsa.example/stamp"]
