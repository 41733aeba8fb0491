"""The service as a process of its own behind a real nginx, as `docs/deploy/proxy/nginx.conf` sets it up."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from commands import ESM
from private_authorities import make_authority
from servers import free_ports, require

NGINX = Path("/usr/sbin/nginx")
SHIPPED = Path(__file__).parents[1] / "docs" / "deploy" / "proxy" / "nginx.conf"
START_SECONDS = 120.0
HOST = "esm.test"


@contextlib.contextmanager
def serving_process(folder: Path, settings: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """Run `esm serve` on a folder for as long as the block runs; answers the address that it tells, without `http://`."""
    log = folder.parent / f"{folder.name}-{time.monotonic_ns()}.log"
    command = [*ESM, "serve", "--dir", str(folder), *(arguments or ("--port", "0"))]
    environment = {**os.environ, **settings}  # noqa: TID251  the child's
    with log.open("wb") as stderr, subprocess.Popen(command, stderr=stderr, env=environment) as process:
        try:
            yield _wait_for_address(process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    ends = time.monotonic() + START_SECONDS
    while not (
        named := re.search(r"(?:Open http://)?(\S+?)/? (?:in a browser|is open to a proxy)", log.read_text("utf-8"))
    ):
        assert process.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < ends, log.read_text("utf-8")
        time.sleep(0.05)
    return named[1]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx: its port for TLS, and the root that vouches for it."""

    port: int
    root: Path


@contextlib.contextmanager
def nginx(folder: Path, upstream: str, change: Mapping[str, str] | None = None) -> Iterator[Proxy]:
    """Run nginx with the configuration that ships, before the service at an address, on the loopback of both families.

    Args:
        folder: an empty one for its files.
        upstream: where the service listens, `HOST:PORT` or `unix:PATH:`.
        change: texts of the configuration and what stands in their place.
    """
    require(NGINX.exists(), "nginx is not installed (`make tools`).")
    folder.mkdir(mode=0o755)
    authority = make_authority(folder, "front")
    certificate, key = authority.issue(folder, HOST)
    plain, secure = free_ports(2)
    text = SHIPPED.read_text("utf-8")
    replacements = {
        "/run/secrets/tls_certificate": str(certificate),
        "/run/secrets/tls_key": str(key),
        "include /tmp/resolver.conf;": "resolver 127.0.0.1;",
        "include /tmp/server_name.conf;": f"server_name {HOST};",
        "/tmp/": f"{folder}/",  # noqa: S108  what the configuration names
        "http://$service:8080": f"http://{upstream}",
        "listen 8080": f"listen 127.0.0.1:{plain}",
        "listen 8443 ssl http2;": f"listen 127.0.0.1:{secure} ssl http2; listen [::1]:{secure} ssl http2;",
        "listen 8443": f"listen 127.0.0.1:{secure}",
        **(change or {}),
    }
    assert [old for old in replacements if old not in text] == []
    longest_first = sorted(replacements, key=len, reverse=True)
    text = re.sub("|".join(map(re.escape, longest_first)), lambda found: replacements[found[0]], text)
    configuration = folder / "nginx.conf"
    configuration.write_text(text, "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # its workers read the folder as whoever runs the tests
    command: list[str | Path] = [NGINX, "-c", configuration, "-p", folder, "-g", f"daemon off; {user}"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    warnings = [line for line in checked.stderr.splitlines() if "[warn]" in line and "http2" not in line]
    assert warnings == []  # newer versions have another directive for HTTP/2, which Debian 12 does not know
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            _wait_for_port(process, secure, folder / "log")
            yield Proxy(secure, authority.root)
        finally:
            process.terminate()
            process.wait(15)


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < ends, "nginx does not listen"
        time.sleep(0.05)
