"""`esm serve` before it serves: what it refuses, and how it logs."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner
from flask import Flask

from packets.errors import InputError, NotFoundError
from serving import serving
from web.cli.serve import listen, serve
from web.logs import configure_logs


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """The log's set-up is the process's; leave it as it was."""
    yield
    structlog.reset_defaults()


def test_a_folder_without_a_database_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    """Nothing is created in somebody's folder by looking at it."""
    result = CliRunner().invoke(serve, ["--dir", str(tmp_path)])
    assert isinstance(result.exception, NotFoundError)
    assert f"esm demo --dir {tmp_path}" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_somebody_else_uses_is_told() -> None:
    """No traceback, and what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="address-unusable"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_free_port_is_taken_when_none_is_named(host: str) -> None:
    """Port 0 means any; both families of addresses work."""
    with listen(host, 0) as door:
        assert door.getsockname()[1] > 0


def test_a_port_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    """Click says so with exit code 2."""
    assert CliRunner().invoke(serve, ["--dir", str(tmp_path), "--port", "70000"]).exit_code == 2


def test_a_log_that_nobody_watches_is_json_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, with time and level; less important lines are left out; stdout stays free for results."""
    configure_logs("info")
    structlog.get_logger().info("request", path="/\n{}", status=200)
    structlog.get_logger().debug("detail")
    written = capsys.readouterr()
    assert written.out == ""
    (line,) = written.err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["path"]) == ("request", "info", "/\n{}")
    assert told["timestamp"].endswith("Z")


def test_a_failure_is_logged_whole_and_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The traceback is data in the line."""
    configure_logs("info")
    structlog.get_logger().error("failure", exc_info=ValueError("what broke"))
    told = json.loads(capsys.readouterr().err)
    assert told["exception"][0]["exc_value"] == "what broke"


def echo() -> Flask:
    """An application that tells which path it was asked for."""
    app = Flask(__name__)
    app.add_url_rule("/<path>", "tell", lambda path: f"path={path};", methods=["GET", "POST"])
    return app


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5, 50\r\n",
    ],
)
def test_no_request_hides_in_the_body_of_another(framing: bytes) -> None:
    """Whatever says in two ways where a body ends, nothing behind it is answered as a request of its own (ASVS 4.2.1)."""
    hidden = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(echo()) as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(0.5)
        line.sendall(b"POST /seen HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n" + hidden)
        said = b"".join(_pieces(line))
    assert said
    assert b"path=hidden;" not in said


def test_browsers_that_keep_their_connections_keep_nobody_out() -> None:
    """Two hundred have connections open on which nothing is asked; the next one is answered at once."""
    with serving(echo()) as port, ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)) for _ in range(200)]
        lines[-1].sendall(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"path=last;" in b"".join(_pieces(lines[-1]))


def _pieces(line: socket.socket) -> Iterator[bytes]:
    """What comes until nothing does."""
    with suppress(TimeoutError):
        while piece := line.recv(4096):
            yield piece
